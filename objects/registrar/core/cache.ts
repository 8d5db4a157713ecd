/**
 * What is decided about the copies: which push counts, which row is newer, whether a fill may be kept, which bucket goes.
 * Nothing here reads a clock or storage; the shell carries the effects out in the order given.
 */
import { utf8Length } from "../../shared/canonical.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { EntityAnswer } from "../../shared/rpc.ts";
import type { EntityRow } from "../../shared/types.ts";

/** A copy of one entity's state. `version` 0 and `state` null: it never existed. */
export interface Copy {
  readonly key: string;
  readonly version: number;
  readonly state: string | null;
  /** Height that made the version. */
  readonly since: number;
  /** Height up to which it was current when it was taken; pushes applied later carry it further. */
  readonly height: number;
}

/** Copies touched in one period, forgotten together. Ids and periods grow; a full bucket is followed by another. */
export interface Bucket {
  readonly id: number;
  readonly period: number;
  readonly entries: number;
  readonly bytes: number;
}

/** The bucket new copies go to; it may have to be made. */
export type Opened = Pick<Bucket, "id" | "period">;

export type Effect =
  /** Every bucket goes. */
  | { readonly kind: "empty" }
  | { readonly kind: "drop"; readonly bucket: number }
  /** Copies go to the bucket, over older ones of their keys. */
  | { readonly kind: "write"; readonly into: Opened; readonly copies: readonly Copy[] }
  /** The newest copies of the keys go to the bucket as they are. */
  | { readonly kind: "carry"; readonly into: Opened; readonly keys: readonly string[] }
  /** Every change up to the height has been applied. */
  | { readonly kind: "follow"; readonly height: number };

/** Keys read in one period from older buckets. In memory only: losing them makes copies cold, not wrong. */
export interface Reads {
  readonly period: number;
  readonly keys: Set<string>;
}

/** A miss on its way to the seat. */
export interface Fill {
  /** From this height on every change of the key is noticed. */
  watchedFrom: number;
  /** Greatest height at which a push changed the key meanwhile. */
  changedAt: number;
}

export interface Push {
  readonly after: number;
  readonly height: number;
  readonly rows: readonly EntityRow[];
}

export function periodOf(now: number): number {
  return Math.floor(now / LIMITS.registrarBucketMs);
}

/** Unix milliseconds from which every copy of the period's buckets has been idle for the whole time to live. */
function dueAt(period: number): number {
  return (period + 1) * LIMITS.registrarBucketMs + LIMITS.registrarTtlMs;
}

/** When the next bucket is to be dropped, or null if there is none. */
export function nextDue(buckets: readonly Bucket[]): number | null {
  const oldest = buckets[0];
  return oldest === undefined ? null : dueAt(oldest.period);
}

/** A bucket is full at a quarter of the bounds: so dropping the oldest never takes everything. */
const SHARE = 4;

/** The bucket for copies touched in a period. A clock that jumps back goes on with the newest. */
export function openedIn(period: number, buckets: readonly Bucket[]): Opened {
  const newest = buckets.at(-1);
  if (newest === undefined) return { id: 1, period };
  const room =
    newest.entries < LIMITS.registrarEntries / SHARE &&
    newest.bytes < LIMITS.registrarBytes / SHARE;
  if (room && newest.period >= period) return newest;
  return { id: newest.id + 1, period: Math.max(period, newest.period) };
}

export function noReads(period: number): Reads {
  return { period, keys: new Set() };
}

/** Remembers that a copy of the bucket was read, to be credited once for all at the period's end. */
export function noteRead(reads: Reads, key: string, bucket: Bucket, now: number): void {
  if (bucket.period < periodOf(now) && reads.keys.size < LIMITS.registrarEntries)
    reads.keys.add(key);
}

/** What time alone brings about: reads of a past period are credited to it, then idle buckets go. */
// Rule: DropIdleBucket.
export function sweep(now: number, buckets: readonly Bucket[], reads: Reads): Effect[] {
  const effects: Effect[] = [];
  if (reads.keys.size > 0 && reads.period < periodOf(now) && dueAt(reads.period) > now) {
    effects.push({ kind: "carry", into: openedIn(reads.period, buckets), keys: [...reads.keys] });
  }
  for (const { id, period } of buckets) {
    if (dueAt(period) <= now) effects.push({ kind: "drop", bucket: id });
  }
  return effects;
}

/** Drops the oldest buckets until the bounds hold. */
// Rule: DropOldestWhenFull.
export function crowdedOut(buckets: readonly Bucket[]): Effect[] {
  let entries = 0;
  let bytes = 0;
  for (const bucket of buckets) {
    entries += bucket.entries;
    bytes += bucket.bytes;
  }
  const effects: Effect[] = [];
  for (const bucket of buckets) {
    if (entries <= LIMITS.registrarEntries && bytes <= LIMITS.registrarBytes) break;
    effects.push({ kind: "drop", bucket: bucket.id });
    entries -= bucket.entries;
    bytes -= bucket.bytes;
  }
  return effects;
}

/** A push from its wire form. One too large to apply tells only that anything may have changed up to its height. */
// Rule: DropOnOversizedPush.
export function pushOf(after: number, height: number, text: string): Push {
  if (utf8Length(text) <= LIMITS.registrarPushBytes) {
    const rows = JSON.parse(text) as EntityRow[];
    if (rows.length <= LIMITS.registrarPushKeys) return { after, height, rows };
  }
  return { after: height, height, rows: [] };
}

/** Applies a push to copies that have followed the seat up to `height`. `versions`: the version held of each pushed key. */
// Rules: IgnoreOldPush, ApplyPushInOrder, DropOnGap, TakePushedRow, NeverGoBack.
export function applyPush(
  height: number,
  push: Push,
  versions: ReadonlyMap<string, number>,
  into: Opened,
): Effect[] {
  if (push.height <= height) return [];
  const follow = { kind: "follow", height: push.height } as const;
  // Not even the pushed rows are kept: a late push would put them below what readers were shown.
  if (push.after > height) return [{ kind: "empty" }, follow];
  const copies = new Map<string, Copy>();
  for (const row of push.rows) {
    const held = copies.get(row.key)?.version ?? versions.get(row.key) ?? 0;
    if (row.version > held) copies.set(row.key, pushedCopy(row, push.height));
  }
  if (copies.size === 0) return [follow];
  return [{ kind: "write", into, copies: [...copies.values()] }, follow];
}

function pushedCopy(row: EntityRow, height: number): Copy {
  const { key, version, state, height: since } = row;
  return { key, version, state, since, height: Math.max(height, since) };
}

/** Tells the fills under way what a push, applied to copies at `height`, has changed. */
// Rule: NoticeChangeDuringFill.
export function noticePush(height: number, push: Push, fills: ReadonlyMap<string, Fill>): void {
  if (push.height <= height) return;
  if (push.after > height) {
    for (const fill of fills.values()) fill.watchedFrom = push.after;
  }
  for (const row of push.rows) {
    const fill = fills.get(row.key);
    if (fill !== undefined) fill.changedAt = Math.max(fill.changedAt, row.height);
  }
}

export interface Filled {
  /** What the readers are told. */
  readonly answer: EntityAnswer;
  /** The copy to keep, or null when something newer has gone by. */
  readonly keep: Copy | null;
}

/** Decides on the row a seat gave; `held` is the intact copy there is by now. */
// Rules: KeepFill, PreferNewerCopy, PassOnOvertakenFill.
export function endFill(height: number, fill: Fill, row: Copy, held: Copy | undefined): Filled {
  if (held !== undefined && held.version >= row.version) {
    return { answer: answerOf(held, height), keep: null };
  }
  if (row.height < Math.max(fill.watchedFrom, fill.changedAt)) {
    return { answer: answerOf(row, row.height), keep: null };
  }
  return { answer: answerOf(row, height), keep: row };
}

/** The answer a copy gives when the copies have followed the seat up to `height`. */
export function answerOf(copy: Copy, height: number): EntityAnswer {
  const { version, state, since } = copy;
  return { height: Math.max(height, copy.height), certificate: null, version, state, since };
}
