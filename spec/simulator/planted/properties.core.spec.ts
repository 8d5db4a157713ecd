/** A property that no planted bug can break is not being checked. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bugs } from "./bugs.ts";

const simulator = join(import.meta.dirname, "..");

/** Names as the checkers have them: several words run together. */
function propertiesIn(folder: string): string[] {
  const path = join(simulator, folder);
  const files = readdirSync(path).filter((name) => /(?<!\.spec)\.ts$/.test(name));
  return files.flatMap((name) => {
    const text = readFileSync(join(path, name), "utf8");
    return [...text.matchAll(/"((?:[A-Z][a-z]+){2,})"/g)].map(([, property = ""]) => property);
  });
}

/** No bug for these yet: the list may only grow shorter. */
const UNBROKEN = [
  "AvailableNeverNegative",
  "BlockTimeNearTrue",
  "HeightNeverFalls",
  "HonestIsHeard",
  "InWardensOrder",
  "NoControlUnasked",
  "OnlySubmitted",
  "RealTimeOrder",
  "ReservedIsSumOfOpen",
  "ReservedNeverNegative",
  "RootIsOfState",
  "SameKeySameAnswer",
  "ShownIsAgreed",
  "ShownIsFresh",
  "StockConserved",
];

it("every property that a checker reports is one that a planted bug breaks", () => {
  const found = new Set(bugs.flatMap((bug) => bug.found));
  const properties = new Set(["checkers", "directed"].flatMap(propertiesIn));
  const unbroken = [...properties].filter((property) => !found.has(property)).toSorted();
  expect(unbroken).toEqual(UNBROKEN);
});
