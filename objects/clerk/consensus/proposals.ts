/** What a leader may propose and what a seat accepts (README.md, "Messages"). */
import { batchDigest, entryDigests } from "../../shared/digests.ts";
import { LIMITS } from "../../shared/limits.ts";
import { leaderOf } from "../../shared/quorum.ts";
import type { Control } from "../../shared/control.ts";
import type { Batch, Certificate, Entry } from "../../shared/types.ts";
import { ability } from "./attempts.ts";
import { endorsedControl, mayPrepare } from "./controls.ts";
import { evaluated, firstEvents, fits } from "./evaluate.ts";
import { noteEquivocation } from "./evidence.ts";
import { groundsOf } from "./messages.ts";
import type { Justification, Prepared, Proposal, Reason, ViewChange } from "./messages.ts";
import { termNow } from "./office.ts";
import type { Seat } from "./seat.ts";
import type { Turn } from "./turn.ts";
import { continues, inOrder, nextEntries } from "./waiting.ts";
import { resign } from "./views.ts";

/** Proposes for the next height, if this seat leads, may, and has reason to. */
// Rule: CarryCertificate.
export function tryPropose(turn: Turn): boolean {
  const { seat } = turn;
  if (!seat.voice || seat.applying || !turn.leads() || isBehind(seat)) return false;
  if (seat.proposed?.view === seat.view) return false;
  if (seat.viewStart !== seat.incarnation) return resignStranded(turn);
  if (seat.vote?.prepare.view === seat.view) return false;
  const justification = ownJustification(seat);
  if (justification === null) return false;
  const batch = batchToPropose(turn, justification);
  if (batch === null) return false;
  const grounds = groundsOf(justification);
  const proposal = turn.say({ kind: "proposal", view: seat.view, batch, justification, grounds });
  seat.proposed = proposal;
  seat.proposals.set(proposalKey(proposal), proposal);
  keepBatch(seat, batch);
  turn.persist();
  turn.sendAll(proposal);
  seat.untold = null;
  return true;
}

/** What it proposed in an earlier life is lost with its memory (D3); while nothing is to be decided nobody is the worse. */
// Rule: ResignAfterRestart.
function resignStranded(turn: Turn): boolean {
  const { seat } = turn;
  const due = expiryAt(seat);
  const named = [...seat.changes.values()].some(
    ({ height, prepared }) => height > seat.tip.height && prepared !== null,
  );
  const pending =
    seat.vote !== null ||
    named ||
    inOrder(seat).length > 0 ||
    endorsedControl(seat) !== null ||
    (due !== null && due <= turn.now);
  if (pending) resign(turn);
  return pending;
}

/** Whether something is certified that this seat has not applied. */
export function isBehind(seat: Seat): boolean {
  return seat.certified !== null || seat.proven > seat.tip.height;
}

/** (a) the height before was decided in this view, or (b) q seats moved to it; null if neither is known. */
function ownJustification(seat: Seat): Justification | null {
  const { certificate } = seat.tip;
  if ((certificate?.view ?? 0) === seat.view) return { by: "certificate", certificate };
  const changes = changesHere(seat);
  if (changes.length < seat.setup.quorum.q) return null;
  if (Math.max(...changes.map((change) => change.height)) !== seat.tip.height + 1) return null;
  return { by: "changes", changes };
}

/** Those that name a batch which nobody shows are left out while q others remain: a liar could hold the view up with one. */
// Rule: LeaveOutUnshownBatch.
function changesHere(seat: Seat): ViewChange[] {
  const all = [...seat.changes.values()]
    .filter((change) => change.view === seat.view)
    .toSorted((a, b) => a.from - b.from);
  const shown = all.filter(
    ({ height, prepared }) =>
      prepared === null || height <= seat.tip.height || knownBatch(seat, prepared.batch) !== null,
  );
  return shown.length >= seat.setup.quorum.q ? shown : all;
}

/** The prepared certificate of the highest view among those for the height, or null. */
// Rule: CountLowerAsNone.
function highestPrepared(changes: readonly ViewChange[], height: number): Prepared | null {
  let highest: Prepared | null = null;
  for (const { height: at, prepared } of changes) {
    if (at !== height || prepared === null) continue;
    if (highest === null || prepared.view > highest.view) highest = prepared;
  }
  return highest;
}

// Rules: StopWhileBacklogFull, ReproposePrepared.
function batchToPropose(turn: Turn, justification: Justification): Batch | null {
  const { seat } = turn;
  if (justification.by === "changes") {
    const forced = highestPrepared(justification.changes, seat.tip.height + 1);
    if (forced !== null) return knownBatch(seat, forced.batch) ?? askForBatch(turn, forced);
  }
  return seat.backlogFull ? null : freshBatch(turn);
}

// Rules: ProposeInOrder, RejectCondemned.
function freshBatch(turn: Turn): Batch | null {
  const { seat, now } = turn;
  const { tip } = seat;
  const time = Math.max(now, tip.time + 1);
  if (seat.condemned !== null) return batchOf(seat, [seat.condemned], time);
  const control = endorsedControl(seat);
  if (control !== null) return batchOf(seat, [], time, control);
  const entries = firstEvents(nextEntries(seat), seat.cut);
  if (entries.length === 0 && !emptyAllowed(seat, time)) return null;
  const whole = batchOf(seat, entries, time);
  const able = ability(turn, whole);
  // Proposed though it was not evaluated: whether others are able is what is to be found out.
  if (able !== "now") return able === "unable" ? whole : null;
  const { evaluation } = evaluated(seat, whole);
  return fits(seat, whole) ? whole : batchOf(seat, firstEvents(entries, evaluation.fits), time);
}

function batchOf(
  seat: Seat,
  entries: readonly Entry[],
  time: number,
  control: Control | null = null,
): Batch {
  const { tip, setup } = seat;
  const { epoch, domainVersion } = termNow(seat);
  return {
    header: {
      court: setup.court,
      epoch,
      height: tip.height + 1,
      parent: tip.block,
      time,
      domainVersion,
      control,
      entries: entryDigests(entries),
    },
    entries,
  };
}

/** Block time from which on an expiry is reason enough for a block, or null: a quiet court is woken at a bounded rate. */
export function expiryAt(seat: Seat): number | null {
  return seat.nextExpiry === null
    ? null
    : Math.max(seat.nextExpiry, seat.tip.time + LIMITS.emptyBlockMs);
}

// Rule: ProposeForExpiry.
function emptyAllowed(seat: Seat, time: number): boolean {
  const due = expiryAt(seat);
  return due !== null && due <= time;
}

/** Keeps a batch of the undecided height, for a certificate, a view change or a peer that names it. */
export function keepBatch(seat: Seat, batch: Batch): void {
  seat.batches.set(batchDigest(batch.header), batch);
  for (const oldest of seat.batches.keys()) {
    if (seat.batches.size <= LIMITS.batchesKept) return;
    seat.batches.delete(oldest);
  }
}

export function knownBatch(seat: Seat, digest: string): Batch | null {
  const proposed = [...seat.proposals.values()].map((proposal) => proposal.batch);
  const own = [seat.vote?.batch, seat.prepared?.batch, ...proposed].find(
    (batch) => batch !== undefined && batchDigest(batch.header) === digest,
  );
  return seat.batches.get(digest) ?? own ?? null;
}

// Rule: AskForBatch.
function askForBatch(turn: Turn, prepared: Prepared): null {
  const { seat, now } = turn;
  if (seat.batchAskAt !== null && now < seat.batchAskAt) return null;
  seat.batchAskAt = now + LIMITS.resendMs;
  const request = turn.say({ kind: "batch-request", batch: prepared.batch });
  for (const { seat: signer } of prepared.signatures)
    if (signer !== seat.setup.seat) turn.send(signer, request);
  return null;
}

/** Whether an unasked-for batch would be of use: some view change names it, and it is not here. */
export function wantsBatch(seat: Seat, batch: Batch): boolean {
  const digested = batchDigest(batch.header);
  const { height } = batch.header;
  return (
    height === seat.tip.height + 1 &&
    [...seat.changes.values()].some(({ prepared }) => prepared?.batch === digested) &&
    knownBatch(seat, digested) === null
  );
}

/** Keeps a proposal that may be voted on now or soon: the first of its (height, view), the highest view of its sender. */
// Rules: RefuseForeignLeader, KeepEarlyProposal, RetryRefusedProposal.
export function keepProposal(turn: Turn, proposal: Proposal): void {
  const { seat } = turn;
  const { height } = proposal.batch.header;
  if (proposal.from !== leaderOf(proposal.view, seat.setup.quorum.n)) return;
  if (height <= seat.tip.height || height > seat.tip.height + LIMITS.heightsAhead) return;
  if (proposal.view < seat.view || proposal.view > seat.view + LIMITS.viewsAhead) return;
  const key = proposalKey(proposal);
  const first = seat.proposals.get(key);
  if (first !== undefined) {
    // Sent again, it is tried again: what it was refused for may have been our clock.
    if (!noteEquivocation(turn, first, proposal)) seat.refused.delete(key);
    return;
  }
  for (const [other, kept] of seat.proposals) {
    if (kept.from !== proposal.from || kept.batch.header.height !== height) continue;
    if (kept.view > proposal.view) return;
    forgetProposal(seat, other);
  }
  seat.proposals.set(key, proposal);
}

export function forgetProposal(seat: Seat, key: string): void {
  seat.proposals.delete(key);
  seat.refused.delete(key);
}

/** Proposals for the next height that may be prepared, highest view first. */
// Rule: TryEveryProposal.
export function proposalsToTry(seat: Seat): Proposal[] {
  const lowest = seat.vote?.prepare.view === seat.view ? seat.view + 1 : seat.view;
  return [...seat.proposals.entries()]
    .filter(([key]) => !seat.refused.has(key))
    .map(([, proposal]) => proposal)
    .filter(({ batch, view }) => batch.header.height === seat.tip.height + 1 && view >= lowest)
    .toSorted((a, b) => b.view - a.view);
}

/**
 * Why a proposal for the next height is not to be prepared, or not yet, or null. Its signatures are verified; evaluation, the dear part, comes
 * last.
 */
// Rules: RefuseForeignBatch, RefuseOversizedBatch.
export function unacceptable(turn: Turn, proposal: Proposal): Reason | "later" | null {
  const { seat } = turn;
  const { header } = proposal.batch;
  if (header.parent !== seat.tip.block || header.time <= seat.tip.time) return "invalid";
  if (header.domainVersion !== termNow(seat).domainVersion) return "version";
  const unjustified = faultOf(turn, proposal);
  if (unjustified !== null) return unjustified;
  if (!continues(seat, proposal.batch)) return "invalid";
  if (!mayPrepare(seat, header.control, requiredResult(proposal) !== null)) return "control";
  const able = ability(turn, proposal.batch);
  if (able !== "now") return able;
  return fits(seat, proposal.batch) ? null : "invalid";
}

/** What a proposal's justification does not allow. */
// Rules: RefuseUnjustifiedProposal, RefuseEmptyProposal, RefuseOtherBatch.
function faultOf(turn: Turn, proposal: Proposal): Reason | null {
  const { header } = proposal.batch;
  const { justification: why, view } = proposal;
  if (why.by === "certificate") {
    if (!isOfTip(turn.seat, why.certificate, view)) return "invalid";
    const empty = header.entries.length === 0 && header.control === null;
    if (empty && !emptyAllowed(turn.seat, header.time)) return "invalid";
    return timely(turn, header.time) ? null : "time";
  }
  if (Math.max(...why.changes.map((change) => change.height)) !== header.height) return "invalid";
  const forced = highestPrepared(why.changes, header.height);
  if (forced === null) return timely(turn, header.time) ? null : "time";
  return forced.batch === batchDigest(header) ? null : "invalid";
}

/** Whether the certificate, null for the genesis, is of this seat's tip and cast in the view. */
function isOfTip({ tip }: Seat, certificate: Certificate | null, view: number): boolean {
  if (certificate === null && tip.height > 0) return false;
  return (certificate?.block ?? tip.block) === tip.block && (certificate?.view ?? 0) === view;
}

/** The result a re-proposal is bound to, or null for a fresh one. */
export function requiredResult(proposal: Proposal): string | null {
  if (proposal.justification.by === "certificate") return null;
  return (
    highestPrepared(proposal.justification.changes, proposal.batch.header.height)?.result ?? null
  );
}

/** Fresh proposals only: the bound behind grows with failed views, so that a slow network cannot end liveness. */
// Rule: RefuseUntimelyProposal.
function timely(turn: Turn, time: number): boolean {
  const doubled = Math.min(2 ** turn.seat.failures, LIMITS.clockBehindCapFactor);
  const behind = LIMITS.clockBehindMs * doubled;
  return time <= turn.now + LIMITS.clockAheadMs && time >= turn.now - behind;
}

export function proposalKey(proposal: Proposal): string {
  return `${proposal.batch.header.height}/${proposal.view}`;
}
