/** Those whose key a seat cannot know: it is behind their epoch, or they hold no key of any. What they carry proves itself or counts for nothing. */
import { termOf } from "../../shared/terms.ts";
import type { Message } from "./messages.ts";
import { keepBatch, wantsBatch } from "./proposals.ts";
import type { Setup } from "./seat.ts";
import { absorb, answerSync, hearBlocks } from "./sync.ts";
import { answerState, hearChunk, hearOffer } from "./transfer.ts";
import type { Turn } from "./turn.ts";

/** Whether the sender's signature cannot be checked here. */
export function isStranger(said: Message, { terms }: Setup): boolean {
  return termOf(terms, said.epoch) === undefined;
}

/** Blocks, batches and certificates were checked by what they are; all else tells at most that a later epoch has begun. */
// Rules: AskStranger, HearCertificate.
export function hearStranger(turn: Turn, said: Message): void {
  const { seat } = turn;
  if (said.kind === "sync") return answerSync(turn, said.from, said.after);
  if (said.kind === "blocks") return hearBlocks(turn, said);
  if (said.kind === "state-request") return answerState(turn, said);
  if (said.kind === "state-offer") return hearOffer(turn, said);
  if (said.kind === "state-chunk") return hearChunk(turn, said);
  if (said.kind === "batch-answer") {
    if (wantsBatch(seat, said.batch)) keepBatch(seat, said.batch);
    return;
  }
  if (said.kind === "decided" && termOf(seat.setup.terms, said.certificate.epoch) !== undefined)
    return absorb(seat, said.certificate);
  // A reason to ask, which a silent peer takes back.
  seat.claimed = Math.max(seat.claimed, seat.tip.height + 1);
}
