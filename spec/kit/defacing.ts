/** What somebody with the binding of D1 can do: change any row, the schema's guards being down for as long. */
import { expect } from "vitest";
import { db } from "./ledger.ts";

/** One statement that changes or removes rows of a table. */
export async function deface(
  table: string,
  sql: string,
  ...binds: (string | number)[]
): Promise<void> {
  const { results } = await db
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?")
    .bind(table)
    .all<{ name: string; sql: string }>();
  const done = await db.batch([
    ...results.map(({ name }) => db.prepare(`DROP TRIGGER ${name}`)),
    db.prepare(sql).bind(...binds),
    ...results.map((guard) => db.prepare(guard.sql)),
  ]);
  expect(done[results.length]?.meta.changes, sql).toBeGreaterThan(0);
}
