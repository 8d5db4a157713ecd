/** Deciding and catching up: believe certificates, never senders; re-execute, and adopt what the quorum signed. */
import { assert } from "../../shared/assert.ts";
import { batchDigest } from "../../shared/digests.ts";
import type { Evaluation } from "../../shared/evaluation.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Block, Certificate } from "../../shared/types.ts";
import { evaluated } from "./evaluate.ts";
import type { Blocks } from "./messages.ts";
import { knownBatch } from "./proposals.ts";
import type { Seat } from "./seat.ts";
import type { Turn } from "./turn.ts";
import { enter, resign } from "./views.ts";
import { accuseDissent } from "./votes.ts";
import { forgetDecided, progressOf } from "./waiting.ts";

/** Notes a verified certificate; what it decides is applied when batch and result are at hand. */
export function absorb(seat: Seat, certificate: Certificate | null): void {
  if (certificate === null || certificate.height <= seat.tip.height) return;
  seat.proven = Math.max(seat.proven, certificate.height);
  if (certificate.height === seat.tip.height + 1) seat.certified ??= certificate;
}

/** Keeps verified blocks above the tip, as far as one answer reaches. */
export function keepBlocks(turn: Turn, answer: Blocks): void {
  const { seat } = turn;
  seat.askAt = null;
  for (const block of answer.blocks) {
    const { height } = block.header;
    if (height <= seat.tip.height || height > seat.tip.height + LIMITS.syncBlocks) continue;
    seat.blocks.set(height, block);
    absorb(seat, block.certificate);
  }
}

/** Applies the next height once its certificate, its batch and a matching result are there. */
export function tryApply(turn: Turn): boolean {
  const { seat } = turn;
  if (seat.applying) return false;
  const block = seat.blocks.get(seat.tip.height + 1);
  const certificate = seat.certified ?? block?.certificate ?? null;
  if (certificate === null || certificate.height !== seat.tip.height + 1) return false;
  const batch = block ?? knownBatch(seat, certificate.batch);
  // A chain that does not continue ours would need more than f liars or a broken disk of ours: never applied, shown as stuck.
  if (
    batch === null ||
    batch.header.parent !== seat.tip.block ||
    batchDigest(batch.header) !== certificate.batch
  )
    return false;
  const own = evaluated(seat, batch);
  if (own.result === certificate.result) {
    const { header, entries } = batch;
    seat.dissents = 0;
    decide(
      turn,
      { header, entries, result: own.parts, outcomes: own.evaluation.outcomes, certificate },
      own.evaluation,
    );
    return true;
  }
  return block === undefined ? false : adopt(turn, block);
}

/** The quorum came to another result than this seat: take the certified after-states; twice in a row, and it has no voice. */
function adopt(turn: Turn, block: Block): boolean {
  const { seat } = turn;
  const own = seat.evaluated;
  if (block.result.prior !== seat.tip.result) return false;
  const evaluation = seat.world.adopt(block);
  if (evaluation === null) return false;
  const { height } = block.header;
  turn.accuse({
    kind: "outvoted",
    height,
    certificate: block.certificate,
    own: own?.result ?? null,
  });
  seat.dissents += 1;
  const leads = turn.leads();
  decide(turn, block, evaluation);
  if (seat.dissents >= LIMITS.dissentsToQuarantine && seat.voice) {
    seat.voice = false;
    turn.quarantine(`outvoted at ${seat.dissents} heights in a row, last ${height}`);
  } else if (leads) {
    resign(turn);
  }
  return true;
}

function decide(turn: Turn, block: Block, evaluation: Evaluation): void {
  const { seat } = turn;
  const { header, certificate, entries } = block;
  assert(
    header.height === seat.tip.height + 1 && header.parent === seat.tip.block,
    "the chain grows by one, unbroken",
  );
  for (const prepare of seat.prepares.values()) {
    if (prepare.height !== header.height || prepare.from === seat.setup.seat) continue;
    if (prepare.batch === certificate.batch && prepare.result !== certificate.result)
      accuseDissent(turn, prepare, certificate);
  }
  seat.tip = {
    height: header.height,
    block: certificate.block,
    batch: certificate.batch,
    result: certificate.result,
    time: header.time,
    certificate,
  };
  for (const entry of entries) seat.progress.set(entry.writ.warden, progressOf(entry));
  forget(seat);
  if (certificate.view > seat.view) enter(seat, certificate.view);
  seat.applying = true;
  turn.agree(block, evaluation);
}

/** Garbage collection on a decision: everything at or below it but the certificate and the accusations at it. */
function forget(seat: Seat): void {
  const { height } = seat.tip;
  forgetDecided(seat);
  seat.vote = null;
  seat.commit = null;
  seat.prepared = null;
  seat.proposed = null;
  seat.certified = null;
  seat.evaluated = null;
  seat.batches.clear();
  seat.proven = Math.max(seat.proven, height);
  seat.blocks.delete(height);
  for (const [key, proposal] of seat.proposals)
    if (proposal.batch.header.height <= height) seat.proposals.delete(key);
  for (const votes of [seat.prepares, seat.commits]) {
    for (const [key, vote] of votes) if (vote.height <= height) votes.delete(key);
  }
  const current = `/${height}/`;
  for (const what of seat.accused) if (!what.includes(current)) seat.accused.delete(what);
  seat.failures = 0;
  seat.suspectAt = null;
  seat.resendAt = null;
  seat.resends = 0;
}

/** Whether a certificate proves more than this seat can apply from what it has. */
export function lacksBlocks(seat: Seat): boolean {
  return !seat.applying && seat.proven > seat.tip.height;
}

/** Asks one peer for what is missing: the one that just spoke, else each in turn. */
export function askForBlocks(turn: Turn, from: number | null): void {
  const { seat, now } = turn;
  if (seat.askAt !== null && now < seat.askAt) return;
  seat.askAt = now + LIMITS.resendMs;
  const peer = from ?? nextPeer(seat);
  if (peer !== null) turn.send(peer, turn.say({ kind: "sync", after: seat.tip.height }));
}

function nextPeer(seat: Seat): number | null {
  const { quorum, seat: own } = seat.setup;
  if (quorum.n === 1) return null;
  seat.asked = (seat.asked + 1) % quorum.n;
  if (seat.asked === own) seat.asked = (seat.asked + 1) % quorum.n;
  return seat.asked;
}

export function answerSync(turn: Turn, to: number, after: number): void {
  const { seat } = turn;
  if (after >= seat.tip.height) return;
  turn.send(
    to,
    turn.say({ kind: "blocks", blocks: seat.world.blocksAbove(after), height: seat.tip.height }),
  );
}
