/** A seat reads back what was published and checks it against the certificates and against what it agreed itself. */
import { genesisDigest } from "../shared/genesis.ts";
import type { Ledger } from "./ledger.ts";
import { blockOf } from "./proof.ts";
import type { BlockRows } from "./rows.ts";
import { blockRows, boundOf, measures, WIDE } from "./stored.ts";
import type { Heights, Stride } from "./stored.ts";
import { LedgerCorrupt } from "./trust.ts";

export interface Audit {
  /** All heights above `from` up to this one are right. */
  readonly auditedHeight: number;
  /** The lowest height that is not, and how. */
  readonly wrong?: { readonly height: number; readonly what: string };
}

/** What the next block must continue. */
export interface Link {
  readonly block: string;
  /** Null below the first block: the genesis has no result of its own. */
  readonly result: string | null;
}

/** A seat's own chain at a height; null where it no longer knows. */
export type Own = (height: number) => Link | null;

/**
 * Checks the heights in (from, to] of a court: every digest, signature and seal, the chain, the entity versions, and the block
 * hash against the seat's own. Ends at the first wrong or missing height; rejects only when D1 does.
 */
export async function auditRange(
  ledger: Ledger,
  court: number,
  { from, to }: Heights,
  own: Own,
): Promise<Audit> {
  let auditedHeight = from;
  while (auditedHeight < to) {
    const step = await auditStep(ledger, court, { from: auditedHeight, to }, own);
    auditedHeight = step.auditedHeight;
    if (step.wrong !== undefined) return step;
  }
  return { auditedHeight };
}

/** The same for no more of these heights than one stride takes in. */
// Rules: AuditHeight, ReportWrongHeight.
export async function auditStep(
  ledger: Ledger,
  court: number,
  { from, to }: Heights,
  own: Own,
  stride: Stride = WIDE,
): Promise<Audit> {
  const { last, misfits } = boundOf(
    await measures(ledger, court, { from, to }, stride),
    from,
    stride,
  );
  if (last === from) return { auditedHeight: from, wrong: { height: from + 1, what: misfits } };
  let below: Link | null = own(from) ?? (await linkAt(ledger, court, from));
  for (const stored of await blockRows(ledger, court, from + 1, last)) {
    const { height } = stored.block;
    try {
      below = audited(ledger, stored, below, own(height));
    } catch (error) {
      if (!(error instanceof LedgerCorrupt)) throw error;
      return { auditedHeight: height - 1, wrong: { height, what: error.what } };
    }
  }
  // Only now: the database reads the changes out of outcomes that are proven.
  const version = await wrongVersion(ledger, court, from + 1, last);
  if (version === null) return { auditedHeight: last };
  const what = `a version of ${version.entity} is missing or of another origin`;
  return { auditedHeight: version.height - 1, wrong: { height: version.height, what } };
}

async function linkAt(ledger: Ledger, court: number, height: number): Promise<Link | null> {
  if (height === 0) return { block: genesisDigest(ledger.genesis), result: null };
  return ledger.db
    .prepare("SELECT block, result FROM blocks WHERE generation = ? AND court = ? AND height = ?")
    .bind(ledger.genesis.generation, court, height)
    .first<Link>();
}

function audited(ledger: Ledger, stored: BlockRows, below: Link | null, own: Link | null): Link {
  const { header, result, certificate } = blockOf(stored, ledger);
  const wrong = (what: string) => new LedgerCorrupt(header.court, header.height, what);
  if (header.parent !== below?.block || result.prior !== (below.result ?? result.prior)) {
    throw wrong("a block that does not continue the chain");
  }
  if (own !== null && own.block !== certificate.block)
    throw wrong("another block than this seat agreed");
  return certificate;
}

/** The lowest height with a change whose version row is missing or names another origin. */
async function wrongVersion(
  ledger: Ledger,
  court: number,
  first: number,
  last: number,
): Promise<{ height: number; entity: string } | null> {
  return ledger.db
    .prepare(
      `SELECT e.height, change.value ->> 'entity' AS entity FROM events e
       CROSS JOIN json_each(e.outcome, '$.changes') AS change
       LEFT JOIN entity_versions v ON v.generation = e.generation AND v.tenant = e.tenant
         AND v.entity = change.value ->> 'entity' AND v.version = change.value ->> 'version'
       WHERE e.generation = ? AND e.court = ? AND e.height BETWEEN ? AND ?
         AND (v.court IS NOT e.court OR v.height IS NOT e.height OR v.idx IS NOT e.idx)
       ORDER BY e.height LIMIT 1`,
    )
    .bind(ledger.genesis.generation, court, first, last)
    .first();
}
