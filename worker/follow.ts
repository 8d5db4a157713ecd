/**
 * Following what a court publishes (spec/stream.allium): when the Ledger is read, when something is sent, when it is over. Time
 * comes in as input.
 */
import { LIMITS } from "../objects/shared/limits.ts";

/** Where an event stands in its court. */
export interface Mark {
  readonly height: number;
  readonly index: number;
}

export interface Following {
  /** Everything of the tenant's up to here was sent. */
  readonly after: Mark;
  /** Height up to which nothing is left to be read. */
  readonly seen: number;
  readonly reads: number;
  readonly pauseMs: number;
  /** Unix milliseconds. */
  readonly readsAt: number;
  readonly beatsAt: number;
}

/** What the Ledger said at one time. */
export interface FollowedPage<Item extends Mark> {
  readonly items: readonly Item[];
  /** Height up to which the court is published. */
  readonly height: number;
  /** Whether more follows than the page holds. */
  readonly more: boolean;
}

export type Step =
  | { readonly do: "read" | "beat" | "end" }
  | { readonly do: "wait"; readonly ms: number };

export const BEFORE_ALL: Mark = { height: 0, index: -1 };

export function followingFrom(after: Mark, now: number): Following {
  const pauseMs = LIMITS.streamPauseMs;
  return { after, seen: 0, reads: 0, pauseMs, readsAt: now, beatsAt: now + LIMITS.streamBeatMs };
}

/** What is to be done now; a wait ends with whatever is due first. */
// Rules: Beat, EndSpentStream.
export function nextStep({ reads, readsAt, beatsAt }: Following, now: number): Step {
  if (now >= beatsAt) return { do: "beat" };
  if (reads >= LIMITS.streamReads) return { do: "end" };
  if (now >= readsAt) return { do: "read" };
  return { do: "wait", ms: Math.min(readsAt, beatsAt) - now };
}

/** After a page was read, the items of which are sent. */
// Rules: SendPublished, WaitLonger.
export function afterPage(
  following: Following,
  { items, height, more }: FollowedPage<Mark>,
  now: number,
): Following {
  const last = items.at(-1);
  const reads = following.reads + 1;
  const seen = more ? following.seen : Math.max(following.seen, height);
  if (last === undefined) {
    const pauseMs = Math.min(2 * following.pauseMs, LIMITS.streamPauseCapMs);
    return { ...following, seen, reads, pauseMs, readsAt: now + pauseMs };
  }
  const after = { height: last.height, index: last.index };
  const pauseMs = LIMITS.streamPauseMs;
  return { ...following, after, seen, reads, pauseMs, readsAt: more ? now : now + pauseMs };
}

export function afterBeat(following: Following, now: number): Following {
  return { ...following, beatsAt: now + LIMITS.streamBeatMs };
}
