/** A ledger in the real D1 with blocks of every form, published and vouched for by the seats' own publishers; and harm done to it. */
import type { Part } from "../../objects/ledger/append.ts";
import { attestedHeights } from "../../objects/ledger/attest.ts";
import type { Block } from "../../objects/shared/types.ts";
import type { Scribe } from "./blocks.ts";
import { deface } from "./defacing.ts";
import { all, opened, received } from "./ledger.ts";
import { PressRoom } from "./press.ts";

export const HISTORY = ["genesis", "blocks", "writs", "events", "entity_versions"] as const;
export type Table = (typeof HISTORY)[number];

/** What anybody can be served: rows of the one court, no higher than its chain. */
export async function served(generation: string, height = 5): Promise<string> {
  const tables = await Promise.all(
    HISTORY.map((table) => all<{ court?: number; height?: number }>(generation, table)),
  );
  return JSON.stringify(
    tables.map((rows) =>
      rows.filter((row) => (row.court ?? 0) === 0 && (row.height ?? 0) <= height),
    ),
  );
}

/** Blocks of every form: writs shared by two blocks, several writs, an effect of the system, a proof of poison, none at all. */
function history(scribe: Scribe): Block[] {
  const shared = scribe.seal(0, [received("a"), { id: "odd", status: "rejected" }]);
  const blocks = [scribe.extend(0, [{ sealed: shared, count: 1 }])];
  const poison = scribe.poison(0, shared, 1, "unable");
  blocks.push(scribe.extend(0, [{ sealed: shared, first: 1, count: 1, poison }]));
  const two = [scribe.seal(0, [received("b"), received("c")], 1), scribe.seal(0, [received("d")])];
  const system = [{ id: "expired", source: "assize", type: "assize.expired" }];
  blocks.push(
    scribe.extend(
      0,
      two.map((sealed) => ({ sealed })),
      { system },
    ),
  );
  blocks.push(scribe.next(0), scribe.next(0, received("e", "b")));
  return blocks;
}

/**
 * A court whose ledger is published, audited and vouched for by two seats, the first of which leads. What they write in batches
 * may be preceded by something that comes to pass just before.
 */
export async function published(
  generation: string,
  height = 5,
  before: () => Promise<void> = () => Promise.resolve(),
) {
  const { scribe, ledger } = await opened(generation);
  const { db } = ledger;
  const raced = {
    prepare: (sql: string) => db.prepare(sql),
    batch: async (statements: D1PreparedStatement[]) => {
      await before();
      return db.batch(statements);
    },
  } as D1Database;
  const room = new PressRoom(scribe, { ...ledger, db: raced }, history(scribe));
  room.decideUpTo(height);
  for (const seat of [0, 1]) room.seated(seat);
  await room.until(async () => (await attestedHeights(ledger))[0] === height);
  return { scribe, ledger, room };
}

export type Published = Awaited<ReturnType<typeof published>>;

export interface Repair {
  readonly part: Part;
  readonly place: string;
  readonly height: number;
  readonly number: number;
  readonly old: string | null;
  readonly new: string | null;
  readonly seat: number;
  readonly signature: string;
}

export const repairs = (generation: string): Promise<Repair[]> =>
  all<Repair>(generation, "repairs");

/** Rows of a table, changed or, for null, gone. */
export function hurt(
  generation: string,
  table: Table,
  set: string | null,
  where: string,
): Promise<void> {
  const change = set === null ? `DELETE FROM ${table}` : `UPDATE ${table} SET ${set}`;
  return deface(table, `${change} WHERE generation = ? AND ${where}`, generation);
}
