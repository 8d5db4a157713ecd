// All rounds: a life for each case and contender, one after the other, for two would share the machine.
import { mkdtempSync } from "node:fs";
import { join } from "node:path";

import { buildBundle, root, runWrangler } from "../lib/tools.ts";
import type { Case } from "./cases.ts";
import type { Bundles, Contender } from "./contenders/contender.ts";
import { workersConfiguration } from "./contenders/workers.ts";
import type { Options } from "./options.ts";
import type { Failure, Skipped } from "./report/results.ts";
import type { CpuProfile } from "./profile.ts";
import { live } from "./runner.ts";
import type { Run } from "./runner.ts";
import { orderOf } from "./summary.ts";

export interface Outcome {
  readonly runs: Run[];
  readonly failures: Failure[];
}

export interface Bench {
  readonly options: Options;
  /** Of those asked for, the ones that are not {@link absent}. */
  readonly contenders: readonly Contender[];
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly say: (step: string) => void;
  /** Told of what there is after each life. */
  readonly told: (outcome: Outcome) => void;
  /** Told of each profile. */
  readonly sampled: (contender: string, one: Case, profile: CpuProfile) => void;
}

/** Those that cannot be run here, by name. */
export async function absent(contenders: readonly Contender[]): Promise<Skipped[]> {
  const all = await Promise.all(
    contenders.map(async ({ name: contender, missing }) => ({ contender, why: await missing() })),
  );
  return all.flatMap(({ contender, why }) => (why === null ? [] : [{ contender, why }]));
}

export async function runAll(bench: Bench): Promise<Outcome> {
  const { options, contenders, folder, told } = bench;
  const outcome: Outcome = { runs: [], failures: [] };
  const bundles = bundlesIn(folder);
  const groups = options.short
    ? [...Map.groupBy(options.cases, ({ regions = [] }) => regions.join()).values()]
    : options.cases.map((one) => [one]);
  for (let round = 0; round < options.rounds; round += 1) {
    for (const group of groups) {
      for (const contender of orderOf(contenders, round)) {
        const cases = group.filter((one) => isFor(one, contender));
        if (cases.length === 0) continue;
        await oneLife(bench, bundles, { contender, cases, round }, outcome);
        told(outcome);
      }
    }
  }
  return outcome;
}

/** Distance is between seats, of which only ours has any. */
function isFor({ size, regions }: Case, { most, semantics }: Contender): boolean {
  return size <= most && (regions === undefined || semantics.replicas > 1);
}

interface Turn {
  readonly contender: Contender;
  readonly cases: readonly Case[];
  readonly round: number;
}

/** A contender that fails is a result too, and the next one is not held up by it. */
async function oneLife(
  bench: Bench,
  bundles: Bundles,
  turn: Turn,
  { runs, failures }: Outcome,
): Promise<void> {
  const { options, folder, signal, say } = bench;
  const { contender, cases, round } = turn;
  const done = new Set<string>();
  try {
    await live(
      {
        ...turn,
        folder: mkdtempSync(join(folder, `${contender.name}-`)),
        bundles,
        scale: options.scale,
        limits: options.limits,
        profiled: options.profiled,
        sampled: (one, profile) => bench.sampled(contender.name, one, profile),
        signal,
        say: (step) => say(`round ${round + 1}: ${step}`),
      },
      (run) => {
        done.add(run.case);
        runs.push(run);
      },
    );
  } catch (error) {
    signal.throwIfAborted();
    const why = reasonOf(error);
    const left = cases.map(({ name }) => name).filter((name) => !done.has(name));
    failures.push({ contender: contender.name, cases: left, round, why });
  }
}

/** Its first line, without paths of this machine: results are kept, and given away. */
export function reasonOf(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.replaceAll(root, ".");
}

/** Built when first asked for, and once. */
function bundlesIn(folder: string): Bundles {
  const once = (name: string, build: (into: string) => Promise<void>): (() => Promise<string>) => {
    let built: Promise<string> | null = null;
    const into = join(folder, name);
    return () => (built ??= build(into).then(() => into));
  };
  return {
    assize: once("assize", buildBundle),
    workers: once("workers", (into) =>
      runWrangler(["deploy", "--dry-run", "--outdir", into, "--config", workersConfiguration]),
    ),
  };
}
