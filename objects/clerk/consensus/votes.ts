/** Prepare, commit and certificate: at most one value per (height, view), never below the view (V1, V2, V3). */
import { assert } from "../../shared/assert.ts";
import { blockDigest } from "../../shared/digests.ts";
import { LIMITS } from "../../shared/limits.ts";
import { leaderOf } from "../../shared/quorum.ts";
import type { Certificate } from "../../shared/types.ts";
import { evaluated } from "./evaluate.ts";
import { noteBrokenWord, noteEquivocation, noteLateDissent } from "./evidence.ts";
import { voteKey, voteSignature } from "./messages.ts";
import type { Commit, Prepare, Proposal, Reason } from "./messages.ts";
import { sayReject } from "./majority.ts";
import {
  keepBatch,
  proposalKey,
  proposalsToTry,
  requiredResult,
  unacceptable,
} from "./proposals.ts";
import { absorb } from "./sync.ts";
import type { Turn } from "./turn.ts";
import { enter } from "./views.ts";
import { keepWrit } from "./waiting.ts";

/** Prepares the proposal of (next height, own view or above) with this seat's own result. */
export function tryPrepare(turn: Turn): boolean {
  const { seat } = turn;
  if (!seat.voice || seat.applying) return false;
  for (const proposal of proposalsToTry(seat)) {
    const why = refusal(turn, proposal);
    // No other instead: two attempts that take turns would write for ever.
    if (why === "later") return false;
    if (why === null) {
      prepare(turn, proposal);
      return true;
    }
    seat.refused.add(proposalKey(proposal));
    sayReject(turn, proposal, why);
  }
  return false;
}

function refusal(turn: Turn, proposal: Proposal): Reason | "later" | null {
  const why = unacceptable(turn, proposal);
  if (why !== null) return why;
  const required = requiredResult(proposal);
  // Re-proposed with a certificate for another result than ours: we are the one that is wrong, and do not vote.
  const differs = required !== null && required !== evaluated(turn.seat, proposal.batch).result;
  return differs ? "diverged" : null;
}

// Rule: PrepareOwnResult.
function prepare(turn: Turn, proposal: Proposal): void {
  const { seat } = turn;
  const own = evaluated(seat, proposal.batch);
  if (proposal.view > seat.view) enter(seat, proposal.view);
  assert(
    seat.vote === null || seat.vote.prepare.view < proposal.view,
    "one prepare a view (V1, V2)",
  );
  const said = turn.say({
    kind: "prepare",
    height: seat.tip.height + 1,
    view: proposal.view,
    batch: own.batch,
    result: own.result,
  });
  seat.vote = { prepare: said, batch: proposal.batch };
  keepBatch(seat, proposal.batch);
  seat.prepares.set(voteKey(said), said);
  const writs = proposal.batch.entries.map((entry) => entry.writ);
  // Known from now on, should this leader fail: the next one hears of them from whoever voted.
  for (const writ of writs) keepWrit(seat, writ, seat.view);
  turn.persist(writs);
  turn.sendAll(said);
}

/** Commits after q equal prepares of distinct seats that equal our own. */
// Rule: CommitOnQuorum.
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
// Rule: CertifyBlock.
export function tryCertify(turn: Turn): boolean {
  const { seat } = turn;
  if (seat.certified !== null || seat.applying) return false;
  const groups = new Map<string, Commit[]>();
  for (const commit of seat.commits.values()) {
    if (commit.height !== seat.tip.height + 1) continue;
    // All that is signed: a vote for the same block but another batch would make the certificate false (V3).
    const key = `${commit.view}/${commit.batch}/${commit.result}/${commit.block}`;
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
    absorb(seat, certificate);
    seat.untold = certificate;
    return true;
  }
  return false;
}

/** Keeps a peer's vote: the first of each (height, view, seat), within bounds. */
export function keepVote(turn: Turn, vote: Prepare | Commit): void {
  const { seat } = turn;
  noteLateDissent(turn, vote);
  const { height } = seat.tip;
  if (vote.height <= height || vote.height > height + LIMITS.heightsAhead) return;
  if (Math.abs(vote.view - seat.view) > LIMITS.viewsAhead) return;
  const key = voteKey(vote);
  const first = (vote.kind === "prepare" ? seat.prepares : seat.commits).get(key);
  if (first !== undefined) {
    noteEquivocation(turn, first, vote);
    return;
  }
  if (vote.kind === "prepare") seat.prepares.set(key, vote);
  else seat.commits.set(key, vote);
  noteBrokenWord(turn, vote.from);
}
