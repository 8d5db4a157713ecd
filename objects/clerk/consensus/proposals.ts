/** What a leader may propose and what a seat accepts (protocol 1.3, "Accept a Proposal"). */
import { assert } from "../../shared/assert.ts";
import { batchDigest, entryDigests } from "../../shared/digests.ts";
import { LIMITS } from "../../shared/limits.ts";
import { leaderOf } from "../../shared/quorum.ts";
import type { Batch, Entry } from "../../shared/types.ts";
import { evaluated, firstEvents, fits } from "./evaluate.ts";
import type { Justification, Prepared, Proposal, ViewChange } from "./messages.ts";
import type { Seat } from "./seat.ts";
import type { Turn } from "./turn.ts";
import { continues, nextEntries } from "./waiting.ts";
import { resign } from "./views.ts";

/** Proposes for the next height, if this seat leads, may, and has reason to. */
export function tryPropose(turn: Turn): boolean {
  const { seat } = turn;
  if (!seat.voice || seat.applying || !turn.leads() || isBehind(seat)) return false;
  if (seat.vote?.prepare.view === seat.view || seat.proposed?.view === seat.view) return false;
  const justification = ownJustification(seat);
  if (justification === null) return false;
  const batch = batchToPropose(turn, justification);
  if (batch === null) return false;
  if (seat.viewStart !== seat.incarnation) {
    resign(turn);
    return true;
  }
  const proposal = turn.say({ kind: "proposal", view: seat.view, batch, justification });
  seat.proposed = proposal;
  seat.proposals.set(proposalKey(proposal), proposal);
  seat.batches.set(batchDigest(batch.header), batch);
  turn.persist();
  turn.sendAll(proposal);
  seat.untold = null;
  return true;
}

function isBehind(seat: Seat): boolean {
  return seat.certified !== null || seat.proven > seat.tip.height;
}

/** (a) the height before was decided in this view, or (b) q seats moved to it; null if neither is known. */
export function ownJustification(seat: Seat): Justification | null {
  if ((seat.tip.certificate?.view ?? 0) === seat.view)
    return { by: "certificate", certificate: seat.tip.certificate };
  const changes = [...seat.changes.values()].filter((change) => change.view === seat.view);
  if (changes.length < seat.setup.quorum.q) return null;
  return { by: "changes", changes: changes.toSorted((a, b) => a.from - b.from) };
}

/** The prepared certificate of the highest view among those for the height, or null. */
export function highestPrepared(changes: readonly ViewChange[], height: number): Prepared | null {
  let highest: Prepared | null = null;
  for (const { height: at, prepared } of changes) {
    if (at !== height || prepared === null) continue;
    if (highest === null || prepared.view > highest.view) highest = prepared;
  }
  return highest;
}

function batchToPropose(turn: Turn, justification: Justification): Batch | null {
  const { seat } = turn;
  const height = seat.tip.height + 1;
  if (justification.by === "changes") {
    if (justification.changes.some((change) => change.height > height)) return null;
    const forced = highestPrepared(justification.changes, height);
    if (forced !== null) return knownBatch(seat, forced.batch) ?? askForBatch(turn, forced);
  }
  return freshBatch(turn);
}

function freshBatch(turn: Turn): Batch | null {
  const { seat, now } = turn;
  const { tip } = seat;
  const entries = seat.backlogFull ? [] : nextEntries(seat);
  const time = Math.max(now, tip.time + 1);
  if (entries.length === 0 && !emptyAllowed(seat, time)) return null;
  const whole = batchOf(seat, entries, time);
  const { evaluation } = evaluated(seat, whole);
  return fits(seat, whole) ? whole : batchOf(seat, firstEvents(entries, evaluation.fits), time);
}

function batchOf(seat: Seat, entries: readonly Entry[], time: number): Batch {
  const { tip, setup } = seat;
  return {
    header: {
      court: setup.court,
      epoch: setup.epoch,
      height: tip.height + 1,
      parent: tip.block,
      time,
      domainVersion: setup.domainVersion,
      entries: entryDigests(entries),
    },
    entries,
  };
}

/** Only an expiry wakes a quiet court, at most once a second. */
function emptyAllowed(seat: Seat, time: number): boolean {
  return seat.nextExpiry !== null && seat.nextExpiry <= time && time >= seat.tip.time + 1000;
}

export function knownBatch(seat: Seat, digest: string): Batch | null {
  const proposed = [...seat.proposals.values()].map((proposal) => proposal.batch);
  const own = [seat.vote?.batch, seat.prepared?.batch, ...proposed].find(
    (batch) => batch !== undefined && batchDigest(batch.header) === digest,
  );
  return seat.batches.get(digest) ?? own ?? null;
}

function askForBatch(turn: Turn, prepared: Prepared): null {
  const { seat, now } = turn;
  if (seat.askAt !== null && now < seat.askAt) return null;
  seat.askAt = now + LIMITS.resendMs;
  const request = turn.say({ kind: "batch-request", batch: prepared.batch });
  for (const { seat: signer } of prepared.signatures)
    if (signer !== seat.setup.seat) turn.send(signer, request);
  return null;
}

/** Keeps a proposal that may be voted on now or soon: the first of its (height, view), the latest view of its sender. */
export function keepProposal(turn: Turn, proposal: Proposal): void {
  const { seat } = turn;
  const { height } = proposal.batch.header;
  if (proposal.from !== leaderOf(proposal.view, seat.setup.quorum.n)) return;
  if (height <= seat.tip.height || height > seat.tip.height + LIMITS.heightsAhead) return;
  if (proposal.view < seat.view || proposal.view > seat.view + LIMITS.viewsAhead) return;
  const key = proposalKey(proposal);
  const first = seat.proposals.get(key);
  if (first !== undefined) {
    if (batchDigest(first.batch.header) !== batchDigest(proposal.batch.header)) {
      const incident = {
        kind: "equivocation",
        seat: proposal.from,
        height,
        first,
        second: proposal,
      } as const;
      turn.accuseOnce(`equivocation/proposal/${key}`, incident);
    }
    return;
  }
  for (const [other, kept] of seat.proposals) {
    if (
      kept.from === proposal.from &&
      kept.batch.header.height === height &&
      kept.view < proposal.view
    ) {
      seat.proposals.delete(other);
    }
  }
  seat.proposals.set(key, proposal);
}

/** Whether the proposal for the next height, at our view or above, may be prepared. Its signatures are verified. */
export function acceptable(turn: Turn, proposal: Proposal): boolean {
  const { seat } = turn;
  const { header } = proposal.batch;
  assert(
    header.height === seat.tip.height + 1 && proposal.view >= seat.view,
    "a proposal for the next height",
  );
  if (header.parent !== seat.tip.block || header.time <= seat.tip.time) return false;
  if (header.domainVersion !== seat.setup.domainVersion) return false;
  if (!continues(seat, proposal.batch)) return false;
  const why = proposal.justification;
  if (why.by === "certificate") {
    if ((why.certificate?.block ?? seat.tip.block) !== seat.tip.block) return false;
    if (
      (why.certificate?.view ?? 0) !== proposal.view ||
      (why.certificate === null && header.height !== 1)
    )
      return false;
    return (
      timely(turn, header.time) && (header.entries.length > 0 || emptyAllowed(seat, header.time))
    );
  }
  if (Math.max(...why.changes.map((change) => change.height)) !== header.height) return false;
  const forced = highestPrepared(why.changes, header.height);
  return forced === null ? timely(turn, header.time) : forced.batch === batchDigest(header);
}

/** The result a re-proposal is bound to, or null for a fresh one. */
export function requiredResult(proposal: Proposal): string | null {
  if (proposal.justification.by === "certificate") return null;
  return (
    highestPrepared(proposal.justification.changes, proposal.batch.header.height)?.result ?? null
  );
}

/** Fresh proposals only: the bound behind grows with failed views, so that a slow network cannot end liveness. */
function timely(turn: Turn, time: number): boolean {
  const behind = LIMITS.clockBehindMs * 2 ** Math.min(turn.seat.failures, 4);
  return time <= turn.now + LIMITS.clockAheadMs && time >= turn.now - behind;
}

function proposalKey(proposal: Proposal): string {
  return `${proposal.batch.header.height}/${proposal.view}`;
}
