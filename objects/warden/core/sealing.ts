/** Natural batching: what arrives while the slots of a court are taken forms its next writ. */
import { LIMITS } from "../../shared/limits.ts";

/**
 * How many of a court's pending, unsealed events, in the order received, form its next writ; 0 while no slot is free.
 * `sizes` are their lengths in bytes, `inFlight` the court's sealed and undecided writs.
 */
export function nextWritLength(sizes: Iterable<number>, inFlight: number): number {
  if (inFlight >= LIMITS.writsInFlight) return 0;
  let bytes = 0;
  let events = 0;
  for (const size of sizes) {
    bytes += size;
    // The first always goes: an event is far below a writ, and one that is not would block its court.
    if (events > 0 && (bytes > LIMITS.writBytes || events >= LIMITS.writEvents)) break;
    events++;
  }
  return events;
}
