// A ledger as a stream of records: what is read from a server is the same as what stands in an export, one JSON text a line.
//
//   1. { record: "ledger", format, genesis, tenant, histories, courts: [{ court, height, words }] }: what is to come. `height` is up
//      to where the court's blocks come at least, which the seats' `words` [{ seat, height, block, signature }] vouch for; `tenant`
//      is whose events and entities are shown.
//   2. for each court: { record: "block", court, block } from height 1 on, each followed by { record: "event", event } for every
//      outcome of the tenant in it, as GET /v1/events lists it.
//   3. { record: "entity", entity, history } for every entity of the tenant, as GET /v1/entities lists it, by name. Where `history`
//      is true it is followed by { record: "version", version } for each version up to the heights of 1, as its history lists
//      it. `histories` says of how many it is: of "all" or of a "sample".
//   4. blocks above the heights of 1, where an entity was made there meanwhile.
//   5. { record: "end", records }: how many lines came before.
import { z } from "zod";

import { entityShape, eventShape, genesisShape, versionShape, wordShape } from "./shapes.ts";

export const FORMAT = 1;

const natural = z.int().min(0);

export const ledgerShape = z.strictObject({
  record: z.literal("ledger"),
  format: z.literal(FORMAT),
  genesis: genesisShape,
  tenant: z.string(),
  histories: z.enum(["all", "sample"]),
  courts: z.array(
    z.strictObject({ court: natural, height: natural, words: z.array(wordShape).max(7) }),
  ),
});
export type LedgerRecord = z.infer<typeof ledgerShape>;

export const recordShape = z.discriminatedUnion("record", [
  ledgerShape,
  // The block's own shape is judged where its height is known.
  z.strictObject({ record: z.literal("block"), court: natural, block: z.unknown() }),
  z.strictObject({ record: z.literal("event"), event: eventShape }),
  z.strictObject({ record: z.literal("entity"), entity: entityShape, history: z.boolean() }),
  z.strictObject({ record: z.literal("version"), version: versionShape }),
  z.strictObject({ record: z.literal("end"), records: natural }),
]);
export type Rec = z.infer<typeof recordShape>;

/** It could not be read, which says nothing about the ledger. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** What was asked for cannot be. */
export class Usage extends Error {
  override readonly name = "Usage";
}
