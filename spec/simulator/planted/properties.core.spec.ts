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

/** Those that no bug of a line or two breaks first, and why. The list may only grow shorter. */
const UNBROKEN = {
  // OnlyWhatIsJustified has the same rule for every honest vote, and no block comes about without these.
  InWardensOrder: "an honest seat's vote for such a block is seen before the block",
  // An answer must name a first use, and of these there is one for each key in a window.
  SameKeySameAnswer: "AnswerIsAgreed or OneUsePerKey is broken before",
  // Heights only grow, so only an answer of a height to come is followed by an earlier one: no liar forges that.
  RealTimeOrder: "AnswerIsAgreed is broken before",
};

it("every property that a checker reports is one that a planted bug breaks", () => {
  const found = new Set(bugs.flatMap((bug) => bug.found));
  const properties = new Set(["checkers", "directed"].flatMap(propertiesIn));
  const unbroken = [...properties].filter((property) => !found.has(property)).toSorted();
  expect(unbroken).toEqual(Object.keys(UNBROKEN).toSorted());
});
