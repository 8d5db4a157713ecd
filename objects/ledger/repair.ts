/**
 * The one door in the history: a row that is not what was agreed is exchanged for what is, in one transaction with the record of it.
 * The schema lets nothing else through (migrations/0004_repairs.sql).
 */
import { digest } from "../shared/digests.ts";
import type { Sign } from "../shared/node/crypto.ts";
import { insertRow } from "./append.ts";
import type { Cell, Part } from "./append.ts";
import type { Ledger } from "./ledger.ts";

/** A row that is not as agreed, and what is to stand in its place. */
export interface Flaw {
  readonly court: number;
  /** Of the block it is of; 0 for the genesis. */
  readonly height: number;
  readonly part: Part;
  /** What is left of its primary key, a JSON array. */
  readonly place: string;
  /** How often the row has been repaired, counting this time. */
  readonly number: number;
  /** Digests of the row as found and as agreed; null for none. */
  readonly old: string | null;
  readonly new: string | null;
  /** As agreed, in the order of its columns; null where there is to be none. */
  readonly values: readonly Cell[] | null;
}

/** H("row", table, its columns in the order of the schema without `generation`). */
export function rowDigest(part: Part, values: readonly Cell[]): string {
  return digest("row", part, ...values);
}

/** What the finder of a flaw signs. */
export function repairDigest(generation: string, flaw: Omit<Flaw, "values">): string {
  const { court, height, part, place, number, old } = flaw;
  return digest("repair", generation, court, height, part, place, number, old, flaw.new);
}

/** How often rows of a height have been repaired. */
export async function repairsAt(ledger: Ledger, court: number, height: number): Promise<number> {
  const { generation } = ledger.genesis;
  const sql = "SELECT count(*) AS n FROM repairs WHERE generation = ? AND court = ? AND height = ?";
  return (await ledger.db.prepare(sql).bind(generation, court, height).first<number>("n")) ?? 0;
}

/** Exchanges rows, all or none; fails where somebody else has repaired one of them meanwhile. */
// Rule: RepairDamagedRow.
export async function repair(
  ledger: Ledger,
  flaws: readonly Flaw[],
  by: { readonly seat: number; readonly sign: Sign },
): Promise<void> {
  if (flaws.length === 0) return;
  await ledger.db.batch(flaws.flatMap((flaw) => exchange(ledger, flaw, by)));
}

function exchange(
  { db, genesis: { generation } }: Ledger,
  flaw: Flaw,
  { seat, sign }: { readonly seat: number; readonly sign: Sign },
): D1PreparedStatement[] {
  const { court, height, part, place, number, old, values } = flaw;
  const signature = sign(repairDigest(generation, flaw));
  // Takes the row away: the last column is the door.
  const record = db
    .prepare("INSERT INTO repairs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)")
    .bind(generation, court, height, part, place, number, old, flaw.new, seat, signature);
  return values === null ? [record] : [record, insertRow(db, generation, part, values)];
}
