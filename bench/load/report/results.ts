// What a bench comes to: the runs, and from them a line for each case and contender.
import { perBlock } from "../counters.ts";
import type { Counters, PerBlock } from "../counters.ts";
import { addedMs } from "../distance.ts";
import type { Measured } from "../loops.ts";
import type { Semantics } from "../contenders/contender.ts";
import type { Machine } from "../machine.ts";
import type { Run } from "../runner.ts";
import { highestOf } from "../search.ts";
import { spreadOf } from "../summary.ts";
import type { Spread } from "../summary.ts";

export interface Failure {
  readonly contender: string;
  readonly cases: readonly string[];
  readonly round: number;
  readonly why: string;
}

export interface Skipped {
  readonly contender: string;
  readonly why: string;
}

export interface Results {
  readonly command: string;
  readonly commit: string | null;
  readonly at: string;
  readonly machine: Machine;
  /** Its figures mean nothing. */
  readonly short: boolean;
  readonly rounds: number;
  readonly seconds: number;
  /** What was asked for, in order, and what could not be had here. */
  readonly cases: readonly {
    readonly name: string;
    readonly what: string;
    readonly regions?: readonly string[];
  }[];
  readonly contenders: readonly {
    readonly name: string;
    readonly title: string;
    readonly semantics: Semantics;
    readonly lacks: string;
  }[];
  readonly skipped: readonly Skipped[];
  readonly runs: readonly Run[];
  readonly failures: readonly Failure[];
}

export interface Line {
  readonly case: string;
  readonly contender: string;
  /** Events a second: answered, or of a search the highest rate that holds. Null where there is no run. */
  readonly rate: Spread | null;
  /** Milliseconds; of a search at that rate, null where none holds. */
  readonly p50: Spread | null;
  readonly p99: Spread | null;
  /** Events not answered as they must be. */
  readonly failed: number;
  /** Events turned away for now. */
  readonly refused: number;
  /** Seconds of processor per thousand events, of the contender. */
  readonly cpu: Spread | null;
  /** Milliseconds of a synced write, just before. */
  readonly disk: Spread | null;
  /** Our rate, so many times this one; null for ours, and where there is none. */
  readonly ratio: number | null;
  readonly flaws: readonly string[];
}

const US = "assize";

export function linesOf({ cases, contenders, runs, failures }: Results): Line[] {
  return cases.flatMap(({ name }) => {
    const ours = rateOf(runs.filter((run) => run.case === name && run.contender === US));
    return contenders.flatMap(({ name: contender }) => {
      const own = runs.filter((run) => run.case === name && run.contender === contender);
      const failed = failures.filter(
        (one) => one.contender === contender && one.cases.includes(name),
      );
      if (own.length === 0 && failed.length === 0) return [];
      const line = lineOf(name, contender, own);
      const flaws = [...line.flaws, ...failed.map(({ why }) => why)];
      return [{ ...line, flaws, ratio: contender === US ? null : ratioOf(ours, line.rate) }];
    });
  });
}

function lineOf(name: string, contender: string, runs: readonly Run[]): Line {
  const measured = runs.flatMap((run) => run.measured ?? []);
  const cpu = runs.flatMap(({ usage, measured: one, tried }) => {
    const events = tried.reduce((sum, each) => sum + each.measured.events, 0) || (one?.events ?? 0);
    return usage === null || events === 0 ? [] : [(usage.cpuSeconds * 1000) / events];
  });
  return {
    case: name,
    contender,
    rate: rateOf(runs),
    p50: spreadOf(measured.map(({ latency }) => latency.p50)),
    p99: spreadOf(measured.map(({ latency }) => latency.p99)),
    failed: measured.reduce((sum, one) => sum + one.failed, 0),
    refused: measured.reduce((sum, one) => sum + one.refused, 0),
    cpu: spreadOf(cpu),
    disk: diskOf(runs),
    ratio: null,
    flaws: runs.flatMap(({ checks }) =>
      checks.flatMap(({ what, wrong }) =>
        wrong.length === 0 ? [] : [`not so: ${what}: ${wrong[0]}`],
      ),
    ),
  };
}

function rateOf(runs: readonly Run[]): Spread | null {
  return spreadOf(
    runs.map(({ measured, tried }) => {
      if (tried.length > 0) return highestOf(tried);
      return measured === null ? 0 : measured.events / measured.seconds;
    }),
  );
}

function ratioOf(ours: Spread | null, theirs: Spread | null): number | null {
  return ours === null || theirs === null || theirs.median === 0
    ? null
    : ours.median / theirs.median;
}

export interface Counted extends PerBlock {
  readonly case: string;
  readonly blocksPerSecond: number;
}

/** What a block took where seats count, by the runs' sums. */
export function countedIn({ cases, runs }: Results): Counted[] {
  return cases.flatMap(({ name }) => {
    const own = runs.filter((run) => run.case === name);
    const counted = own.flatMap(({ counters }) => counters ?? []);
    const sum = (of: (one: Counters) => number) => counted.reduce((all, one) => all + of(one), 0);
    const [first] = counted;
    if (first === undefined) return [];
    const { seats } = first;
    const all = {
      seats,
      blocks: sum(({ blocks }) => blocks),
      events: sum(({ events }) => events),
      calls: sum(({ calls }) => calls),
      sent: sum(({ sent }) => sent),
      commits: sum(({ commits }) => commits),
    };
    const seconds = own.reduce(
      (time, { counters, measured, tried }) =>
        time +
        (counters === null ? 0 : spanOf(tried.map((one) => one.measured)) || spanOf([measured])),
      0,
    );
    const block = perBlock(all);
    if (block === null || seconds === 0) return [];
    return [{ case: name, blocksPerSecond: all.blocks / seats / seconds, ...block }];
  });
}

function spanOf(measured: readonly (Measured | null)[]): number {
  return measured.reduce((time, one) => time + (one?.seconds ?? 0), 0);
}

/** What distance does to an answer, in milliseconds. */
export interface Far {
  readonly regions: readonly string[];
  readonly p50: Spread | null;
  readonly p99: Spread | null;
  /** By the formula, to be added to what it takes in one place. */
  readonly added: number;
}

export function distancesIn(results: Results): Far[] {
  const lines = linesOf(results);
  return results.cases.flatMap(({ name, regions }) => {
    const line = lines.find((one) => one.case === name && one.contender === US);
    if (regions === undefined || line === undefined) return [];
    return [{ regions, p50: line.p50, p99: line.p99, added: addedMs(regions) }];
  });
}

/** Of a case that offers too much, in events a second. */
export interface Over {
  readonly case: string;
  readonly contender: string;
  readonly offered: Spread | null;
  readonly taken: Spread | null;
  readonly refused: Spread | null;
  readonly failed: Spread | null;
  readonly p99: Spread | null;
}

export function oversIn({ runs }: Results): Over[] {
  const over = runs.filter(({ offered }) => offered !== null);
  const names = [...new Set(over.map((run) => run.case))];
  return names.flatMap((name) => {
    const of = Map.groupBy(
      over.filter((run) => run.case === name),
      ({ contender }) => contender,
    );
    return [...of].map(([contender, own]) => {
      const measured = own.flatMap((run) => run.measured ?? []);
      const rate = (pick: (one: Measured) => number): Spread | null =>
        spreadOf(measured.map((one) => pick(one) / one.seconds));
      return {
        case: name,
        contender,
        offered: spreadOf(own.flatMap(({ offered }) => offered ?? [])),
        taken: rate(({ events }) => events),
        refused: rate(({ refused }) => refused),
        failed: rate(({ failed }) => failed),
        p99: spreadOf(measured.map(({ latency }) => latency.p99)),
      };
    });
  });
}

/** Milliseconds of a synced write, over these runs. */
export function diskOf(runs: readonly Run[]): Spread | null {
  return spreadOf(runs.map(({ disk }) => disk.p50));
}

/** Of everything that ran, by name. */
export function versionsIn(runs: readonly Run[]): Readonly<Record<string, string>> {
  return Object.assign({}, ...runs.map(({ versions }) => versions)) as Record<string, string>;
}

/** For people: what the figures are the medians of. */
export function roundsOf({ short, rounds, seconds }: Results): string {
  if (short) return "a short run, whose figures mean nothing";
  return rounds === 1 ? `one round of ${seconds} s` : `medians of ${rounds} rounds of ${seconds} s`;
}
