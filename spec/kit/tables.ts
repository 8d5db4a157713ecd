/** Everything of a seat's storage that must be alike on every seat: the state, and the chain but for whose signatures it shows. */
import { ask } from "./surgery.ts";

type Row = Record<string, SqlStorageValue>;

const TABLES: readonly [name: string, sql: string][] = [
  ["entities", "SELECT * FROM entities ORDER BY bucket, key"],
  ["blocks", "SELECT height, header, result FROM blocks ORDER BY height"],
  ["outcomes", "SELECT * FROM outcomes ORDER BY height, chunk"],
  [
    "writs",
    `SELECT writ, epoch, body, digest FROM writs AS w
       WHERE EXISTS (SELECT 1 FROM blocks WHERE instr(header, w.writ) > 0) ORDER BY writ, epoch`,
  ],
  ["decided", "SELECT * FROM decided ORDER BY warden, since, number, first"],
  ["poison", "SELECT * FROM poison ORDER BY height"],
  ["controls", "SELECT height, warden FROM controls ORDER BY height"],
  ["bottom", "SELECT * FROM bottom"],
];

export async function tablesOf(seat: number): Promise<Record<string, Row[]>> {
  const tables: Record<string, Row[]> = {};
  for (const [name, sql] of TABLES) tables[name] = await ask<Row>(seat, sql);
  const names = await ask<{ name: string }>(
    seat,
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'keys_[0-9]*'",
  );
  // What has ended is dropped when it suits the seat, and not taken with a state.
  const live = `expires >= (SELECT header ->> '$.time' FROM blocks ORDER BY height DESC LIMIT 1)`;
  const keys = await Promise.all(
    names.map(({ name }) => ask<Row>(seat, `SELECT * FROM ${name} WHERE ${live}`)),
  );
  return { ...tables, keys: keys.flat().toSorted(byText) };
}

function byText(a: Row, b: Row): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
