/** What is done to D1 itself on purpose: it refuses, or somebody who holds it changes what it holds. Only behind `FAULT_INJECTION`. */
import { Problem } from "./problems.ts";

/** A trigger is D1 itself refusing, for everybody and over restarts, until it is dropped. */
// Rule: RefusingLedgerDelays.
export const REFUSE_BLOCKS = `CREATE TRIGGER IF NOT EXISTS fault_refuse BEFORE INSERT ON blocks
  BEGIN SELECT RAISE(ABORT, 'fault: the ledger refuses'); END`;

const ROW = "generation TEXT, court INTEGER, height INTEGER, idx INTEGER";
const LIFT = "DROP TRIGGER IF EXISTS events_stay";
// As the migration has it.
const RESTORE = `CREATE TRIGGER events_stay BEFORE UPDATE ON events
  BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END`;
const SAME = `t.generation = events.generation AND t.court = events.court AND t.height = events.height AND t.idx = events.idx`;

/** Turns the latest accepted outcome into a rejection. Throws `not-found` where there is none. */
// Rule: TamperedRowIsNotServed.
export async function tamper(db: D1Database, generation: string): Promise<void> {
  const results = await db.batch([
    db.prepare(`CREATE TABLE IF NOT EXISTS fault_tampered (${ROW}, outcome TEXT)`),
    db
      .prepare(
        `INSERT INTO fault_tampered SELECT generation, court, height, idx, outcome FROM events
         WHERE generation = ? AND outcome ->> 'status' = 'accepted' ORDER BY court, height DESC, idx DESC LIMIT 1`,
      )
      .bind(generation),
    db.prepare(LIFT),
    db.prepare(
      `UPDATE events SET outcome = json_set(outcome, '$.status', 'rejected')
       WHERE EXISTS (SELECT 1 FROM fault_tampered t WHERE ${SAME})`,
    ),
    db.prepare(RESTORE),
  ]);
  if (results[1]?.meta.changes === 0) throw new Problem("not-found", "Nothing is published yet.");
}

// Rule: HealedLedgerCatchesUp.
export async function healLedger(db: D1Database): Promise<void> {
  await db.batch([
    db.prepare("DROP TRIGGER IF EXISTS fault_refuse"),
    db.prepare(`CREATE TABLE IF NOT EXISTS fault_tampered (${ROW}, outcome TEXT)`),
    db.prepare(LIFT),
    db.prepare(
      `UPDATE events SET outcome = (SELECT t.outcome FROM fault_tampered t WHERE ${SAME} ORDER BY t.rowid LIMIT 1)
       WHERE EXISTS (SELECT 1 FROM fault_tampered t WHERE ${SAME})`,
    ),
    db.prepare(RESTORE),
    db.prepare("DROP TABLE fault_tampered"),
  ]);
}
