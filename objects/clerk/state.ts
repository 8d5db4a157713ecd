/**
 * This seat's entity state and used keys: the agreed state that evaluation reads, and as it stood at the last two bases (multiples
 * of K), from which roots are computed and others are served. What is overwritten after a base leaves its image there.
 */
import type { StateReader } from "../arbiter/evaluation.ts";
import { jsonArrays } from "../shared/chunks.ts";
import type { Evaluation } from "../shared/evaluation.ts";
import { bucketOf, entityStateRow, stateRowDigest } from "../shared/state-root.ts";
import type { Cursor, PartId, StateRow } from "../shared/state-root.ts";
import type { EntityRow, Header, KeyRow } from "../shared/types.ts";
import type { Page, Room } from "./roots.ts";
import { damage } from "./rows.ts";
import type { RowDamaged } from "./rows.ts";
import { UsedKeys, paged } from "./used-keys.ts";

/** Table, bucket and key of a row: the entities' own table, then those of the images. */
type Mark = readonly [table: number, bucket: number, key: string];

export type StoredEntity = {
  bucket: number;
  key: string;
  version: number;
  state: string;
  height: number;
  expires: number | null;
  digest: string;
};

/** Buckets of keys that one block reads and then writes, so that each is hashed once. */
const BUCKETS_KNOWN = 16_384;

const STAGED = "staged_";

const COLUMNS = `bucket INTEGER NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL,
  height INTEGER NOT NULL, expires INTEGER, digest TEXT NOT NULL, PRIMARY KEY (bucket, key)`;

export class AgreedState implements StateReader {
  readonly keys: UsedKeys;
  readonly #sql: SqlStorage;
  readonly #entities: string;
  readonly #every: number;
  readonly #buckets = new Map<string, number>();
  /** Bases with images of what was overwritten up to K heights after them. */
  #imaged: number[];

  /** `every` is K: heights between two bases. */
  constructor(sql: SqlStorage, every: number, prefix = "") {
    this.#sql = sql;
    this.#every = every;
    this.#entities = `${prefix}entities`;
    sql.exec(`CREATE TABLE IF NOT EXISTS ${this.#entities} (${COLUMNS}) STRICT, WITHOUT ROWID`);
    if (prefix === "") this.#index();
    this.keys = new UsedKeys(sql, every, `${prefix}keys`);
    this.#imaged = tablesLike(sql, "images_[0-9]*").map((name) =>
      Number(name.slice("images_".length)),
    );
  }

  /** A state that is on its way here. */
  static staged(sql: SqlStorage, every: number): AgreedState {
    return new AgreedState(sql, every, STAGED);
  }

  static dropStaged(sql: SqlStorage): void {
    for (const table of tablesLike(sql, `${STAGED}*`)) sql.exec(`DROP TABLE ${table}`);
  }

  /** Rows of a state in their order: of entities, and of keys era by era. */
  lay(rows: readonly StateRow[]): void {
    const entities: EntityRow[] = [];
    const keys: KeyRow[] = [];
    for (const row of rows) {
      if (row[0] === "entity") {
        const [, key, version, state, height, expires] = row;
        entities.push({ key, version, state, height, expires });
      } else if (row[0] === "key") {
        const [, key, fingerprint, height, index, expires] = row;
        keys.push({ key, fingerprint, height, index, expires });
      }
    }
    this.#keep(entities);
    this.keys.keep(keys, 0);
  }

  /** Forgets what has been laid of a part. */
  empty({ kind, id }: PartId): void {
    if (kind === "entities") this.#sql.exec(`DELETE FROM ${this.#entities} WHERE bucket = ?`, id);
    if (kind === "keys") this.keys.empty(id);
  }

  /** What is staged, or nothing, takes the place of all that is here, whose reader ends with it. */
  replaceBy(staged: AgreedState | null): void {
    for (const base of this.#imaged) this.#sql.exec(`DROP TABLE images_${base}`);
    this.#sql.exec(`DROP TABLE ${this.#entities}`);
    this.keys.replaceBy(staged?.keys ?? null);
    if (staged === null) return;
    this.#sql.exec(`ALTER TABLE ${staged.#entities} RENAME TO ${this.#entities}`);
    this.#index();
  }

  #index(): void {
    this.#sql.exec(
      "CREATE INDEX IF NOT EXISTS entities_by_expiry ON entities (expires, key) WHERE expires IS NOT NULL",
    );
  }

  /** Throws {@link RowDamaged}, as everything does that reads rows. */
  entity(key: string): EntityRow | undefined {
    const sql = "SELECT * FROM entities WHERE bucket = ? AND key = ?";
    const row = this.#sql.exec<StoredEntity>(sql, this.#bucketOf(key), key).toArray()[0];
    return row === undefined ? undefined : checked("entities", row).row;
  }

  entityRows(keys: readonly string[]): EntityRow[] {
    return this.#places(keys).flatMap((chunk) =>
      this.#sql
        .exec<StoredEntity>(
          `SELECT e.* FROM json_each(?) AS place CROSS JOIN entities AS e
           WHERE e.bucket = place.value ->> 0 AND e.key = place.value ->> 1`,
          chunk,
        )
        .toArray()
        .map((row) => checked("entities", row).row),
    );
  }

  keyRows(keys: readonly string[]): KeyRow[] {
    return this.keys.rows(keys);
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

  /** Lays a block's agreed evaluation over the state; part of the block's transaction. */
  apply(
    evaluation: Pick<Evaluation, "entities" | "keys">,
    { height, time }: Pick<Header, "height" | "time">,
  ): void {
    this.#keepImages(evaluation.entities, height);
    this.#keep(evaluation.entities);
    this.keys.keep(evaluation.keys, time);
  }

  #keep(rows: readonly EntityRow[], table = this.#entities): void {
    const entities = rows.map((row) => {
      const { key, version, state, height, expires } = row;
      const digest = stateRowDigest(entityStateRow(row));
      return JSON.stringify([this.#bucketOf(key), key, version, state, height, expires, digest]);
    });
    for (const chunk of jsonArrays(entities)) {
      this.#sql.exec(
        `INSERT INTO ${table} (bucket, key, version, state, height, expires, digest)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?) WHERE true
         ON CONFLICT (bucket, key) DO UPDATE SET version = excluded.version, state = excluded.state, height = excluded.height,
           expires = excluded.expires, digest = excluded.digest`,
        chunk,
      );
    }
  }

  /** Every entity row becomes what a failing disk would make of it: another text under the old digest. */
  // Rule: CorruptStateIsNoticed.
  rot(): void {
    this.#sql.exec("UPDATE entities SET state = state || ' '");
  }

  /** Entities of a bucket as of the newest base or the one before, above a key. */
  page(bucket: number, base: number, after: Cursor | null, room: Room): Page {
    const tables = ["entities", ...this.imagesAt(base)];
    const asOf = tables
      .map(
        (table) =>
          `SELECT *, '${table}' AS held FROM ${table} WHERE bucket = ?1 AND key > ?2 AND height <= ?3`,
      )
      .join(" UNION ALL ");
    const sql = `${asOf} ORDER BY key LIMIT ?4`;
    const cursor = this.#sql.exec<StoredEntity & { held: string }>(
      sql,
      bucket,
      after?.[1] ?? "",
      base,
      room.rows + 1,
    );
    return paged(cursor, room, ({ held, ...stored }) => {
      const { row, digest } = checked(held, stored);
      return { row: entityStateRow(row), digest };
    });
  }

  /** Tables of images that have what a row was as of a base. */
  imagesAt(base: number): string[] {
    const newer = base + this.#every;
    return this.#imaged.filter((at) => at === base || at === newer).map((at) => `images_${at}`);
  }

  /** Tables of images of bases above one. */
  imagesSince(base: number): string[] {
    return this.#imaged.filter((at) => at > base).map((at) => `images_${at}`);
  }

  /** What is stored of a bucket, whole or not. */
  stored(table: string, bucket: number): StoredEntity[] {
    return this.#sql
      .exec<StoredEntity>(`SELECT * FROM ${table} WHERE bucket = ?`, bucket)
      .toArray();
  }

  /** Entities and their images above a row, read once more; the last of them, or null at the end. */
  scrub(after: string | null, rows: number): string | null {
    const start: Mark = [0, 0, ""];
    const [at, bucket, key] = after === null ? start : (JSON.parse(after) as Mark);
    const table = at === 0 ? "entities" : this.#imaged.map((base) => `images_${base}`)[at - 1];
    if (table === undefined) return null;
    const above = `SELECT * FROM ${table} WHERE (bucket, key) > (?, ?) ORDER BY bucket, key LIMIT ?`;
    const page = this.#sql.exec<StoredEntity>(above, bucket, key, rows).toArray();
    for (const row of page) if (!isWhole(row)) throw damagedEntity(table, row);
    const last = page.at(-1);
    return JSON.stringify(last === undefined ? [at + 1, 0, ""] : [at, last.bucket, last.key]);
  }

  /** Lays what is only in another bucket than its own where it belongs; a newer row may lie there. */
  move(table: string, { bucket, key }: StoredEntity): void {
    const where = "WHERE bucket = ? AND key = ?";
    const right = this.#bucketOf(key);
    this.#sql.exec(`UPDATE OR IGNORE ${table} SET bucket = ? ${where}`, right, bucket, key);
    this.#sql.exec(`DELETE FROM ${table} ${where}`, bucket, key);
  }

  /** Rows in the place of damaged ones. */
  replace(table: string, damaged: readonly StoredEntity[], rows: readonly EntityRow[]): void {
    for (const { bucket, key } of damaged)
      this.#sql.exec(`DELETE FROM ${table} WHERE bucket = ? AND key = ?`, bucket, key);
    this.#keep(rows, table);
  }

  /** The base is the oldest that is asked for from now on; `liveEra` is the oldest era of keys as of it. */
  forgetBefore(base: number, liveEra: number): void {
    for (const old of this.#imaged.filter((at) => at < base))
      this.#sql.exec(`DROP TABLE images_${old}`);
    this.#imaged = this.#imaged.filter((at) => at >= base);
    this.keys.dropBefore(liveEra);
  }

  /** A row as of the newest base is kept the first time it is overwritten; one made since did not exist there. */
  #keepImages(rows: readonly EntityRow[], height: number): void {
    const base = height - 1 - ((height - 1) % this.#every);
    if (rows.length === 0 || base === 0) return;
    if (!this.#imaged.includes(base)) {
      this.#sql.exec(`CREATE TABLE images_${base} (${COLUMNS}) STRICT, WITHOUT ROWID`);
      this.#imaged.push(base);
    }
    for (const chunk of this.#places(rows.map(({ key }) => key))) {
      this.#sql.exec(
        `INSERT OR IGNORE INTO images_${base}
         SELECT e.* FROM json_each(?) AS place CROSS JOIN entities AS e
         WHERE e.bucket = place.value ->> 0 AND e.key = place.value ->> 1 AND e.height <= ?`,
        chunk,
        base,
      );
    }
  }

  #places(keys: readonly string[]): string[] {
    return jsonArrays(keys.map((key) => JSON.stringify([this.#bucketOf(key), key])));
  }

  #bucketOf(key: string): number {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    if (this.#buckets.size >= BUCKETS_KNOWN) this.#buckets.clear();
    const bucket = bucketOf(key);
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

function tablesLike(sql: SqlStorage, pattern: string): string[] {
  return sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB ?",
      pattern,
    )
    .toArray()
    .map(({ name }) => name);
}

/** Whether a row is what was written, where it was written. */
export function isWhole(stored: StoredEntity): boolean {
  return isWritten(stored) && bucketOf(stored.key) === stored.bucket;
}

/** Whether a row is what was written, wherever it lies. */
export function isWritten({ key, version, state, height, expires, digest }: StoredEntity): boolean {
  return stateRowDigest(entityStateRow({ key, version, state, height, expires })) === digest;
}

function damagedEntity(table: string, { bucket, key, height, digest }: StoredEntity): RowDamaged {
  return damage({ table, key, height, digest, within: bucket });
}

function checked(
  table: string,
  stored: StoredEntity,
): { readonly row: EntityRow; readonly digest: string } {
  if (!isWritten(stored)) throw damagedEntity(table, stored);
  const { key, version, state, height, expires, digest } = stored;
  return { row: { key, version, state, height, expires }, digest };
}
