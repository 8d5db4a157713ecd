/**
 * Stock of items in warehouses, and reservations of it that expire by block time.
 *
 * `stock/{item}@{warehouse}` is `{ onHand, reserved }`; available = onHand − reserved, never below 0. A count sets `onHand`;
 * the difference it found is that to the version before, which the history shows.
 * `reservation/{reservation}@{item}` is `{ warehouse, quantity, status, expiresAt }`; a name is used once for an item.
 */
import { z } from "zod";
import { assert } from "../../shared/assert.ts";
import type { Json } from "../../shared/canonical.ts";
import { eventType } from "../domain.ts";
import type { Decision, Domain, Entities, EntityType } from "../domain.ts";
import { instantOf, instantText } from "../instant.ts";

const name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const quantity = z.int().min(1);
const place = { item: name, warehouse: name };
const MAX_TTL_SECONDS = 30 * 24 * 3600;
const MAX_REASON = 256;

const stockState = z.strictObject({ onHand: z.int().min(0), reserved: z.int().min(0) });
type Stock = z.infer<typeof stockState>;

const reservationState = z.strictObject({
  warehouse: name,
  quantity,
  status: z.enum(["open", "fulfilled", "released", "expired"]),
  expiresAt: z.string().refine((text) => instantOf(text) !== null),
});
type Reservation = z.infer<typeof reservationState>;

interface Place {
  readonly item: string;
  readonly warehouse: string;
}

interface Named {
  readonly item: string;
  readonly reservation: string;
}

const stockOf = ({ item, warehouse }: Place): string => `stock/${item}@${warehouse}`;
const reservationOf = ({ item, reservation }: Named): string =>
  `reservation/${reservation}@${item}`;

function stockAt(entities: Entities, entity: string): Stock {
  const view = entities(entity);
  return view === undefined ? { onHand: 0, reserved: 0 } : stockState.parse(view.state);
}

function reservationAt(entities: Entities, entity: string): Reservation | undefined {
  const view = entities(entity);
  return view === undefined ? undefined : reservationState.parse(view.state);
}

function rejection(code: string, detail: string): Decision {
  return { reject: { code, detail } };
}

function insufficient(
  { onHand, reserved }: Stock,
  { item, warehouse }: Place,
  asked: number,
): Decision {
  return rejection(
    "insufficient_stock",
    `${onHand - reserved} of ${item} available at ${warehouse}, ${asked} asked`,
  );
}

function overflow({ item, warehouse }: Place): Decision {
  return rejection("overflow", `more of ${item} at ${warehouse} than can be counted exactly`);
}

/** Whether the stock on hand at the places grew by exactly this much in all. */
function grewBy(
  places: readonly Place[],
  growth: number,
  before: Entities,
  after: Entities,
): boolean {
  const grown = places
    .map(stockOf)
    .map((entity) => stockAt(after, entity).onHand - stockAt(before, entity).onHand);
  return grown.reduce((sum, each) => sum + each, 0) === growth;
}

// Rules: ReceiveStock, RejectReceiptOverflow.
const received = eventType({
  schema: z.strictObject({ ...place, quantity }),
  partition: (data) => data.item,
  entities: (data) => [stockOf(data)],
  decide(data, entities) {
    const { onHand, reserved } = stockAt(entities, stockOf(data));
    const sum = onHand + data.quantity;
    if (!Number.isSafeInteger(sum)) return overflow(data);
    return { accept: [{ entity: stockOf(data), state: { onHand: sum, reserved } }] };
  },
  invariant: (data, before, after) => grewBy([data], data.quantity, before, after),
});

// Rules: AdjustStock, RejectAdjustmentBeyondAvailable, RejectAdjustmentOverflow.
const adjusted = eventType({
  schema: z.strictObject({
    ...place,
    delta: z.int().refine((delta) => delta !== 0, "must not be 0"),
    reason: z.string().min(1).max(MAX_REASON),
  }),
  partition: (data) => data.item,
  entities: (data) => [stockOf(data)],
  decide(data, entities) {
    const stock = stockAt(entities, stockOf(data));
    const sum = stock.onHand + data.delta;
    if (sum < stock.reserved) return insufficient(stock, data, -data.delta);
    if (!Number.isSafeInteger(sum)) return overflow(data);
    return {
      accept: [{ entity: stockOf(data), state: { onHand: sum, reserved: stock.reserved } }],
    };
  },
  invariant: (data, before, after) => grewBy([data], data.delta, before, after),
});

/** Both ends of a move. */
function endsOf(data: {
  readonly item: string;
  readonly from: string;
  readonly to: string;
}): [Place, Place] {
  const { item, from, to } = data;
  return [
    { item, warehouse: from },
    { item, warehouse: to },
  ];
}

// Rules: MoveStock, RejectMoveWithinWarehouse, RejectMoveBeyondAvailable, RejectMoveOverflow.
const moved = eventType({
  schema: z.strictObject({ item: name, from: name, to: name, quantity }),
  partition: (data) => data.item,
  entities: (data) => endsOf(data).map(stockOf),
  decide(data, entities) {
    const [from, to] = endsOf(data);
    if (data.from === data.to)
      return rejection("same_warehouse", `${data.item} is at ${data.to} already`);
    const source = stockAt(entities, stockOf(from));
    const target = stockAt(entities, stockOf(to));
    if (source.onHand - source.reserved < data.quantity)
      return insufficient(source, from, data.quantity);
    const sum = target.onHand + data.quantity;
    if (!Number.isSafeInteger(sum)) return overflow(to);
    return {
      accept: [
        { entity: stockOf(from), state: { ...source, onHand: source.onHand - data.quantity } },
        { entity: stockOf(to), state: { ...target, onHand: sum } },
      ],
    };
  },
  invariant: (data, before, after) => grewBy(endsOf(data), 0, before, after),
});

// Rules: CountStock, RejectCountBelowReserved.
const counted = eventType({
  schema: z.strictObject({ ...place, quantity: z.int().min(0) }),
  partition: (data) => data.item,
  entities: (data) => [stockOf(data)],
  decide(data, entities) {
    const { reserved } = stockAt(entities, stockOf(data));
    if (data.quantity < reserved) {
      return rejection(
        "below_reserved",
        `${reserved} of ${data.item} are reserved at ${data.warehouse}`,
      );
    }
    return { accept: [{ entity: stockOf(data), state: { onHand: data.quantity, reserved } }] };
  },
});

// Rules: ReserveStock, RejectUsedReservation, RejectReservationBeyondAvailable.
const reserved = eventType({
  schema: z.strictObject({
    ...place,
    quantity,
    reservation: name,
    ttlSeconds: z.int().min(1).max(MAX_TTL_SECONDS),
  }),
  partition: (data) => data.item,
  entities: (data) => [reservationOf(data), stockOf(data)],
  decide(data, entities, { time }) {
    if (entities(reservationOf(data)) !== undefined) {
      return rejection("reservation_exists", `${data.reservation} has been used for ${data.item}`);
    }
    const stock = stockAt(entities, stockOf(data));
    if (stock.onHand - stock.reserved < data.quantity)
      return insufficient(stock, data, data.quantity);
    const reservation: Reservation = {
      warehouse: data.warehouse,
      quantity: data.quantity,
      status: "open",
      expiresAt: instantText(time + data.ttlSeconds * 1000),
    };
    return {
      accept: [
        { entity: reservationOf(data), state: reservation },
        { entity: stockOf(data), state: { ...stock, reserved: stock.reserved + data.quantity } },
      ],
    };
  },
  invariant: (data, before, after) => grewBy([data], 0, before, after),
});

/** The stock that a reservation holds: only its state names the warehouse. */
function heldStock(named: Named, entities: Entities): readonly string[] {
  const held = reservationAt(entities, reservationOf(named));
  return held === undefined ? [] : [stockOf({ item: named.item, warehouse: held.warehouse })];
}

/** Ends a reservation; `taken` leaves the warehouse, otherwise the quantity becomes available again. */
function ended(
  named: Named,
  entities: Entities,
  { status, taken }: { readonly status: Reservation["status"]; readonly taken: boolean },
): Decision {
  const held = reservationAt(entities, reservationOf(named));
  assert(held !== undefined, "what ends exists");
  const stockEntity = stockOf({ item: named.item, warehouse: held.warehouse });
  const { onHand, reserved: before } = stockAt(entities, stockEntity);
  const after = {
    onHand: onHand - (taken ? held.quantity : 0),
    reserved: before - held.quantity,
  };
  return {
    accept: [
      { entity: reservationOf(named), state: { ...held, status } },
      { entity: stockEntity, state: after },
    ],
  };
}

// Rules: FulfilReservation, ReleaseReservation, RejectUnknownReservation, RejectClosedReservation.
function closing(status: "fulfilled" | "released", taken: boolean) {
  return eventType({
    schema: z.strictObject({ reservation: name, item: name }),
    partition: (data) => data.item,
    entities: (data) => [reservationOf(data)],
    entitiesAfter: heldStock,
    decide(data, entities, { time }) {
      const reservation = reservationAt(entities, reservationOf(data));
      if (reservation === undefined) {
        return rejection(
          "no_such_reservation",
          `${data.reservation} is no reservation of ${data.item}`,
        );
      }
      // At its time it is closed, whether or not its expiry has had its turn.
      const over = reservation.status === "open" && instantText(time) >= reservation.expiresAt;
      if (over || reservation.status !== "open") {
        return rejection(
          "reservation_closed",
          `${data.reservation} is ${over ? "expired" : reservation.status}`,
        );
      }
      return ended(data, entities, { status, taken });
    },
    invariant(data, before, after) {
      const closed = reservationAt(before, reservationOf(data));
      if (closed === undefined) return false;
      const held = { item: data.item, warehouse: closed.warehouse };
      return grewBy([held], taken ? -closed.quantity : 0, before, after);
    },
  });
}

const AT = /^([A-Za-z0-9._-]{1,64})@([A-Za-z0-9._-]{1,64})$/;

const stock: EntityType = {
  maxBytes: 64,
  partition: (id) => AT.exec(id)?.[1] ?? null,
  invariant(state: Json) {
    const parsed = stockState.safeParse(state);
    return parsed.success && parsed.data.reserved <= parsed.data.onHand;
  },
};

function namedBy(id: string): Named {
  const [, reservation = "", item = ""] = AT.exec(id) ?? [];
  return { reservation, item };
}

// Rule: ExpireReservation.
const reservation: EntityType = {
  maxBytes: 256,
  partition: (id) => AT.exec(id)?.[2] ?? null,
  invariant: (state) => reservationState.safeParse(state).success,
  expires(state) {
    const { status, expiresAt } = reservationState.parse(state);
    return status === "open" ? instantOf(expiresAt) : null;
  },
  expiry: {
    entities: () => [],
    entitiesAfter: (id, entities) => heldStock(namedBy(id), entities),
    decide: (id, entities) => ended(namedBy(id), entities, { status: "expired", taken: false }),
  },
};

export const inventory = {
  name: "inventory",
  events: {
    "stock.received": received,
    "stock.adjusted": adjusted,
    "stock.moved": moved,
    "stock.counted": counted,
    "stock.reserved": reserved,
    "reservation.fulfilled": closing("fulfilled", true),
    "reservation.released": closing("released", false),
  },
  entities: { stock, reservation },
} satisfies Domain;
