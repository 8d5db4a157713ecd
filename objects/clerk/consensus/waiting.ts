/** Writs that wait to be decided: kept in their Warden's order, dropped once decided. */
import { utf8Length } from "../../shared/canonical.ts";
import { writDigest } from "../../shared/digests.ts";
import { LIMITS } from "../../shared/limits.ts";
import { leaderOf } from "../../shared/quorum.ts";
import type { Batch, Entry, Writ, WritProgress } from "../../shared/types.ts";
import type { Seat, WaitingWrit } from "./seat.ts";
import type { Turn } from "./turn.ts";

/** Keeps a writ whose seal has been verified, if it can still come next. */
export function keepWrit(seat: Seat, writ: Writ): void {
  const done = seat.progress.get(writ.warden);
  const lowest = done === undefined ? 1 : done.number + (done.complete ? 1 : 0);
  if (writ.number < lowest || writ.number >= lowest + LIMITS.writsKeptPerWarden) return;
  const ofWarden = seat.waiting.get(writ.warden) ?? new Map<number, WaitingWrit>();
  seat.waiting.set(writ.warden, ofWarden);
  if (ofWarden.has(writ.number)) return;
  ofWarden.set(writ.number, {
    writ,
    digest: writDigest(writ),
    since: seat.tip.height,
    forwarded: -1,
  });
}

/** Where a Warden's next entry must begin. */
function nextOf(done: WritProgress | undefined): { number: number; first: number } {
  if (done === undefined) return { number: 1, first: 0 };
  return done.complete
    ? { number: done.number + 1, first: 0 }
    : { number: done.number, first: done.next };
}

/** Waiting writs that are next in their Warden's order, one after another, per Warden. */
export function inOrder(seat: Seat): WaitingWrit[] {
  const ready: WaitingWrit[] = [];
  for (const warden of [...seat.waiting.keys()].toSorted((a, b) => a - b)) {
    const ofWarden = seat.waiting.get(warden);
    let { number } = nextOf(seat.progress.get(warden));
    for (let writ = ofWarden?.get(number); writ !== undefined; writ = ofWarden?.get(++number))
      ready.push(writ);
  }
  return ready;
}

export function entryBytes(entry: Entry): number {
  let bytes = 0;
  for (const event of entry.writ.events.slice(entry.first, entry.first + entry.count))
    bytes += utf8Length(event);
  return bytes;
}

/** The next batch: whole writs while they fit, a different Warden first at each height. Null if none waits. */
export function nextEntries(seat: Seat): Entry[] {
  const ready = inOrder(seat);
  const wardens = [...new Set(ready.map((waiting) => waiting.writ.warden))];
  const turn = wardens.length === 0 ? 0 : (seat.tip.height + 1) % wardens.length;
  const ordered = [...wardens.slice(turn), ...wardens.slice(0, turn)];
  const entries: Entry[] = [];
  let bytes = 0;
  let events = 0;
  for (const warden of ordered) {
    for (const { writ } of ready.filter((waiting) => waiting.writ.warden === warden)) {
      const { number, first } = nextOf(seat.progress.get(warden));
      const from = writ.number === number ? first : 0;
      const entry = { writ, first: from, count: writ.events.length - from };
      bytes += entryBytes(entry);
      events += entry.count;
      if (entries.length > 0 && (bytes > LIMITS.blockBytes || events > LIMITS.blockEvents))
        return entries;
      entries.push(entry);
    }
  }
  return entries;
}

/** Whether the entries of each Warden continue at its last decided (number, next index) without gap or repeat. */
export function continues(seat: Seat, batch: Batch): boolean {
  const progress = new Map(seat.progress);
  let bytes = 0;
  let events = 0;
  for (const entry of batch.entries) {
    const { writ, first, count } = entry;
    const next = nextOf(progress.get(writ.warden));
    if (writ.number !== next.number || first !== next.first || count < 1) return false;
    progress.set(writ.warden, progressOf(entry));
    bytes += entryBytes(entry);
    events += count;
  }
  return bytes <= LIMITS.blockBytes && events <= LIMITS.blockEvents;
}

export function progressOf({ writ, first, count }: Entry): WritProgress {
  const next = first + count;
  return { warden: writ.warden, number: writ.number, next, complete: next === writ.events.length };
}

/** Drops writs that a decided batch covers. */
export function forgetDecided(seat: Seat): void {
  for (const [warden, ofWarden] of seat.waiting) {
    const lowest = nextOf(seat.progress.get(warden)).number;
    for (const number of ofWarden.keys()) if (number < lowest) ofWarden.delete(number);
    if (ofWarden.size === 0) seat.waiting.delete(warden);
  }
}

/** Hands each waiting writ to the leader of the view, once a view. */
export function forwardWaiting(turn: Turn): void {
  const { seat } = turn;
  if (turn.leads()) return;
  const leader = leaderOf(seat.view, seat.setup.quorum.n);
  for (const waiting of inOrder(seat)) {
    if (waiting.forwarded === seat.view) continue;
    waiting.forwarded = seat.view;
    turn.send(leader, turn.say({ kind: "forward", writ: waiting.writ }));
  }
}

/** A writ that has been next in order for too many heights: somebody is censored (second suspicion). */
export function censored(seat: Seat): boolean {
  return inOrder(seat).some((waiting) => seat.tip.height - waiting.since >= LIMITS.censoredHeights);
}
