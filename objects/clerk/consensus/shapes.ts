/** The shapes of what peers and Wardens send. Whatever has another is dropped. */
import { z } from "zod";
import { controlShape } from "../../shared/control.ts";
import { LIMITS } from "../../shared/limits.ts";
import { ENTITY_BUCKETS } from "../../shared/state-root.ts";
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
const result = z.object({ prior: hash, count: natural, root: hash, state: hash.nullable() });
const head = z.object({ header, result, certificate });
export const block = z.object({
  header,
  entries,
  result,
  outcomes: z
    .array(z.string().max(LIMITS.outcomesBytes))
    .max(LIMITS.blockEvents + LIMITS.expiriesPerBlock),
  certificate,
});
const parts = z
  .array(
    z.object({
      kind: z.enum(["court", "entities", "keys"]),
      id: natural,
      count: natural,
      size: natural,
      until: natural,
      digest: hash,
    }),
  )
  .max(1 + ENTITY_BUCKETS + LIMITS.stateEras);
const field = z
  .string()
  .max(LIMITS.entityBytes)
  .refine((value) => value.isWellFormed());
const cursor = z.tuple([natural, field]);
const stateRow = z.union([
  z.tuple([z.literal("entity"), field, natural, field, natural, natural.nullable()]),
  z.tuple([z.literal("key"), field, hash, natural, natural, natural]),
  z.tuple([z.literal("warden"), natural, natural, natural, z.literal([0, 1])]),
  z.tuple([z.literal("term"), natural, natural]),
]);
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
    lowest: natural,
  }),
  z.object({
    ...stated,
    kind: z.literal("state-request"),
    base: natural,
    part: natural,
    after: cursor.nullable(),
  }),
  z.object({
    ...stated,
    kind: z.literal("state-offer"),
    anchor: head,
    rooted: head,
    parts,
    controls: z.array(z.object({ header, certificate })).max(LIMITS.terms),
  }),
  z.object({
    ...stated,
    kind: z.literal("state-chunk"),
    base: natural,
    part: natural,
    after: cursor.nullable(),
    rows: z.array(stateRow).max(LIMITS.stateRows),
    last: z.boolean(),
  }),
  z.object({ ...stated, kind: z.literal("batch-request"), batch: hash }),
  z.object({ ...stated, kind: z.literal("batch-answer"), batch }),
  z.object({ ...stated, kind: z.literal("forward"), writ }),
  z.object({ ...stated, kind: z.literal("endorse"), control: controlShape }),
]);
