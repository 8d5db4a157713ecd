/** Writs that wait to be decided: kept in their Warden's order, dropped once decided. */
import { utf8Length } from "../../shared/canonical.ts";
import { LIMITS } from "../../shared/limits.ts";
import { leaderOf } from "../../shared/quorum.ts";
import type { Batch, Entry, Writ, WritProgress } from "../../shared/types.ts";
import { termNow } from "./office.ts";
import type { Seat, WaitingWrit } from "./seat.ts";
import type { Turn } from "./turn.ts";

/** Keeps a writ whose seal has been verified, if it can still come next. The leader of the view `forwarded` has it already. */
// Rule: KeepWaitingWrit.
export function keepWrit(seat: Seat, writ: Writ, forwarded = -1): void {
  if (!wantsWrit(seat, writ)) return;
  const ofWarden = seat.waiting.get(writ.warden) ?? new Map<number, WaitingWrit>();
  seat.waiting.set(writ.warden, ofWarden);
  ofWarden.set(writ.number, { writ, since: seat.tip.height, forwarded });
}

/** Whether a writ of this number is undecided, near enough to come soon, and not here. */
// Rule: DropDecidedWrit.
export function wantsWrit(seat: Seat, { warden, number }: Writ): boolean {
  const lowest = nextOf(seat.progress.get(warden)).number;
  if (number < lowest || number >= lowest + LIMITS.writsKeptPerWarden) return false;
  return seat.waiting.get(warden)?.has(number) !== true;
}

/** Where a Warden's next entry must begin. */
function nextOf(done: WritProgress | undefined): { number: number; first: number } {
  if (done === undefined) return { number: 1, first: 0 };
  return done.complete
    ? { number: done.number + 1, first: 0 }
    : { number: done.number, first: done.next };
}

/** Waiting writs that are next in their Warden's order, one after another: a line for each Warden that has any. */
function lines(seat: Seat): WaitingWrit[][] {
  return [...seat.waiting.keys()]
    .toSorted((a, b) => a - b)
    .map((warden) => {
      const ofWarden = seat.waiting.get(warden);
      const line: WaitingWrit[] = [];
      let { number } = nextOf(seat.progress.get(warden));
      for (let writ = ofWarden?.get(number); writ !== undefined; writ = ofWarden?.get(++number))
        line.push(writ);
      return line;
    })
    .filter((line) => line.length > 0);
}

export function inOrder(seat: Seat): WaitingWrit[] {
  return lines(seat).flat();
}

/**
 * What travels with an entry: its writ whole, however few events of it are taken. Else entries of one event each, of one writ or of
 * many, would make a batch that fits its bound and no call.
 */
export function entryBytes({ writ }: Entry): number {
  return writ.events.reduce((sum, event) => sum + utf8Length(event), 0);
}

/** The next batch: whole writs while they fit. */
export function nextEntries(seat: Seat): Entry[] {
  const entries: Entry[] = [];
  let bytes = 0;
  let events = 0;
  for (const { writ } of byTurn(seat)) {
    const { number, first } = nextOf(seat.progress.get(writ.warden));
    const from = writ.number === number ? first : 0;
    const entry = { writ, first: from, count: writ.events.length - from };
    bytes += entryBytes(entry);
    events += entry.count;
    if (entries.length > 0 && (bytes > LIMITS.blockBytes || events > LIMITS.blockEvents)) break;
    entries.push(entry);
  }
  return entries;
}

/** Whoever was served longest ago comes first, so that no load keeps a Warden out; of equals another one at each height. */
// Rule: ServeLongestWaiting.
function byTurn(seat: Seat): WaitingWrit[] {
  const all = lines(seat);
  const rotated = all.map((_, at) => all[(at + seat.tip.height + 1) % all.length] ?? []);
  return rotated.toSorted((a, b) => (a[0]?.since ?? 0) - (b[0]?.since ?? 0)).flat();
}

/** Whether the entries of each Warden continue at its last decided (number, next index) without gap or repeat. */
// Rule: RefuseGapInWrits.
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
    if (bytes > LIMITS.blockBytes || events > LIMITS.blockEvents) return false;
  }
  return true;
}

function progressOf({ writ, first, count }: Entry): WritProgress {
  const next = first + count;
  return { warden: writ.warden, number: writ.number, next, complete: next === writ.events.length };
}

/** Notes that an entry is decided; what its Warden has waiting goes to the end of the line. */
// Rule: ServeLongestWaiting.
export function served(seat: Seat, entry: Entry): void {
  const { warden } = entry.writ;
  seat.progress.set(warden, progressOf(entry));
  const ofWarden = seat.waiting.get(warden);
  if (ofWarden === undefined) return;
  const lowest = nextOf(seat.progress.get(warden)).number;
  for (const [number, waiting] of ofWarden) {
    if (number < lowest) ofWarden.delete(number);
    else waiting.since = seat.tip.height;
  }
  if (ofWarden.size === 0) seat.waiting.delete(warden);
}

/** Hands each waiting writ to the leader of the view, once a view. */
// Rule: ForwardWaitingWrit.
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

/**
 * A writ has been next in order for too many heights: somebody is censored (second suspicion). An honest leader serves the
 * head of the line at each height, so the bound lies above the writs that can be in flight.
 */
// Rule: SuspectCensorship.
export function censored(seat: Seat): boolean {
  const inFlight = LIMITS.writsInFlight * termNow(seat).wardenKeys.length;
  const bound = Math.max(LIMITS.censoredHeights, inFlight + 1);
  return inOrder(seat).some((waiting) => seat.tip.height - waiting.since >= bound);
}
