/** What this seat holds of a Warden's writs, for a Warden that asks them back. */
import { LIMITS } from "../shared/limits.ts";
import type { Writ } from "../shared/types.ts";
import type { Chain } from "./chain.ts";
import type { Seat } from "./consensus/seat.ts";

type Decided = Pick<Chain, "decided" | "head" | "batch">;

/**
 * By number: one, the last few from that on, and in any case the highest that it knows, whether decided, voted for, proposed or waiting. `decided` is the
 * highest number of which anything is decided: of that and those below it the writs may have gone with blocks that this seat no longer has.
 */
export function heldWrits(
  chain: Decided,
  seat: Seat,
  warden: number,
  from: number,
): { readonly decided: number; readonly writs: Writ[] } {
  const held = new Map<number, Writ>();
  const keep = (writ: Writ): void => {
    if (writ.warden === warden) held.set(writ.number, writ);
  };
  for (const { writ } of seat.waiting.get(warden)?.values() ?? []) keep(writ);
  const batches = [seat.vote?.batch, seat.prepared?.batch, ...seat.batches.values()];
  for (const batch of batches) for (const { writ } of batch?.entries ?? []) keep(writ);
  const decided = seat.progress.get(warden)?.number ?? 0;
  const first = Math.max(1, Math.min(from, decided), decided - LIMITS.writsKeptPerWarden);
  // Whoever asks from a number on may be in doubt of that one alone, however many have been decided since.
  const numbers = [from, ...Array.from({ length: decided - first + 1 }, (_, at) => first + at)];
  for (const number of numbers) decidedWrits(chain, warden, number).forEach(keep);
  const highest = Math.max(...held.keys());
  const writs = [...held.values()]
    .filter(({ number }) => number >= Math.min(from, highest))
    .toSorted((a, b) => a.number - b.number);
  return { decided, writs };
}

function decidedWrits(chain: Decided, warden: number, number: number): Writ[] {
  return chain.decided(warden, number).flatMap(({ height }) =>
    chain
      .batch(chain.head(height).header)
      .entries.map(({ writ }) => writ)
      .filter((writ) => writ.warden === warden && writ.number === number),
  );
}
