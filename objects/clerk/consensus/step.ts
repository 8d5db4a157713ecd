/**
 * The agreement of one seat as a state machine: `step(seat, input) → effects`. QBFT (Moniz, arXiv 2002.03613) with the result of
 * evaluation inside the vote; rules V1–V4, D1–D3 and the names are those of README.md beside this file.
 */
import { assert, unreachable } from "../../shared/assert.ts";
import { LIMITS } from "../../shared/limits.ts";
import { leaderOf } from "../../shared/quorum.ts";
import { allow } from "./attempts.ts";
import { dropOldControls, keepControl, keepEndorsement, leftOut } from "./controls.ts";
import { keepReject, tryControlRefused, tryNoMajority, tryRejected } from "./majority.ts";
import type { Blocks, Justification, Message } from "./messages.ts";
import { keepBatch, keepProposal, knownBatch, tryPropose, wantsBatch } from "./proposals.ts";
import type { Effect, Input, Seat } from "./seat.ts";
import { hearStranger, isStranger } from "./strangers.ts";
import {
  absorb,
  answerSync,
  askForBlocks,
  hearBlocks,
  keepBlocks,
  lacksBlocks,
  tryApply,
} from "./sync.ts";
import { deadline, tick } from "./timers.ts";
import { answerState, hearChunk, hearOffer, seekState, wantsState } from "./transfer.ts";
import { Turn } from "./turn.ts";
import { changeView, keepChange, reissue, resign, tryJoin } from "./views.ts";
import { keepVote, tryCertify, tryCommit, tryPrepare } from "./votes.ts";
import { censored, forwardWaiting, inOrder, keepWrit, wantsWrit } from "./waiting.ts";

/** Advances the seat in place. Messages and writs must have passed check.ts; effects are carried out in their order. */
export function step(seat: Seat, input: Input): Effect[] {
  if (seat.ended) return [];
  const turn = new Turn(seat, input.now);
  dropOldControls(turn);
  take(turn, input);
  advance(turn);
  seekState(turn);
  if (lacksBlocks(seat) && !wantsState(seat)) askForBlocks(turn, speaker(input) ?? seat.asked);
  const at = deadline(turn);
  invariants(seat);
  return turn.effects(at);
}

/** Who said what shows that blocks are missing, and may have them; null for who has just given some. */
function speaker(input: Input): number | null {
  return input.kind === "message" && input.message.kind !== "blocks" ? input.message.from : null;
}

function take(turn: Turn, input: Input): void {
  const { seat } = turn;
  switch (input.kind) {
    case "start":
      reissue(turn);
      for (const { writ } of seat.vote?.batch.entries ?? []) keepWrit(seat, writ);
      seat.unasked = seat.setup.quorum.n - 1;
      return askForBlocks(turn, null);
    case "message":
      return hear(turn, input.message);
    case "writs":
      return input.writs.forEach((writ) => keepWrit(seat, writ));
    case "control":
      return keepControl(turn, input.control);
    case "applied":
      return applied(turn, input.nextExpiry);
    case "attempted":
      return allow(seat, input.what);
    case "blocks-found":
      keepBlocks(seat, input.blocks);
      return;
    case "rebuild":
      assert(!seat.voice, "a seat whose state is lost has no voice");
      seat.rebuilding = true;
      return;
    case "backlog":
      return hearBacklog(turn, input.full);
    case "tick":
      return tick(turn);
    default:
      return unreachable(input);
  }
}

// Rule: ResignWhenBacklogFull.
function hearBacklog(turn: Turn, full: boolean): void {
  const { seat } = turn;
  if (full && !seat.backlogFull) resign(turn);
  seat.backlogFull = full;
}

// Rule: HearCertificate.
function hear(turn: Turn, message: Message): void {
  const { seat } = turn;
  if (isStranger(message, seat.setup)) return hearStranger(turn, message);
  switch (message.kind) {
    case "proposal":
      hearJustification(turn, message.justification);
      return keepProposal(turn, message);
    case "prepare":
    case "commit":
      return keepVote(turn, message);
    case "reject":
      return keepReject(seat, message);
    case "decided":
      return absorb(seat, message.certificate);
    case "view-change":
      if (message.from === seat.setup.seat) return;
      absorb(seat, message.certificate);
      return keepChange(turn, message);
    case "sync":
      return answerSync(turn, message.from, message.after);
    case "blocks":
      return hearBlocks(turn, message);
    case "state-request":
      return answerState(turn, message);
    case "state-offer":
      return hearOffer(turn, message);
    case "state-chunk":
      return hearChunk(turn, message);
    case "batch-request": {
      const batch = knownBatch(seat, message.batch);
      if (batch !== null) turn.send(message.from, turn.say({ kind: "batch-answer", batch }));
      return;
    }
    case "batch-answer":
      if (wantsBatch(seat, message.batch)) keepBatch(seat, message.batch);
      return;
    case "forward":
      return keepWrit(seat, message.writ);
    case "endorse":
      return keepEndorsement(turn, message);
    default:
      return unreachable(message);
  }
}

/** Certificates and view changes count wherever they come in. */
// Rules: LearnFromLeftViews, LearnFromChanges.
function hearJustification(turn: Turn, why: Justification): void {
  if (why.by === "certificate") return absorb(turn.seat, why.certificate);
  for (const change of why.changes) hear(turn, change);
  tryJoin(turn);
}

function applied(turn: Turn, nextExpiry: number | null): void {
  const { seat } = turn;
  assert(seat.applying, "a block is reported applied once");
  seat.applying = false;
  seat.nextExpiry = nextExpiry;
  reissue(turn);
  if (!leftOut(seat) && !censored(seat)) return;
  changeView(turn, seat.view + 1, "censorship");
  for (const waiting of inOrder(seat)) waiting.since = seat.tip.height;
  for (const kept of seat.controls.values()) kept.since = null;
}

/** Whether a message can still matter here; spares checking signatures of what comes late. */
export function matters(seat: Seat, message: Message): boolean {
  const { height, batch, result } = seat.tip;
  switch (message.kind) {
    case "proposal": {
      // In a view that this seat has left it still tells what was decided.
      const why = message.justification;
      const proves = why.by === "certificate" && (why.certificate?.height ?? 0) > height;
      return (message.batch.header.height > height && message.view >= seat.view) || proves;
    }
    case "prepare":
      return (
        message.height > height ||
        (message.height === height && message.batch === batch && message.result !== result)
      );
    case "commit":
    case "reject":
      return message.height > height;
    case "decided":
      return message.certificate.height > height;
    case "blocks":
      return message.height > height && (message.lowest > height + 1 || bringsOn(seat, message));
    case "state-offer":
      return wantsState(seat) && message.from === seat.statePeer && !seat.stateRefused;
    case "state-chunk":
      return wantsState(seat) && message.from === seat.statePeer && seat.transfer !== null;
    case "view-change":
      return message.view >= seat.view || message.height > height + 1;
    case "batch-answer":
      return wantsBatch(seat, message.batch);
    case "forward":
      return wantsWrit(seat, message.writ);
    case "sync":
    case "batch-request":
    case "endorse":
    case "state-request":
      return true;
    default:
      return unreachable(message);
  }
}

/** Each tells whether it changed anything. */
const RULES: readonly ((turn: Turn) => boolean)[] = [
  tryJoin,
  tryPropose,
  tryPrepare,
  tryCommit,
  tryCertify,
  tryControlRefused,
  tryRejected,
  tryNoMajority,
];

function bringsOn({ tip }: Seat, { blocks }: Blocks): boolean {
  return blocks.some((block) => block.header.height > tip.height);
}

/** Everything that has become possible, until nothing more is; a decided block waits for the shell to apply it. */
function advance(turn: Turn): void {
  const { seat } = turn;
  // Each rule that does something uses up a vote, a proposal, a certificate or a block, or climbs one view of n: none comes
  // near so many.
  for (let pass = 0; pass < LIMITS.rulesPerStep; pass++) {
    if (tryApply(turn) || seat.applying) return;
    if (!RULES.some((rule) => rule(turn))) break;
  }
  tell(turn);
  if (seat.voice) forwardWaiting(turn);
}

/** Whoever completed a certificate hands it to all, when idle and when it cannot apply it. */
// Rule: HandOverCertificate.
function tell(turn: Turn): void {
  const { seat } = turn;
  if (seat.untold === null) return;
  turn.sendAll(turn.say({ kind: "decided", certificate: seat.untold }));
  seat.untold = null;
}

/** What must hold after every step; a failure is ours and stops the object. */
function invariants(seat: Seat): void {
  const next = seat.tip.height + 1;
  const { vote, commit, prepared, change } = seat;
  assert(
    vote === null || (vote.prepare.height === next && vote.prepare.view <= seat.view),
    "votes are for the next height",
  );
  assert(
    commit === null || (vote !== null && commit.height === next),
    "a commit follows a prepare",
  );
  assert(
    prepared === null || prepared.proof.height === next,
    "a prepared certificate is for the next height",
  );
  assert(change === null || change.view <= seat.view, "no view change above the view");
  assert(
    seat.applying ||
      seat.tip.certificate === null ||
      seat.tip.certificate.height === seat.tip.height,
    "the tip is certified",
  );
  assert(seat.proven >= seat.tip.height, "what is applied is proven");
}

export function leaderNow(seat: Seat): number {
  return leaderOf(seat.view, seat.setup.quorum.n);
}
