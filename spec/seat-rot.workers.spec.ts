import { describe, expect, it } from "vitest";
import { Dice } from "./kit/dice.ts";
import { inHermitage, scrubbed } from "./kit/hermit.ts";
import type { Fate, Hermit } from "./kit/hermit.ts";
import type { Told } from "./kit/blocks.ts";

const HEIGHTS = 29;
const ITEMS = 7;
const FLIPS = 400;

/** Each height changes one of the items; the first one rests from the third height on. */
function events(height: number): readonly Told[] {
  const item = height < 3 ? "rests" : `item-${height % ITEMS}`;
  const data = { item, warehouse: "w1", quantity: 1 };
  return [
    { id: `${height}`, data },
    { id: `${height} again`, data },
  ];
}

type Row = Record<string, SqlStorageValue>;

/** Everything but what the seat notes for itself. */
function stored(sql: SqlStorage): Record<string, Row[]> {
  const names = tables(sql).filter((name) => name !== "notes" && name !== "incidents");
  return Object.fromEntries(
    names.map((name) => [name, sql.exec<Row>(`SELECT * FROM ${name}`).toArray().toSorted(byText)]),
  );
}

function byText(a: Row, b: Row): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function tables(sql: SqlStorage): string[] {
  return sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*'",
    )
    .toArray()
    .map(({ name }) => name)
    .toSorted();
}

interface Flip {
  readonly table: string;
  readonly column: string;
  readonly row: number;
  readonly to: string | number;
}

/** One byte of one text, or one bit of a number. */
function flipped(value: string | number, dice: Dice): string | number {
  if (typeof value === "number") return Math.abs(value ^ (1 << dice.below(20)));
  if (value === "") return "x";
  const at = dice.below(value.length);
  const bit = 1 << dice.below(6);
  const other = String.fromCharCode(value.charCodeAt(at) ^ bit);
  return value.slice(0, at) + other + value.slice(at + 1);
}

function drawn(sql: SqlStorage, names: readonly string[], dice: Dice): Flip | null {
  const table = dice.one(names);
  const rows = sql.exec<Row>(`SELECT * FROM ${table}`).toArray();
  if (rows.length === 0) return null;
  const row = dice.below(rows.length);
  const fields = Object.entries(rows[row] ?? {}).filter(
    ([, value]) => typeof value === "string" || typeof value === "number",
  );
  const [column, value] = dice.one(fields);
  return { table, column, row, to: flipped(value as string | number, dice) };
}

/** Sets the field of the row at that place; false where another row has that key. */
function done(sql: SqlStorage, { table, column, row, to }: Flip): boolean {
  const columns = sql
    .exec<{ name: string; pk: number }>(`SELECT name, pk FROM pragma_table_info('${table}')`)
    .toArray();
  const key = columns.filter(({ pk }) => pk > 0).map(({ name }) => name);
  const place = key.length > 0 ? key : columns.map(({ name }) => name);
  const held = sql.exec<Row>(`SELECT * FROM ${table}`).toArray()[row] ?? {};
  const where = place.map((name) => `${name} = ?`).join(" AND ");
  const bound = place.map((name) => held[name] ?? null);
  const before = sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
  sql.exec(`UPDATE OR IGNORE ${table} SET ${column} = ? WHERE ${where}`, to, ...bound);
  const after = sql.exec<Row>(`SELECT * FROM ${table}`).toArray();
  return (
    after.length === before &&
    !after.some((other) => JSON.stringify(other) === JSON.stringify(held))
  );
}

function fateOf(
  hermit: Hermit,
  flip: Flip,
  sound: Record<string, Row[]>,
): { fate: Fate; wrong: string[] } | null {
  const { sql, blocks, begin, trial } = hermit;
  return trial(() => {
    if (!done(sql, flip)) return null;
    const fate = scrubbed(begin(), blocks);
    if (fate === "retaken" || fate === "silent") return { fate, wrong: [] };
    const now = stored(sql);
    const wrong = Object.keys(sound).filter(
      (name) => JSON.stringify(now[name]) !== JSON.stringify(sound[name]),
    );
    return { fate, wrong };
  });
}

/** What may come of a flip in which table. */
const FATES: Record<string, readonly Fate[]> = {
  entities: ["repaired", "retaken"],
  images: ["repaired", "retaken"],
  keys: ["repaired", "retaken"],
  blocks: ["fetched"],
  outcomes: ["fetched"],
  writs: ["fetched"],
  decided: ["fetched", "repaired"],
  incidents: ["repaired"],
  notes: ["repaired", "silent", "retaken"],
};

describe("one flipped byte anywhere in a seat's storage", () => {
  it("ScrubByAndBy, RepairRowFromChain, MendChain, TakeOutStrayRow, ForgetDamagedNote: is found in one pass, and undone or owned up to", async () => {
    const seed = 7;
    const counts = await inHermitage(HEIGHTS, events, (hermit) => {
      const dice = new Dice(seed);
      const { sql, begin } = hermit;
      begin().incidents.record({ kind: "recovery", height: 1, incarnation: 1 }, 1);
      const names = tables(sql);
      const sound = stored(sql);
      expect(scrubbed(begin(), hermit.blocks)).toBe("nothing");
      const seen: Record<string, Record<string, number>> = {};
      const bad: unknown[] = [];
      for (let at = 0; at < FLIPS; at++) {
        const flip = drawn(sql, names, dice);
        const came = flip === null || isBare(sql, flip) ? null : fateOf(hermit, flip, sound);
        if (flip === null || came === null) continue;
        const kind = flip.table.replace(/_.*/, "");
        const may = FATES[kind] ?? [];
        if (!may.includes(came.fate) || came.wrong.length > 0) bad.push({ at, ...flip, ...came });
        const of = (seen[kind] ??= {});
        of[came.fate] = (of[came.fate] ?? 0) + 1;
      }
      return { seen, bad };
    });
    expect(counts.bad, `seed ${seed}`).toEqual([]);
    expect(Object.keys(counts.seen).toSorted()).toEqual(Object.keys(FATES).toSorted());
  }, 120_000);
});

/** Its name and its key are checked when it starts. */
function isBare(sql: SqlStorage, { table, row }: Flip): boolean {
  if (table !== "notes") return false;
  const key = sql.exec<{ k: string }>("SELECT * FROM notes").toArray()[row]?.k;
  return key === "name" || key === "key";
}

it("ScrubByAndBy: a slice that ends before its rows do keeps no table from being dropped", async () => {
  await inHermitage(HEIGHTS, events, ({ begin, trial, sql }) => {
    const { chain } = begin();
    const passed = trial(() => {
      const slices: (string | null)[] = [];
      // One writ a slice, which is less than there are.
      for (let after = chain.scrubWrits(null, 1); after !== null && slices.length < 3;) {
        slices.push(after);
        sql.exec(`CREATE TABLE images_${slices.length} (key TEXT)`);
        sql.exec(`DROP TABLE images_${slices.length}`);
        after = chain.scrubWrits(after, 1);
      }
      return slices.length;
    });
    expect(passed).toBe(3);
  });
});
