/**
 * The agreement of one seat as a state machine: `step(seat, input) → effects`. QBFT (Moniz, arXiv 2002.03613) with the result of
 * evaluation inside the vote; rules V1–V4, D1–D3 and the names are those of the protocol page.
 */
import { assert, unreachable } from "../../shared/assert.ts";
import { batchDigest } from "../../shared/digests.ts";
import { LIMITS } from "../../shared/limits.ts";
import { leaderOf } from "../../shared/quorum.ts";
import type { Message } from "./messages.ts";
import { keepProposal, knownBatch, tryPropose } from "./proposals.ts";
import type { Effect, Input, Seat } from "./seat.ts";
import { absorb, answerSync, askForBlocks, keepBlocks, lacksBlocks, tryApply } from "./sync.ts";
import { Turn } from "./turn.ts";
import { changeView, keepChange, reissue, resign, viewOpen } from "./views.ts";
import { keepVote, tryCertify, tryCommit, tryPrepare } from "./votes.ts";
import { censored, forwardWaiting, inOrder, keepWrit } from "./waiting.ts";

/** Advances the seat in place. Messages and writs must have passed check.ts; effects are carried out in their order. */
export function step(seat: Seat, input: Input): Effect[] {
  const turn = new Turn(seat, input.now);
  take(turn, input);
  advance(turn);
  if (lacksBlocks(seat)) askForBlocks(turn, input.kind === "message" ? input.message.from : null);
  const at = deadline(turn);
  invariants(seat);
  return turn.effects(at);
}

function take(turn: Turn, input: Input): void {
  const { seat, now } = turn;
  switch (input.kind) {
    case "start":
      return askForBlocks(turn, null);
    case "message":
      return hear(turn, input.message);
    case "writ":
      return keepWrit(seat, input.writ);
    case "applied":
      return applied(turn, input.nextExpiry);
    case "backlog":
      if (input.full && !seat.backlogFull) resign(turn);
      seat.backlogFull = input.full;
      return;
    case "tick":
      if (seat.suspectAt !== null && now >= seat.suspectAt)
        changeView(turn, seat.view + 1, "suspicion");
      if (seat.resendAt !== null && now >= seat.resendAt) resend(turn);
      return;
    default:
      return unreachable(input);
  }
}

function hear(turn: Turn, message: Message): void {
  const { seat } = turn;
  switch (message.kind) {
    case "proposal":
      if (message.justification.by === "certificate")
        absorb(seat, message.justification.certificate);
      else for (const change of message.justification.changes) hear(turn, change);
      return keepProposal(turn, message);
    case "prepare":
    case "commit":
      return keepVote(turn, message);
    case "decided":
      return absorb(seat, message.certificate);
    case "view-change":
      if (message.from === seat.setup.seat) return;
      absorb(seat, message.certificate);
      return keepChange(turn, message);
    case "sync":
      return answerSync(turn, message.from, message.after);
    case "blocks":
      return keepBlocks(turn, message);
    case "batch-request": {
      const batch = knownBatch(seat, message.batch);
      if (batch !== null) turn.send(message.from, turn.say({ kind: "batch-answer", batch }));
      return;
    }
    case "batch-answer":
      if (message.batch.header.height === seat.tip.height + 1) keepAnswer(turn, message);
      return;
    case "forward":
      return keepWrit(seat, message.writ);
    default:
      return unreachable(message);
  }
}

/** Only a batch that some view change names was asked for. */
function keepAnswer(turn: Turn, { batch }: Message & { kind: "batch-answer" }): void {
  const { seat } = turn;
  for (const { prepared } of seat.changes.values()) {
    if (prepared === null || prepared.height !== batch.header.height) continue;
    const digested = batchDigest(batch.header);
    if (digested === prepared.batch) seat.batches.set(digested, batch);
  }
  seat.askAt = null;
}

function applied(turn: Turn, nextExpiry: number | null): void {
  const { seat } = turn;
  assert(seat.applying, "a block is reported applied once");
  seat.applying = false;
  seat.nextExpiry = nextExpiry;
  reissue(turn);
  if (censored(seat)) {
    changeView(turn, seat.view + 1, "censorship");
    for (const waiting of inOrder(seat)) waiting.since = seat.tip.height;
  }
}

/** Whether a message can still matter here; spares checking signatures of what comes late. */
export function matters(seat: Seat, message: Message): boolean {
  const { height, batch, result } = seat.tip;
  switch (message.kind) {
    case "proposal":
      return message.batch.header.height > height && message.view >= seat.view;
    case "prepare":
      return (
        message.height > height ||
        (message.height === height && message.batch === batch && message.result !== result)
      );
    case "commit":
      return message.height > height;
    case "decided":
      return message.certificate.height > height;
    case "blocks":
      return message.blocks.some((block) => block.header.height > height);
    case "view-change":
      return message.view >= seat.view || message.height > height + 1;
    case "sync":
    case "batch-request":
    case "batch-answer":
    case "forward":
      return true;
    default:
      return unreachable(message);
  }
}

/** Everything that has become possible, until nothing more is; a decided block waits for the shell to apply it. */
function advance(turn: Turn): void {
  const { seat } = turn;
  // Each pass that changes something uses up a vote, a proposal, a certificate or a block.
  for (let pass = 0; pass < 16; pass++) {
    if (tryApply(turn)) return;
    if (seat.applying) return;
    const changed = [tryPropose, tryPrepare, tryCommit, tryCertify].some((rule) => rule(turn));
    if (!changed) break;
  }
  if (seat.untold !== null && seat.untold.height <= seat.tip.height) tell(turn);
  if (seat.voice) forwardWaiting(turn);
}

/** Idle, or unable to apply: whoever completed a certificate hands it to all. */
function tell(turn: Turn): void {
  const { seat } = turn;
  if (seat.untold === null) return;
  turn.sendAll(turn.say({ kind: "decided", certificate: seat.untold }));
  seat.untold = null;
}

/** Votes are sent again as the same signed bytes; receivers deduplicate. */
function resend(turn: Turn): void {
  const { seat } = turn;
  seat.resends += 1;
  seat.resendAt = null;
  if (seat.proposed !== null && seat.proposed.view === seat.view) turn.sendAll(seat.proposed);
  if (seat.vote !== null) turn.sendAll(seat.vote.prepare);
  if (seat.commit !== null) turn.sendAll(seat.commit);
  if (seat.change?.view === seat.view) turn.sendAll(seat.change);
  for (const waiting of inOrder(seat)) waiting.forwarded = -1;
  seat.askAt = null;
  askForBlocks(turn, null);
}

/** Sets the timers and says when the next one is due. */
function deadline(turn: Turn): number | null {
  const { seat, now } = turn;
  const due = seat.nextExpiry !== null && seat.nextExpiry <= now;
  const undecided = seat.vote !== null || due || inOrder(seat).length > 0;
  const quiet = !seat.voice || seat.backlogFull || seat.applying;
  if (quiet || !undecided || !viewOpen(seat)) seat.suspectAt = null;
  else
    seat.suspectAt ??=
      now + LIMITS.suspicionMs * 2 ** Math.min(seat.failures, Math.log2(LIMITS.suspicionCapFactor));
  const unheard = seat.change?.view === seat.view && !viewOpen(seat);
  const repeating = (undecided || unheard || lacksBlocks(seat)) && !seat.applying;
  if (!repeating) seat.resendAt = null;
  else
    seat.resendAt ??=
      now + Math.min(LIMITS.resendMs * 2 ** Math.min(seat.resends, 8), LIMITS.alarmMs);
  const times = [seat.suspectAt, seat.resendAt, due ? null : seat.nextExpiry].filter(
    (time) => time !== null,
  );
  return times.length === 0 ? null : Math.min(...times);
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
