/** View change: suspicion, resignation, and joining others (README.md). */
import { assert } from "../../shared/assert.ts";
import { LIMITS } from "../../shared/limits.ts";
import { leaderOf } from "../../shared/quorum.ts";
import { noteTried } from "./controls.ts";
import { noteBrokenWord } from "./evidence.ts";
import type { ViewChange } from "./messages.ts";
import { termNow } from "./office.ts";
import type { Because, Seat } from "./seat.ts";
import type { Turn } from "./turn.ts";

/** Moves to a higher view. The caller makes it durable with the first vote or view change that is sent in it. */
// Rule: EnterView.
export function enter(seat: Seat, view: number): void {
  assert(view > seat.view, "views only grow (V2)");
  noteTried(seat);
  seat.view = view;
  seat.viewStart = seat.incarnation;
  seat.suspectAt = null;
  seat.resendAt = null;
  seat.resends = 0;
  seat.batchAskAt = null;
  for (const votes of [seat.prepares, seat.commits, seat.rejects]) {
    for (const [key, vote] of votes) if (vote.view < view - LIMITS.viewsAhead) votes.delete(key);
  }
}

/** Stops voting below `view` and says so, with the one prepared certificate if there is any. */
// Rule: SayViewChange.
export function changeView(turn: Turn, view: number, because: Because): void {
  const { seat } = turn;
  if (!seat.voice || view <= seat.view) return;
  enter(seat, view);
  seat.failures += 1;
  sayChange(turn);
  turn.accuse({ kind: "view-change", height: seat.tip.height + 1, view, because });
}

function sayChange(turn: Turn): void {
  const { seat } = turn;
  const change = turn.say({
    kind: "view-change",
    view: seat.view,
    height: seat.tip.height + 1,
    certificate: seat.tip.certificate,
    prepared: seat.prepared?.proof ?? null,
  });
  seat.change = change;
  seat.changes.set(seat.setup.seat, change);
  turn.persist();
  turn.sendAll(change);
}

/** A leader that must not or cannot lead steps down; all join at once. */
export function resign(turn: Turn): void {
  if (turn.leads()) changeView(turn, turn.seat.view + 1, "resignation");
}

/** After a decision by catch-up the view change stands for the new height: the height grew, so this is no equivocation. */
// Rule: ReissueAfterCatchUp.
export function reissue(turn: Turn): void {
  const { seat } = turn;
  if (!seat.voice || seat.change?.view !== seat.view || seat.change.height > seat.tip.height)
    return;
  if ((seat.tip.certificate?.view ?? 0) < seat.view) sayChange(turn);
}

/** Keeps the latest view change of its sender. A word given in another epoch may have been another key's. */
export function keepChange(turn: Turn, change: ViewChange): void {
  const { changes } = turn.seat;
  if (change.epoch !== termNow(turn.seat).epoch) return;
  const last = changes.get(change.from);
  const stale =
    last !== undefined &&
    (last.view > change.view || (last.view === change.view && last.height >= change.height));
  if (stale) return;
  changes.set(change.from, change);
  noteBrokenWord(turn, change.from);
}

/** Goes where enough others went, or where the leader of the view sent us. */
export function tryJoin(turn: Turn): boolean {
  const { seat } = turn;
  const view = viewToJoin(seat);
  if (view === null || !seat.voice) return false;
  changeView(turn, view, "joined");
  return true;
}

/** Of f + 1 distinct seats in higher views one is honest: the (f + 1)-th highest. Else a leader's own resignation. */
// Rules: JoinHigherView, FollowResignation.
function viewToJoin(seat: Seat): number | null {
  const { n, f } = seat.setup.quorum;
  const higher = [...seat.changes.entries()]
    .filter(([from, change]) => from !== seat.setup.seat && change.view > seat.view)
    .map(([, change]) => change.view)
    .toSorted((a, b) => b - a);
  const resigned = seat.changes.get(leaderOf(seat.view, n));
  return higher[f] ?? (resigned?.view === seat.view + 1 ? resigned.view : null);
}

/**
 * Whether the view is in use: decided in, or a vote cast in it, or q seats moved to it or beyond. Beyond counts: who waited
 * for a seat that has passed by would wait for ever.
 */
// Rule: WaitForThoseBeyond.
export function viewOpen(seat: Seat): boolean {
  if ((seat.tip.certificate?.view ?? 0) === seat.view || seat.vote?.prepare.view === seat.view)
    return true;
  const moved = [...seat.changes.values()].filter((change) => change.view >= seat.view);
  return moved.length >= seat.setup.quorum.q;
}
