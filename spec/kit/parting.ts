/** Where specification and code part: states of both, the rules that apply in one, and what the other makes of it. */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { applying } from "../reader/evaluate.ts";
import type { World } from "../reader/evaluate.ts";
import { of } from "../reader/names.ts";
import { read } from "../reader/reader.ts";
import type { Module, Rule } from "../reader/syntax.ts";

/** A file of the specification, with one exchange in it where a test plants one. */
export function specification(name: string, from = "", to = ""): Module {
  const source = readFileSync(join(import.meta.dirname, "..", `${name}.allium`), "utf8");
  expect(
    source.includes(from),
    `${name}.allium no longer has "${from}": plant this elsewhere`,
  ).toBe(true);
  return read(name, source.replace(from, to)).module;
}

/** What a state is for the specification, and what the code makes of it. */
export interface Case {
  readonly trigger: string;
  readonly world: World;
  readonly decided: string;
}

const RUNS = 1_500;

/** What an arbitrary gives. */
export type Sampled<A> = A extends fc.Arbitrary<infer S> ? S : never;

/** The first state in which not exactly one rule applies, or the code decides otherwise; null if there is none. */
export function parting(
  module: Module,
  cases: fc.Arbitrary<Case>,
  means: (rule: Rule) => string,
): string | null {
  const checked = fc.check(
    fc.property(cases, ({ trigger, world, decided }) => {
      const rules = applying(module, trigger, world);
      const [rule] = rules;
      return rules.length === 1 && rule !== undefined && means(rule) === decided;
    }),
    { seed: 6, numRuns: RUNS },
  );
  if (!checked.failed) return null;
  const [found] = checked.counterexample ?? [];
  if (found === undefined) return "no state";
  const applied = applying(module, found.trigger, found.world).map(({ name }) => name);
  return `${found.trigger}: ${applied.join(" and ") || "no rule"}, the code ${found.decided}`;
}

/** Every rule of the triggers applies in some state: else the states are too few to tell. */
export function unvisited(module: Module, cases: fc.Arbitrary<Case>): string[] {
  const sample = fc.sample(cases, { seed: 6, numRuns: RUNS });
  const seen = new Set(
    sample.flatMap(({ trigger, world }) =>
      applying(module, trigger, world).map(({ name }) => name),
    ),
  );
  const triggers = new Set(sample.map(({ trigger }) => trigger));
  return of(module, "rule")
    .filter(
      ({ when }) => when?.kind === "calls" && when.calls.some(({ name }) => triggers.has(name)),
    )
    .map(({ name }) => name)
    .filter((name) => !seen.has(name));
}
