/** Rows that carry a digest of their own bytes. */
import { sha256 } from "../shared/node/crypto.ts";

/** Which row is damaged, as far as it says so itself. */
export interface Place {
  readonly table: string;
  /** Its key or a part of it, as it is stored. */
  readonly key: string | number;
  /** Of the block that made it, or that it belongs to; null where it has none. */
  readonly height: number | null;
  /** Of the row, as it is stored; null where the row is missing. */
  readonly digest: string | null;
  /** Bucket of an entity, table of a used key. */
  readonly within?: number;
}

/** A stored row is not what was written. No answer comes from it: it is repaired from what a quorum signed, or costs the voice. */
export class RowDamaged extends Error {
  override readonly name = "RowDamaged";
  readonly place: Place | null;
  constructor(detail: string, place: Place | null = null) {
    super(detail);
    this.place = place;
  }
}

/** The error for a row that does not fit its digest, or that is missing. */
export function damage(place: Place): RowDamaged {
  const { table, key, digest } = place;
  const what = digest === null ? " is missing" : "";
  return new RowDamaged(`${table}: ${JSON.stringify(key)}${what}`, place);
}

export function rowDigest(table: string, ...fields: readonly (string | number | null)[]): string {
  return sha256(JSON.stringify([`assize/1/row/${table}`, ...fields]));
}

/** Throws {@link RowDamaged} unless the stored digest is that of the fields, the first of which is (part of) the key. */
export function checkRow(
  table: string,
  stored: string,
  ...fields: readonly [key: string | number, ...(string | number | null)[]]
): void {
  if (rowDigest(table, ...fields) !== stored)
    throw damage({ table, key: fields[0], height: null, digest: stored });
}
