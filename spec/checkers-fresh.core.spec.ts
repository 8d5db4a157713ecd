/** The checker of reads from seats together and from the Ledger finds what is stale or never was, and is content with the rest. */
import { expect, it } from "vitest";
import { brokenBy } from "./kit/film.ts";
import { textOf } from "./kit/memory.ts";
import { Scene, toldOf } from "./kit/scene.ts";
import { outcomeCheckers } from "./simulator/checkers/checkers.ts";

const key = "t/stock/a@w";
const received = (id: string): string =>
  textOf({ id, type: "stock.received", data: { item: "a", warehouse: "w", quantity: 5 } });

/** Height 1 is told to a client, then a read begins; at height 2 it is shown this. */
function readOf(
  of: "seats" | "ledger",
  shown: { readonly height: number; readonly version: number; readonly onHand: number | null },
): string | null {
  const scene = new Scene();
  const block = scene.block([received("one")]);
  scene.answer(received("one"), toldOf(block, 0));
  scene.note({ kind: "asked", read: 1, of, key });
  scene.block([received("two")]);
  const { height, version, onHand } = shown;
  const state = onHand === null ? null : `{"onHand":${onHand},"reserved":0}`;
  scene.note({ kind: "shown", read: 1, of, key, version, state, height });
  return brokenBy(scene.noted, outcomeCheckers(scene.options));
}

it("ShownIsAgreed: what is shown is the agreed state at its height", () => {
  expect(readOf("seats", { height: 1, version: 1, onHand: 5 })).toBeNull();
  expect(readOf("seats", { height: 2, version: 2, onHand: 10 })).toBeNull();
  expect(readOf("seats", { height: 2, version: 1, onHand: 5 })).toBe("ShownIsAgreed");
  expect(readOf("seats", { height: 1, version: 1, onHand: 6 })).toBe("ShownIsAgreed");
  expect(readOf("ledger", { height: 1, version: 0, onHand: null })).toBe("ShownIsAgreed");
  expect(readOf("ledger", { height: 3, version: 2, onHand: 10 })).toBe("ShownIsAgreed");
});

it("ShownIsFresh: seats show nothing older than what was told before, the Ledger may", () => {
  expect(readOf("seats", { height: 0, version: 0, onHand: null })).toBe("ShownIsFresh");
  expect(readOf("ledger", { height: 0, version: 0, onHand: null })).toBeNull();
});
