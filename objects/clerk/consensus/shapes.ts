/** The shapes of what peers and Wardens send. Whatever has another is dropped. */
import { z } from "zod";
import { controlShape } from "../../shared/control.ts";
import { LIMITS } from "../../shared/limits.ts";
import { REASONS } from "./messages.ts";

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
export const writ = z.object({
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
  control: controlShape.nullable(),
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

export const message = z.discriminatedUnion("kind", [
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
  z.object({ ...stated, kind: z.literal("endorse"), control: controlShape }),
]);
