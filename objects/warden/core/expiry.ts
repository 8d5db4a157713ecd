/** When a settled key may be forgotten: in buckets, each a table of its own that is dropped whole. */
import { LIMITS } from "../../shared/limits.ts";

/** The settled keys whose end falls into one width; `ends` is the last of those ends, Unix milliseconds. */
export interface Bucket {
  readonly ends: number;
  /** Highest height at which one of its keys was decided, by court. */
  readonly heights: ReadonlyMap<number, number>;
}

/** Milliseconds between the ends of two buckets. */
export function bucketWidth(windowMs: number): number {
  return Math.ceil((windowMs + LIMITS.clockBoundMs) / LIMITS.windowBuckets);
}

/** The end of the bucket of a key: never before max(settled, sent) + window + clock bound. */
export function bucketOf(settledAt: number, sentAt: number | null, windowMs: number): number {
  // A sender's clock that runs ahead by more than the bound would otherwise be kept for ever, one table each.
  const sent = Math.min(sentAt ?? settledAt, settledAt + LIMITS.clockBoundMs);
  const width = bucketWidth(windowMs);
  return Math.ceil((Math.max(settledAt, sent) + windowMs + LIMITS.clockBoundMs) / width) * width;
}

/** ExpireSettledEntry: a bucket may be dropped once it has ended and everything in it is in the Ledger. */
// Rule: ExpireSettledEntry.
export function bucketOver(
  bucket: Bucket,
  now: number,
  published: (court: number) => number,
): boolean {
  return (
    now >= bucket.ends && [...bucket.heights].every(([court, height]) => height <= published(court))
  );
}

/**
 * Whether the seats' key table, which ends by block time, surely still holds the keys of a bucket: then a damaged answer
 * is had from them. The clock bound is left once for a sender's clock and once for the way to the seats.
 */
export function heldBySeats(ends: number, now: number, windowMs: number): boolean {
  return now <= ends - bucketWidth(windowMs) - 2 * LIMITS.clockBoundMs;
}

/** When the object must wake next, Unix milliseconds, or null when nothing needs it to. */
export function nextAlarm(now: number, pending: boolean, ends: readonly number[]): number | null {
  if (pending) return now + LIMITS.alarmMs;
  if (ends.length === 0) return null;
  // A bucket that is over and still here waits for the Ledger.
  return Math.max(Math.min(...ends), now + LIMITS.clockBoundMs);
}
