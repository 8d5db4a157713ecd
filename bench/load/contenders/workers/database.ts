// D1 alone: a request is one batch of two statements, and a trigger decides each movement.
import { isSame } from "../../movement.ts";
import type { Answer, Movement, Status } from "../../movement.ts";

const TABLES = [
  `CREATE TABLE movement (
    id TEXT PRIMARY KEY, item TEXT NOT NULL, delta INTEGER NOT NULL, note TEXT NOT NULL, status TEXT
  ) WITHOUT ROWID`,
  "CREATE TABLE stock (item TEXT PRIMARY KEY, on_hand INTEGER NOT NULL CHECK (on_hand >= 0)) WITHOUT ROWID",
  `CREATE TRIGGER decide AFTER INSERT ON movement BEGIN
    UPDATE movement SET status = CASE
      WHEN coalesce((SELECT on_hand FROM stock WHERE item = NEW.item), 0) + NEW.delta >= 0 THEN 'accepted'
      ELSE 'rejected' END
    WHERE id = NEW.id;
    INSERT INTO stock SELECT NEW.item, coalesce((SELECT on_hand FROM stock WHERE item = NEW.item), 0) + NEW.delta
    WHERE (SELECT status FROM movement WHERE id = NEW.id) = 'accepted'
    ON CONFLICT (item) DO UPDATE SET on_hand = excluded.on_hand;
  END`,
];

const INSERT = `
  INSERT INTO movement (id, item, delta, note)
  SELECT value ->> 'id', value ->> 'item', value ->> 'delta', value ->> 'note' FROM json_each(?) WHERE true
  ON CONFLICT (id) DO NOTHING RETURNING id`;
const SELECT = `
  SELECT m.id, m.item, m.delta, m.note, m.status FROM json_each(?) AS sent JOIN movement AS m ON m.id = sent.value ->> 'id'`;

interface Kept extends Movement {
  readonly status: Status;
}

export async function createTables(database: D1Database): Promise<void> {
  await database.batch(TABLES.map((table) => database.prepare(table)));
}

export async function applied(database: D1Database, movements: Movement[]): Promise<Answer[]> {
  const sent = JSON.stringify(movements);
  const [inserted, selected] = await database.batch([
    database.prepare(INSERT).bind(sent),
    database.prepare(SELECT).bind(sent),
  ]);
  const fresh = new Set(rowsOf<{ id: string }>(inserted).map(({ id }) => id));
  const kept = new Map(rowsOf<Kept>(selected).map((row) => [row.id, row]));
  return movements.map((movement) => {
    const { id } = movement;
    const row = kept.get(id);
    if (row === undefined) throw new Error(`${id} was not kept`);
    // The first of an id in a request is new, another is a replay of it.
    return {
      id,
      status: isSame(row, movement) ? row.status : "conflict",
      replayed: !fresh.delete(id),
    };
  });
}

function rowsOf<Row>(result: D1Result | undefined): Row[] {
  return (result?.results ?? []) as Row[];
}

export async function stockIn(
  database: D1Database,
  items: string[],
): Promise<Record<string, number>> {
  const { results } = await database
    .prepare("SELECT item, on_hand FROM stock WHERE item IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(items))
    .all<{ item: string; on_hand: number }>();
  const found = new Map(results.map(({ item, on_hand }) => [item, on_hand]));
  return Object.fromEntries(items.map((item) => [item, found.get(item) ?? 0]));
}
