/** Publishing: ordered, idempotent, all of a run or nothing. A failure is ambiguous; the same call again settles it. */
import { canonical, utf8Length } from "../shared/canonical.ts";
import { genesisDigest } from "../shared/genesis.ts";
import type { Genesis } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Block } from "../shared/types.ts";
import { LedgerConflict, LedgerGap } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import { rowsOf } from "./rows.ts";
import { LedgerCorrupt } from "./trust.ts";

export type Cell = string | number | null;

// The order of the columns is that of the cells.
export const COLUMNS = {
  genesis: ["digest", "document", "signatures"],
  blocks: [
    "court",
    "height",
    "outcomes",
    "prior",
    "root",
    "state",
    "header",
    "certificate",
    "leaves",
  ],
  writs: [
    "court",
    "height",
    "position",
    "warden",
    "number",
    "start",
    "count",
    "bytes",
    "seal",
    "rest",
    "poison",
  ],
  events: ["court", "height", "idx", "writ", "event", "outcome"],
  entity_versions: ["tenant", "entity", "version", "court", "height", "idx"],
} as const;

export type Part = keyof typeof COLUMNS;

/** Keeps the genesis of its generation; the same again is a no-op. Throws {@link LedgerConflict} for another one. */
// Rules: KeepGenesis, RefuseOtherGenesis.
export async function publishGenesis(db: D1Database, genesis: Genesis): Promise<void> {
  const { generation } = genesis.document;
  const digest = genesisDigest(genesis.document);
  const insert = insertRow(db, generation, "genesis", genesisCells(genesis));
  try {
    await insert.run();
  } catch (error) {
    const held = await readGenesis(db, generation);
    if (held === null || genesisDigest(held.document) === digest) throw error;
    throw new LedgerConflict(0, 0, `generation ${generation} has another genesis`);
  }
}

/** A genesis as it is stored, in the order of its columns. */
export function genesisCells({ document, signatures }: Genesis): Cell[] {
  return [genesisDigest(document), canonical(document), canonical(signatures)];
}

/**
 * The genesis of a generation as it was published, its signatures not yet checked; null if the generation is unused. Throws
 * {@link LedgerCorrupt} if its digest is not its own, or blocks stand without it.
 */
export async function readGenesis(db: D1Database, generation: string): Promise<Genesis | null> {
  const row = await db
    .prepare(
      `SELECT g.digest, g.document, g.signatures, EXISTS (SELECT 1 FROM blocks WHERE generation = ?1) AS used
       FROM (SELECT 1) LEFT JOIN genesis g ON g.generation = ?1`,
    )
    .bind(generation)
    .first<{ digest: string; document: string; signatures: string; used: number } | Unused>();
  if (row === null || row.digest === null) {
    if (row?.used === 1) throw new LedgerCorrupt(0, 0, "blocks without their genesis");
    return null;
  }
  const genesis = parsedGenesis(row);
  if (genesis === null) throw new LedgerCorrupt(0, 0, "a genesis of another digest");
  return genesis;
}

interface Unused {
  readonly digest: null;
  readonly used: number;
}

/** Null for a row whose digest is not its document's. */
export function parsedGenesis(row: { readonly [column: string]: Cell }): Genesis | null {
  try {
    const document = JSON.parse(String(row["document"])) as Genesis["document"];
    const signatures = JSON.parse(String(row["signatures"])) as Genesis["signatures"];
    return genesisDigest(document) === row["digest"] ? { document, signatures } : null;
  } catch {
    return null;
  }
}

/**
 * Highest height of the court that the ledger holds, no higher than `upTo`: what stands above a reader's own chain, it cannot
 * judge. 0 for none. Held is not believed: see `attestedHeights`.
 */
export async function publishedHeight(
  ledger: Ledger,
  court: number,
  upTo: number = Number.MAX_SAFE_INTEGER,
): Promise<number> {
  return (await heightQuery(ledger, court, upTo).first<number>("height")) ?? 0;
}

function heightQuery(ledger: Ledger, court: number, upTo: number): D1PreparedStatement {
  return ledger.db
    .prepare(
      "SELECT max(height) AS height FROM blocks WHERE generation = ? AND court = ? AND height <= ?",
    )
    .bind(ledger.genesis.generation, court, upTo);
}

/**
 * Appends consecutive blocks of one court in one transaction and returns the height the ledger then holds. Blocks that
 * are there already are skipped. Throws {@link LedgerConflict}, {@link LedgerGap}, or D1's own error, after which the same call may be
 * repeated.
 */
// Rules: AppendAgreed, AppendAgainIsNoop.
export async function publishRun(
  ledger: Ledger,
  court: number,
  blocks: readonly Block[],
): Promise<number> {
  const first = blocks[0];
  if (first === undefined) return publishedHeight(ledger, court);
  const rows = blocks.map(rowsOf);
  const last = first.header.height + blocks.length - 1;
  try {
    const results = await ledger.db.batch<{ height: number }>([
      ...inserts(
        ledger,
        "blocks",
        rows.map(({ block }) => cells(COLUMNS.blocks, block)),
      ),
      ...inserts(
        ledger,
        "writs",
        rows.flatMap(({ writs }) => writs.map((row) => cells(COLUMNS.writs, row))),
      ),
      ...inserts(
        ledger,
        "events",
        rows.flatMap(({ events }) => events.map((row) => cells(COLUMNS.events, row))),
      ),
      versions(ledger, court, first.header.height, last),
      heightQuery(ledger, court, Number.MAX_SAFE_INTEGER),
    ]);
    return results.at(-1)?.results[0]?.height ?? 0;
  } catch (error) {
    // Where D1 is away, its first error is the one to tell.
    const conflict = await refusal(ledger, court, blocks).catch(() => null);
    if (conflict !== null) throw conflict;
    if (!String(error).includes("another origin of this version")) throw error;
    throw new LedgerConflict(court, last, "two events made one version of an entity");
  }
}

/** One row, its values in the order of {@link COLUMNS}. */
export function insertRow(
  db: D1Database,
  generation: string,
  part: Part,
  values: readonly Cell[],
): D1PreparedStatement {
  const columns = COLUMNS[part];
  return db
    .prepare(
      `INSERT INTO ${part} (generation, ${columns.join(", ")}) VALUES (?, ${columns.map(() => "?").join(", ")})`,
    )
    .bind(generation, ...values);
}

function cells<Name extends string>(
  columns: readonly Name[],
  row: { readonly [name in Name]: Cell },
): Cell[] {
  return columns.map((column) => row[column]);
}

/** Statements of one bound text each; a row whose escaped text would be too long is bound as it is. */
function inserts(
  ledger: Ledger,
  table: "blocks" | "writs" | "events",
  rows: readonly Cell[][],
): D1PreparedStatement[] {
  const columns = COLUMNS[table];
  const many = ledger.db.prepare(
    `INSERT INTO ${table} (generation, ${columns.join(", ")})
     SELECT ?1, ${columns.map((_, at) => `value ->> ${at}`).join(", ")} FROM json_each(?2)`,
  );
  const { generation } = ledger.genesis;
  return chunked(rows).map((chunk) =>
    typeof chunk === "string"
      ? many.bind(generation, chunk)
      : insertRow(ledger.db, generation, table, chunk),
  );
}

function chunked(rows: readonly Cell[][]): (string | Cell[])[] {
  const chunks: (string | Cell[])[] = [];
  let texts: string[] = [];
  let bytes = 2;
  const flush = () => {
    if (texts.length > 0) chunks.push(`[${texts.join(",")}]`);
    texts = [];
    bytes = 2;
  };
  for (const row of rows) {
    const text = JSON.stringify(row);
    const length = utf8Length(text) + 1;
    if (bytes + length > LIMITS.rowBytes) flush();
    if (2 + length > LIMITS.rowBytes) {
      chunks.push(row);
      continue;
    }
    texts.push(text);
    bytes += length;
  }
  flush();
  return chunks;
}

function versions(ledger: Ledger, court: number, first: number, last: number): D1PreparedStatement {
  return ledger.db
    .prepare(
      `INSERT INTO entity_versions (generation, tenant, entity, version, court, height, idx)
       SELECT e.generation, e.tenant, change.value ->> 'entity', change.value ->> 'version', e.court, e.height, e.idx
       FROM events e, json_each(e.outcome, '$.changes') AS change
       WHERE e.generation = ? AND e.court = ? AND e.height BETWEEN ? AND ?`,
    )
    .bind(ledger.genesis.generation, court, first, last);
}

/** Why the ledger cannot take the run whenever it is tried; null when it was something else. */
// Rules: RefuseConflict, RefuseGap.
async function refusal(
  ledger: Ledger,
  court: number,
  blocks: readonly Block[],
): Promise<Error | null> {
  const first = blocks[0];
  if (first === undefined) return null;
  const below = first.header.height - 1;
  const { generation } = ledger.genesis;
  const { results } = await ledger.db
    .prepare(
      `SELECT 0 AS height, digest AS block FROM genesis WHERE generation = ?1 AND ?3 = 0
       UNION ALL SELECT height, block FROM blocks WHERE generation = ?1 AND court = ?2 AND height BETWEEN ?3 AND ?4
       ORDER BY height`,
    )
    .bind(generation, court, below, below + blocks.length)
    .all<{ height: number; block: string }>();
  const own = [first.header.parent, ...blocks.map((block) => block.certificate.block)];
  const other = results.find(({ height, block }) => own[height - below] !== block);
  if (other !== undefined)
    return new LedgerConflict(court, other.height, `the ledger holds ${other.block}`);
  return results.length === 0 ? new LedgerGap(court, await publishedHeight(ledger, court)) : null;
}
