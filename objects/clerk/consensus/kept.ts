/** Batches as a seat keeps them beside its votes: the writs of a vote are stored, the rest is small. */
import type { Batch, Header, Poison } from "../../shared/types.ts";

/** What makes a batch again with the stored writs. */
export interface KeptBatch {
  readonly header: Header;
  /** Of its one entry, if that has any. */
  readonly poison?: Poison | undefined;
}

export function keptBatch({ header, entries }: Batch): KeptBatch {
  return { header, poison: entries[0]?.poison };
}

export function restoredBatch(
  { header, poison }: KeptBatch,
  batchOf: (header: Header) => Batch,
): Batch {
  const batch = batchOf(header);
  return poison === undefined ? batch : condemning(batch, poison);
}

/** The batch with the proof against its one event. */
export function condemning(batch: Batch, poison: Poison): Batch {
  return { ...batch, entries: batch.entries.map((entry) => ({ ...entry, poison })) };
}
