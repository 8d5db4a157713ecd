/** Rows that carry a digest of their own bytes, and the chunking that keeps every row and parameter within its bound. */
import { utf8Length } from "../shared/canonical.ts";
import { LIMITS } from "../shared/limits.ts";
import { sha256 } from "../shared/node/crypto.ts";

/** A stored row is not what was written. The seat loses its voice and adopts what the quorum certified. */
export class RowDamaged extends Error {
  override readonly name = "RowDamaged";
}

export function rowDigest(table: string, ...fields: readonly (string | number | null)[]): string {
  return sha256(JSON.stringify([`assize/1/row/${table}`, ...fields]));
}

export function checkRow(
  table: string,
  stored: string,
  ...fields: readonly (string | number | null)[]
): void {
  if (rowDigest(table, ...fields) !== stored)
    throw new RowDamaged(`${table}: ${JSON.stringify(fields[0])}`);
}

/** Splits items into runs whose JSON array stays within a row; one item alone may not exceed it. */
export function chunked<T>(items: readonly T[], textOf: (item: T) => string): T[][] {
  const chunks: T[][] = [];
  let chunk: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = utf8Length(textOf(item)) + 1;
    if (chunk.length > 0 && bytes + size > LIMITS.rowBytes) {
      chunks.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(item);
    bytes += size;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
