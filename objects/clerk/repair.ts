/**
 * What a damaged row of the state must have been: what the seat's own certified chain says, never what the row says. Its stored
 * height and key are hints of where to look. What was made above the last certified base is the latest change there; what was
 * made below it is believed once the whole bucket comes to its certified digest.
 */
import { LIMITS } from "../shared/limits.ts";
import { PartTally, bucketOf, byBytes, entityStateRow, samePart } from "../shared/state-root.ts";
import type { Part } from "../shared/state-root.ts";
import type { EntityRow, KeyRow } from "../shared/types.ts";

/** A seat's chain and certified parts. Each method throws `RowDamaged` for what it cannot read. */
export interface Archive {
  /** The lowest height whose block is here. */
  readonly lowest: () => number;
  /** Highest height in (after, upTo] whose outcomes hold the text; null if none does. All of them are read. */
  readonly holding: (text: string, after: number, upTo: number) => number | null;
  /** The rows that a block of the chain made, once its certificate and outcomes are verified; null where that fails. */
  readonly made: (height: number) => Made | null;
}

export interface Made {
  readonly entities: readonly EntityRow[];
  readonly keys: readonly KeyRow[];
}

/** A bucket of entities as it is stored, and what is certified of it. */
export interface Bucket {
  readonly id: number;
  /** Height that the rows are of. */
  readonly upTo: number;
  readonly sound: readonly EntityRow[];
  readonly damaged: readonly Pick<EntityRow, "key" | "height">[];
  /** Keys of the bucket whose row as of `upTo` is whole. */
  readonly held: ReadonlySet<string>;
  /** The newest base at or below `upTo` whose root is certified, 0 if there is none. */
  readonly base: number;
  /** The bucket's certified digest as of the base; null where there is none. */
  readonly part: Part | null;
  /** Rows of the bucket as of the base that changed since, where `sound` has them as of later. */
  readonly images: readonly EntityRow[];
}

/** The rows that belong in the place of the damaged ones, as of `upTo`; null where that is not certain. */
export function repairedEntities(archive: Archive, bucket: Bucket): EntityRow[] | null {
  const { base, upTo, damaged, part } = bucket;
  if (damaged.length > LIMITS.repairRows) return null;
  const floor = Math.max(base, archive.lowest() - 1);
  if (floor > base || upTo - base > LIMITS.repairHeights) return null;
  const rows = new Map<string, EntityRow>();
  let certain = true;
  for (const hint of damaged) {
    const key = keyOf(archive, bucket, hint);
    const later = key === null ? null : latest(archive, key, base, upTo);
    const row = later ?? (key === null ? null : below(archive, key, hint.height, base));
    certain &&= later !== null;
    if (row !== null && row.height <= upTo) rows.set(row.key, row);
    if (key === null) for (const lost of missingRows(archive, bucket)) rows.set(lost.key, lost);
  }
  const repaired = [...rows.values()];
  if (certain) return repaired;
  if (base === 0) return upTo < archive.lowest() ? null : repaired;
  return part !== null && comesTo(part, asOf(bucket, repaired, archive)) ? repaired : null;
}

/** Of a key that may be damaged itself: the one that the block at the row's height changed and that is nowhere else. */
function keyOf(
  archive: Archive,
  { id, held, upTo, base }: Bucket,
  { key, height }: Pick<EntityRow, "key" | "height">,
): string | null {
  const made = isHere(archive, height, upTo) ? archive.made(height) : null;
  const here = (made?.entities ?? []).filter((row) => bucketOf(row.key) === id);
  if (here.some((row) => row.key === key)) return key;
  const known = bucketOf(key) === id && !held.has(key);
  if (known && archive.holding(textOf(key), searchFrom(archive, base), upTo) !== null) return key;
  return here.find((row) => !held.has(row.key))?.key ?? null;
}

/** What the blocks above the base made of the bucket and is nowhere, where a damaged row does not say which it was. */
function missingRows(archive: Archive, { id, held, base, upTo }: Bucket): EntityRow[] {
  const rows = new Map<string, EntityRow>();
  for (let height = base + 1; height <= upTo; height++)
    for (const row of archive.made(height)?.entities ?? [])
      if (bucketOf(row.key) === id && !held.has(row.key)) rows.set(row.key, row);
  return [...rows.values()];
}

function searchFrom(archive: Archive, base: number): number {
  return Math.max(archive.lowest() - 1, base - LIMITS.repairHeights);
}

/** As the latest block above a base made it, up to a height; null where none did. */
function latest(archive: Archive, key: string, base: number, upTo: number): EntityRow | null {
  let top = upTo;
  for (;;) {
    const height = archive.holding(textOf(key), base, top);
    if (height === null) return null;
    const row = archive.made(height)?.entities.find((other) => other.key === key);
    if (row !== undefined) return row;
    // The text is another tenant's entity.
    top = height - 1;
  }
}

function below(archive: Archive, key: string, hint: number, base: number): EntityRow | null {
  const named = isHere(archive, hint, base) ? archive.made(hint) : null;
  const row = named?.entities.find((other) => other.key === key);
  return row ?? latest(archive, key, searchFrom(archive, base), base);
}

function isHere(archive: Archive, height: number, upTo: number): boolean {
  return height >= archive.lowest() && height <= upTo;
}

/** How an outcome names the entity: the tenant stands elsewhere in it. */
function textOf(key: string): string {
  return `"entity":${JSON.stringify(key.slice(key.indexOf("/") + 1))}`;
}

/** The bucket as of its base: what was changed since has left its image there, or is one of the repaired rows. */
function asOf(
  { sound, images, base }: Bucket,
  repaired: readonly EntityRow[],
  archive: Archive,
): EntityRow[] {
  const rows = new Map<string, EntityRow>();
  for (const row of [...sound, ...images, ...repaired])
    if (row.height <= base) rows.set(row.key, row);
  for (const { key, height } of repaired)
    if (height > base && !rows.has(key)) {
      const before = below(archive, key, 0, base);
      if (before !== null) rows.set(key, before);
    }
  return [...rows.values()];
}

function comesTo(part: Part, rows: readonly EntityRow[]): boolean {
  const tally = new PartTally(part);
  for (const row of rows.toSorted((a, b) => byBytes(a.key, b.key))) tally.add(entityStateRow(row));
  return samePart(tally.part(), part);
}

/** A used key as it is stored: any of it may be damaged. */
export type KeyHint = Pick<KeyRow, "key" | "fingerprint" | "height">;

/**
 * The row that belongs in the place of a damaged used key, as its block made it; undefined where none is missing, null where that
 * is not certain. `held` are the keys that are stored, and whole, of a height.
 */
export function repairedKey(
  archive: Archive,
  { key, fingerprint, height }: KeyHint,
  held: (height: number) => ReadonlySet<string>,
  upTo: number,
): KeyRow | null | undefined {
  const named = isHere(archive, height, upTo) ? archive.made(height) : null;
  const row = named?.keys.find((other) => other.key === key);
  if (row !== undefined) return row;
  const missing = named?.keys.find((other) => !held(height).has(other.key));
  if (missing !== undefined) return missing;
  const after = searchFrom(archive, upTo);
  const text = `"fingerprint":"${fingerprint}"`;
  for (let used = archive.holding(text, after, upTo); used !== null;) {
    const first = archive.made(used)?.keys.find((other) => other.key === key);
    if (first !== undefined) return held(used).has(key) ? undefined : first;
    // A later use of the key, which its first one answered.
    used = archive.holding(text, after, used - 1);
  }
  return null;
}
