// What every event must come to, worked out a second time: nothing here is imported from the project it checks.
import type { StockEvent } from "../lib/sample.ts";

export interface Expected {
  readonly status: "accepted" | "rejected" | "invalid";
  /** Why not, as a code; absent where it was accepted. */
  readonly reason?: string;
  /** On hand after it, where it was accepted. */
  readonly onHand?: number;
}

export interface Recount {
  /** By event id. */
  readonly expected: ReadonlyMap<string, Expected>;
  /** By item, for those that have ever been in stock. */
  readonly onHand: ReadonlyMap<string, number>;
}

/** Takes the events in the order of submission: those of one item are of one source, whose order is kept. */
export function recount(events: readonly StockEvent[]): Recount {
  const expected = new Map<string, Expected>();
  const onHand = new Map<string, number>();
  for (const { id, type, data } of events) {
    const change = type === "stock.received" ? data.quantity : data.delta;
    const allowed = /^[A-Za-z0-9._-]{1,64}$/.test(data.item) && change !== 0;
    const after = (onHand.get(data.item) ?? 0) + change;
    if (!allowed) expected.set(id, { status: "invalid", reason: "invalid-event" });
    else if (after < 0) expected.set(id, { status: "rejected", reason: "insufficient_stock" });
    else {
      expected.set(id, { status: "accepted", onHand: after });
      onHand.set(data.item, after);
    }
  }
  return { expected, onHand };
}

export function sumOf(onHand: ReadonlyMap<string, number>): number {
  return [...onHand.values()].reduce((sum, each) => sum + each, 0);
}
