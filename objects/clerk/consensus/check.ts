/**
 * What a peer or a Warden sent, checked before the core sees it: shape, then every signature and certificate wherever it appears
 * (V4). Whatever fails is dropped and counted by the shell; nothing here throws, because a liar chooses the input.
 */
import { z } from "zod";
import {
  batchDigest,
  entryDigests,
  leafDigest,
  merkleRoot,
  resultDigest,
} from "../../shared/digests.ts";
import { utf8Length } from "../../shared/canonical.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Verify } from "../../shared/node/crypto.ts";
import type { Batch, Block, Certificate, Writ } from "../../shared/types.ts";
import { certificateFits, certificateValid, poisonValid, sealValid } from "../../shared/verify.ts";
import { carriesRoot } from "./evaluate.ts";
import { groundsOf, REASONS, statementDigest } from "./messages.ts";
import type { Message, Prepared, ViewChange } from "./messages.ts";
import type { Setup } from "./seat.ts";

// Room to count on from what a peer says without leaving the safe integers.
const natural = z
  .number()
  .int()
  .min(0)
  .max(2 ** 52);
// Only hex: a digest over text that has no canonical form would throw.
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const signature = z.string().regex(/^[0-9a-f]{128}$/);
const stated = {
  court: natural,
  epoch: natural,
  from: natural,
  incarnation: natural,
  sequence: natural,
  signature,
};
const seats = 64;

const voteSignature = z.object({
  seat: natural,
  incarnation: natural,
  sequence: natural,
  signature,
});
const voteSignatures = z.array(voteSignature).max(seats);
const certificate = z.object({
  court: natural,
  epoch: natural,
  height: natural,
  view: natural,
  batch: hash,
  result: hash,
  block: hash,
  signatures: voteSignatures,
});
const writ = z.object({
  court: natural,
  warden: natural,
  number: natural.min(1),
  events: z.array(z.string().max(LIMITS.writBytes)).min(1).max(LIMITS.writEvents),
  seal: signature,
});
const header = z.object({
  court: natural,
  epoch: natural,
  height: natural.min(1),
  parent: hash,
  time: natural,
  domainVersion: natural,
  entries: z.array(z.tuple([hash, natural, natural, hash.nullable()])).max(LIMITS.blockEvents),
});
const lone = header.extend({
  entries: z.array(z.tuple([hash, natural, natural, z.null()])).length(1),
});
const poison = z.discriminatedUnion("reason", [
  z.object({
    reason: z.literal("nondeterministic"),
    view: natural,
    header: lone,
    prepares: z.array(voteSignature.extend({ result: hash })).max(seats),
  }),
  z.object({
    reason: z.literal("unable"),
    view: natural,
    header: lone,
    rejects: voteSignatures,
  }),
]);
const entries = z
  .array(z.object({ writ, first: natural, count: natural.min(1), poison: poison.optional() }))
  .max(LIMITS.blockEvents);
const batch = z.object({ header, entries });
const block = z.object({
  header,
  entries,
  result: z.object({ prior: hash, count: natural, root: hash, state: hash.nullable() }),
  outcomes: z
    .array(z.string().max(LIMITS.outcomesBytes))
    .max(LIMITS.blockEvents + LIMITS.expiriesPerBlock),
  certificate,
});
const prepared = z.object({
  height: natural,
  view: natural,
  batch: hash,
  result: hash,
  signatures: voteSignatures,
});
const viewChange = z.object({
  ...stated,
  kind: z.literal("view-change"),
  view: natural,
  height: natural.min(1),
  certificate: certificate.nullable(),
  prepared: prepared.nullable(),
});
const justification = z.discriminatedUnion("by", [
  z.object({ by: z.literal("certificate"), certificate: certificate.nullable() }),
  z.object({ by: z.literal("changes"), changes: z.array(viewChange).max(seats) }),
]);
const vote = { ...stated, height: natural.min(1), view: natural, batch: hash, result: hash };

const message = z.discriminatedUnion("kind", [
  z.object({
    ...stated,
    kind: z.literal("proposal"),
    view: natural,
    batch,
    justification,
    grounds: hash,
  }),
  z.object({ ...vote, kind: z.literal("prepare") }),
  z.object({ ...vote, kind: z.literal("commit"), block: hash }),
  z.object({
    ...stated,
    kind: z.literal("reject"),
    height: natural.min(1),
    view: natural,
    batch: hash,
    reason: z.enum(REASONS),
  }),
  z.object({ ...stated, kind: z.literal("decided"), certificate }),
  viewChange,
  z.object({ ...stated, kind: z.literal("sync"), after: natural }),
  z.object({
    ...stated,
    kind: z.literal("blocks"),
    blocks: z.array(block).max(LIMITS.syncBlocks),
    height: natural,
  }),
  z.object({ ...stated, kind: z.literal("batch-request"), batch: hash }),
  z.object({ ...stated, kind: z.literal("batch-answer"), batch }),
  z.object({ ...stated, kind: z.literal("forward"), writ }),
]);

/** The messages of one call that have the right shape, and how many had not. */
export function parseMessages(text: string): {
  readonly messages: Message[];
  readonly dropped: number;
} {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { messages: [], dropped: 1 };
  }
  if (!Array.isArray(raw) || raw.length > LIMITS.messagesPerCall)
    return { messages: [], dropped: 1 };
  const messages: Message[] = [];
  for (const item of raw) {
    const parsed = message.safeParse(item);
    if (parsed.success) messages.push(parsed.data);
  }
  return { messages, dropped: raw.length - messages.length };
}

export function parseWrit(text: string): Writ | null {
  try {
    const parsed = writ.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Why a message must be dropped, or null. */
export function objection(said: Message, setup: Setup, verify: Verify): string | null {
  if (said.court !== setup.court || said.epoch !== setup.epoch) return "another court or epoch";
  if (said.from === setup.seat) return "own seat";
  return signatureObjection(said, setup, verify) ?? bodyObjection(said, setup, verify);
}

function signatureObjection(said: Message, setup: Setup, verify: Verify): string | null {
  const key = setup.keys[said.from];
  if (key === undefined) return "unknown seat";
  return verify(key, statementDigest(said, said), said.signature) ? null : "bad signature";
}

function bodyObjection(said: Message, setup: Setup, verify: Verify): string | null {
  switch (said.kind) {
    case "proposal":
      return (
        batchObjection(said.batch, setup, verify) ?? justificationObjection(said, setup, verify)
      );
    case "decided":
      return certificateObjection(said.certificate, setup, verify);
    case "view-change":
      return changeObjection(said, setup, verify);
    case "blocks":
      return first(said.blocks, (item) => blockObjection(item, setup, verify));
    case "batch-answer":
      return batchObjection(said.batch, setup, verify);
    case "forward":
      return writObjection(said.writ, setup, verify);
    case "prepare":
    case "commit":
    case "reject":
    case "sync":
    case "batch-request":
      return null;
  }
}

export function writObjection(candidate: Writ, setup: Setup, verify: Verify): string | null {
  if (candidate.court !== setup.court) return "a writ of another court";
  const key = setup.wardenKeys[candidate.warden];
  if (key === undefined) return "a writ of an unknown Warden";
  if (!candidate.events.every(oneText))
    return "a writ of texts that its digest does not tell apart";
  if (bytesOf(candidate.events) > LIMITS.writBytes) return "a writ over its limit";
  return sealValid(candidate, key, verify) ? null : "a writ without its seal";
}

/**
 * A writ's digest joins its events by line feeds, in UTF-8, where every lone surrogate is the same: other texts of the same
 * digest would pass for what was sealed, and seats would evaluate different things under one name.
 */
function oneText(text: string): boolean {
  return !text.includes("\n") && text.isWellFormed();
}

function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + utf8Length(text), 0);
}

/** Own consistency of a batch; whether it continues the chain is the core's to say. */
function batchObjection(candidate: Batch, setup: Setup, verify: Verify): string | null {
  const { header: head, entries: parts } = candidate;
  if (head.court !== setup.court || head.epoch !== setup.epoch)
    return "a batch of another court or epoch";
  if (JSON.stringify(entryDigests(parts)) !== JSON.stringify(head.entries))
    return "a header that is not of its entries";
  for (const { writ: part, first: from, count, poison: proof } of parts) {
    if (from + count > part.events.length) return "an entry beyond its writ";
    const objected = writObjection(part, setup, verify);
    if (objected !== null) return objected;
    if (proof !== undefined && !poisonValid(proof, head, setup, verify))
      return "a false poison proof";
  }
  return null;
}

function justificationObjection(
  said: Message & { kind: "proposal" },
  setup: Setup,
  verify: Verify,
): string | null {
  const why = said.justification;
  if (groundsOf(why) !== said.grounds) return "another justification than was signed";
  if (why.by === "certificate") {
    return why.certificate === null ? null : certificateObjection(why.certificate, setup, verify);
  }
  if (why.changes.some((change) => change.view !== said.view))
    return "a view change for another view";
  const movers = new Set(why.changes.map((change) => change.from));
  if (movers.size < why.changes.length) return "two view changes of one seat";
  if (movers.size < setup.quorum.q) return "too few view changes";
  return first(why.changes, (change) => {
    if (change.court !== setup.court || change.epoch !== setup.epoch)
      return "a view change of another court";
    return signatureObjection(change, setup, verify) ?? changeObjection(change, setup, verify);
  });
}

function changeObjection(change: ViewChange, setup: Setup, verify: Verify): string | null {
  const below = change.certificate;
  if ((below?.height ?? 0) !== change.height - 1)
    return "a view change without the certificate below its height";
  if (below !== null) {
    const objected = certificateObjection(below, setup, verify);
    if (objected !== null) return objected;
  }
  if (change.prepared === null) return null;
  if (change.prepared.height !== change.height || change.prepared.view >= change.view)
    return "a prepared certificate that cannot be";
  return preparedValid(change.prepared, setup, verify) ? null : "a false prepared certificate";
}

function certificateObjection(candidate: Certificate, setup: Setup, verify: Verify): string | null {
  if (candidate.court !== setup.court || candidate.epoch !== setup.epoch)
    return "a certificate of another court or epoch";
  // Every signature must hold, not only q: what others may add to a certificate is kept and handed on.
  const all = Math.max(setup.quorum.q, candidate.signatures.length);
  return certificateValid(candidate, setup.keys, all, verify) ? null : "a false certificate";
}

/** Whether q distinct seats, and nobody else, validly prepared exactly this. */
function preparedValid(candidate: Prepared, setup: Setup, verify: Verify): boolean {
  const { height, view, batch: ofBatch, result } = candidate;
  const signers = new Set<number>();
  for (const { seat, incarnation, sequence, signature: signed } of candidate.signatures) {
    const key = setup.keys[seat];
    const by = { court: setup.court, epoch: setup.epoch, from: seat, incarnation, sequence };
    const digested = statementDigest({ kind: "prepare", height, view, batch: ofBatch, result }, by);
    if (key !== undefined && verify(key, digested, signed)) signers.add(seat);
  }
  return signers.size >= setup.quorum.q && signers.size === candidate.signatures.length;
}

/** A block is believed for its certificate alone; that it continues our chain is the core's to say. */
function blockObjection(candidate: Block, setup: Setup, verify: Verify): string | null {
  const { header: head, certificate: proof, result, outcomes } = candidate;
  if (proof.height !== head.height) return "a certificate of another height";
  if (batchDigest(head) !== proof.batch) return "a certificate of another batch";
  if (!certificateFits(proof, head.parent)) return "a certificate of another parent";
  if (resultDigest(result) !== proof.result) return "a certificate of another result";
  if ((result.state !== null) !== carriesRoot(head.height, setup))
    return "a state root at another height than every K-th";
  if (outcomes.length !== result.count) return "outcomes that are not as many as the result's";
  if (!outcomes.every(oneText) || merkleRoot(outcomes.map(leafDigest)) !== result.root)
    return "outcomes that are not the result's";
  return batchObjection(candidate, setup, verify) ?? certificateObjection(proof, setup, verify);
}

function first<T>(items: readonly T[], object: (item: T) => string | null): string | null {
  for (const item of items) {
    const objected = object(item);
    if (objected !== null) return objected;
  }
  return null;
}
