/** One stored value with one byte of it turned, and back. SQL only: the same for an object's SQLite and for D1. */
import type { Dice } from "../dice.ts";

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

/** Where a store is: an object's SQLite, or D1. */
export interface Database {
  readonly name: string;
  ask(sql: string, ...bound: readonly (Value | ArrayBuffer)[]): Promise<Row[]>;
  /** In one transaction, and durable when it resolves. */
  write(statements: readonly Statement[]): Promise<void>;
}
export interface Statement {
  readonly sql: string;
  readonly bound: readonly (Value | ArrayBuffer)[];
}

/** One byte of one value. */
export interface Flip {
  readonly table: string;
  readonly column: string;
  /** All of the row, as it was. */
  readonly row: Row;
  readonly before: Value;
  readonly after: Value | ArrayBuffer;
  /** Says which row, before and after. */
  readonly key: Row;
  readonly keyAfter: Readonly<Record<string, Value | ArrayBuffer>>;
}

/** What the runtime keeps for itself, and what a test left. */
const FOREIGN = /^(?:sqlite_|_cf_|d1_migrations|fault_)/;

export async function tablesOf(database: Database): Promise<string[]> {
  const rows = await database.ask("SELECT name FROM sqlite_master WHERE type = 'table'");
  return rows.map(({ name }) => String(name)).filter((name) => !FOREIGN.test(name));
}

/** A byte of a value drawn from a table; null where that has none. */
export async function drawFlip(
  database: Database,
  table: string,
  dice: Dice,
): Promise<Flip | null> {
  const info = await database.ask("SELECT name, pk FROM pragma_table_info(?)", table);
  const columns = info.map(({ name }) => String(name));
  const primary = info.filter(({ pk }) => Number(pk) > 0).map(({ name }) => String(name));
  const named = primary.length > 0 ? primary : ["rowid"];
  const [{ rows = 0 } = {}] = await database.ask(`SELECT count(*) AS rows FROM "${table}"`);
  if (Number(rows) === 0) return null;
  const keys = named.map((name) => `"${name}"`).join(", ");
  const [row] = await database.ask(
    `SELECT ${primary.length > 0 ? "" : "rowid, "}* FROM "${table}" ORDER BY ${keys} LIMIT 1 OFFSET ?`,
    dice.below(Number(rows)),
  );
  const column = dice.one(columns);
  const before = row?.[column] ?? null;
  if (row === undefined || before === null || before === "") return null;
  const after = turned(before, dice);
  const key = Object.fromEntries(named.map((name) => [name, row[name] ?? null]));
  const keyAfter = { ...key, ...(named.includes(column) ? { [column]: after } : {}) };
  return { table, column, row, before, after, key, keyAfter };
}

/** One bit of one byte: of a text's UTF-8, which it may cease to be, or of an integer. */
function turned(value: string | number, dice: Dice): number | ArrayBuffer {
  if (typeof value === "number") return Number(BigInt(value) ^ (1n << BigInt(dice.below(40))));
  const bytes = Uint8Array.from(new TextEncoder().encode(value));
  const at = dice.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
  return bytes.buffer;
}

export function toFlip(flip: Flip): Statement {
  return update(flip, flip.after, flip.key);
}

/**
 * Whoever has mended it meanwhile has mended it: a row made anew under the name that was missed is newer, and stays. Only a pair of keys
 * drawn anew gives way: the genesis names the other.
 */
export function toRestore(flip: Flip): Statement[] {
  const { sql, bound } = update(flip, flip.before, flip.keyAfter);
  const stands = `"${flip.column}" IS ${placeOf(flip.after)}`;
  const drawn = flip.table === "notes" && flip.key["k"] === "key";
  return [
    {
      sql: `${sql.replace("UPDATE", drawn ? "UPDATE OR REPLACE" : "UPDATE OR IGNORE")} AND ${stands}`,
      bound: [...bound, flip.after],
    },
    {
      sql: `DELETE FROM "${flip.table}" WHERE ${whereOf(flip.keyAfter)} AND ${stands}`,
      bound: [...Object.values(flip.keyAfter), flip.after],
    },
  ];
}

/** Whether the value stands there still as it was turned. */
export async function standsTurned(database: Database, flip: Flip): Promise<boolean> {
  const where = whereOf(flip.keyAfter);
  const rows = await database
    .ask(
      `SELECT 1 AS one FROM "${flip.table}" WHERE ${where} AND "${flip.column}" IS ${placeOf(flip.after)}`,
      ...Object.values(flip.keyAfter),
      flip.after,
    )
    .catch((error: unknown) => {
      // Its table has been dropped whole.
      if (String(error).includes("no such table")) return [];
      throw error;
    });
  return rows.length > 0;
}

function whereOf(key: Readonly<Record<string, Value | ArrayBuffer>>): string {
  return Object.entries(key)
    .map(([name, at]) => `"${name}" IS ${placeOf(at)}`)
    .join(" AND ");
}

function update(
  { table, column }: Flip,
  value: Value | ArrayBuffer,
  key: Readonly<Record<string, Value | ArrayBuffer>>,
): Statement {
  return {
    sql: `UPDATE "${table}" SET "${column}" = ${placeOf(value)} WHERE ${whereOf(key)}`,
    bound: [value, ...Object.values(key)],
  };
}

/** A text that may be no UTF-8 is bound as its bytes. */
function placeOf(value: Value | ArrayBuffer): string {
  return value instanceof ArrayBuffer ? "CAST(? AS TEXT)" : "?";
}

export function described({ table, column, key, before, after }: Flip): string {
  const text = after instanceof ArrayBuffer ? new TextDecoder().decode(after) : String(after);
  const was = String(before);
  let at = 0;
  while (at < was.length && was[at] === text[at]) at += 1;
  const near = (whole: string): string => JSON.stringify(whole.slice(Math.max(0, at - 8), at + 8));
  return `${table}.${column} of ${JSON.stringify(key)}: ${near(was)} became ${near(text)}`;
}
