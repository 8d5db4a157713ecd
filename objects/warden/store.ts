/** The Warden's tables. Every row carries a digest of its own bytes; a row that fails it is reported, never answered from. */
import { jsonArrays } from "../shared/chunks.ts";
import { sha256 } from "../shared/node/crypto.ts";
import type { Submission } from "../shared/rpc.ts";
import type { Contents, DecidedWrit, Entry, Numbering, SealedWrit, WritRow } from "./core/book.ts";
import { bucketOf } from "./core/expiry.ts";
import type { Bucket } from "./core/expiry.ts";

export interface PendingRow {
  readonly submission: Submission;
  readonly place: number;
}

export interface Pending {
  readonly rows: readonly PendingRow[];
  /** Places whose row failed its digest. */
  readonly damagedPlaces: readonly number[];
  /** In order of court and number. */
  readonly writs: readonly WritRow[];
  /** Of the rows that are sound. */
  readonly numbers: ReadonlyMap<number, Numbering>;
  /** A writ's row failed its digest: whose it was, it cannot say. */
  readonly writDamaged: boolean;
  readonly numberDamaged: boolean;
}

export type Answered =
  | {
      readonly intact: true;
      readonly fingerprint: string;
      readonly event: string;
      readonly body: string;
    }
  | { readonly intact: false; readonly ends: number };

type Cell = string | number | null;
type Row = Record<string, Cell>;

interface PendingCells extends Row {
  place: number;
  key: string;
  fingerprint: string;
  court: number;
  sent_at: number | null;
  event: string;
}
interface WritCells extends Row {
  court: number;
  number: number;
  first: number;
  last: number;
  seal: string;
}
interface NumberCells extends Row {
  court: number;
  number: number;
  gaps: string;
}
interface HeightCells extends Row {
  court: number;
  height: number;
}
interface AnsweredCells extends Row {
  key: string;
  fingerprint: string;
  event: string;
  body: string;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS pending (place INTEGER PRIMARY KEY, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
    court INTEGER NOT NULL, sent_at INTEGER, event TEXT NOT NULL, digest TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS writs (court INTEGER, number INTEGER, first INTEGER NOT NULL, last INTEGER NOT NULL,
    seal TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (court, number)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS numbers (court INTEGER PRIMARY KEY, number INTEGER NOT NULL, gaps TEXT NOT NULL,
    digest TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS buckets (ends INTEGER, court INTEGER, height INTEGER NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (ends, court)) STRICT, WITHOUT ROWID;
`;

export class Store {
  readonly #sql: SqlStorage;
  readonly #windowMs: number;
  /** Ends of the buckets there are, ascending. */
  #ends: number[];

  constructor(sql: SqlStorage, windowMs: number) {
    this.#sql = sql;
    this.#windowMs = windowMs;
    sql.exec(SCHEMA);
    const tables = sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE name GLOB 'settled_*'",
    );
    this.#ends = [...tables]
      .map(({ name }) => Number(name.slice("settled_".length)))
      .toSorted((a, b) => a - b);
  }

  get ends(): readonly number[] {
    return this.#ends;
  }

  /** Everything undecided, in order. */
  pending(): Pending {
    const rows: PendingRow[] = [];
    const damagedPlaces: number[] = [];
    for (const row of this.#sql.exec<PendingCells>("SELECT * FROM pending ORDER BY place")) {
      if (intact("pending", row)) rows.push({ submission: submissionIn(row), place: row.place });
      else damagedPlaces.push(row.place);
    }
    const writs: WritRow[] = [];
    let writDamaged = false;
    for (const row of this.#sql.exec<WritCells>("SELECT * FROM writs ORDER BY court, number")) {
      if (intact("writs", row)) writs.push(row);
      else writDamaged = true;
    }
    let numberDamaged = false;
    const numbers = new Map<number, Numbering>();
    for (const row of this.#sql.exec<NumberCells>("SELECT * FROM numbers")) {
      if (intact("numbers", row)) numbers.set(row.court, numberingIn(row));
      else numberDamaged = true;
    }
    return { rows, damagedPlaces, writs, numbers, writDamaged, numberDamaged };
  }

  reserve(entries: readonly Entry[]): void {
    const rows = entries.map((entry) =>
      withDigest("pending", [
        entry.place,
        entry.key,
        entry.fingerprint,
        entry.court,
        entry.sentAt,
        entry.event,
      ]),
    );
    this.#insert("INSERT INTO pending", rows);
  }

  dropPending(place: number): void {
    this.#sql.exec("DELETE FROM pending WHERE place = ?", place);
  }

  sealed({ writ, entries }: SealedWrit, numbering: Numbering): void {
    const [first, last] = span(entries);
    // In place of a damaged row, should one have come to name this number.
    this.#insert("INSERT OR REPLACE INTO writs", [
      withDigest("writs", [writ.court, writ.number, first, last, writ.seal]),
    ]);
    this.#number(writ.court, numbering);
  }

  /** All of a court anew, over what its rows say now; damaged ones that named it go. */
  rewrite({ court, entries, sealed, last, gaps }: Contents): void {
    for (const table of ["pending", "writs", "numbers"])
      this.#sql.exec(`DELETE FROM ${table} WHERE court = ?`, court);
    this.reserve(entries);
    for (const one of sealed) this.sealed(one, { last, gaps });
    this.#number(court, { last, gaps });
  }

  #number(court: number, { last, gaps }: Numbering): void {
    const cells = [court, last, JSON.stringify(gaps)];
    this.#insert("INSERT OR REPLACE INTO numbers", [withDigest("numbers", cells)]);
  }

  /** Rows that are not what was written, once every court has been recovered. */
  dropDamaged(): void {
    const { damagedPlaces } = this.pending();
    for (const place of damagedPlaces) this.dropPending(place);
    const writs = this.#sql.exec<WritCells>("SELECT * FROM writs").toArray();
    for (const row of writs.filter((each) => !intact("writs", each)))
      this.#sql.exec("DELETE FROM writs WHERE court = ? AND number = ?", row.court, row.number);
    const numbers = this.#sql.exec<NumberCells>("SELECT * FROM numbers").toArray();
    for (const row of numbers.filter((each) => !intact("numbers", each)))
      this.#sql.exec("DELETE FROM numbers WHERE court = ?", row.court);
  }

  /** Moves a writ's events from pending to the buckets where they end. */
  settled({ sealed, settledAt, returned = [] }: DecidedWrit): void {
    const { court, number } = sealed.writ;
    const [first, last] = span(sealed.entries);
    for (const { place } of returned) this.dropPending(place);
    this.#sql.exec(
      "DELETE FROM pending WHERE court = ? AND place BETWEEN ? AND ?",
      court,
      first,
      last,
    );
    this.#sql.exec("DELETE FROM writs WHERE court = ? AND number = ?", court, number);
    this.reserve(returned);
    const byBucket = Map.groupBy(
      sealed.entries.flatMap((entry) => answeredRow(entry)),
      ({ sentAt }) => bucketOf(settledAt, sentAt, this.#windowMs),
    );
    for (const [end, answered] of byBucket) {
      this.#bucket(end, court, Math.max(...answered.map(({ height }) => height)));
      this.#insert(
        `INSERT OR REPLACE INTO settled_${end}`,
        answered.map(({ row }) => row),
      );
    }
  }

  /** Settled rows of these keys, by key; of a key in two buckets, the later use. */
  answered(keys: readonly string[]): Map<string, Answered> {
    const found = new Map<string, Answered>();
    if (keys.length === 0) return found;
    const asked = JSON.stringify(keys);
    // One query a bucket: a compound SELECT may have five terms only.
    for (const end of this.#ends) {
      for (const row of this.#sql.exec<AnsweredCells>(
        `SELECT s.* FROM json_each(?) k JOIN settled_${end} s ON s.key = k.value`,
        asked,
      )) {
        found.set(row.key, answeredIn(row, end));
      }
    }
    return found;
  }

  /** A damaged answer, which becomes pending again. */
  dropAnswered(key: string, end: number): void {
    this.#sql.exec(`DELETE FROM settled_${end} WHERE key = ?`, key);
  }

  /** Those that end by then. */
  bucketsUntil(time: number): Bucket[] {
    return this.#ends
      .filter((end) => end <= time)
      .map((end) => {
        const rows = this.#sql
          .exec<HeightCells>("SELECT * FROM buckets WHERE ends = ?", end)
          .toArray();
        const whole = rows.length > 0 && rows.every((row) => intact("buckets", row));
        const heights = whole ? rows : this.#recounted(end);
        return { ends: end, heights: new Map(heights.map(({ court, height }) => [court, height])) };
      });
  }

  dropBucket(end: number): void {
    this.#sql.exec(`DROP TABLE settled_${end}`);
    this.#sql.exec("DELETE FROM buckets WHERE ends = ?", end);
    this.#ends = this.#ends.filter((other) => other !== end);
  }

  #recounted(end: number): HeightCells[] {
    const heights = `SELECT court, MAX(height) AS height FROM settled_${end} GROUP BY court`;
    return this.#sql.exec<HeightCells>(heights).toArray();
  }

  #bucket(end: number, court: number, height: number): void {
    if (!this.#ends.includes(end)) {
      this.#sql
        .exec(`CREATE TABLE settled_${end} (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, court INTEGER NOT NULL,
        height INTEGER NOT NULL, event TEXT NOT NULL, body TEXT NOT NULL, digest TEXT NOT NULL) STRICT, WITHOUT ROWID`);
      this.#ends = [...this.#ends, end].toSorted((a, b) => a - b);
    }
    const rows = this.#sql
      .exec<HeightCells>("SELECT * FROM buckets WHERE ends = ? AND court = ?", end, court)
      .toArray();
    const highest = Math.max(height, rows[0]?.height ?? 0);
    this.#insert("INSERT OR REPLACE INTO buckets", [withDigest("buckets", [end, court, highest])]);
  }

  /** One statement for as many rows as fit in one bound parameter. */
  #insert(into: string, rows: readonly (readonly Cell[])[]): void {
    const width = rows[0]?.length ?? 0;
    const cells = Array.from({ length: width }, (_, at) => `value ->> ${at}`).join(", ");
    for (const chunk of jsonArrays(rows.map((row) => JSON.stringify(row))))
      this.#sql.exec(`${into} SELECT ${cells} FROM json_each(?)`, chunk);
  }
}

function withDigest(table: string, cells: readonly Cell[]): Cell[] {
  return [...cells, rowDigest(table, cells)];
}

/** Canonical texts and digests hold no raw line feed, so joining by one is unambiguous and spares escaping every event. */
function rowDigest(table: string, cells: readonly Cell[]): string {
  return sha256(["assize/1/warden", table, ...cells].join("\n"));
}

/** Whether a row, its digest last, is what was written. */
function intact(table: string, row: Row): boolean {
  const cells = Object.values(row);
  return cells.pop() === rowDigest(table, cells);
}

function span(entries: readonly Entry[]): [first: number, last: number] {
  return [entries[0]?.place ?? 0, entries.at(-1)?.place ?? 0];
}

function numberingIn({ number, gaps }: NumberCells): Numbering {
  return { last: number, gaps: JSON.parse(gaps) as number[] };
}

function submissionIn({
  key,
  fingerprint,
  court,
  sent_at: sentAt,
  event,
}: PendingCells): Submission {
  return { key, fingerprint, court, sentAt, event };
}

function answeredRow(entry: Entry): { sentAt: number | null; height: number; row: Cell[] }[] {
  const { settlement, key, fingerprint, court, sentAt, event } = entry;
  if (settlement?.kind !== "settled") return [];
  const { height, body } = settlement;
  return [
    { sentAt, height, row: withDigest("settled", [key, fingerprint, court, height, event, body]) },
  ];
}

function answeredIn(stored: AnsweredCells, ends: number): Answered {
  if (!intact("settled", stored)) return { intact: false, ends };
  const { fingerprint, event, body } = stored;
  return { intact: true, fingerprint, event, body };
}
