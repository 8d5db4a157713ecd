/** What counts as wrong of what was told while a byte was another: a doctored holder's answers must. */
import { expect, it } from "vitest";
import { eachOpen, lacking, summed } from "./kit/flips/judgement.ts";
import type { From, Verdict } from "./kit/flips/judgement.ts";

const [a, b, c] = [
  { id: "a", status: "accepted" },
  { id: "b", status: "accepted" },
  { id: "c", status: "rejected" },
];

it("a list may lack, and is told by name; it may not add, repeat, change or turn around", () => {
  expect(lacking([a, c], [a, b, c])).toEqual(["b"]);
  expect(lacking([], [a, { entity: "stock/a@w1" }])).toEqual(["a", "stock/a@w1"]);
  for (const said of [
    [a, b, c, a],
    [a, a, b, c],
    [b, a, c],
    [a, { ...b, status: "rejected" }, c],
  ])
    expect(lacking(said, [a, b, c])).toBeNull();
});

it("an element by itself may be open in its place, and neither be gone nor another's", () => {
  const pending = { id: "b", status: "pending" };
  expect(eachOpen([a, pending, c], [a, b, c])).toBe(true);
  for (const said of [
    [a, c],
    [a, c, pending],
    [a, { ...pending, id: "c" }, c],
    [a, b, a],
  ])
    expect(eachOpen(said, [a, b, c])).toBe(false);
});

it("what is lacking is what the row said, in the answer of whoever alone has it, or it is wrong", () => {
  const told = (from: From, lacks: readonly string[]) =>
    [{ what: "asked", from }, { is: "less", lacks } satisfies Verdict] as const;
  const loss = { from: "ledger", names: ["a"] } as const;
  expect(summed([told("ledger", ["a"])], loss)).toEqual({ wrong: [], refused: 0, less: 1 });
  for (const one of [told("ledger", ["a", "b"]), told("all", ["a"]), told("holder", ["a"])])
    expect(summed([one], loss).wrong).toHaveLength(1);
  const wrong = [{ what: "asked", from: "all" }, { is: "wrong" }] as const;
  expect(summed([wrong], loss)).toEqual({ wrong: ["asked"], refused: 0, less: 0 });
});
