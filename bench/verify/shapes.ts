// The shapes of what a ledger's server, or an export of it, shows. Strict: a member that nothing covers would pass unproven.
import { z } from "zod";

const natural = z.int().min(0);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const signature = z.string().regex(/^[0-9a-f]{128}$/);

export const genesisShape = z.strictObject({
  document: z.strictObject({
    protocol: natural,
    generation: z.string(),
    mode: z.enum(["bft", "detect", "solo"]),
    seats: natural.max(7),
    courts: natural.min(1).max(64),
    wardens: natural.min(1).max(256),
    windowMs: natural,
    rootEvery: natural.min(2),
    domains: z.array(z.string()).max(64),
    domainVersion: natural,
    time: natural,
    keys: z.record(z.string(), digest),
  }),
  signatures: z.record(z.string(), signature),
});
export type Genesis = z.infer<typeof genesisShape>;
export type GenesisDocument = Genesis["document"];

const officer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("clerk"), seat: natural }),
  z.strictObject({ kind: z.literal("warden"), warden: natural }),
]);
const control = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("key"), officer, key: digest }),
  z.strictObject({ kind: z.literal("version"), domainVersion: natural }),
]);
export type Control = z.infer<typeof control>;

const header = z.strictObject({
  court: natural,
  epoch: natural,
  height: natural,
  parent: digest,
  time: natural,
  domainVersion: natural,
  control: control.nullable(),
  entries: z.array(z.tuple([digest, natural, natural, digest.nullable()])),
});
export type Header = z.infer<typeof header>;

const vote = z.strictObject({
  seat: natural,
  incarnation: natural,
  sequence: natural,
  signature,
});
export type Vote = z.infer<typeof vote>;

const poison = z.discriminatedUnion("reason", [
  z.strictObject({
    reason: z.literal("nondeterministic"),
    view: natural,
    header,
    prepares: z.array(vote.extend({ result: digest })),
  }),
  z.strictObject({
    reason: z.literal("unable"),
    view: natural,
    header,
    rejects: z.array(vote),
  }),
]);
export type Poison = z.infer<typeof poison>;

const writ = z.strictObject({
  court: natural,
  warden: natural,
  number: natural,
  events: z.array(z.string()),
  seal: z.string(),
});
export type Writ = z.infer<typeof writ>;

export const blockShape = z.strictObject({
  header,
  entries: z.array(
    z.strictObject({ writ, first: natural, count: natural, poison: poison.optional() }),
  ),
  result: z.strictObject({
    prior: digest,
    count: natural,
    root: digest,
    state: digest.nullable(),
  }),
  outcomes: z.array(z.string()),
  certificate: z.strictObject({
    court: natural,
    epoch: natural,
    height: natural,
    view: natural,
    batch: digest,
    result: digest,
    block: digest,
    signatures: z.array(vote),
  }),
});
export type Block = z.infer<typeof blockShape>;
export type Entry = Block["entries"][number];
export type Certificate = Block["certificate"];

/** A seat's word that the ledger up to a height, the chain that ends in a block, is what it agreed. */
export const wordShape = z.strictObject({
  seat: natural,
  height: natural,
  block: z.string(),
  signature: z.string(),
});
export type Word = z.infer<typeof wordShape>;

/** An entity as a listing shows it. */
export const entityShape = z.strictObject({
  entity: z.string(),
  version: natural,
  state: z.json(),
  height: natural,
});
export type EntityDocument = z.infer<typeof entityShape>;

/** A version as a history shows it; of the event that made it, what says where that stands. */
export const versionShape = entityShape.extend({
  event: z.looseObject({
    receipt: z.looseObject({ court: natural, height: natural, index: natural }),
  }),
});

/** Where a listed event stands; the rest of it is compared as a whole. */
export const eventShape = z.looseObject({
  receipt: z.looseObject({ court: natural, height: natural, index: natural }),
});
export type EventDocument = z.infer<typeof eventShape>;

/** What is wrong with a value of another shape, in one line. */
export function misshapen(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? "another shape" : `${issue.path.join("/")}: ${issue.message}`;
}
