/** A submission is checked by the compiler, from the schemas of the domain: `npm run types` fails where an error below is none any more. */
import { expect, expectTypeOf, it } from "vitest";
import type {
  AssizeClient,
  EventsOf,
  InventoryEvents,
  Outcome,
  Submission,
} from "../client/index.ts";
import { inventory } from "../objects/arbiter/domains/inventory.ts";

/** Never called: what it says is said to the compiler. */
export function submissions(client: AssizeClient<InventoryEvents>): Promise<Outcome>[] {
  const stock = { item: "sku-1", warehouse: "w1" };
  return [
    client.submit({ type: "stock.received", data: { ...stock, quantity: 1 } }),
    client.submit({
      type: "stock.moved",
      data: { item: "sku-1", from: "w1", to: "w2", quantity: 1 },
    }),
    client.submit({
      type: "stock.adjusted",
      data: { ...stock, delta: -1, reason: "sale" },
      id: "m-1",
      source: "/tills/1",
    }),
    // @ts-expect-error -- no such type
    client.submit({ type: "stock.mvoed", data: { ...stock, quantity: 1 } }),
    // @ts-expect-error -- of another type
    client.submit({ type: "stock.moved", data: { ...stock, quantity: 1 } }),
    // @ts-expect-error -- a member is missing
    client.submit({ type: "stock.received", data: { item: "sku-1", quantity: 1 } }),
    // @ts-expect-error -- a member of another kind
    client.submit({ type: "stock.received", data: { ...stock, quantity: "1" } }),
    // @ts-expect-error -- a member too many
    client.submit({ type: "stock.received", data: { ...stock, quantity: 1, from: "w2" } }),
    // @ts-expect-error -- no data
    client.submit({ type: "stock.received" }),
    // @ts-expect-error -- an id is a text
    client.submit({ type: "stock.received", data: { ...stock, quantity: 1 }, id: 7 }),
    // @ts-expect-error -- no such attribute
    client.submit({ type: "stock.received", data: { ...stock, quantity: 1 }, datas: {} }),
  ];
}

interface Shop {
  readonly "order.placed": { readonly order: string; readonly total: number };
}

/** With events of one's own, where the server has another domain; and with none given, anything goes. */
export function others(shop: AssizeClient<Shop>, any: AssizeClient): unknown[] {
  return [
    shop.submit({ type: "order.placed", data: { order: "o-1", total: 3 } }),
    // @ts-expect-error -- of another domain
    shop.submit({ type: "stock.received", data: { order: "o-1", total: 3 } }),
    any.submit({ type: "whatever", data: { there: "is" } }),
  ];
}

it("TypedByDomain: every event type of the domain has its data, and no other", () => {
  expectTypeOf<keyof InventoryEvents>().toEqualTypeOf<
    | "stock.received"
    | "stock.adjusted"
    | "stock.moved"
    | "stock.counted"
    | "stock.reserved"
    | "reservation.fulfilled"
    | "reservation.released"
  >();
  expectTypeOf<InventoryEvents["stock.moved"]>().toEqualTypeOf<{
    item: string;
    from: string;
    to: string;
    quantity: number;
  }>();
  expectTypeOf<EventsOf<typeof inventory>>().toEqualTypeOf<InventoryEvents>();
  const sample: { readonly [T in keyof InventoryEvents]: InventoryEvents[T] } = {
    "stock.received": { item: "i", warehouse: "w", quantity: 1 },
    "stock.adjusted": { item: "i", warehouse: "w", delta: 1, reason: "count" },
    "stock.moved": { item: "i", from: "w", to: "v", quantity: 1 },
    "stock.counted": { item: "i", warehouse: "w", quantity: 1 },
    "stock.reserved": { item: "i", warehouse: "w", quantity: 1, reservation: "r", ttlSeconds: 1 },
    "reservation.fulfilled": { item: "i", reservation: "r" },
    "reservation.released": { item: "i", reservation: "r" },
  };
  // What compiles is what the domain's schemas take, and there is no type that the compiler does not know.
  expect(Object.keys(sample)).toEqual(Object.keys(inventory.events));
  for (const [type, data] of Object.entries(sample)) {
    const { schema } = inventory.events[type as keyof InventoryEvents];
    expect([type, schema.safeParse(data).success]).toEqual([type, true]);
  }
  expectTypeOf<Submission<InventoryEvents>["type"]>().toEqualTypeOf<keyof InventoryEvents>();
});
