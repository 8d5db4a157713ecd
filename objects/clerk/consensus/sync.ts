/** Deciding and catching up: believe certificates, never senders; re-execute, and adopt what the quorum signed. */
import { assert } from "../../shared/assert.ts";
import { batchDigest } from "../../shared/digests.ts";
import type { Evaluation } from "../../shared/evaluation.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Block, Certificate } from "../../shared/types.ts";
import { ability, settleAttempts } from "./attempts.ts";
import { beginTerm } from "./controls.ts";
import { evaluated } from "./evaluate.ts";
import { accuseDissent, noteCondemned } from "./evidence.ts";
import type { Blocks } from "./messages.ts";
import { forgetProposal, knownBatch } from "./proposals.ts";
import type { Evaluated, Seat } from "./seat.ts";
import type { Turn } from "./turn.ts";
import { enter, resign } from "./views.ts";
import { entryBytes, served } from "./waiting.ts";

/** Notes a verified certificate; what it decides is applied when batch and result are at hand. */
// Rule: NoteProven.
export function absorb(seat: Seat, certificate: Certificate | null): void {
  if (certificate === null || certificate.height <= seat.tip.height) return;
  seat.proven = Math.max(seat.proven, certificate.height);
  if (certificate.height === seat.tip.height + 1) seat.certified ??= certificate;
}

/** Blocks of a peer, and whether it no longer has those that come next. */
export function hearBlocks(turn: Turn, answer: Blocks): void {
  const { seat } = turn;
  const { from, blocks, lowest, height } = answer;
  // Blocks prove themselves, whoever gives them; that there are none is its sender's word, and was signed by it.
  if (blocks.length === 0 && lowest > seat.tip.height + 1) seat.lacking.add(from);
  if (!keepBlocks(seat, blocks)) return;
  // An answer that brings nothing on must not bring the next request either.
  seat.askAt = null;
  seat.claimed = height;
  // Who gives less than it may is not asked again at once: block by block, each just in time, it could hold the seat back for ever.
  seat.asked = isFull(blocks) ? from : nextPeer(seat, from);
}

/** Whether an answer may have ended for its size alone. */
function isFull(blocks: readonly Block[]): boolean {
  const bytes = blocks.reduce((sum, block) => sum + blockBytes(block), 0);
  // A good part of the bound: blocks are of any size, and are not counted to the byte.
  return blocks.length >= LIMITS.syncBlocks || bytes >= LIMITS.syncBytes / 4;
}

function nextPeer({ setup }: Seat, peer: number): number {
  const { n } = setup.quorum;
  const next = (peer + 1) % n;
  return next === setup.seat ? (next + 1) % n : next;
}

/** Keeps verified blocks that continue what is here, as many as one honest answer may hold; whether any was of use. */
// Rules: RefuseBrokenRun, HearCertificate.
export function keepBlocks(seat: Seat, blocks: readonly Block[]): boolean {
  let useful = false;
  let bytes = [...seat.blocks.values()].reduce((sum, block) => sum + blockBytes(block), 0);
  for (const block of blocks) {
    const { height } = block.header;
    if (height <= seat.tip.height || seat.blocks.has(height)) continue;
    if (height !== seat.tip.height + 1 && !seat.blocks.has(height - 1)) return useful;
    bytes += blockBytes(block);
    const full = seat.blocks.size >= LIMITS.syncBlocks || bytes > LIMITS.syncBytes;
    if (full && seat.blocks.size > 0) return useful;
    seat.blocks.set(height, block);
    absorb(seat, block.certificate);
    useful = true;
  }
  return useful;
}

function blockBytes(block: Block): number {
  const outcomes = block.outcomes.reduce((sum, outcome) => sum + outcome.length, 0);
  return block.entries.reduce((sum, entry) => sum + entryBytes(entry), outcomes);
}

/** Applies the next height once its certificate, its batch and a matching result are there. */
// Rule: ApplyCertified.
export function tryApply(turn: Turn): boolean {
  const { seat } = turn;
  const { tip } = seat;
  if (seat.applying) return false;
  const block = seat.blocks.get(tip.height + 1);
  const certificate = seat.certified ?? block?.certificate ?? null;
  if (certificate === null || certificate.height !== tip.height + 1) return false;
  const batch = block ?? knownBatch(seat, certificate.batch);
  if (batch === null || batchDigest(batch.header) !== certificate.batch) return false;
  // A chain that does not continue ours would need more than f liars or a broken disk of ours: never applied, shown as stuck.
  const { height, parent } = batch.header;
  if (height !== tip.height + 1 || parent !== tip.block) return false;
  const able = ability(turn, batch);
  if (able === "later") return false;
  // What kills this seat, a quorum has survived, and without the version there is no result: it takes their word for it.
  const silent = able === "unable" || !seat.world.supports(batch.header.domainVersion);
  if (silent) return block === undefined ? false : adopt(turn, block, null);
  const own = evaluated(seat, batch);
  if (own.result === certificate.result) {
    const { header, entries } = batch;
    const { outcomes } = own.evaluation;
    decide(turn, { header, entries, result: own.parts, outcomes, certificate }, own.evaluation);
    setDissents(turn, 0);
    return true;
  }
  return block === undefined ? false : adopt(turn, block, own);
}

/** The quorum came to another result than this seat, or this seat to none: take the certified after-states; twice in a row, and it has no voice. */
// Rules: AdoptCertified, AdoptUnable, ResignWhenOutvoted, QuarantineUnadoptable, OutvoteOtherState.
function adopt(turn: Turn, block: Block, own: Evaluated | null): boolean {
  const { seat } = turn;
  const { certificate } = block;
  const { height } = block.header;
  const evaluation = seat.world.adopt(block);
  if (evaluation === null) {
    seat.blocks.delete(height);
    // Another answer brings the same again, so not at once.
    seat.askAt = turn.now + LIMITS.resendMs;
    silence(turn, `outvoted at height ${height}, and what was certified does not fit its events`);
    return false;
  }
  // Nobody is outvoted by a version that it lacks.
  const carried = seat.world.supports(block.header.domainVersion);
  if (carried) turn.accuse({ kind: "outvoted", height, certificate, own: own?.result ?? null });
  const leads = turn.leads();
  decide(turn, block, evaluation);
  if (own !== null && own.parts.state !== block.result.state) {
    // Adopting outcomes does not mend a state that was other before them.
    retake(turn, `another state than the court's before height ${height}`);
    return true;
  }
  if (own !== null) setDissents(turn, seat.dissents + 1);
  if (leads) resign(turn);
  if (seat.voice && seat.dissents >= LIMITS.dissentsToQuarantine)
    retake(turn, `outvoted at ${seat.dissents} heights in a row, last ${height}`);
  return true;
}

/** Its state is not the court's: it takes that, unless it has done so a short while ago. Then it is the machine that is wrong. */
// Rules: QuarantineRepeatedDissent, StopRelapsedSeat.
function retake(turn: Turn, reason: string): void {
  const { seat } = turn;
  const { rebuiltAt, tip, setup } = seat;
  const since = rebuiltAt === null ? Infinity : tip.height - rebuiltAt;
  const again = since <= LIMITS.relapseRoots * setup.rootEvery;
  if (again && !seat.voice) return;
  const taken = again ? `, after its state was taken anew at height ${String(rebuiltAt)}` : "";
  seat.rebuilding = !again && setup.quorum.n > 1;
  silence(turn, reason + taken, seat.rebuilding);
}

/** Kept over restarts: a seat that is replaced between two heights would else never be found wrong twice. */
function setDissents(turn: Turn, dissents: number): void {
  if (turn.seat.dissents === dissents) return;
  turn.seat.dissents = dissents;
  turn.persist();
}

function silence(turn: Turn, reason: string, rebuild = false): void {
  if (!turn.seat.voice && !rebuild) return;
  turn.seat.voice = false;
  turn.quarantine(reason, rebuild);
}

function decide(turn: Turn, block: Block, evaluation: Evaluation): void {
  const { seat } = turn;
  const { header, certificate, entries } = block;
  assert(
    header.height === seat.tip.height + 1 && header.parent === seat.tip.block,
    "the chain grows by one, unbroken",
  );
  turn.writeVotes();
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
  for (const entry of entries) {
    served(seat, entry);
    noteCondemned(turn, entry);
  }
  forget(seat);
  if (header.control !== null) beginTerm(turn, header.height, header.control);
  if (certificate.view > seat.view) enter(seat, certificate.view);
  seat.applying = true;
  turn.agree(block, evaluation);
}

/** Garbage collection on a decision: everything at or below it but the certificate and the accusations at it. */
// Rules: ForgetDecided, GrowAfterDecision.
function forget(seat: Seat): void {
  const { height } = seat.tip;
  seat.vote = null;
  seat.commit = null;
  seat.prepared = null;
  seat.proposed = null;
  seat.certified = null;
  seat.condemned = null;
  settleAttempts(seat);
  seat.evaluated = null;
  seat.batches.clear();
  seat.proven = Math.max(seat.proven, height);
  seat.blocks.delete(height);
  seat.lacking.clear();
  for (const [key, proposal] of seat.proposals)
    if (proposal.batch.header.height <= height) forgetProposal(seat, key);
  for (const votes of [seat.prepares, seat.commits, seat.rejects]) {
    for (const [key, vote] of votes) if (vote.height <= height) votes.delete(key);
  }
  seat.cut = Math.min(seat.cut * 2, LIMITS.blockEvents);
  const current = `/${height}/`;
  for (const what of seat.accused) if (!what.includes(current)) seat.accused.delete(what);
  seat.failures = 0;
  seat.suspectAt = null;
  seat.resendAt = null;
  seat.resends = 0;
  seat.batchAskAt = null;
}

/** Whether more is certified than this seat can apply from what it has, or a peer that just helped said so. */
// Rule: FollowWithoutVoice.
export function lacksBlocks(seat: Seat): boolean {
  return !seat.applying && Math.max(seat.proven, seat.claimed) > seat.tip.height;
}

/** Asks one peer for what is missing: this one, or, after silence or without one, each in turn. */
// Rules: AskForBlocks, AskEveryPeerAfterStart.
export function askForBlocks(turn: Turn, peer: number | null): void {
  const { seat, now } = turn;
  const { quorum, seat: own } = seat.setup;
  if (quorum.n === 1 || (seat.askAt !== null && now < seat.askAt)) return;
  const silent = seat.askAt !== null;
  if (silent) seat.claimed = 0;
  if (peer === null || peer === own || silent) {
    seat.asked = nextPeer(seat, seat.asked);
    seat.unasked = Math.max(0, seat.unasked - 1);
  } else {
    seat.asked = peer;
  }
  seat.askAt = now + LIMITS.resendMs;
  turn.send(seat.asked, turn.say({ kind: "sync", after: seat.tip.height }));
}

/** Gives what is above a height, and where this seat stands: who lost its memory cannot know who else moved to the view. */
// Rules: AnswerSync, TellStanding, CatchUpOverEpochs.
export function answerSync(turn: Turn, to: number, after: number): void {
  const { seat } = turn;
  const { height } = seat.tip;
  if (after < height) {
    const above = seat.world.blocksAbove(after);
    // Who asks knows the keys of its next height, not those that a control among the blocks brings.
    const blocks = above.filter(({ header }) => header.epoch === above[0]?.header.epoch);
    const lowest = seat.world.lowestBlock();
    turn.send(to, turn.say({ kind: "blocks", blocks, height, lowest }));
  }
  if (seat.voice && seat.change?.view === seat.view) turn.send(to, seat.change);
}
