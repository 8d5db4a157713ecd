/** Whole blocks read back, in bounded steps. */
import { LIMITS } from "../shared/limits.ts";
import type { Block } from "../shared/types.ts";
import type { Ledger } from "./ledger.ts";
import { blockOf } from "./proof.ts";
import type { BlockRow, BlockRows, EventRow, WritRow } from "./rows.ts";
import { LedgerCorrupt } from "./trust.ts";

export interface Heights {
  /** Exclusive. */
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

/** What stands at a height, measured without reading its texts. */
export interface Measure {
  readonly height: number;
  readonly outcomes: number;
  readonly events: number;
  readonly bytes: number;
}

/** How much one step takes in; one block it always takes. */
export interface Stride {
  readonly blocks: number;
  readonly bytes: number;
}

export const WIDE: Stride = { blocks: LIMITS.auditBlocks, bytes: LIMITS.ledgerBytes };

/** Measures of the heights in (after, to] that are there, in order, at most `blocks`. */
export async function measures(
  ledger: Ledger,
  court: number,
  { from: after, to }: Heights,
  { blocks }: Stride = WIDE,
): Promise<Measure[]> {
  const { results } = await ledger.db
    .prepare(
      // octet_length looks at a row's head only, as long as it is asked of the table itself.
      `SELECT b.height, b.outcomes, count(e.idx) AS events,
         b.bytes + coalesce(sum(octet_length(e.outcome) + coalesce(octet_length(e.event), 0)), 0) AS bytes
       FROM (
         SELECT height, outcomes, octet_length(header) + octet_length(leaves) + octet_length(certificate) + coalesce(
             (SELECT sum(octet_length(w.rest) + coalesce(octet_length(w.poison), 0)) FROM writs w
               WHERE w.generation = ?1 AND w.court = ?2 AND w.height = blocks.height), 0) AS bytes
         FROM blocks WHERE generation = ?1 AND court = ?2 AND height > ?3 AND height <= ?4 ORDER BY height LIMIT ?5
       ) b
       LEFT JOIN events e ON e.generation = ?1 AND e.court = ?2 AND e.height = b.height
       GROUP BY b.height ORDER BY b.height`,
    )
    .bind(ledger.genesis.generation, court, after, to, blocks)
    .all<Measure>();
  return results;
}

/** What cannot be a block, said before its texts are read; null for what may be one. */
export function misfit({ outcomes, events, bytes }: Measure): string | null {
  if (events !== outcomes) return `${events} events for ${outcomes} outcomes`;
  return bytes > LIMITS.ledgerBytes ? "more bytes than a block can have" : null;
}

/** The heights above `from` that one step takes in: as many as are there, fit their own count, and stay within the bytes. */
export function boundOf(
  found: readonly Measure[],
  from: number,
  { bytes }: Stride = WIDE,
): { last: number; misfits: string } {
  let last = from;
  let total = 0;
  let why = "no block";
  for (const measure of found) {
    if (measure.height !== last + 1) break;
    const misfits = misfit(measure);
    total += measure.bytes;
    if (misfits !== null || (total > bytes && last > from)) {
      why = misfits ?? why;
      break;
    }
    last = measure.height;
  }
  return { last, misfits: why };
}

/** All rows of the heights first … last, by height; one statement after another in one transaction. */
export async function blockRows(
  ledger: Ledger,
  court: number,
  first: number,
  last: number,
): Promise<BlockRows[]> {
  const query = (sql: string) =>
    ledger.db.prepare(sql).bind(ledger.genesis.generation, court, first, last);
  const where = "WHERE generation = ? AND court = ? AND height BETWEEN ? AND ? ORDER BY height";
  const [blocks, writs, events] = await ledger.db.batch<Record<string, never>>([
    query(
      `SELECT court, height, outcomes, prior, root, state, header, certificate, leaves FROM blocks ${where}`,
    ),
    query(
      `SELECT court, height, position, warden, number, start, count, bytes, seal, rest, poison FROM writs ${where}, position`,
    ),
    query(`SELECT court, height, idx, writ, event, outcome FROM events ${where}, idx`),
  ]);
  const writsOf = byHeight<WritRow>(writs);
  const eventsOf = byHeight<EventRow>(events);
  // D1 types a batch by one row type; each statement names its own columns.
  return ((blocks?.results ?? []) as unknown as BlockRow[]).map((block) => ({
    block,
    writs: writsOf.get(block.height) ?? [],
    events: eventsOf.get(block.height) ?? [],
  }));
}

function byHeight<Row extends { readonly height: number }>(
  result: D1Result | undefined,
): Map<number, Row[]> {
  return Map.groupBy((result?.results ?? []) as Row[], ({ height }) => height);
}

/** The block, checked as an offline verifier would; null if it is not there. Throws {@link LedgerCorrupt}. */
export async function storedBlock(
  ledger: Ledger,
  court: number,
  height: number,
): Promise<Block | null> {
  const [measure] = await measures(ledger, court, { from: height - 1, to: height });
  if (measure === undefined) return null;
  const misfits = misfit(measure);
  if (misfits !== null) throw new LedgerCorrupt(court, height, misfits);
  const [rows] = await blockRows(ledger, court, height, height);
  return rows === undefined ? null : blockOf(rows, ledger);
}

/** Blocks that continue one another, and what is false right above them. */
export interface StoredRun {
  readonly blocks: readonly Block[];
  readonly wrong: LedgerCorrupt | null;
}

/**
 * The blocks above a height, checked as an offline verifier would, as many as one catch-up answer holds. A control event ends the run: what
 * comes after it is checked under the keys that it brings. Rejects only when D1 does.
 */
// Rule: RefuseFalseRow.
export async function storedRun(ledger: Ledger, court: number, after: number): Promise<StoredRun> {
  const found = await measures(ledger, court, { from: after, to: after + LIMITS.syncBlocks });
  const { last, misfits } = boundOf(found, after);
  const blocks: Block[] = [];
  if (last === after) {
    const wrong = found.length === 0 ? null : new LedgerCorrupt(court, after + 1, misfits);
    return { blocks, wrong };
  }
  for (const rows of await blockRows(ledger, court, after + 1, last)) {
    try {
      const block = blockOf(rows, ledger);
      blocks.push(block);
      if (block.header.control !== null) break;
    } catch (error) {
      if (!(error instanceof LedgerCorrupt)) throw error;
      return { blocks, wrong: error };
    }
  }
  return { blocks, wrong: null };
}
