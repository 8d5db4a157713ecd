/** Where to look first for each planted bug: a seed that showed it last time. Wherever it shows now, it must within its number. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const file = join(import.meta.dirname, "seeds.json");

/** All seeds from 0, as many as that, the one that is remembered for the bug before the others. */
export function seedsOf({
  name,
  within,
}: {
  readonly name: string;
  readonly within: number;
}): number[] {
  const all = Array.from({ length: within }, (_, seed) => seed);
  const known = (JSON.parse(readFileSync(file, "utf8")) as Record<string, number>)[name];
  if (known === undefined || known >= within) return all;
  return [known, ...all.filter((seed) => seed !== known)];
}

/** By bug. Those that were not found are looked for from 0. */
export function remember(seeds: ReadonlyMap<string, number>): void {
  const sorted = [...seeds].toSorted(([one], [other]) => (one < other ? -1 : 1));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
}
