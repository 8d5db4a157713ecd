/** Which rows are not what was agreed. What is right is said by a certified block that a seat holds, never by the ledger. */
import type { Genesis } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Block, Outcome } from "../shared/types.ts";
import { sealValid } from "../shared/verify.ts";
import { COLUMNS, genesisCells, parsedGenesis } from "./append.ts";
import type { Cell, Part } from "./append.ts";
import { LedgerConflict } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import { headOf } from "./proof.ts";
import { rowDigest } from "./repair.ts";
import type { Flaw } from "./repair.ts";
import { rowsOf } from "./rows.ts";
import type { BlockRow, EventRow, WritRow } from "./rows.ts";
import { LedgerCorrupt, sealKeyOf } from "./trust.ts";

type Row = Readonly<Record<string, Cell>>;

/**
 * The rows of a block's height that are not the block's, at most `LIMITS.ledgerRepairRows`, the block's own row first. Another certificate for the
 * same block, and another valid seal of a writ, are as good. Throws {@link LedgerConflict} where another block stands with a certificate
 * that verifies: that is no damage.
 */
export async function flawsAt(ledger: Ledger, block: Block): Promise<Flaw[]> {
  const { court, height } = block.header;
  const found = new Findings(await numbersAt(ledger, court, height), court, height);
  const rows = rowsOf(block);
  const at: At = { ledger, court, height, found };
  await compare(at, "blocks", [rows.block], (row) => sameBlock(ledger, row, rows.block));
  await compare(at, "writs", rows.writs, (row, agreed) => sealedAlike(at, row, agreed, block));
  await compare(at, "events", rows.events, () => false);
  if (!found.full) await compareVersions(at, rows.events);
  return found.flaws;
}

/** What is wrong with the genesis' row, or null. Throws {@link LedgerConflict} where another genesis stands whole. */
export async function genesisFlaw(ledger: Ledger, genesis: Genesis): Promise<Flaw | null> {
  const { generation } = ledger.genesis;
  const found = new Findings(await numbersAt(ledger, 0, 0), 0, 0);
  const columns = COLUMNS.genesis.join(", ");
  const row = await ledger.db
    .prepare(`SELECT ${columns} FROM genesis WHERE generation = ?`)
    .bind(generation)
    .first<Row>();
  const agreed = genesisCells(genesis);
  if (row !== null && isWholeOther(row, agreed))
    throw new LedgerConflict(0, 0, `generation ${generation} has another genesis`);
  const held = row === null ? null : cellsOf("genesis", row);
  if (!same(held, agreed)) found.add("genesis", "[]", held, agreed);
  return found.flaws[0] ?? null;
}

const OF_BLOCK = "generation = ?1 AND court = ?2 AND height = ?3";

/** Flaws of one height, up to as many as one repair takes. */
class Findings {
  readonly flaws: Flaw[] = [];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #court: number;
  readonly #height: number;

  constructor(numbers: ReadonlyMap<string, number>, court: number, height: number) {
    this.#numbers = numbers;
    this.#court = court;
    this.#height = height;
  }

  get full(): boolean {
    return this.flaws.length >= LIMITS.ledgerRepairRows;
  }

  add(
    part: Part,
    place: string,
    old: readonly Cell[] | null,
    agreed: readonly Cell[] | null,
  ): void {
    if (this.full) return;
    this.flaws.push({
      court: this.#court,
      height: this.#height,
      part,
      place,
      number: (this.#numbers.get(`${part}${place}`) ?? 0) + 1,
      old: old === null ? null : rowDigest(part, old),
      new: agreed === null ? null : rowDigest(part, agreed),
      values: agreed,
    });
  }
}

/** How often each row of a height was repaired. Read before the rows: who comes second finds the number taken. */
async function numbersAt(
  ledger: Ledger,
  court: number,
  height: number,
): Promise<Map<string, number>> {
  const { results } = await ledger.db
    .prepare(
      `SELECT part || place AS row, count(*) AS n FROM repairs WHERE generation = ? AND court = ? AND height = ?
       GROUP BY part, place`,
    )
    .bind(ledger.genesis.generation, court, height)
    .all<{ row: string; n: number }>();
  return new Map(results.map(({ row, n }) => [row, n]));
}

interface At {
  readonly ledger: Ledger;
  readonly court: number;
  readonly height: number;
  readonly found: Findings;
}

type BlockPart = "blocks" | "writs" | "events";

/** The column that tells the rows of a height apart, and what a row costs to read. */
const ORDER: Readonly<Record<BlockPart, string>> = {
  blocks: "height",
  writs: "position",
  events: "idx",
};
const SIZE: Readonly<Record<BlockPart, string>> = {
  blocks: "octet_length(header) + octet_length(certificate) + octet_length(leaves)",
  writs: "octet_length(rest) + octet_length(seal) + coalesce(octet_length(poison), 0)",
  events: "octet_length(outcome) + coalesce(octet_length(event), 0)",
};

async function compare(
  at: At,
  part: BlockPart,
  agreed: readonly (BlockRow | WritRow | EventRow)[],
  asGood: (row: Row, agreed: readonly Cell[]) => boolean,
): Promise<void> {
  const { ledger, court, height, found } = at;
  const left = new Map(agreed.map((row) => [placeOf(part, { ...row }), cellsOf(part, { ...row })]));
  let after = Number.MIN_SAFE_INTEGER;
  while (!found.full) {
    const rows = await page(ledger, part, [court, height], after);
    for (const row of rows) {
      const place = placeOf(part, row);
      const expected = left.get(place) ?? null;
      left.delete(place);
      const held = cellsOf(part, row);
      if (same(held, expected) || (expected !== null && asGood(row, expected))) continue;
      found.add(part, place, held, expected);
    }
    const last = rows.at(-1);
    if (last === undefined) break;
    after = Number(last[ORDER[part]]);
  }
  for (const [place, expected] of left) found.add(part, place, null, expected);
}

function placeOf(part: BlockPart, row: Row): string {
  return part === "blocks" ? "[]" : JSON.stringify([row[ORDER[part]]]);
}

/** The next rows of a height in their order, as many as fit: whoever damaged them chose their sizes, too. */
async function page(
  { db, genesis: { generation } }: Ledger,
  part: BlockPart,
  place: readonly [court: number, height: number],
  after: number,
): Promise<Row[]> {
  const order = ORDER[part];
  const where = `${OF_BLOCK} AND ${order} > ?4`;
  const { results } = await db
    .prepare(
      `SELECT ${order} AS at, ${SIZE[part]} AS size FROM ${part} WHERE ${where} ORDER BY ${order} LIMIT ?5`,
    )
    .bind(generation, ...place, after, LIMITS.pageItems)
    .all<{ at: number; size: number }>();
  let bytes = 0;
  const over = results.findIndex(({ size }) => (bytes += size) > LIMITS.ledgerBytes);
  const fitting = over < 0 ? results : results.slice(0, Math.max(over, 1));
  const last = fitting.at(-1);
  if (last === undefined) return [];
  const columns = COLUMNS[part].join(", ");
  const read = await db
    .prepare(`SELECT ${columns} FROM ${part} WHERE ${where} AND ${order} <= ?5 ORDER BY ${order}`)
    .bind(generation, ...place, after, last.at)
    .all<Row>();
  return read.results;
}

/** Those that the outcomes made, wherever they are said to have been made; rows that nothing made: see `strayVersions`. */
async function compareVersions({ ledger, found }: At, events: readonly EventRow[]): Promise<void> {
  const agreed = events.flatMap(({ court, height, idx, outcome }) => {
    const { tenant, changes } = JSON.parse(outcome) as Outcome;
    return changes.map(({ entity, version }): Cell[] => [
      tenant,
      entity,
      version,
      court,
      height,
      idx,
    ]);
  });
  for (let at = 0; at < agreed.length && !found.full; at += LIMITS.ledgerRepairRows) {
    const asked = agreed.slice(at, at + LIMITS.ledgerRepairRows);
    const { results } = await ledger.db
      .prepare(
        `SELECT ${COLUMNS.entity_versions.map((column) => `v.${column}`).join(", ")} FROM json_each(?2) k
         CROSS JOIN entity_versions v ON v.generation = ?1 AND v.tenant = k.value ->> 0 AND v.entity = k.value ->> 1
           AND v.version = k.value ->> 2`,
      )
      .bind(ledger.genesis.generation, JSON.stringify(asked.map((row) => row.slice(0, 3))))
      .all<Row>();
    const held = new Map(
      results.map((row) => cellsOf("entity_versions", row)).map((row) => [versionPlace(row), row]),
    );
    for (const row of asked) {
      const place = versionPlace(row);
      const old = held.get(place) ?? null;
      if (!same(old, row)) found.add("entity_versions", place, old, row);
    }
  }
}

function versionPlace(row: readonly Cell[]): string {
  return JSON.stringify(row.slice(0, 3));
}

/** Where the walk over the versions stands: after this row. */
export type VersionPlace = readonly [tenant: string, entity: string, version: number];

/**
 * The next version rows in their order, and of them those of this court that the outcome they name did not make. A row in a wrong place
 * may be one of these as well as one that never was: `isStray` tells, of the tenant's entity and a version.
 */
export async function strayVersions(
  ledger: Ledger,
  court: number,
  after: VersionPlace,
  isStray: (key: string, version: number, height: number) => boolean,
): Promise<{ readonly flaws: readonly Flaw[]; readonly last: VersionPlace | null }> {
  const { results } = await ledger.db
    .prepare(
      `SELECT v.tenant, v.entity, v.version, v.court, v.height, v.idx,
         json_array(v.tenant, v.entity, v.version) AS place,
         EXISTS (
           SELECT 1 FROM events e, json_each(CASE WHEN json_valid(e.outcome) THEN e.outcome ELSE '{}' END, '$.changes') c
           WHERE e.generation = v.generation AND e.court = v.court AND e.height = v.height AND e.idx = v.idx
             AND CASE WHEN c.type = 'object' THEN c.value ->> 'entity' IS v.entity AND c.value ->> 'version' IS v.version
               AND e.outcome ->> 'tenant' IS v.tenant END
         ) AS made
       FROM entity_versions v WHERE v.generation = ?1 AND (v.tenant, v.entity, v.version) > (?2, ?3, ?4)
       ORDER BY v.tenant, v.entity, v.version LIMIT ?5`,
    )
    .bind(ledger.genesis.generation, ...after, LIMITS.patrolVersions)
    .all<StoredVersion>();
  const flaws: Flaw[] = [];
  for (const row of results) {
    const { tenant, entity, version, height, place } = row;
    if (row.court !== court || row.made === 1 || !isStray(`${tenant}/${entity}`, version, height))
      continue;
    const found = new Findings(await numbersAt(ledger, court, height), court, height);
    found.add("entity_versions", place, cellsOf("entity_versions", { ...row }), null);
    flaws.push(...found.flaws);
  }
  const last = results.at(-1);
  const whole = results.length === LIMITS.patrolVersions && last !== undefined;
  return { flaws, last: whole ? [last.tenant, last.entity, last.version] : null };
}

interface StoredVersion {
  readonly tenant: string;
  readonly entity: string;
  readonly version: number;
  readonly court: number;
  readonly height: number;
  readonly idx: number;
  readonly place: string;
  readonly made: number;
}

/** Rows of a court below its first block, where nothing can stand. */
export async function straysBelow(ledger: Ledger, court: number): Promise<Flaw[]> {
  const flaws: Flaw[] = [];
  for (const part of ["writs", "events"] as const) {
    const order = ORDER[part];
    const { results } = await ledger.db
      .prepare(
        `SELECT ${COLUMNS[part].join(", ")} FROM ${part} WHERE generation = ? AND court = ? AND height < 1
         ORDER BY height, ${order} LIMIT ?`,
      )
      .bind(ledger.genesis.generation, court, LIMITS.repairStrays)
      .all<Row>();
    for (const row of results) {
      const height = Number(row["height"]);
      const found = new Findings(await numbersAt(ledger, court, height), court, height);
      found.add(part, placeOf(part, row), cellsOf(part, row), null);
      flaws.push(...found.flaws);
    }
  }
  return flaws;
}

function cellsOf(part: Part, row: Row): Cell[] {
  return COLUMNS[part].map((column) => row[column] ?? null);
}

function same(a: readonly Cell[] | null, b: readonly Cell[] | null): boolean {
  return a !== null && b !== null && a.every((cell, at) => cell === b[at]);
}

/** Whether the row proves the agreed block by itself, with a certificate of its own. */
// Rule: KeepOtherBlock.
function sameBlock(ledger: Ledger, row: Row, agreed: BlockRow): boolean {
  let certified: string;
  try {
    certified = headOf(row as unknown as BlockRow, ledger).certificate.block;
  } catch (error) {
    if (error instanceof LedgerCorrupt) return false;
    throw error;
  }
  const { block } = JSON.parse(agreed.certificate) as { block: string };
  if (certified === block) return true;
  throw new LedgerConflict(agreed.court, agreed.height, `the ledger holds ${certified}`);
}

function sealedAlike({ ledger }: At, row: Row, agreed: readonly Cell[], block: Block): boolean {
  const { writ } = block.entries[Number(row["position"])] ?? {};
  const others = COLUMNS.writs.every(
    (column, at) => column === "seal" || row[column] === agreed[at],
  );
  if (writ === undefined || !others) return false;
  const sealed = { ...writ, seal: String(row["seal"]) };
  return sealValid(sealed, sealKeyOf(ledger, block.header, writ.warden), ledger.verify);
}

/** Whether a row says of itself that it is another genesis, rather than this one damaged. */
function isWholeOther(row: Row, agreed: readonly Cell[]): boolean {
  const genesis = parsedGenesis(row);
  return genesis !== null && row["digest"] !== agreed[0];
}
