/** Where each range of a Warden's writs was decided: the index that a re-driven writ is answered by. */
import { LIMITS } from "../shared/limits.ts";
import type { Block, Entry, WritProgress } from "../shared/types.ts";
import type { ControlRows } from "./control-rows.ts";
import { damage, rowDigest } from "./rows.ts";

export type StoredRange = {
  warden: number;
  /** Height of the control that gave the Warden its key; 0 for the genesis. Its numbers begin anew there. */
  since: number;
  number: number;
  first: number;
  count: number;
  complete: number;
  height: number;
  idx: number;
};

type RangeRow = StoredRange & { digest: string };

/** A range of a writ and where it was decided. `index` is the block index of its first outcome. */
export interface DecidedRange {
  readonly height: number;
  readonly first: number;
  readonly count: number;
  readonly index: number;
  /** Whether its writ ends with it. */
  readonly complete: boolean;
}

/** Every method that reads rows throws `RowDamaged`. */
export class DecidedRows {
  readonly #sql: SqlStorage;
  readonly #controls: ControlRows;

  constructor(sql: SqlStorage, controls: ControlRows) {
    this.#sql = sql;
    this.#controls = controls;
    sql.exec(`CREATE TABLE IF NOT EXISTS decided (
      warden INTEGER NOT NULL, since INTEGER NOT NULL, number INTEGER NOT NULL, first INTEGER NOT NULL,
      count INTEGER NOT NULL, complete INTEGER NOT NULL, height INTEGER NOT NULL, idx INTEGER NOT NULL,
      digest TEXT NOT NULL, PRIMARY KEY (warden, since, number, first)
    ) STRICT, WITHOUT ROWID`);
  }

  /** Those of a block, in place of what was here of it. */
  keep(block: Pick<Block, "header" | "entries" | "outcomes">): void {
    for (const range of this.#of(block)) this.#put(range);
  }

  /** How far each Warden was decided where a chain begins anew. */
  begin(height: number, progress: readonly WritProgress[]): void {
    this.#sql.exec("DELETE FROM decided");
    for (const { warden, number, next, complete } of progress) {
      const since = this.#controls.since(warden, height + 1);
      const whole = { complete: complete ? 1 : 0, height, idx: 0 };
      this.#put({ warden, since, number, first: 0, count: next, ...whole });
    }
  }

  /** How far each of the Wardens is decided at a height, from where its last writ was. */
  progress(wardens: number, height: number): WritProgress[] {
    return Array.from({ length: wardens }, (_, warden) => warden).flatMap((warden) => {
      const last = this.#ranges(
        "warden = ? AND since = ? AND height <= ? ORDER BY number DESC, first DESC LIMIT 1",
        warden,
        this.#controls.since(warden, height + 1),
        height,
      );
      return last.map(({ number, first, count, complete }) => {
        return { warden, number, next: first + count, complete: complete === 1 };
      });
    });
  }

  /** Where the ranges of a writ were decided, in order, from a height on. */
  of(
    warden: number,
    number: number,
    { from, upTo }: { from: number; upTo: number },
  ): DecidedRange[] {
    const since = this.#controls.since(warden, upTo + 1);
    const where = "warden = ? AND since = ? AND number = ? AND height >= ? ORDER BY first";
    return this.#ranges(where, warden, since, number, from).map(
      ({ first, count, complete, height, idx }) => {
        return { height, first, count, index: idx, complete: complete === 1 };
      },
    );
  }

  /** Throws unless the block's ranges stand here as they follow from it. */
  check(block: Pick<Block, "header" | "entries" | "outcomes">): void {
    for (const range of this.#of(block)) {
      const { warden, since, number, first, height } = range;
      const place = "warden = ? AND since = ? AND number = ? AND first = ?";
      const [held] = this.#ranges(place, warden, since, number, first);
      if (held === undefined || rangeDigest(held) !== rangeDigest(range))
        throw damage({ table: "decided", key: placeOf(range), height, digest: null });
    }
  }

  /** Takes a damaged row out; the heights that it may have been of. */
  remove(place: string, tip: number): number[] {
    const [warden = 0, since = 0, number = 0, first = 0] = JSON.parse(place) as number[];
    const key = [warden, since, number, first];
    const of = "warden = ? AND since = ? AND number = ? AND first = ?";
    const row = this.#sql.exec<RangeRow>(`SELECT * FROM decided WHERE ${of}`, ...key).toArray()[0];
    this.#sql.exec(`DELETE FROM decided WHERE ${of}`, ...key);
    const beside = (where: string) =>
      this.#sql
        .exec<{ height: number }>(
          `SELECT height FROM decided WHERE warden = ? AND since = ? AND ${where} LIMIT 1`,
          ...key.slice(0, 3),
        )
        .toArray()[0]?.height;
    const from = beside("number <= ? ORDER BY number DESC, first DESC");
    const to = Math.min(beside("number >= ? ORDER BY number, first") ?? tip, tip);
    const least = Math.max(from ?? 1, to - LIMITS.wounds + 2);
    const near = Array.from({ length: Math.max(0, to - least + 1) }, (_, at) => least + at);
    return [...new Set([...(row === undefined ? [] : [row.height]), ...near])];
  }

  /** Rows above one, in their order. */
  after(place: string | null, rows: number): string[] {
    const key = place === null ? [-1, -1, -1, -1] : (JSON.parse(place) as number[]);
    const above = "(warden, since, number, first) > (?, ?, ?, ?)";
    const order = "ORDER BY warden, since, number, first";
    return this.#ranges(`${above} ${order} LIMIT ?`, ...key, rows).map(placeOf);
  }

  #of({
    header,
    entries,
    outcomes,
  }: Pick<Block, "header" | "entries" | "outcomes">): StoredRange[] {
    const submitted = entries.reduce((sum, entry) => sum + entry.count, 0);
    let index = outcomes.length - submitted;
    return entries.map((entry) => {
      const range = this.#rangeOf(entry, header.height, index);
      index += entry.count;
      return range;
    });
  }

  #rangeOf({ writ, first, count }: Entry, height: number, idx: number): StoredRange {
    const { warden, number, events } = writ;
    const complete = first + count === events.length ? 1 : 0;
    const since = this.#controls.since(warden, height);
    return { warden, since, number, first, count, complete, height, idx };
  }

  #put(range: StoredRange): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO decided VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...fieldsOf(range),
      rangeDigest(range),
    );
  }

  #ranges(where: string, ...bound: number[]): RangeRow[] {
    const rows = this.#sql
      .exec<RangeRow>(`SELECT * FROM decided WHERE ${where}`, ...bound)
      .toArray();
    for (const row of rows) {
      const { height, digest } = row;
      if (rangeDigest(row) !== digest)
        throw damage({ table: "decided", key: placeOf(row), height, digest });
    }
    return rows;
  }
}

function fieldsOf(range: StoredRange): [number, ...number[]] {
  const { warden, since, number, first, count, complete, height, idx } = range;
  return [warden, since, number, first, count, complete, height, idx];
}

function rangeDigest(range: StoredRange): string {
  return rowDigest("decided", ...fieldsOf(range));
}

/** Its key, as a text. */
function placeOf({ warden, since, number, first }: StoredRange): string {
  return JSON.stringify([warden, since, number, first]);
}
