/** View change: suspicion, resignation, and joining others (protocol 1.3). */
import { assert } from "../../shared/assert.ts";
import { leaderOf } from "../../shared/quorum.ts";
import type { ViewChange } from "./messages.ts";
import type { Because, Seat } from "./seat.ts";
import type { Turn } from "./turn.ts";

/** Moves to a higher view. The caller makes it durable with the first vote or view change that is sent in it. */
export function enter(seat: Seat, view: number): void {
  assert(view > seat.view, "views only grow (V2)");
  seat.view = view;
  seat.viewStart = seat.incarnation;
  seat.suspectAt = null;
  seat.resends = 0;
}

/** Stops voting below `view` and says so, with the one prepared certificate if there is any. */
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
export function reissue(turn: Turn): void {
  const { seat } = turn;
  if (!seat.voice || seat.change?.view !== seat.view || seat.change.height > seat.tip.height)
    return;
  if ((seat.tip.certificate?.view ?? 0) < seat.view) sayChange(turn);
}

/** Keeps the latest view change of its sender and joins where the rules say so. */
export function keepChange(turn: Turn, change: ViewChange): void {
  const { seat } = turn;
  const last = seat.changes.get(change.from);
  if (
    last !== undefined &&
    (last.view > change.view || (last.view === change.view && last.height >= change.height))
  )
    return;
  seat.changes.set(change.from, change);
  const { n } = seat.setup.quorum;
  if (change.view === seat.view + 1 && leaderOf(seat.view, n) === change.from)
    changeView(turn, change.view, "joined");
  joinOthers(turn);
}

/** On f + 1 distinct seats in higher views: the (f + 1)-th highest of those, so that one honest seat is among them. */
function joinOthers(turn: Turn): void {
  const { seat } = turn;
  const higher = [...seat.changes.entries()]
    .filter(([from, change]) => from !== seat.setup.seat && change.view > seat.view)
    .map(([, change]) => change.view)
    .toSorted((a, b) => b - a);
  const view = higher[seat.setup.quorum.f];
  if (view !== undefined) changeView(turn, view, "joined");
}

/** Whether the view is in use: decided in, or q seats moved to it, or a proposal stands in it. */
export function viewOpen(seat: Seat): boolean {
  if ((seat.tip.certificate?.view ?? 0) === seat.view || seat.vote?.prepare.view === seat.view)
    return true;
  const moved = [...seat.changes.values()].filter((change) => change.view === seat.view);
  return moved.length >= seat.setup.quorum.q;
}
