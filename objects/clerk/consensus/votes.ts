/** Prepare, commit and certificate: at most one value per (height, view), never below the view (V1, V2, V3). */
import { assert } from "../../shared/assert.ts";
import { blockDigest } from "../../shared/digests.ts";
import { LIMITS } from "../../shared/limits.ts";
import { leaderOf } from "../../shared/quorum.ts";
import type { Certificate } from "../../shared/types.ts";
import { evaluated, fits } from "./evaluate.ts";
import { voteSignature } from "./messages.ts";
import type { Commit, Message, Prepare } from "./messages.ts";
import { acceptable, requiredResult } from "./proposals.ts";
import type { Seat } from "./seat.ts";
import type { Turn } from "./turn.ts";
import { enter } from "./views.ts";

/** Prepares the proposal of (next height, own view) with this seat's own result. */
export function tryPrepare(turn: Turn): boolean {
  const { seat } = turn;
  const height = seat.tip.height + 1;
  if (!seat.voice || seat.applying || seat.vote?.prepare.view === seat.view) return false;
  const key = proposalAhead(seat, height);
  const proposal = key === null ? undefined : seat.proposals.get(key);
  if (key === null || proposal === undefined) return false;
  if (!acceptable(turn, proposal) || !fits(seat, proposal.batch)) {
    seat.proposals.delete(key);
    return false;
  }
  const own = evaluated(seat, proposal.batch);
  const required = requiredResult(proposal);
  // Re-proposed with a certificate for another result than ours: we are the one that is wrong, and stay silent.
  if (required !== null && required !== own.result) {
    seat.proposals.delete(key);
    return false;
  }
  if (proposal.view > seat.view) enter(seat, proposal.view);
  assert(
    seat.vote === null || seat.vote.prepare.view < proposal.view,
    "one prepare a view (V1, V2)",
  );
  const prepare = turn.say({
    kind: "prepare",
    height,
    view: proposal.view,
    batch: own.batch,
    result: own.result,
  });
  seat.vote = { prepare, batch: proposal.batch };
  seat.batches.set(own.batch, proposal.batch);
  seat.prepares.set(voteKey(prepare), prepare);
  turn.persist(proposal.batch.entries.map((entry) => entry.writ));
  turn.sendAll(prepare);
  return true;
}

/** The proposal for the next height in the highest view at or above our own. */
function proposalAhead(seat: Seat, height: number): string | null {
  let best: { key: string; view: number } | null = null;
  for (const [key, proposal] of seat.proposals) {
    const { view, batch } = proposal;
    if (batch.header.height !== height || view < seat.view) continue;
    if (best === null || view > best.view) best = { key, view };
  }
  return best?.key ?? null;
}

/** Commits after q equal prepares of distinct seats that equal our own. */
export function tryCommit(turn: Turn): boolean {
  const { seat } = turn;
  const vote = seat.vote?.prepare;
  if (!seat.voice || seat.applying || seat.vote === null || vote === undefined) return false;
  if (vote.view !== seat.view || seat.commit?.view === seat.view) return false;
  const equal = [...seat.prepares.values()].filter(
    (other) =>
      other.height === vote.height &&
      other.view === vote.view &&
      other.batch === vote.batch &&
      other.result === vote.result,
  );
  if (equal.length < seat.setup.quorum.q) return false;
  const { height, view, batch, result } = vote;
  seat.prepared = {
    proof: { height, view, batch, result, signatures: equal.map(voteSignature) },
    batch: seat.vote.batch,
  };
  const block = blockDigest(height, seat.tip.block, batch, result);
  const commit = turn.say({ kind: "commit", height, view, batch, result, block });
  seat.commit = commit;
  seat.commits.set(voteKey(commit), commit);
  turn.persist();
  const leader = leaderOf(view, seat.setup.quorum.n);
  if (leader !== seat.setup.seat) turn.send(leader, commit);
  return true;
}

/** Completes the commit certificate of the next height, in whichever view its commits were cast. */
export function tryCertify(turn: Turn): boolean {
  const { seat } = turn;
  if (seat.certified !== null || seat.applying) return false;
  const groups = new Map<string, Commit[]>();
  for (const commit of seat.commits.values()) {
    if (commit.height !== seat.tip.height + 1) continue;
    const key = `${commit.view}/${commit.block}`;
    groups.set(key, [...(groups.get(key) ?? []), commit]);
  }
  for (const group of groups.values()) {
    const [one] = group;
    if (one === undefined || group.length < seat.setup.quorum.q) continue;
    if (blockDigest(one.height, seat.tip.block, one.batch, one.result) !== one.block) continue;
    const certificate: Certificate = {
      court: one.court,
      epoch: one.epoch,
      height: one.height,
      view: one.view,
      batch: one.batch,
      result: one.result,
      block: one.block,
      signatures: group.map(voteSignature).toSorted((a, b) => a.seat - b.seat),
    };
    seat.certified = certificate;
    seat.untold = certificate;
    return true;
  }
  return false;
}

/** Keeps a peer's vote: the first of each (height, view, seat); another one is equivocation. */
export function keepVote(turn: Turn, vote: Prepare | Commit): void {
  const { seat } = turn;
  if (vote.kind === "prepare") noteLateDissent(turn, vote);
  const { height } = seat.tip;
  if (vote.height <= height || vote.height > height + LIMITS.heightsAhead) return;
  if (Math.abs(vote.view - seat.view) > LIMITS.viewsAhead) return;
  const kept: Map<string, Message> = vote.kind === "prepare" ? seat.prepares : seat.commits;
  const key = voteKey(vote);
  const first = kept.get(key);
  if (first === undefined) {
    kept.set(key, vote);
  } else if (!sameVote(first, vote)) {
    const incident = {
      kind: "equivocation",
      seat: vote.from,
      height: vote.height,
      first,
      second: vote,
    } as const;
    turn.accuseOnce(`equivocation/${vote.kind}/${key}`, incident);
  }
}

/** A prepare for the decided batch with another result proves its sender's dissent, also when it comes late. */
function noteLateDissent(turn: Turn, vote: Prepare): void {
  const { tip } = turn.seat;
  const certificate = tip.certificate;
  if (certificate === null || vote.height !== tip.height) return;
  if (vote.batch !== tip.batch || vote.result === tip.result) return;
  accuseDissent(turn, vote, certificate);
}

export function accuseDissent(turn: Turn, prepare: Prepare, certificate: Certificate): void {
  const incident = {
    kind: "dissent",
    seat: prepare.from,
    height: prepare.height,
    prepare,
    certificate,
  } as const;
  turn.accuseOnce(`dissent/${prepare.height}/${prepare.from}`, incident);
}

function voteKey(vote: Prepare | Commit): string {
  return `${vote.height}/${vote.view}/${vote.from}`;
}

function sameVote(first: Message, second: Prepare | Commit): boolean {
  if (first.kind === "commit" && second.kind === "commit") {
    return (
      first.batch === second.batch && first.result === second.result && first.block === second.block
    );
  }
  return (
    first.kind === "prepare" &&
    second.kind === "prepare" &&
    first.batch === second.batch &&
    first.result === second.result
  );
}
