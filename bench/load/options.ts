// What the command was asked for.
import { join } from "node:path";
import { parseArgs } from "node:util";

import { root } from "../lib/tools.ts";
import { CASES, sayingOf, SHORT_CASES } from "./cases.ts";
import type { Case } from "./cases.ts";
import { CONTENDERS } from "./contenders/all.ts";
import type { Contender } from "./contenders/contender.ts";
import type { Limits } from "./runner.ts";
import type { Scale } from "./workloads.ts";

const HELP = `npm run bench -- [options]

  --list             the contenders and the cases
  --only A,B,…       these: a contender, a case, or the beginning of cases (closed, search/distinct)
  --short            a few hundred events of everything, for correctness; its figures mean nothing
  --seconds N        how long is measured (10)
  --repetitions N    rounds; every other has the contenders the other way round (3)
  --entities N       items of the workload of many (1,000,000)
  --profile          looks into our isolate meanwhile: DIR has a .cpuprofile of each case; its rates are lower
  --report DIR       where results.json, REPORT.md and chart.svg go (.assize/bench, of a short run .assize/bench-short)
`;

export interface Options {
  readonly contenders: readonly Contender[];
  readonly cases: readonly Case[];
  /** One life of a contender has all cases: starting it takes longer than they do. */
  readonly short: boolean;
  /** Figures of a profiled run are lower than others. */
  readonly profiled: boolean;
  readonly rounds: number;
  readonly scale: Scale;
  readonly limits: Limits;
  readonly report: string;
}

export class Usage extends Error {}

/** A text where that is all that is wanted. Throws {@link Usage}, or what `parseArgs` does. */
export function optionsFrom(args: string[]): Options | string {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args,
    options: {
      help: flag,
      list: flag,
      short: flag,
      profile: flag,
      only: text,
      seconds: text,
      repetitions: text,
      entities: text,
      report: text,
    },
  });
  const { short } = values;
  // The figures of a short run are not to take the place of others.
  const { report = join(root, short ? ".assize/bench-short" : ".assize/bench") } = values;
  const cases = short ? SHORT_CASES : CASES;
  if (values.help) return HELP;
  if (values.list) return listOf(cases);
  const entities = whole("entities", values.entities, short ? 200 : 1_000_000);
  const seconds = whole("seconds", values.seconds, 10);
  return {
    ...chosen(values.only?.split(",") ?? [], cases),
    short,
    profiled: values.profile,
    rounds: whole("repetitions", values.repetitions, short ? 1 : 3),
    scale: { items: short ? 40 : 10_000, entities },
    limits: short ? SHORT : limitsOf(seconds),
    report,
  };
}

function whole(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1)
    throw new Usage(`--${name} is a whole number from 1, not ${text}`);
  return value;
}

function chosen(
  words: readonly string[],
  cases: readonly Case[],
): Pick<Options, "contenders" | "cases"> {
  const contenders = CONTENDERS.filter(({ name }) => words.includes(name));
  const begun = words.filter((word) => !contenders.some(({ name }) => name === word));
  const idle = begun.find((word) => !cases.some((one) => begins(one, word)));
  if (idle !== undefined)
    throw new Usage(`there is no contender ${idle} and no case begins so: --list names them`);
  const wanted = (one: Case): boolean => begun.some((word) => begins(one, word));
  return {
    contenders: contenders.length === 0 ? CONTENDERS : contenders,
    cases: begun.length === 0 ? cases : cases.filter(wanted),
  };
}

/** By whole parts: requests of 100 are none of 1,000. */
function begins({ name }: Case, word: string): boolean {
  return `${name}/`.startsWith(word.endsWith("/") ? word : `${word}/`);
}

function listOf(cases: readonly Case[]): string {
  const contenders = CONTENDERS.map(
    ({ name, title, lacks }) => [name, `${title}; not given: ${lacks}`] as const,
  );
  return `${lines(contenders)}\n${lines(cases.map((one) => [one.name, sayingOf(one)] as const))}`;
}

function lines(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, what]) => `  ${name.padEnd(width)}  ${what}\n`).join("");
}

/** Bounded by events, so that it is as much on any machine. */
const SHORT: Limits = {
  seconds: 60,
  openSeconds: 1,
  noticeSeconds: 1,
  events: 150,
  warmSeconds: 60,
  warmEvents: 40,
  fillSeconds: 60,
  search: { from: 40, within: 1.5, steps: 2 },
  probes: 20,
};

function limitsOf(seconds: number): Limits {
  return {
    seconds,
    openSeconds: seconds,
    noticeSeconds: 20,
    events: Infinity,
    warmSeconds: Math.ceil(seconds / 3),
    warmEvents: Infinity,
    fillSeconds: 300,
    search: { from: 500, within: 1.1, steps: 16 },
    probes: 150,
  };
}
