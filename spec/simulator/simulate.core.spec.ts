import { expect, it } from "vitest";
import { printed } from "./draw.ts";
import type { Options } from "./draw.ts";
import { runSeed } from "./run.ts";
import type { Result } from "./run.ts";

/** Far above what it takes, on whatever machine. */
const PATIENCE_MS = 180_000;

/** What failed, as one would look for it. */
async function failuresOf(seeds: number, options: Options): Promise<string[]> {
  const failures: string[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const { failure, drawn } = await runSeed(seed, options);
    if (failure !== null) failures.push([failure.detail, ...printed(drawn)].join("\n"));
  }
  return failures;
}

const kinds: [what: string, seeds: number, options: Options][] = [
  ["four seats", 24, {}],
  ["seven seats", 3, { seats: 7 }],
  ["two seats", 4, { mode: "detect" }],
  ["one seat", 3, { mode: "solo" }],
];

it.each(kinds)(
  "a simulated court of %s keeps every property through faults and comes to rest (%i seeds)",
  { timeout: PATIENCE_MS },
  async (_, seeds, options) => {
    expect(await failuresOf(seeds, options)).toEqual([]);
  },
);

const told = ({ digest, events, counts, drawn }: Result) => {
  return { digest, events, counts, drawn: printed(drawn) };
};

it.each([1, 12, 32])(
  "seed %i runs the same twice, and as no other seed",
  { timeout: PATIENCE_MS },
  async (seed) => {
    const [one, again, other] = [
      told(await runSeed(seed)),
      told(await runSeed(seed)),
      told(await runSeed(seed + 1)),
    ];
    expect(again).toEqual(one);
    expect(other.digest).not.toBe(one.digest);
  },
);

it(
  "RepairRowFromChain: wherever a row is damaged, it is repaired to what was written, below a certified base and above it",
  { timeout: PATIENCE_MS },
  async () => {
    let repaired = 0;
    for (let seed = 0; seed < 12; seed++) {
      const { failure, counts, drawn } = await runSeed(seed, { flaw: "row damaged" });
      expect(failure, printed(drawn).join("\n")).toBeNull();
      repaired += counts["repaired"] ?? 0;
    }
    expect(repaired).toBeGreaterThan(0);
  },
);
