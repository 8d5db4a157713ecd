/**
 * The seats' own table of used keys, append-only: by (height, key), so that an era is one run of it, and found by key. It is cut
 * into tables of whole eras that are dropped whole, where deleting rows is billed by the row.
 */
import { jsonArrays } from "../shared/chunks.ts";
import { eraOf, keyStateRow, sizeOf, stateRowDigest } from "../shared/state-root.ts";
import type { Cursor } from "../shared/state-root.ts";
import type { KeyRow } from "../shared/types.ts";
import { damage } from "./rows.ts";
import type { DigestedRow, Page, Room } from "./roots.ts";

/** What a row weighs beside its texts. */
const ROW_OVERHEAD = 64;

type StoredKey = {
  height: number;
  key: string;
  fingerprint: string;
  idx: number;
  expires: number;
  digest: string;
};

/** Table, height and key of a row. */
type Mark = readonly [table: number, height: number, key: string];

/** The table that is being filled. */
interface Newest {
  readonly table: number;
  /** Block time at which its first key ends. */
  readonly firstEnds: number;
  lastHeight: number;
}

export class UsedKeys {
  readonly #sql: SqlStorage;
  readonly #every: number;
  readonly #prefix: string;
  /** By their first era, newest first. */
  #tables: number[];
  #newest: Newest | null;

  constructor(sql: SqlStorage, every: number, prefix: string) {
    this.#sql = sql;
    this.#every = every;
    this.#prefix = prefix;
    this.#tables = tablesIn(sql, prefix);
    this.#newest = this.#readNewest();
  }

  /** The latest use of each, ended or not, of those that may be live: a table is begun when the first key of the one before has ended. */
  rows(keys: readonly string[]): KeyRow[] {
    const found = new Map<string, KeyRow>();
    const chunks = jsonArrays(keys.map((key) => JSON.stringify(key)));
    for (const table of this.#tables.slice(0, 2).toReversed())
      for (const chunk of chunks)
        for (const row of this.#latest(table, chunk)) found.set(row.key, row);
    return [...found.values()];
  }

  #latest(table: number, keys: string): KeyRow[] {
    return this.#sql
      .exec<StoredKey>(
        `SELECT k.* FROM json_each(?) AS asked CROSS JOIN ${this.#name(table)} AS k
         WHERE k.key = asked.value ORDER BY k.height`,
        keys,
      )
      .toArray()
      .map((stored) => checked(stored, table).row);
  }

  /** Rows above one, read once more; the last of them, or null at the end. Throws {@link RowDamaged}. */
  scrub(after: string | null, rows: number): string | null {
    const start: Mark = [this.#tables.at(-1) ?? 0, -1, ""];
    const [from, height, key] = after === null ? start : (JSON.parse(after) as Mark);
    // The oldest first, since it is the next to be dropped.
    const table = this.#tables.findLast((first) => first >= from);
    if (table === undefined) return null;
    const above = `SELECT * FROM ${this.#name(table)} WHERE (height, key) > (?, ?) ORDER BY height, key LIMIT ?`;
    const begin = table === from ? ([height, key] as const) : ([-1, ""] as const);
    const page = this.#sql.exec<StoredKey>(above, ...begin, rows).toArray();
    const last = page.map((row) => checked(row, table).row).at(-1);
    return JSON.stringify(
      last === undefined ? [table + 1, -1, ""] : [table, last.height, last.key],
    );
  }

  /** A row as it lies there, whole or not. */
  stored(table: number, height: number, key: string): StoredKey | undefined {
    if (!this.#tables.includes(table)) return undefined;
    const sql = `SELECT * FROM ${this.#name(table)} WHERE height = ? AND key = ?`;
    return this.#sql.exec<StoredKey>(sql, height, key).toArray()[0];
  }

  /** A row in the place of a damaged one, or none. */
  replace(table: number, { height, key }: StoredKey, row: KeyRow | undefined): void {
    this.#sql.exec(`DELETE FROM ${this.#name(table)} WHERE height = ? AND key = ?`, height, key);
    if (row !== undefined) this.#insert([row], table);
  }

  /** Keys of a height that are stored as they were written. */
  heldAt(table: number, height: number): Set<string> {
    const sql = `SELECT * FROM ${this.#name(table)} WHERE height = ?`;
    const rows = this.#sql.exec<StoredKey>(sql, height).toArray();
    return new Set(rows.filter(isWhole).map(({ key }) => key));
  }

  /** Those of one block, as of its time; or of any in order of height, as of no time. */
  keep(rows: readonly KeyRow[], time: number): void {
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) return;
    const table = this.#tableFor(first, time);
    if (this.#newest !== null)
      this.#newest.lastHeight = Math.max(this.#newest.lastHeight, last.height);
    this.#insert(rows, table);
  }

  #insert(rows: readonly KeyRow[], table: number): void {
    const values = rows.map((row) => {
      const { height, key, fingerprint, index, expires } = row;
      const digest = stateRowDigest(keyStateRow(row));
      return JSON.stringify([height, key, fingerprint, index, expires, digest]);
    });
    for (const chunk of jsonArrays(values)) {
      this.#sql.exec(
        `INSERT OR REPLACE INTO ${this.#name(table)} (height, key, fingerprint, idx, expires, digest)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?)`,
        chunk,
      );
    }
  }

  page(era: number, after: Cursor | null, room: Room): Page {
    const table = this.#tables.find((first) => first <= era);
    if (table === undefined) return { rows: [], last: true };
    const [height, key] = after ?? [(era - 1) * this.#every + 1, ""];
    const sql = `SELECT * FROM ${this.#name(table)} WHERE (height, key) > (?, ?) AND height <= ? ORDER BY height, key LIMIT ?`;
    const cursor = this.#sql.exec<StoredKey>(sql, height, key, era * this.#every, room.rows + 1);
    return paged(cursor, room, (row) => {
      const { row: read, digest } = checked(row, table);
      return { row: keyStateRow(read), digest };
    });
  }

  eras(): number[] {
    return this.#tables.flatMap((table) =>
      this.#sql
        .exec<{ era: number }>(
          `SELECT DISTINCT (height - 1) / CAST(? AS INTEGER) + 1 AS era FROM ${this.#name(table)}`,
          this.#every,
        )
        .toArray()
        .map(({ era }) => era),
    );
  }

  /** Drops what lies wholly before an era; the two tables that may hold live keys stay. */
  dropBefore(era: number): void {
    const kept = this.#tables.findIndex((first) => first <= era);
    if (kept === -1) return;
    for (const table of this.#tables.splice(Math.max(kept + 1, 2)))
      this.#sql.exec(`DROP TABLE ${this.#name(table)}`);
  }

  /** Forgets an era that is being kept. */
  empty(era: number): void {
    const table = this.#tables.find((first) => first <= era);
    if (table === undefined) return;
    this.#sql.exec(
      `DELETE FROM ${this.#name(table)} WHERE height > ? AND height <= ?`,
      (era - 1) * this.#every,
      era * this.#every,
    );
  }

  /** Those of `other` take the place of these. */
  replaceBy(other: UsedKeys | null): void {
    for (const table of this.#tables) this.#sql.exec(`DROP TABLE ${this.#name(table)}`);
    if (other === null) return;
    for (const table of other.#tables)
      this.#sql.exec(`ALTER TABLE ${other.#name(table)} RENAME TO ${this.#name(table)}`);
  }

  #name(table: number): string {
    return `${this.#prefix}_${table}`;
  }

  #tableFor({ height, expires }: KeyRow, time: number): number {
    const newest = this.#newest;
    const era = eraOf(height, this.#every);
    const whole = newest !== null && eraOf(newest.lastHeight, this.#every) < era;
    if (newest === null || (whole && newest.firstEnds <= time)) {
      this.#sql.exec(`CREATE TABLE ${this.#name(era)} (
        height INTEGER NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, idx INTEGER NOT NULL, expires INTEGER NOT NULL,
        digest TEXT NOT NULL, PRIMARY KEY (height, key), UNIQUE (key, height)
      ) STRICT, WITHOUT ROWID`);
      this.#tables = [era, ...this.#tables];
      this.#newest = { table: era, firstEnds: expires, lastHeight: height };
      return era;
    }
    return newest.table;
  }

  #readNewest(): Newest | null {
    const table = this.#tables[0];
    if (table === undefined) return null;
    const [row] = this.#sql
      .exec<{ ends: number; height: number }>(
        `SELECT (SELECT expires FROM ${this.#name(table)} ORDER BY height LIMIT 1) AS ends, max(height) AS height
         FROM ${this.#name(table)}`,
      )
      .toArray();
    return row === undefined ? null : { table, firstEnds: row.ends, lastHeight: row.height };
  }
}

function tablesIn(sql: SqlStorage, prefix: string): number[] {
  return sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB ?",
      `${prefix}_[0-9]*`,
    )
    .toArray()
    .map(({ name }) => Number(name.slice(prefix.length + 1)))
    .toSorted((a, b) => b - a);
}

function rowOf({ height, key, fingerprint, idx, expires }: StoredKey): KeyRow {
  return { key, fingerprint, height, index: idx, expires };
}

function isWhole(stored: StoredKey): boolean {
  return stateRowDigest(keyStateRow(rowOf(stored))) === stored.digest;
}

function checked(
  stored: StoredKey,
  table: number,
): { readonly row: KeyRow; readonly digest: string } {
  const { key, height, digest } = stored;
  if (!isWhole(stored)) throw damage({ table: "keys", key, height, digest, within: table });
  return { row: rowOf(stored), digest: stored.digest };
}

/** Rows of a cursor that was asked for one more than there is room for. */
export function paged<Row extends { readonly digest: string }>(
  cursor: Iterable<Row>,
  room: Room,
  read: (row: Row) => DigestedRow,
): Page {
  const rows: DigestedRow[] = [];
  let bytes = 0;
  const left = cursor[Symbol.iterator]();
  try {
    for (let next = left.next(); next.done !== true; next = left.next()) {
      if (rows.length >= room.rows || (bytes >= room.bytes && rows.length > 0))
        return { rows, last: false };
      const row = read(next.value);
      rows.push(row);
      bytes += sizeOf(row.row) + ROW_OVERHEAD;
    }
    return { rows, last: true };
  } finally {
    // A cursor that is not read to its end keeps its tables from being dropped, by later lives too.
    while (left.next().done !== true);
  }
}
