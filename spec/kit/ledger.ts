/** A real local D1 with the Ledger's schema, generations in it, and ways to be refused and to damage it. */
import { applyD1Migrations, env } from "cloudflare:test";
import type { D1Migration } from "cloudflare:test";
import { expect } from "vitest";
import { publishGenesis, publishRun } from "../../objects/ledger/append.ts";
import { attest, attestDigest, attestedHeights } from "../../objects/ledger/attest.ts";
import type { Attestation } from "../../objects/ledger/attest.ts";
import type { Ledger } from "../../objects/ledger/ledger.ts";
import { known } from "../../objects/shared/assert.ts";
import type { Block } from "../../objects/shared/types.ts";
import { Scribe } from "./blocks.ts";
import type { Told } from "./blocks.ts";

const bindings = env as unknown as { LEDGER: D1Database; TEST_MIGRATIONS: D1Migration[] };
export const db = bindings.LEDGER;

export const migrated = (): Promise<void> => applyD1Migrations(db, bindings.TEST_MIGRATIONS);

export const received = (id: string, item = id): Told => ({
  id,
  data: { item, warehouse: "w1", quantity: 1 },
  changes: [{ entity: `stock/${item}@w1`, state: { onHand: 1, reserved: 0 } }],
});

/** A fresh generation with its genesis published. */
export async function opened(
  generation: string,
  courts = 1,
): Promise<{ scribe: Scribe; ledger: Ledger }> {
  const scribe = new Scribe(generation, courts);
  await publishGenesis(db, scribe.genesis);
  return { scribe, ledger: { db, ...scribe.trust() } };
}

export const chain = (scribe: Scribe, length: number, court = 0): Block[] =>
  Array.from({ length }, (_, at) => scribe.next(court, received(`e-${court}-${at}`)));

export const all = <Row>(generation: string, table: string): Promise<Row[]> =>
  db
    .prepare(`SELECT * FROM ${table} WHERE generation = ?`)
    .bind(generation)
    .all<Row>()
    .then(({ results }) => results);

/** What it was refused with. */
export async function refused(attempt: Promise<unknown>): Promise<Error> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was refused");
}

/** Lets the schema's guard down for one change, as somebody with the binding could. */
export async function tamper(
  trigger: string,
  sql: string,
  ...binds: (string | number)[]
): Promise<void> {
  const guard = await db
    .prepare("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?")
    .bind(trigger)
    .first<string>("sql");
  await db.prepare(`DROP TRIGGER ${trigger}`).run();
  const { meta } = await db
    .prepare(sql)
    .bind(...binds)
    .run();
  await db.prepare(guard ?? "").run();
  expect(meta.changes).toBe(1);
}

/** The seat's word on the chain up to this block, signed by itself or by another. */
export function wordOf(scribe: Scribe, seat: number, block: Block, signer = seat): Attestation {
  const { court, height } = block.header;
  const hash = block.certificate.block;
  const signature = scribe.seat(court, signer)(attestDigest(court, height, hash));
  return { court, seat, height, block: hash, signature };
}

/** Publishes and has two seats attest it. */
export async function published(
  scribe: Scribe,
  ledger: Ledger,
  blocks: readonly Block[],
): Promise<number[]> {
  const last = known(blocks.at(-1), "there is a block");
  await publishRun(ledger, last.header.court, blocks);
  await attest(ledger, wordOf(scribe, 0, last));
  await attest(ledger, wordOf(scribe, 1, last));
  return attestedHeights(ledger);
}
