/** Checkers of reads, and of events that are sent again after all have forgotten them, find what must not be and are content with the rest. */
import { expect, it } from "vitest";
import { brokenBy } from "./kit/film.ts";
import { RETENTION_MS, textOf } from "../kit/memory.ts";
import { Scene, toldOf } from "./kit/scene.ts";
import type { EntityRow } from "../objects/shared/types.ts";
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

it("OneUsePerSending: an event that says when it was sent has its effect once, even after its key has ended", () => {
  const twice = (sentat: { readonly sentat?: string }): string | null => {
    const data = { item: "a", warehouse: "w", quantity: 5 };
    const event = textOf({ id: "one", type: "stock.received", data, ...sentat });
    const scene = new Scene();
    scene.block([event]);
    scene.now += 2 * RETENTION_MS;
    scene.block([event]);
    return brokenBy(scene.noted, outcomeCheckers(scene.options));
  };
  expect(twice({ sentat: "2026-11-22T10:00:00.000Z" })).toBe("OneUsePerSending");
  expect(twice({})).toBeNull();
});

it("TakenIsAgreed: a state that is taken is the agreed one as of its height, with every row of it and no other", () => {
  const row = { key, version: 1, state: '{"onHand":5,"reserved":0}', height: 1, expires: null };
  const took = (height: number, entities: readonly EntityRow[], before = false): string | null => {
    const scene = new Scene();
    const note = (): void => scene.note({ kind: "took", seat: 0, height, entities });
    if (before) note();
    scene.block([received("one")]);
    if (!before) note();
    scene.block([received("two")]);
    return brokenBy(scene.noted, outcomeCheckers(scene.options));
  };
  for (const before of [true, false]) {
    expect(took(1, [row], before)).toBeNull();
    expect(took(0, [], before)).toBeNull();
    const wrong = { ...row, state: '{"onHand":6,"reserved":0}' };
    for (const rows of [
      [],
      [wrong],
      [{ ...row, version: 2 }],
      [row, row],
      [{ ...row, key: "t/stock/b@w" }],
    ])
      expect(took(1, rows, before)).toBe("TakenIsAgreed");
  }
  expect(took(9, [row])).toBe("TakenIsAgreed");
});
