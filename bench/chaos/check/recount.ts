// What every event must come to, in the order of the ledger, worked out a second time.
import { keyOf, textOf } from "./types.ts";
import type { Change, Outcome, Place, Sent, Standing } from "./types.ts";

interface Stock {
  readonly onHand: number;
  readonly reserved: number;
}

interface Reservation {
  readonly warehouse: string;
  readonly quantity: number;
  readonly status: "open" | "fulfilled" | "released" | "expired";
  readonly expiresAt: string;
}

/** Entities and what they become, or why not. */
type Verdict = readonly (readonly [entity: string, state: Stock | Reservation])[] | string;

/** How many expiries a block takes. */
const EXPIRIES = 256;

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** Whether the contract has such an event; what it has not is refused and stands nowhere. */
export function isLawful({ data }: Sent): boolean {
  const names = [data["item"], data["warehouse"], data["from"], data["to"], data["reservation"]];
  const named = names.every((name) => name === undefined || NAME.test(name as string));
  return named && data["delta"] !== 0;
}

const stockAt = (item: unknown, warehouse: unknown): string =>
  `stock/${String(item)}@${String(warehouse)}`;

const named = ({ item, reservation }: Sent["data"]): string =>
  `reservation/${String(reservation)}@${String(item)}`;

export class Recount {
  /** By entity. */
  readonly entities = new Map<string, { readonly version: number; readonly state: unknown }>();
  readonly #first = new Map<string, Place>();
  readonly #open = new Map<string, Reservation>();

  /** What of the block is not as recounted. The recount goes on with what it has itself. */
  apply(block: Standing): string[] {
    const { height, time, events, control } = block;
    const outcomes = block.outcomes.map((text) => JSON.parse(text) as Outcome);
    const system = outcomes.length - events.length;
    const expiries = system - (control ? 1 : 0);
    const flaws = this.#expire(outcomes.slice(0, Math.max(expiries, 0)), time);
    events.forEach((event, index) => {
      const place = { height, index: system + index };
      const wanted = this.#happen(event, place, time);
      const came = outcomes[place.index];
      const said = came === undefined ? "nothing" : summary(came);
      if (said !== wanted) flaws.push(`${keyOf(event)} came to ${said}, recounted ${wanted}`);
    });
    return flaws.map((flaw) => `at ${height}: ${flaw}`);
  }

  /** What there is of all items in all warehouses. */
  onHand(): number {
    let sum = 0;
    for (const [entity, { state }] of this.entities)
      if (entity.startsWith("stock/")) sum += (state as Stock).onHand;
    return sum;
  }

  #happen(event: Sent, place: Place, time: number): string {
    const key = keyOf(event);
    const first = this.#first.get(key);
    if (first !== undefined) return `duplicate of ${first.height}.${first.index}`;
    this.#first.set(key, place);
    const verdict = this.#decide(event, time);
    if (typeof verdict === "string") return `rejected ${verdict}`;
    return `accepted ${changesText(this.#write(verdict))}`;
  }

  /** All that are due, the earliest first, as many as a block takes. */
  #expire(outcomes: readonly Outcome[], time: number): string[] {
    const due = [...this.#open].filter(([, { expiresAt }]) => Date.parse(expiresAt) <= time);
    const wanted = Math.min(due.length, EXPIRIES);
    const flaws =
      outcomes.length === wanted ? [] : [`${outcomes.length} expiries, recounted ${wanted}`];
    let last = 0;
    for (const { id, type, changes } of outcomes) {
      const entity = id.slice(0, id.lastIndexOf("@"));
      const held = this.#open.get(entity);
      const when = held === undefined ? Infinity : Date.parse(held.expiresAt);
      if (type !== "assize.expired" || held === undefined || when > time || when < last) {
        flaws.push(`${id} (${type}) is no expiry that is due`);
        continue;
      }
      last = when;
      const made = changesText(this.#write(this.#end(entity, held, "expired")));
      if (made !== changesText(changes)) flaws.push(`${id} came to ${changesText(changes)}`);
    }
    return flaws;
  }

  #write(verdict: Exclude<Verdict, string>): Change[] {
    return verdict.map(([entity, state]) => {
      const version = (this.entities.get(entity)?.version ?? 0) + 1;
      this.entities.set(entity, { version, state });
      if ("status" in state && state.status === "open") this.#open.set(entity, state);
      else this.#open.delete(entity);
      return { entity, version, state };
    });
  }

  #stock(entity: string): Stock {
    const known = this.entities.get(entity)?.state as Stock | undefined;
    return known ?? { onHand: 0, reserved: 0 };
  }

  #decide({ type, data }: Sent, time: number): Verdict {
    const quantity = Number(data["quantity"]);
    const entity = stockAt(data["item"], data["warehouse"]);
    const { onHand, reserved } = this.#stock(entity);
    switch (type) {
      case "stock.received":
        return [[entity, { onHand: onHand + quantity, reserved }]];
      case "stock.adjusted": {
        const after = onHand + Number(data["delta"]);
        return after < reserved ? "insufficient_stock" : [[entity, { onHand: after, reserved }]];
      }
      case "stock.counted":
        return quantity < reserved ? "below_reserved" : [[entity, { onHand: quantity, reserved }]];
      case "stock.moved":
        return this.#move(data, quantity);
      case "stock.reserved":
        return this.#reserve(data, quantity, time);
      case "reservation.fulfilled":
      case "reservation.released":
        return this.#close(named(data), type === "reservation.fulfilled", time);
      default:
        return `an unknown type ${type}`;
    }
  }

  #move({ item, from, to }: Sent["data"], quantity: number): Verdict {
    if (from === to) return "same_warehouse";
    const [source, target] = [stockAt(item, from), stockAt(item, to)];
    const { onHand, reserved } = this.#stock(source);
    if (onHand - reserved < quantity) return "insufficient_stock";
    const there = this.#stock(target);
    return [
      [source, { onHand: onHand - quantity, reserved }],
      [target, { onHand: there.onHand + quantity, reserved: there.reserved }],
    ];
  }

  #reserve(data: Sent["data"], quantity: number, time: number): Verdict {
    const entity = named(data);
    if (this.entities.has(entity)) return "reservation_exists";
    const stock = stockAt(data["item"], data["warehouse"]);
    const { onHand, reserved } = this.#stock(stock);
    if (onHand - reserved < quantity) return "insufficient_stock";
    const expiresAt = new Date(time + Number(data["ttlSeconds"]) * 1000).toISOString();
    const warehouse = String(data["warehouse"]);
    return [
      [entity, { warehouse, quantity, status: "open", expiresAt }],
      [stock, { onHand, reserved: reserved + quantity }],
    ];
  }

  #close(entity: string, fulfilled: boolean, time: number): Verdict {
    const held = this.entities.get(entity)?.state as Reservation | undefined;
    if (held === undefined) return "no_such_reservation";
    if (held.status !== "open" || Date.parse(held.expiresAt) <= time) return "reservation_closed";
    return this.#end(entity, held, fulfilled ? "fulfilled" : "released");
  }

  #end(entity: string, held: Reservation, status: Reservation["status"]): Exclude<Verdict, string> {
    const stock = stockAt(entity.slice(entity.lastIndexOf("@") + 1), held.warehouse);
    const { onHand, reserved } = this.#stock(stock);
    const taken = status === "fulfilled" ? held.quantity : 0;
    return [
      [entity, { ...held, status }],
      [stock, { onHand: onHand - taken, reserved: reserved - held.quantity }],
    ];
  }
}

function summary({ status, reason, first, changes }: Outcome): string {
  if (status === "duplicate") return `duplicate of ${first?.height}.${first?.index}`;
  return status === "rejected" ? `rejected ${reason?.code}` : `accepted ${changesText(changes)}`;
}

/** By entity, whatever order they stand in. */
function changesText(changes: readonly Change[]): string {
  const texts = changes.map(({ entity, version, state }) => textOf({ entity, version, state }));
  return texts.toSorted().join(" ");
}
