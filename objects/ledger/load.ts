/** Rows on their way out: found by place, bounded in bytes, served only when proven. */
import { leafDigest } from "../shared/digests.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Entry, Outcome } from "../shared/types.ts";
import type { Ledger } from "./ledger.ts";
import { demandSameKey, entryOf, headOf, outcomeOf } from "./proof.ts";
import type { Head } from "./proof.ts";
import type { BlockRow, EventRow, WritRow } from "./rows.ts";
import { LedgerCorrupt } from "./trust.ts";
import type { Trust } from "./trust.ts";

/** Where an event stands, and what serving it costs in bytes read: itself, and once its writ and its block. */
export interface Place {
  readonly court: number;
  readonly height: number;
  readonly idx: number;
  readonly writ: number | null;
  readonly ofEvent: number;
  readonly ofWrit: number;
  readonly ofBlock: number;
}

/**
 * Columns and joins that make a {@link Place} of each (court, height, idx) of the subquery `found`; ?1 is the generation. A place keeps its
 * turn where its event or its block is not there: that it cannot be proven shows when it is.
 */
export const PLACE = `found.court, found.height, found.idx, e.writ, coalesce(octet_length(e.outcome), 0) AS ofEvent,
  coalesce(w.bytes + octet_length(w.rest) + coalesce(octet_length(w.poison), 0), 0) AS ofWrit,
  coalesce(octet_length(b.header) + octet_length(b.certificate) + octet_length(b.leaves), 0) AS ofBlock`;
export const PLACE_JOINS = `
  LEFT JOIN events e ON e.generation = ?1 AND e.court = found.court AND e.height = found.height AND e.idx = found.idx
  LEFT JOIN writs w ON w.generation = ?1 AND w.court = found.court AND w.height = found.height AND w.position = e.writ
  LEFT JOIN blocks b ON b.generation = ?1 AND b.court = found.court AND b.height = found.height`;

/** Says for one place after the other whether it still fits into a page; the first always does. */
export function budget(): (place: Place) => boolean {
  const counted = new Set<string>();
  let bytes = 0;
  return ({ court, height, writ, ofEvent, ofWrit, ofBlock }) => {
    const block = `${court}/${height}`;
    const group = `${block}/${writ}`;
    const more = ofEvent + (counted.has(group) ? 0 : ofWrit) + (counted.has(block) ? 0 : ofBlock);
    if (counted.size > 0 && bytes + more > LIMITS.ledgerBytes) return false;
    bytes += more;
    counted.add(block).add(group);
    return true;
  };
}

/** An outcome as it was agreed. */
export interface Proven {
  readonly row: EventRow;
  readonly head: Head;
  readonly outcome: Outcome;
}

type At = Pick<Place, "court" | "height" | "idx" | "writ">;

const blockKey = ({ court, height }: Pick<At, "court" | "height">): string => `${court}/${height}`;
const writKey = (court: number, height: number, writ: number | null): string =>
  `${court}/${height}/${writ}`;

/** The outcomes at these places in their order; throws {@link LedgerCorrupt}. */
export async function provenOutcomes(
  ledger: Ledger,
  tenant: string,
  places: readonly At[],
): Promise<Proven[]> {
  if (places.length === 0) return [];
  const [blocks, outcomes] = await ledger.db.batch<Record<string, never>>([
    headQuery(ledger, places),
    outcomeQuery(ledger, places),
  ]);
  return proofs(
    { blocks: rowsIn<BlockRow>(blocks), outcomes: rowsIn<EventRow>(outcomes) },
    ledger,
    tenant,
    places,
  );
}

/** The same with each one's own event and its whole entry, null for effects of the system; throws {@link LedgerCorrupt}. */
// Rules: ServeProven, RefuseCorruptRow.
export async function provenEvents(
  ledger: Ledger,
  tenant: string,
  places: readonly At[],
): Promise<(Proven & { readonly entry: Entry | null; readonly event: string | null })[]> {
  if (places.length === 0) return [];
  const [blocks, outcomes, writs, texts] = await ledger.db.batch<Record<string, never>>([
    headQuery(ledger, places),
    outcomeQuery(ledger, places),
    writQuery(ledger, places),
    textQuery(ledger, places),
  ]);
  const proven = proofs(
    { blocks: rowsIn<BlockRow>(blocks), outcomes: rowsIn<EventRow>(outcomes) },
    ledger,
    tenant,
    places,
  );
  const heads = new Map(proven.map(({ row, head }) => [blockKey(row), head]));
  const events = Map.groupBy(rowsIn<EventRow>(texts), (row) =>
    writKey(row.court, row.height, row.writ),
  );
  const entries = new Map<string, { readonly entry: Entry; readonly start: number }>();
  for (const row of rowsIn<WritRow>(writs)) {
    const head = heads.get(blockKey(row));
    const key = writKey(row.court, row.height, row.position);
    if (head !== undefined)
      entries.set(key, { entry: entryOf(row, events.get(key) ?? [], head), start: row.start });
  }
  return proven.map((item) => {
    const { row, head, outcome } = item;
    if (row.idx < head.system && row.writ === null) return { ...item, entry: null, event: null };
    const found = entries.get(writKey(row.court, row.height, row.writ));
    const event = found?.entry.writ.events[found.entry.first + row.idx - found.start];
    if (found === undefined || event === undefined) {
      throw new LedgerCorrupt(row.court, row.height, `an event at ${row.idx} without its writ`);
    }
    demandSameKey(row, event, outcome);
    return { ...item, entry: found.entry, event };
  });
}

// Rules: ServeProven, RefuseCorruptRow.
function proofs(
  rows: { readonly blocks: readonly BlockRow[]; readonly outcomes: readonly EventRow[] },
  trust: Trust,
  tenant: string,
  places: readonly At[],
): Proven[] {
  const heads = new Map(rows.blocks.map((row) => [blockKey(row), headOf(row, trust)]));
  const outcomes = new Map(rows.outcomes.map((row) => [`${blockKey(row)}/${row.idx}`, row]));
  return places.map((place) => {
    const head = heads.get(blockKey(place));
    const row = outcomes.get(`${blockKey(place)}/${place.idx}`);
    if (head === undefined || row === undefined) {
      throw new LedgerCorrupt(
        place.court,
        place.height,
        `an outcome at ${place.idx} without its block`,
      );
    }
    const outcome = outcomeOf(row, head);
    if (outcome.tenant !== tenant)
      throw new LedgerCorrupt(place.court, place.height, "an outcome of another tenant");
    return { row, head, outcome };
  });
}

/** An event as it was decided and published. Texts are the canonical ones that were signed. */
export interface PublishedEvent {
  readonly court: number;
  readonly height: number;
  readonly index: number;
  /** LedgerEvent; null for an effect of the system. */
  readonly event: string | null;
  /** {@link Outcome} */
  readonly outcome: string;
  /** Leaf hash of the outcome. */
  readonly leaf: string;
  /** Block time, Unix milliseconds. */
  readonly time: number;
  readonly domainVersion: number;
  readonly block: string;
}

export function publishedEvent({ row, head }: Proven, event: string | null): PublishedEvent {
  const { time, domainVersion } = head.header;
  return {
    court: row.court,
    height: row.height,
    index: row.idx,
    event,
    outcome: row.outcome,
    leaf: leafDigest(row.outcome),
    time,
    domainVersion,
    block: head.certificate.block,
  };
}

// D1 types a batch by one row type; each statement names its own columns.
function rowsIn<Row>(result: D1Result | undefined): Row[] {
  return (result?.results ?? []) as Row[];
}

function query(ledger: Ledger, sql: string, places: readonly At[]): D1PreparedStatement {
  const listed = places.map(({ court, height, idx, writ }) => [court, height, idx, writ]);
  return ledger.db.prepare(sql).bind(ledger.genesis.generation, JSON.stringify(listed));
}

function headQuery(ledger: Ledger, places: readonly At[]): D1PreparedStatement {
  return query(
    ledger,
    `SELECT b.court, b.height, b.outcomes, b.prior, b.root, b.state, b.header, b.certificate, b.leaves
     FROM (SELECT DISTINCT value ->> 0 AS court, value ->> 1 AS height FROM json_each(?2)) p
     CROSS JOIN blocks b ON b.generation = ?1 AND b.court = p.court AND b.height = p.height`,
    places,
  );
}

function outcomeQuery(ledger: Ledger, places: readonly At[]): D1PreparedStatement {
  return query(
    ledger,
    `SELECT e.court, e.height, e.idx, e.writ, NULL AS event, e.outcome FROM json_each(?2) p
     CROSS JOIN events e ON e.generation = ?1 AND e.court = p.value ->> 0 AND e.height = p.value ->> 1
       AND e.idx = p.value ->> 2`,
    places,
  );
}

const WRITS = `(SELECT DISTINCT value ->> 0 AS court, value ->> 1 AS height, value ->> 3 AS writ FROM json_each(?2)) p
  CROSS JOIN writs w ON w.generation = ?1 AND w.court = p.court AND w.height = p.height AND w.position = p.writ`;

function writQuery(ledger: Ledger, places: readonly At[]): D1PreparedStatement {
  return query(
    ledger,
    `SELECT w.court, w.height, w.position, w.warden, w.number, w.start, w.count, w.bytes, w.seal, w.rest, w.poison FROM ${WRITS}`,
    places,
  );
}

function textQuery(ledger: Ledger, places: readonly At[]): D1PreparedStatement {
  return query(
    ledger,
    `SELECT e.court, e.height, e.idx, e.writ, e.event, '' AS outcome FROM ${WRITS}
     CROSS JOIN events e ON e.generation = ?1 AND e.court = w.court AND e.height = w.height
       AND e.idx >= w.start AND e.idx < w.start + w.count
     ORDER BY e.court, e.height, e.idx`,
    places,
  );
}
