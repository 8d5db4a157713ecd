/**
 * The root of all replicated state: rows in parts, a digest a part, and an RFC 6962 tree over the parts. Entities lie in buckets of
 * a hash of their key. Used keys lie in eras of K heights, whole until the last of them has ended: an era never changes, so it is
 * hashed once and not at every root.
 */
import { canonical } from "./canonical.ts";
import { digest, leafDigest, merkleRoot } from "./digests.ts";
import type { EntityRow, KeyRow, WritProgress } from "./types.ts";

export type StateRow =
  | readonly [
      "entity",
      key: string,
      version: number,
      state: string,
      height: number,
      expires: number | null,
    ]
  | readonly [
      "key",
      key: string,
      fingerprint: string,
      height: number,
      index: number,
      expires: number,
    ]
  | readonly ["warden", warden: number, number: number, next: number, complete: 0 | 1]
  | readonly ["term", epoch: number, domainVersion: number];

export type PartKind = "court" | "entities" | "keys";

export interface PartId {
  readonly kind: PartKind;
  /** Bucket of the entities, era of the keys, 0 for the court. */
  readonly id: number;
}

export interface Part extends PartId {
  /** Rows, and the UTF-16 units of their texts: who receives a part knows when it has come to more. */
  readonly count: number;
  readonly size: number;
  /** Of keys: block time at which the last of them ends; 0 for the rest. */
  readonly until: number;
  readonly digest: string;
}

/** Where a row stands in its part: what comes next is above it. Keys in order of height, texts in order of their UTF-8 bytes. */
export type Cursor = readonly [height: number, key: string];

export const ENTITY_BUCKETS = 256;

/** Row digests that are hashed together. */
const RUN = 256;

export function entityStateRow(row: EntityRow): StateRow {
  return ["entity", row.key, row.version, row.state, row.height, row.expires];
}

export function keyStateRow(row: KeyRow): StateRow {
  return ["key", row.key, row.fingerprint, row.height, row.index, row.expires];
}

export function wardenStateRow({ warden, number, next, complete }: WritProgress): StateRow {
  return ["warden", warden, number, next, complete ? 1 : 0];
}

export function stateRowDigest(row: StateRow): string {
  return digest("state-row", ...row);
}

export function bucketOf(entityKey: string): number {
  return Number.parseInt(digest("state-bucket", entityKey).slice(0, 2), 16);
}

/** Whether a row can be of a part; `every` is K. */
export function belongsTo(row: StateRow, { kind, id }: PartId, every: number): boolean {
  if (row[0] === "entity") return kind === "entities" && bucketOf(row[1]) === id;
  if (row[0] === "key") return kind === "keys" && eraOf(row[3], every) === id;
  return kind === "court";
}

/** The era of a height from 1 on: era e is complete at height e × `every`. */
export function eraOf(height: number, every: number): number {
  return Math.ceil(height / every);
}

export function cursorOf(row: StateRow): Cursor {
  switch (row[0]) {
    case "entity":
      return [0, row[1]];
    case "key":
      return [row[3], row[1]];
    case "warden":
      return [1 + row[1], ""];
    case "term":
      return [0, ""];
  }
}

/** Order of the texts' UTF-8 bytes, in which storage has them; UTF-16 units sort otherwise above U+FFFF. */
export function byBytes(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}

/** Surrogates stand for what lies above all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** The digest of one part, row by row in their order. */
export class PartTally {
  readonly #of: PartId;
  #count = 0;
  #size = 0;
  #until = 0;
  #chain = "";
  #run: string[] = [];

  constructor(of: PartId) {
    this.#of = of;
  }

  /** Whether more has come in than the part holds. */
  exceeds({ count, size }: Part): boolean {
    return this.#count > count || this.#size > size;
  }

  /** `digested` is the row's digest, where it has been computed already. */
  add(row: StateRow, digested: string = stateRowDigest(row)): void {
    this.#count += 1;
    this.#size += sizeOf(row);
    if (row[0] === "key") this.#until = Math.max(this.#until, row[5]);
    this.#run.push(digested);
    if (this.#run.length === RUN) this.#close();
  }

  /** To be called once all rows are in. */
  part(): Part {
    if (this.#run.length > 0) this.#close();
    const { kind, id } = this.#of;
    const [count, size, until] = [this.#count, this.#size, this.#until];
    return { kind, id, count, size, until, digest: digest("state-part", kind, id, this.#chain) };
  }

  #close(): void {
    this.#chain = digest("state-rows", this.#chain, ...this.#run);
    this.#run = [];
  }
}

/** Of the parts in their order: the court, each bucket of the entities, and the eras of the keys that have not ended. */
export function stateRoot(parts: readonly Part[]): string {
  return merkleRoot(parts.map((part) => leafDigest(canonical(fieldsOf(part)))));
}

export function samePart(one: Part, other: Part): boolean {
  return canonical(fieldsOf(one)) === canonical(fieldsOf(other));
}

function fieldsOf({ kind, id, count, size, until, digest: of }: Part): (string | number)[] {
  return [kind, id, count, size, until, of];
}

/** UTF-16 units of a row's texts. */
export function sizeOf(row: StateRow): number {
  let size = 0;
  for (const field of row) if (typeof field === "string") size += field.length;
  return size;
}

/** Whether these are the parts of a state, each once and in order. */
export function partsInOrder(parts: readonly Part[]): boolean {
  return (
    parts.every(({ kind, id }, at) => {
      if (at === 0) return kind === "court" && id === 0;
      if (at <= ENTITY_BUCKETS) return kind === "entities" && id === at - 1;
      const before = parts[at - 1];
      return kind === "keys" && (before?.kind !== "keys" || before.id < id);
    }) && parts.length > ENTITY_BUCKETS
  );
}
