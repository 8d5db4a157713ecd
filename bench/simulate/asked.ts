/** The command line, and which kinds of runs it means. */
import { parseArgs } from "node:util";
import { FATES, FLAWS } from "../../spec/simulator/draw.ts";
import type { Options } from "../../spec/simulator/draw.ts";
import { LIES } from "../../spec/simulator/liars/catalogue.ts";
import type { Kind } from "./jobs.ts";

/** Liars that much of the core's refusals are there for. */
const CUNNING = ["censor", "inventor", "petitioner", "usurper"] as const;
/** Those who lie to whoever takes a state, and what makes seats take one. */
const GIVING = ["archivist", "librarian", "mutator"] as const;
const TAKING = ["taken", "outdated"] as const;

/** Runs that come to what hardly another does; each names what that is. */
const RARE: readonly (Partial<Kind> & { readonly seed: number; readonly why: string })[] = [
  { seed: 203, why: "a version that the seat lacks, decided, and its block is not there yet" },
  { seed: 237, why: "outvoted again soon after its state was taken, without a voice already" },
  { seed: 316, why: "a proposal of another version" },
  { seed: 373, why: "controls that were left out, when the view is left for it" },
  { seed: 411, why: "a state taken across an epoch; peers that say they have dropped blocks" },
  { seed: 303, directed: true, why: "a control beside writs" },
  { seed: 8, options: { lie: "inventor" }, why: "a writ without its seal in a batch" },
  {
    seed: 5,
    options: { lie: "usurper", fate: "warden-lost" },
    why: "a vote in a later view than the seat's; proposals of an epoch that is over",
  },
  { seed: 8, options: { fate: "poison" }, why: "more batches of one height than are kept" },
  { seed: 28, options: { fate: "poison" }, why: "votes and rejects too far ahead" },
];

export class Usage extends Error {}

export interface Asked extends Kind {
  readonly seed: number;
  readonly seeds: number;
  readonly workers: number;
  readonly coverage: boolean;
}

/** So many seeds of a kind. */
export interface Batch extends Kind {
  readonly seed: number;
  readonly seeds: number;
}

/** Throws {@link Usage}. */
export function asked(args: string[]): Asked {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const numbers = { seeds: text, seed: text, ticks: text, seats: text, liars: text, workers: text };
  const { values } = parseArgs({
    args,
    options: {
      ...numbers,
      mode: text,
      lie: text,
      flaw: text,
      fate: text,
      coverage: flag,
      directed: flag,
    },
  });
  const options = optionsFrom(values);
  if (values.directed === true && Object.keys(options).length > 0)
    throw new Usage("--directed goes with --seeds, --seed, --workers and --coverage");
  return {
    options,
    seed: whole("seed", values.seed, 0) ?? 0,
    seeds: whole("seeds", values.seeds, 1) ?? (values.seed === undefined ? 100 : 1),
    workers: whole("workers", values.workers, 1) ?? 1,
    coverage: values.coverage === true,
    directed: values.directed === true,
  };
}

function optionsFrom(values: { readonly [name: string]: string | boolean | undefined }): Options {
  const { mode } = values;
  if (mode !== undefined && mode !== "bft" && mode !== "detect" && mode !== "solo")
    throw new Usage("--mode is bft, detect or solo");
  const seats = whole("seats", values["seats"], 1);
  if (seats !== undefined && (![4, 7].includes(seats) || (mode ?? "bft") !== "bft"))
    throw new Usage("--seats is 4 or 7, of mode bft");
  const liars = whole("liars", values["liars"], 0);
  const most = mode === "solo" ? 1 : mode === "detect" ? 2 : (seats ?? 4);
  if ((liars ?? 0) > most) throw new Usage(`--liars is ${most} at most`);
  const ticks = whole("ticks", values["ticks"], 1);
  const lie = oneOf("lie", values["lie"], LIES);
  const flaw = oneOf("flaw", values["flaw"], FLAWS);
  const fate = oneOf("fate", values["fate"], FATES);
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(seats === undefined ? {} : { seats }),
    ...(liars === undefined ? {} : { liars }),
    ...(ticks === undefined ? {} : { ticks }),
    ...(lie === undefined ? {} : { lie }),
    ...(flaw === undefined ? {} : { flaw }),
    ...(fate === undefined ? {} : { fate }),
  };
}

function whole(
  name: string,
  text: string | boolean | undefined,
  least: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(String(text)) || !Number.isSafeInteger(value) || value < least)
    throw new Usage(`--${name} is a whole number from ${least}, not ${String(text)}`);
  return value;
}

function oneOf<T extends string>(
  name: string,
  text: string | boolean | undefined,
  among: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const found = among.find((one) => one === text);
  if (found === undefined) throw new Usage(`--${name} is one of ${among.join(", ")}`);
  return found;
}

/**
 * What is run one after another: what was asked for; and where the whole core is to be covered and nothing said of how, a share of
 * each other kind of court as well.
 */
export function batchesOf({ options, directed, seed, seeds, coverage }: Asked): Batch[] {
  const first = { options, directed, seed, seeds };
  if (!coverage || directed || Object.keys(options).length > 0) return [first];
  const share = (of: number, kind: Partial<Kind>): Batch => {
    return { options: {}, directed: false, ...kind, seed, seeds: Math.ceil(seeds / of) };
  };
  const taking = GIVING.flatMap((lie) => TAKING.map((fate) => ({ lie, fate })));
  const rare = RARE.map(({ seed: one, options: given = {}, directed: chosen = false }) => {
    return { options: given, directed: chosen, seed: one, seeds: 1 };
  });
  return [
    ...rare,
    first,
    share(10, { options: { seats: 7 } }),
    share(25, { options: { mode: "detect" } }),
    share(25, { options: { mode: "detect", liars: 1 } }),
    share(50, { options: { mode: "solo" } }),
    share(2, { directed: true }),
    ...CUNNING.map((lie) => share(25, { options: { lie } })),
    ...FATES.map((fate) => share(25, { options: { fate } })),
    ...taking.map((given) => share(10, { options: given })),
    share(10, { options: { lie: "usurper", fate: "warden-lost" } }),
    share(25, { options: { flaw: "row damaged", fate: "taken" } }),
  ];
}
