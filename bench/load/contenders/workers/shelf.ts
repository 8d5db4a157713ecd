// The naive design: one object with everything, in which each movement is a row and its item another, all of a request in
// one transaction. The runtime holds the answer back until the rows are on disk.
import { DurableObject } from "cloudflare:workers";

import { isSame } from "../../movement.ts";
import type { Answer, Movement } from "../../movement.ts";

const TABLES = `
  CREATE TABLE IF NOT EXISTS movement (
    id TEXT PRIMARY KEY, item TEXT NOT NULL, delta INTEGER NOT NULL, note TEXT NOT NULL, status TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS stock (
    item TEXT PRIMARY KEY, on_hand INTEGER NOT NULL CHECK (on_hand >= 0)
  ) WITHOUT ROWID;`;

type Kept = Record<"item" | "note", string> & {
  readonly delta: number;
  readonly status: "accepted" | "rejected";
};

export class Shelf extends DurableObject {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    ctx.storage.sql.exec(TABLES);
  }

  apply(movements: Movement[]): Answer[] {
    return this.ctx.storage.transactionSync(() => movements.map((one) => this.#apply(one)));
  }

  stock(items: string[]): Record<string, number> {
    return Object.fromEntries(items.map((item) => [item, this.#onHand(item)]));
  }

  #apply(movement: Movement): Answer {
    const { id, item, delta, note } = movement;
    const { sql } = this.ctx.storage;
    const [kept] = sql
      .exec<Kept>("SELECT item, delta, note, status FROM movement WHERE id = ?", id)
      .toArray();
    if (kept !== undefined)
      return { id, status: isSame(kept, movement) ? kept.status : "conflict", replayed: true };
    const onHand = this.#onHand(item) + delta;
    const status = onHand < 0 ? "rejected" : "accepted";
    sql.exec("INSERT INTO movement VALUES (?, ?, ?, ?, ?)", id, item, delta, note, status);
    if (status === "accepted")
      sql.exec(
        "INSERT INTO stock VALUES (?, ?) ON CONFLICT (item) DO UPDATE SET on_hand = excluded.on_hand",
        item,
        onHand,
      );
    return { id, status, replayed: false };
  }

  #onHand(item: string): number {
    const [row] = this.ctx.storage.sql
      .exec<{ on_hand: number }>("SELECT on_hand FROM stock WHERE item = ?", item)
      .toArray();
    return row?.on_hand ?? 0;
  }
}
