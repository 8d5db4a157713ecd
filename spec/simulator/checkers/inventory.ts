/**
 * What spec/inventory.allium says of stock and reservations, as a model that knows nothing of how the domain does it. Names of
 * entities and the form of their states are those of the published contract.
 */
import type { Json } from "../../../objects/shared/canonical.ts";

const MOST = Number.MAX_SAFE_INTEGER;
const LONGEST_HOLD_SECONDS = 30 * 24 * 60 * 60;

export interface Stock {
  readonly onHand: number;
  readonly reserved: number;
}
export interface Hold {
  readonly warehouse: string;
  readonly quantity: number;
  readonly status: "open" | "fulfilled" | "released" | "expired";
  readonly expiresAt: string;
}

/** What holds of one tenant, by entity. */
export interface Shelf {
  readonly stock: (item: string, warehouse: string) => Stock;
  readonly hold: (item: string, name: string) => Hold | undefined;
}

/** New states by entity, or the code of a rejection. */
export type Effect = { readonly [entity: string]: Stock | Hold } | string;

type Data = Readonly<Record<string, unknown>>;
type Rule = (data: Data, shelf: Shelf, now: number) => Effect;

const stockName = (item: string, warehouse: string): string => `stock/${item}@${warehouse}`;
const holdName = (item: string, name: string): string => `reservation/${name}@${item}`;
const text = (of: unknown): string => of as string;
const size = (of: unknown): number => of as number;

const isName = (of: unknown): boolean =>
  typeof of === "string" && /^[A-Za-z0-9._-]+$/.test(of) && of.length <= 64;
const isWhole = (of: unknown): boolean => Number.isSafeInteger(of);
const isPositive = (of: unknown): boolean => isWhole(of) && size(of) > 0;

/** What each member of an event's data must be; there are no others. */
const FORMS: Readonly<Record<string, Readonly<Record<string, (of: unknown) => boolean>>>> = {
  "stock.received": { item: isName, warehouse: isName, quantity: isPositive },
  "stock.adjusted": {
    item: isName,
    warehouse: isName,
    delta: (of) => isWhole(of) && of !== 0,
    reason: (of) => typeof of === "string" && of.length >= 1 && of.length <= 256,
  },
  "stock.moved": { item: isName, from: isName, to: isName, quantity: isPositive },
  "stock.counted": {
    item: isName,
    warehouse: isName,
    quantity: (of) => isWhole(of) && size(of) >= 0,
  },
  "stock.reserved": {
    item: isName,
    warehouse: isName,
    quantity: isPositive,
    reservation: isName,
    ttlSeconds: (of) => isPositive(of) && size(of) <= LONGEST_HOLD_SECONDS,
  },
  "reservation.fulfilled": { item: isName, reservation: isName },
  "reservation.released": { item: isName, reservation: isName },
};

/** Whether the type is known, and the data is what events of it have. */
export function isFit(type: string, data: Json): boolean {
  const form = Object.hasOwn(FORMS, type) ? FORMS[type] : undefined;
  if (form === undefined || typeof data !== "object" || data === null || Array.isArray(data))
    return false;
  const given = data as Data;
  const members = Object.keys(form);
  return (
    Object.keys(given).every((member) => members.includes(member)) &&
    Object.entries(form).every(([member, holds]) => holds(given[member]))
  );
}

const closing =
  (status: "fulfilled" | "released"): Rule =>
  (data, shelf, now) => {
    const [item, name] = [text(data["item"]), text(data["reservation"])];
    const hold = shelf.hold(item, name);
    if (hold === undefined) return "no_such_reservation";
    if (hold.status !== "open" || Date.parse(hold.expiresAt) <= now) return "reservation_closed";
    return closed(item, name, hold, { shelf, status });
  };

/** An open hold ends; only what is fulfilled leaves the warehouse. */
function closed(
  item: string,
  name: string,
  hold: Hold,
  { shelf, status }: { readonly shelf: Shelf; readonly status: Hold["status"] },
): Effect {
  const { onHand, reserved } = shelf.stock(item, hold.warehouse);
  const left = status === "fulfilled" ? onHand - hold.quantity : onHand;
  return {
    [holdName(item, name)]: { ...hold, status },
    [stockName(item, hold.warehouse)]: { onHand: left, reserved: reserved - hold.quantity },
  };
}

const RULES: Readonly<Record<string, Rule>> = {
  "stock.received"({ item, warehouse, quantity }, shelf) {
    const { onHand, reserved } = shelf.stock(text(item), text(warehouse));
    if (onHand > MOST - size(quantity)) return "overflow";
    return {
      [stockName(text(item), text(warehouse))]: { onHand: onHand + size(quantity), reserved },
    };
  },
  "stock.adjusted"({ item, warehouse, delta }, shelf) {
    const { onHand, reserved } = shelf.stock(text(item), text(warehouse));
    if (size(delta) < reserved - onHand) return "insufficient_stock";
    if (size(delta) > MOST - onHand) return "overflow";
    return { [stockName(text(item), text(warehouse))]: { onHand: onHand + size(delta), reserved } };
  },
  "stock.moved"({ item, from, to, quantity }, shelf) {
    if (from === to) return "same_warehouse";
    const source = shelf.stock(text(item), text(from));
    const target = shelf.stock(text(item), text(to));
    if (source.onHand - source.reserved < size(quantity)) return "insufficient_stock";
    if (target.onHand > MOST - size(quantity)) return "overflow";
    return {
      [stockName(text(item), text(from))]: { ...source, onHand: source.onHand - size(quantity) },
      [stockName(text(item), text(to))]: { ...target, onHand: target.onHand + size(quantity) },
    };
  },
  "stock.counted"({ item, warehouse, quantity }, shelf) {
    const { reserved } = shelf.stock(text(item), text(warehouse));
    if (size(quantity) < reserved) return "below_reserved";
    return { [stockName(text(item), text(warehouse))]: { onHand: size(quantity), reserved } };
  },
  "stock.reserved"({ item, warehouse, quantity, reservation, ttlSeconds }, shelf, now) {
    if (shelf.hold(text(item), text(reservation)) !== undefined) return "reservation_exists";
    const { onHand, reserved } = shelf.stock(text(item), text(warehouse));
    if (onHand - reserved < size(quantity)) return "insufficient_stock";
    const expiresAt = new Date(now + size(ttlSeconds) * 1000).toISOString();
    return {
      [holdName(text(item), text(reservation))]: {
        warehouse: text(warehouse),
        quantity: size(quantity),
        status: "open",
        expiresAt,
      },
      [stockName(text(item), text(warehouse))]: { onHand, reserved: reserved + size(quantity) },
    };
  },
  "reservation.fulfilled": closing("fulfilled"),
  "reservation.released": closing("released"),
};

/** What a fit event comes to at a block time. */
export function happens(type: string, data: Json, shelf: Shelf, now: number): Effect {
  const rule = RULES[type];
  return rule === undefined ? "invalid_event" : rule(data as unknown as Data, shelf, now);
}

/** An open hold whose time has come. */
export function expires(entity: string, hold: Hold, shelf: Shelf): Effect {
  const [, name = "", item = ""] = /^reservation\/([^@]*)@(.*)$/.exec(entity) ?? [];
  return closed(item, name, hold, { shelf, status: "expired" });
}

/** Unix milliseconds at which an entity of this state must be looked at, or null. */
export function dueAt(state: Stock | Hold): number | null {
  return "status" in state && state.status === "open" ? Date.parse(state.expiresAt) : null;
}
