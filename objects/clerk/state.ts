/** This seat's entity state and key table: the agreed state that evaluation reads. */
import type { StateReader } from "../arbiter/evaluation.ts";
import type { Evaluation } from "../shared/evaluation.ts";
import type { EntityRow, KeyRow } from "../shared/types.ts";
import { checkRow, chunked, rowDigest } from "./rows.ts";

type StoredEntity = {
  key: string;
  version: number;
  state: string;
  height: number;
  expires: number | null;
  digest: string;
};
type StoredKey = {
  key: string;
  fingerprint: string;
  height: number;
  idx: number;
  expires: number;
  digest: string;
};

export class AgreedState implements StateReader {
  readonly #sql: SqlStorage;
  /** Length of a bucket of the key table: what lives at a block time spans two of them. */
  readonly #bucketMs: number;
  #buckets: number[];

  constructor(sql: SqlStorage, lifetimeMs: number) {
    this.#sql = sql;
    this.#bucketMs = lifetimeMs;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS entities (
        key TEXT PRIMARY KEY, version INTEGER NOT NULL, state TEXT NOT NULL, height INTEGER NOT NULL, expires INTEGER,
        digest TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS entities_by_expiry ON entities (expires, key) WHERE expires IS NOT NULL;
    `);
    this.#buckets = sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'keys_[0-9]*'",
      )
      .toArray()
      .map(({ name }) => Number(name.slice("keys_".length)))
      .toSorted((a, b) => b - a);
  }

  entity(key: string): EntityRow | undefined {
    const row = this.#sql
      .exec<StoredEntity>("SELECT * FROM entities WHERE key = ?", key)
      .toArray()[0];
    if (row === undefined) return undefined;
    const { version, state, height, expires } = row;
    checkRow("entities", row.digest, key, version, state, height, expires);
    return { key, version, state, height, expires };
  }

  key(key: string): KeyRow | undefined {
    for (const bucket of this.#buckets) {
      const row = this.#sql
        .exec<StoredKey>(`SELECT * FROM keys_${bucket} WHERE key = ?`, key)
        .toArray()[0];
      if (row === undefined) continue;
      checkRow("keys", row.digest, key, row.fingerprint, row.height, row.idx, row.expires);
      return {
        key,
        fingerprint: row.fingerprint,
        height: row.height,
        index: row.idx,
        expires: row.expires,
      };
    }
    return undefined;
  }

  due(time: number, limit: number): string[] {
    return this.#sql
      .exec<{ key: string }>(
        "SELECT key FROM entities WHERE expires IS NOT NULL AND expires <= ? ORDER BY expires, key LIMIT ?",
        time,
        limit,
      )
      .toArray()
      .map((row) => row.key);
  }

  nextExpiry(): number | null {
    return this.#sql
      .exec<{ at: number | null }>(
        "SELECT min(expires) AS at FROM entities WHERE expires IS NOT NULL",
      )
      .one().at;
  }

  /** Lays an agreed evaluation over the state, as of its block time; part of the block's transaction. */
  apply(evaluation: Pick<Evaluation, "entities" | "keys">, time: number): void {
    const entities = evaluation.entities.map(({ key, version, state, height, expires }) => [
      key,
      version,
      state,
      height,
      expires,
      rowDigest("entities", key, version, state, height, expires),
    ]);
    for (const chunk of chunked(entities, (row) => JSON.stringify(row))) {
      this.#sql.exec(
        `INSERT INTO entities (key, version, state, height, expires, digest)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?) WHERE true
         ON CONFLICT (key) DO UPDATE SET version = excluded.version, state = excluded.state, height = excluded.height,
           expires = excluded.expires, digest = excluded.digest`,
        JSON.stringify(chunk),
      );
    }
    this.#keep(evaluation.keys);
    this.#dropEnded(time);
  }

  /** Every entity row becomes what a failing disk would make of it: another text under the old digest. */
  rot(): void {
    this.#sql.exec("UPDATE entities SET state = state || ' '");
  }

  #keep(rows: readonly KeyRow[]): void {
    const byBucket = Map.groupBy(rows, (row) => Math.floor(row.expires / this.#bucketMs));
    for (const [bucket, kept] of byBucket) {
      this.#bucket(bucket);
      const values = kept.map(({ key, fingerprint, height, index, expires }) => [
        key,
        fingerprint,
        height,
        index,
        expires,
        rowDigest("keys", key, fingerprint, height, index, expires),
      ]);
      for (const chunk of chunked(values, (row) => JSON.stringify(row))) {
        this.#sql.exec(
          `INSERT INTO keys_${bucket} (key, fingerprint, height, idx, expires, digest)
           SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?) WHERE true
           ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, height = excluded.height, idx = excluded.idx,
             expires = excluded.expires, digest = excluded.digest`,
          JSON.stringify(chunk),
        );
      }
    }
  }

  #bucket(bucket: number): void {
    if (this.#buckets.includes(bucket)) return;
    this.#sql.exec(`CREATE TABLE keys_${bucket} (
      key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, height INTEGER NOT NULL, idx INTEGER NOT NULL,
      expires INTEGER NOT NULL, digest TEXT NOT NULL
    ) STRICT, WITHOUT ROWID`);
    this.#buckets = [bucket, ...this.#buckets].toSorted((a, b) => b - a);
  }

  /** A bucket all of whose rows have ended goes whole: dropping is free where deleting rows is billed by the row. */
  #dropEnded(time: number): void {
    const current = Math.floor(time / this.#bucketMs);
    for (const bucket of this.#buckets.filter((old) => old < current))
      this.#sql.exec(`DROP TABLE keys_${bucket}`);
    this.#buckets = this.#buckets.filter((bucket) => bucket >= current);
  }
}
