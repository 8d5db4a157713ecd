/** A batch's result as this seat computes it, once per batch. */
import { assert } from "../../shared/assert.ts";
import { batchDigest, resultDigest } from "../../shared/digests.ts";
import type { Batch, Entry } from "../../shared/types.ts";
import { survived } from "./attempts.ts";
import type { Evaluated, Seat, Setup } from "./seat.ts";

/** Evaluates a batch of the next height over the agreed state. */
export function evaluated(seat: Seat, batch: Batch): Evaluated {
  assert(!seat.applying, "nothing is evaluated over a state that is not yet in storage");
  assert(batch.header.height === seat.tip.height + 1, "only the next height is evaluated");
  const digested = batchDigest(batch.header);
  if (seat.evaluated?.batch === digested) return seat.evaluated;
  const evaluation = seat.world.evaluate(batch);
  survived(seat);
  const { root, outcomes } = evaluation;
  const state = stateRootAt(seat, batch.header.height);
  const parts = { prior: seat.tip.result, count: outcomes.length, root, state };
  seat.evaluated = { batch: digested, parts, result: resultDigest(parts), evaluation };
  return seat.evaluated;
}

/** At every K-th height the root as of K heights before: so there is time to compute it, and no vote waits for it. */
// Rule: CarryStateRoot.
function stateRootAt({ setup, world }: Seat, height: number): string | null {
  return carriesRoot(height, setup) ? world.stateRoot(height - setup.rootEvery) : null;
}

/** Whether the result of a height carries a state root. */
export function carriesRoot(height: number, { rootEvery }: Pick<Setup, "rootEvery">): boolean {
  return height % rootEvery === 0;
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
