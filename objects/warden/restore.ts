/** A Warden's working copy of what an earlier life left undecided. */
import type { Writ } from "../shared/types.ts";
import type { Book } from "./core/book.ts";
import type { Doubt } from "./core/held.ts";
import type { Store } from "./store.ts";

/**
 * Reads back what is undecided. Damage never leaves: a pending row is dropped where no writ can hold it; a court of which it is not
 * known what was sealed is halted, and what is in doubt of it returned.
 */
export function restore(
  book: Book,
  store: Store,
  { courts, sealValid, now }: { courts: number; sealValid: (writ: Writ) => boolean; now: number },
): Doubt[] {
  const pending = store.pending();
  for (const [court, numbering] of pending.numbers) book.restoreNumber(court, numbering);
  for (const { submission, place } of pending.rows) book.restore(submission, place);
  for (const place of pending.damagedPlaces) book.skip(place);
  for (const row of pending.writs) book.restoreWrit(row, sealValid, now);
  for (let court = 0; court < courts; court++) {
    const known = pending.numbers.has(court);
    if (pending.writDamaged && (known || pending.numberDamaged))
      book.halt(court, `a writ of court ${court} may be damaged`);
    if (pending.numberDamaged && !known)
      book.halt(court, `the number of court ${court} is damaged`);
  }
  const lost = pending.damagedPlaces.length > 0;
  const doubts = book.halted.map((court) => {
    return { court, last: pending.numbers.get(court)?.last ?? null, lost };
  });
  for (const place of pending.damagedPlaces) {
    console.error(`the pending event at place ${place} is damaged`);
    if (doubts.length === 0) store.dropPending(place);
  }
  return doubts;
}
