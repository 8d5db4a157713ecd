/** What became of turned bytes, by kind of table: as a table, and as a line that whoever started several runs can add up. Pure. */

const FATES = ["noted", "refused", "less", "replaced", "harmless", "WRONG"] as const;

/** The worst that was seen: a seat noted it, somebody was refused an answer, or told less; another value stood there soon. */
export type Fate = (typeof FATES)[number];

export interface Count {
  readonly fates: Readonly<Record<Fate, number>>;
  /** Kinds of incidents that told of it. */
  readonly noted: readonly string[];
}

/** By kind of table. */
export type Counts = Readonly<Record<string, Count>>;

const NONE: Count = {
  fates: { noted: 0, refused: 0, less: 0, replaced: 0, harmless: 0, WRONG: 0 },
  noted: [],
};
const MARK = "counts of flips ";

export function countOf(
  flips: readonly { readonly fate: Fate; readonly noted: readonly string[] }[],
): Count {
  return flips.reduce(
    (sum, { fate, noted }) => added(sum, { fates: { ...NONE.fates, [fate]: 1 }, noted }),
    NONE,
  );
}

export function summedUp(runs: readonly Counts[]): Counts {
  const kinds = [...new Set(runs.flatMap((run) => Object.keys(run)))].toSorted();
  return Object.fromEntries(
    kinds.map((kind) => [kind, runs.reduce((sum, run) => added(sum, run[kind] ?? NONE), NONE)]),
  );
}

export function lineOf(counts: Counts): string {
  return MARK + JSON.stringify(counts);
}

/** Null for any other line. */
export function countsIn(line: string): Counts | null {
  const at = line.indexOf(MARK);
  return at === -1 ? null : (JSON.parse(line.slice(at + MARK.length)) as Counts);
}

export function tableOf(counts: Counts): string {
  const head = "by table".padEnd(24) + ["flips", ...FATES].map((each) => each.padStart(9)).join("");
  const all = Object.values(counts).reduce(added, NONE);
  const rows = Object.entries(counts).map(([kind, count]) => rowOf(kind, count));
  return [head, ...rows, rowOf("all", all)].join("\n");
}

function added(one: Count, other: Count): Count {
  const fates = Object.fromEntries(
    FATES.map((fate) => [fate, one.fates[fate] + other.fates[fate]]),
  ) as Count["fates"];
  return { fates, noted: [...new Set([...one.noted, ...other.noted])].toSorted() };
}

function rowOf(name: string, { fates, noted }: Count): string {
  const counts = FATES.map((fate) => fates[fate]);
  const flips = counts.reduce((sum, each) => sum + each, 0);
  const cells = [flips, ...counts].map((each) => String(each).padStart(9)).join("");
  return `${name.padEnd(24)}${cells}  ${noted.join(" ")}`.trimEnd();
}
