/** A Warden's working copy of what an earlier life left undecided. */
import type { Writ } from "../shared/types.ts";
import type { Book } from "./core/book.ts";
import type { Store } from "./store.ts";

/** Reads back what is undecided. Damage never leaves: it halts its court, or is dropped where no writ can hold it. */
export function restore(
  book: Book,
  store: Store,
  sealValid: (writ: Writ) => boolean,
  now: number,
): void {
  const pending = store.pending();
  for (const [court, number] of pending.numbers) book.restoreNumber(court, number);
  for (const { submission, place } of pending.rows) book.restore(submission, place);
  for (const row of pending.writs) book.restoreWrit(row, sealValid, now);
  for (const court of pending.damagedCourts)
    book.halt(court, `a writ of court ${court} is damaged`);
  for (const place of pending.damagedPlaces) {
    console.error(`the pending event at place ${place} is damaged`);
    const sealed = pending.writs.some(({ first, last }) => place >= first && place <= last);
    if (!sealed && pending.damagedCourts.size === 0) store.dropPending(place);
  }
}
