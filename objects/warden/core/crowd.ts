/**
 * Whether more waits at a Warden than is decided in time. A burst is taken and a queue that stands is not (as CoDel has it,
 * RFC 8289): how much may wait then follows from how long the last had to (Little's law).
 */
import { LIMITS } from "../../shared/limits.ts";

/** Times are Unix milliseconds of the Warden's clock. */
export interface Crowd {
  /** Since when callers wait too long; null for never. */
  readonly slowSince: number | null;
  /** When the last one did, or was refused. */
  readonly pressedAt: number | null;
  /** Undecided events that could be decided in time, by what callers waited. */
  readonly most: number;
}

export interface Wait {
  /** From the call of fresh events to the outcome of one of them. */
  readonly waitedMs: number;
  /** Events that were undecided when it came, its own among them. */
  readonly ahead: number;
}

export const NO_CROWD: Crowd = { slowSince: null, pressedAt: null, most: LIMITS.pendingEvents };

// Rules: NoteSlowAnswer, NoteQuickAnswer.
export function noted(
  crowd: Crowd,
  { waitedMs, ahead }: Wait,
  { now, targetMs }: { readonly now: number; readonly targetMs: number },
): Crowd {
  const could = Math.floor((ahead * targetMs) / Math.max(waitedMs, 1));
  const known = crowd.slowSince !== null && !calm(crowd, now);
  const most = known ? Math.floor((7 * crowd.most + could) / 8) : could;
  if (waitedMs > targetMs)
    return { slowSince: known ? crowd.slowSince : now, pressedAt: now, most };
  return stands(crowd, now) ? { ...crowd, most } : NO_CROWD;
}

/** Who is refused where a queue stands shows that it would again. */
// Rule: RefuseOverload.
export function refused(crowd: Crowd, now: number): Crowd {
  return stands(crowd, now) ? { ...crowd, pressedAt: now } : crowd;
}

/** Fresh events are taken while fewer than these wait. */
export function mostWaiting(crowd: Crowd, now: number): number {
  if (!stands(crowd, now)) return LIMITS.pendingEvents;
  return Math.min(Math.max(crowd.most, LIMITS.pendingLeast), LIMITS.pendingEvents);
}

function stands(crowd: Crowd, now: number): boolean {
  const { slowSince, pressedAt } = crowd;
  if (slowSince === null || pressedAt === null) return false;
  return pressedAt - slowSince >= LIMITS.standingMs && !calm(crowd, now);
}

function calm({ pressedAt }: Crowd, now: number): boolean {
  return pressedAt === null || now - pressedAt > LIMITS.calmMs;
}
