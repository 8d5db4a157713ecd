/** The checker of what clients are told finds an answer that outlived its key, and is content with a fresh one. */
import { expect, it } from "vitest";
import { known } from "../objects/shared/assert.ts";
import { brokenBy } from "./kit/film.ts";
import { RETENTION_MS, textOf } from "../kit/memory.ts";
import { Scene, toldOf } from "./kit/scene.ts";
import { chainCheckers, outcomeCheckers } from "./simulator/checkers/checkers.ts";
import type { Told } from "./simulator/history.ts";

const data = { item: "a", warehouse: "w", quantity: 5 };
const event = textOf({ id: "first", type: "stock.received", data });

/** What a client is told that uses its key again when all keys have ended. */
function broken(what: (at: Scene) => Told): string | null {
  const at = new Scene();
  at.block([event]);
  at.now += RETENTION_MS + 10;
  at.note({ kind: "forgotten" });
  at.submit(event);
  at.answer(event, what(at));
  return brokenBy(at.noted, [...chainCheckers(at.options), ...outcomeCheckers(at.options)]);
}

it("FreshAfterItsLife: once all keys have ended nobody is told of their use before", () => {
  expect(broken((at) => toldOf(at.block([event]), 0))).toBeNull();
  const before = ({ chain: [block] }: Scene): Told => toldOf(known(block, "a block"), 0);
  expect(broken(before)).toBe("FreshAfterItsLife");
  expect(broken(() => ({ kind: "refused", code: "key-reused" }))).toBe("FreshAfterItsLife");
});
