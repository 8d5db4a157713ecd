/** Where no quorum can come about: proposals that are rejected, and batches that seats come to different results for. */
import { batchDigest } from "../../shared/digests.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Batch, Poison } from "../../shared/types.ts";
import { giveUp } from "./controls.ts";
import { eventsIn } from "./evaluate.ts";
import { voteKey, voteSignature } from "./messages.ts";
import type { Prepare, Proposal, Reason, Reject } from "./messages.ts";
import { knownBatch } from "./proposals.ts";
import type { Because, Seat } from "./seat.ts";
import type { Turn } from "./turn.ts";
import { changeView } from "./views.ts";

/** Says once why a proposal of the next height is not prepared; what is sent again is that. */
// Rule: SayReject.
export function sayReject(turn: Turn, proposal: Proposal, reason: Reason): void {
  const { seat } = turn;
  if (ownReject(seat, proposal.view) !== undefined) return;
  const { batch, view } = proposal;
  const { height } = batch.header;
  const reject = turn.say({
    kind: "reject",
    height,
    view,
    batch: batchDigest(batch.header),
    reason,
  });
  seat.rejects.set(voteKey(reject), reject);
  turn.sendAll(reject);
}

/** What this seat said in the view against the proposal for the next height. */
export function ownReject(seat: Seat, view: number): Reject | undefined {
  return seat.rejects.get(`${seat.tip.height + 1}/${view}/${seat.setup.seat}`);
}

/** Keeps a peer's reject: the first of each (height, view, seat), within bounds. It binds nobody, so a second is no evidence. */
export function keepReject(seat: Seat, reject: Reject): void {
  const { height } = seat.tip;
  if (reject.height <= height || reject.height > height + LIMITS.heightsAhead) return;
  if (Math.abs(reject.view - seat.view) > LIMITS.viewsAhead) return;
  const key = voteKey(reject);
  if (!seat.rejects.has(key)) seat.rejects.set(key, reject);
}

/** Of q rejects enough are honest that the proposal gets no quorum as it stands: nobody need wait for its view to end. */
// Rule: LeaveRejectedView.
export function tryRejected(turn: Turn): boolean {
  const { seat } = turn;
  if (!seat.voice) return false;
  const here = [...seat.rejects.values()].filter(({ height }) => height === seat.tip.height + 1);
  const groups = [...Map.groupBy(here, ({ view, batch }) => `${view}/${batch}`).values()];
  for (const group of groups) {
    if (group.length < seat.setup.quorum.q) continue;
    const learnt = learn(seat, group);
    if (group[0]?.view === seat.view && leave(turn, "rejected", learnt)) return true;
  }
  return false;
}

/** What q seats were unable to evaluate is halved too, until what kills them stands alone; whether anything is new. */
// Rules: HalveUnable, CondemnUnable.
function learn(seat: Seat, rejects: readonly Reject[]): boolean {
  const unable = rejects.filter(({ reason }) => reason === "unable");
  const [one] = unable;
  const batch = one === undefined ? null : knownBatch(seat, one.batch);
  if (one === undefined || batch === null || unable.length < seat.setup.quorum.q) return false;
  if (!isLone(batch)) return halve(seat, batch);
  const { view } = one;
  const { header } = batch;
  return condemn(seat, batch, {
    reason: "unable",
    view,
    header,
    rejects: unable.map(voteSignature),
  });
}

/**
 * Of f + 1 seats that were not asked for the proposed control one is honest: it is given up here, and left out of the next
 * proposal.
 */
// Rule: RefuseUnseenControl.
export function tryControlRefused(turn: Turn): boolean {
  const { seat } = turn;
  const here = [...seat.rejects.values()].filter(
    ({ height, view, reason }) =>
      height === seat.tip.height + 1 && view === seat.view && reason === "control",
  );
  for (const [batch, { length }] of Map.groupBy(here, (reject) => reject.batch)) {
    const control = knownBatch(seat, batch)?.header.control ?? null;
    if (length <= seat.setup.quorum.f || control === null || !giveUp(seat, control)) continue;
    if (turn.leads()) changeView(turn, seat.view + 1, "rejected");
    return true;
  }
  return false;
}

/**
 * Leaves the view at once, where that may help: something was learnt that the next batch is made by, or some leader has had no try.
 * Else the patience of a view bounds how often a court that cannot decide tries again.
 */
function leave(turn: Turn, because: Because, learnt: boolean): boolean {
  const { seat } = turn;
  if (!learnt && seat.failures >= seat.setup.quorum.n) return false;
  changeView(turn, seat.view + 1, because);
  // Nobody need be more patient for it.
  if (learnt) seat.failures -= 1;
  return true;
}

/**
 * All n prepares of a view are there and no result has q: nobody can decide that batch. The next takes half as many events, until
 * the one that seats differ in stands alone. Two seats alone have nobody to outvote: both stop.
 */
// Rules: LeaveWithoutMajority, CondemnWithoutMajority, RecordNoMajority, StopOnMismatch.
export function tryNoMajority(turn: Turn): boolean {
  const { seat } = turn;
  const { n, q, f } = seat.setup.quorum;
  if (seat.vote === null || n === 1) return false;
  const { height, view, batch } = seat.vote.prepare;
  const prepares = [...seat.prepares.values()].filter(
    (other) => other.height === height && other.view === view && other.batch === batch,
  );
  if (prepares.length < n || prepares.some((one) => supporters(prepares, one) >= q)) return false;
  turn.accuseOnce(`no-majority/${height}/${view}`, { kind: "no-majority", height, view, prepares });
  if (!seat.voice) return false;
  if (f === 0) {
    seat.voice = false;
    turn.quarantine(`the seats differ at height ${height}`);
    return true;
  }
  const learnt = isLone(seat.vote.batch)
    ? condemn(seat, seat.vote.batch, {
        reason: "nondeterministic",
        view,
        header: seat.vote.batch.header,
        prepares: prepares.map((one) => ({ ...voteSignature(one), result: one.result })),
      })
    : halve(seat, seat.vote.batch);
  return view === seat.view && leave(turn, "no-majority", learnt);
}

function supporters(prepares: readonly Prepare[], one: Prepare): number {
  return prepares.filter((other) => other.result === one.result).length;
}

/** One event, and no proof against it yet. */
function isLone({ entries }: Batch): boolean {
  const [entry] = entries;
  return entries.length === 1 && entry?.count === 1 && entry.poison === undefined;
}

/** The next fresh batch rejects the event; whether that was not yet known. */
function condemn(seat: Seat, { entries: [entry] }: Batch, poison: Poison): boolean {
  if (seat.condemned !== null || entry === undefined) return false;
  seat.condemned = { ...entry, poison };
  return true;
}

/** Fresh batches are at most half of this one, until decisions let them grow again; whether they were larger. */
// Rule: HalveWithoutMajority.
function halve(seat: Seat, batch: Batch): boolean {
  const before = seat.cut;
  const half = Math.floor(eventsIn(batch.entries) / 2);
  if (half > 0) seat.cut = Math.min(before, half);
  return seat.cut < before;
}
