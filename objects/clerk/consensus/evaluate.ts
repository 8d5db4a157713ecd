/** A batch's result as this seat computes it, once per batch. */
import { assert } from "../../shared/assert.ts";
import { batchDigest, resultDigest } from "../../shared/digests.ts";
import type { Batch, Entry } from "../../shared/types.ts";
import type { Evaluated, Seat } from "./seat.ts";

/** Evaluates a batch of the next height over the agreed state. */
export function evaluated(seat: Seat, batch: Batch): Evaluated {
  assert(!seat.applying, "nothing is evaluated over a state that is not yet in storage");
  assert(batch.header.height === seat.tip.height + 1, "only the next height is evaluated");
  const digested = batchDigest(batch.header);
  if (seat.evaluated?.batch === digested) return seat.evaluated;
  const evaluation = seat.world.evaluate(batch);
  const { root, outcomes } = evaluation;
  const parts = { prior: seat.tip.result, count: outcomes.length, root, state: null };
  seat.evaluated = { batch: digested, parts, result: resultDigest(parts), evaluation };
  return seat.evaluated;
}

/** Whether the outcomes stay within their bound; a batch whose do not is no valid one. */
export function fits(seat: Seat, batch: Batch): boolean {
  return evaluated(seat, batch).evaluation.fits >= eventsIn(batch.entries);
}

/** The first `count` events of the entries. */
export function firstEvents(entries: readonly Entry[], count: number): Entry[] {
  const kept: Entry[] = [];
  let left = count;
  for (const entry of entries) {
    if (left === 0) break;
    const taken = Math.min(left, entry.count);
    kept.push({ ...entry, count: taken });
    left -= taken;
  }
  return kept;
}

export function eventsIn(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.count, 0);
}
