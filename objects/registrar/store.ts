/**
 * The copies in the object's own SQLite: one table a bucket, dropped whole (deleting row by row doubles the write bill). A key stands in
 * one of them: were an older copy left, damage to the newer one would bring it back. Losing all of it loses nothing.
 */
import { jsonArrays } from "../shared/chunks.ts";
import { digest } from "../shared/digests.ts";
import { Notes } from "../shared/shell/identity.ts";
import type { Bucket, Copy, Effect, Opened } from "./core/cache.ts";

interface CopyRow extends Record<string, SqlStorageValue> {
  readonly key: string;
  readonly version: number;
  readonly state: string | null;
  readonly since: number;
  readonly height: number;
  readonly digest: string;
}

interface BucketRow extends Record<string, SqlStorageValue> {
  readonly id: number;
  readonly period: number;
  readonly entries: number;
  readonly bytes: number;
  readonly digest: string;
}

/** A copy as found, and the bucket it was found in. */
export interface Found {
  readonly copy: Copy;
  readonly bucket: Bucket;
}

export class CopyStore {
  readonly #sql: SqlStorage;
  readonly #notes: Notes;
  /** As they are stored, once they have been read. */
  #buckets: readonly Bucket[] | undefined;

  constructor(sql: SqlStorage, name: string) {
    this.#sql = sql;
    this.#notes = new Notes(sql);
    if (this.#notes.get("name") === undefined) this.#notes.put("name", name);
    sql.exec(
      `CREATE TABLE IF NOT EXISTS buckets (id INTEGER PRIMARY KEY, period INTEGER NOT NULL,
         entries INTEGER NOT NULL, bytes INTEGER NOT NULL, digest TEXT NOT NULL) STRICT`,
    );
  }

  /** Every change up to this height has been applied; 0 before the first push, and when the note is damaged. */
  height(): number {
    const [height, checked] = this.#notes.get("height")?.split(" ") ?? [];
    return height !== undefined && digest("height", height) === checked ? Number(height) : 0;
  }

  /** Oldest first. Where one is damaged nothing is known of any copy, and all of them go. */
  buckets(): readonly Bucket[] {
    if (this.#buckets !== undefined) return this.#buckets;
    const rows = this.#sql
      .exec<BucketRow>("SELECT id, period, entries, bytes, digest FROM buckets ORDER BY id")
      .toArray();
    if (!rows.every((row) => bucketDigest(row) === row.digest)) {
      this.#empty();
      return [];
    }
    this.#buckets = rows.map(({ id, period, entries, bytes }) => ({ id, period, entries, bytes }));
    return this.#buckets;
  }

  /** The copy of the key, if there is one and it is intact. */
  // Rule: TreatBadCopyAsMiss.
  get(key: string): Found | undefined {
    for (const bucket of this.buckets().toReversed()) {
      const query = `SELECT ${COLUMNS} FROM ${table(bucket.id)} WHERE key = ?`;
      const [row] = this.#sql.exec<CopyRow>(query, key).toArray();
      if (row === undefined) continue;
      const { version, state, since, height } = row;
      const copy = { key, version, state, since, height };
      return digestOf(copy) === row.digest ? { copy, bucket } : undefined;
    }
    return undefined;
  }

  /** The version held of each of the keys. Unchecked: a damaged row is found when it is read. */
  versions(keys: readonly string[]): Map<string, number> {
    const held = new Map<string, number>();
    for (const chunk of jsonArrays(keys.map((key) => JSON.stringify(key)))) {
      for (const { id } of this.buckets()) {
        const rows = this.#sql.exec<{ key: string; version: number }>(
          `SELECT c.key, c.version FROM json_each(?) AS k JOIN ${table(id)} AS c ON c.key = k.value`,
          chunk,
        );
        for (const { key, version } of rows) held.set(key, version);
      }
    }
    return held;
  }

  /** Carries the effects out in order; the caller's transaction holds them together. */
  run(effects: readonly Effect[]): void {
    try {
      for (const effect of effects) this.#run(effect);
    } catch (error) {
      // What the transaction takes back is read anew.
      this.#buckets = undefined;
      throw error;
    }
  }

  #run(effect: Effect): void {
    switch (effect.kind) {
      case "empty":
        this.#empty();
        break;
      case "drop":
        this.#drop(effect.bucket);
        break;
      case "write":
        this.#write(effect.into, effect.copies);
        break;
      case "carry":
        this.#carry(effect.into, effect.keys);
        break;
      case "follow":
        this.#follow(String(effect.height));
        break;
    }
  }

  #follow(height: string): void {
    this.#notes.put("height", `${height} ${digest("height", height)}`);
  }

  #drop(id: number): void {
    this.#sql.exec(`DROP TABLE IF EXISTS ${table(id)}`);
    this.#sql.exec("DELETE FROM buckets WHERE id = ?", id);
    this.#buckets = undefined;
  }

  /** Tables too that no bucket names. */
  #empty(): void {
    const named = this.#sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'copies_*'",
    );
    for (const { name } of named.toArray()) this.#sql.exec(`DROP TABLE "${name}"`);
    this.#sql.exec("DELETE FROM buckets");
    this.#buckets = undefined;
  }

  #write(into: Opened, copies: readonly Copy[]): void {
    const rows = copies.map((copy) => {
      const { key, version, state, since, height } = copy;
      return JSON.stringify([key, version, since, height, digestOf(copy), state]);
    });
    this.#insert(into, rows, [
      `INSERT INTO ${table(into.id)} (${COLUMNS})
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
       FROM json_each(?) WHERE true
       ON CONFLICT (key) DO UPDATE SET version = excluded.version, since = excluded.since,
         height = excluded.height, digest = excluded.digest, state = excluded.state`,
    ]);
  }

  #carry(into: Opened, keys: readonly string[]): void {
    const rows = keys.map((key) => JSON.stringify([key]));
    const older = this.buckets().filter(({ id }) => id < into.id);
    // Newest first, and what is there already stays: the newest copy of a key wins.
    const statements = older.toReversed().map(
      ({ id }) =>
        `INSERT OR IGNORE INTO ${table(into.id)} (${COLUMNS})
         SELECT c.key, c.version, c.since, c.height, c.digest, c.state
         FROM json_each(?) AS k JOIN ${table(id)} AS c ON c.key = k.value ->> 0`,
    );
    this.#insert(into, rows, statements);
  }

  /** Runs each statement on the rows (arrays, the key first) and keeps the bucket's sums exact. */
  #insert(into: Opened, rows: readonly string[], statements: readonly string[]): void {
    this.#sql.exec(
      `CREATE TABLE IF NOT EXISTS ${table(into.id)} (key TEXT PRIMARY KEY, version INTEGER NOT NULL,
         since INTEGER NOT NULL, height INTEGER NOT NULL, digest TEXT NOT NULL, state TEXT)
       STRICT, WITHOUT ROWID`,
    );
    const others = this.buckets().filter(({ id }) => id !== into.id);
    for (const chunk of jsonArrays(rows)) {
      const before = this.#sums(into.id, chunk);
      for (const statement of statements) this.#sql.exec(statement, chunk);
      const after = this.#sums(into.id, chunk);
      this.#account(into, after.entries - before.entries, after.bytes - before.bytes);
      for (const other of others) this.#remove(other, chunk);
    }
  }

  /** What has been written elsewhere. */
  #remove(bucket: Bucket, chunk: string): void {
    const gone = this.#sql
      .exec<{ bytes: number }>(
        `DELETE FROM ${table(bucket.id)} WHERE key IN (SELECT value ->> 0 FROM json_each(?))
         RETURNING octet_length(key) + coalesce(octet_length(state), 0) AS bytes`,
        chunk,
      )
      .toArray();
    const bytes = gone.reduce((sum, row) => sum + row.bytes, 0);
    if (gone.length > 0) this.#account(bucket, -gone.length, -bytes);
  }

  #account({ id, period }: Opened, entries: number, bytes: number): void {
    const held = this.buckets().find((bucket) => bucket.id === id) ?? { entries: 0, bytes: 0 };
    const row = { id, period, entries: held.entries + entries, bytes: held.bytes + bytes };
    this.#sql.exec(
      "INSERT OR REPLACE INTO buckets (id, period, entries, bytes, digest) VALUES (?, ?, ?, ?, ?)",
      id,
      period,
      row.entries,
      row.bytes,
      bucketDigest(row),
    );
    this.#buckets = undefined;
  }

  #sums(id: number, chunk: string): { readonly entries: number; readonly bytes: number } {
    return this.#sql
      .exec<{ entries: number; bytes: number }>(
        `SELECT count(*) AS entries,
           coalesce(sum(octet_length(c.key) + coalesce(octet_length(c.state), 0)), 0) AS bytes
         FROM json_each(?) AS k JOIN ${table(id)} AS c ON c.key = k.value ->> 0`,
        chunk,
      )
      .one();
  }
}

const COLUMNS = "key, version, since, height, digest, state";

function table(id: number): string {
  return `copies_${id}`;
}

function bucketDigest({ id, period, entries, bytes }: Bucket): string {
  return digest("bucket", id, period, entries, bytes);
}

function digestOf({ key, version, state, since, height }: Copy): string {
  return digest("copy", key, version, state, since, height);
}
