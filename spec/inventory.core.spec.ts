import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inventory } from "../objects/arbiter/domains/inventory.ts";
import { instantText } from "../objects/arbiter/instant.ts";
import { registryOf } from "../objects/arbiter/registry.ts";
import type { Json } from "../objects/shared/canonical.ts";
import { canonical } from "../objects/shared/canonical.ts";
import { sha256 } from "../objects/shared/node/crypto.ts";
import { GOLDEN_ROOTS, goldenBlocks } from "./kit/golden.ts";
import { sequences, totalsOf } from "./kit/inventory.ts";
import { accepted, given, rejected, START } from "../kit/given.ts";
import type { Happening } from "../kit/given.ts";
import { Bench, outcomesOf, rulesOf, textOf } from "../kit/memory.ts";

const MOST = Number.MAX_SAFE_INTEGER;
const place = { item: "a", warehouse: "w" };
const named = { item: "a", reservation: "r" };
const hold = { ...place, quantity: 2, reservation: "r", ttlSeconds: 60 };
const received = (quantity: number, warehouse = "w") =>
  ["stock.received", { item: "a", warehouse, quantity }] as const;
const reserved = ["stock.reserved", hold] as const;
const stock = (onHand: number, held: number, at = "w") => ({
  [`stock/a@${at}`]: { onHand, reserved: held },
});
const reservation = (status: string, expiresAt = instantText(START + 60_000)) => ({
  "reservation/r@a": { warehouse: "w", quantity: 2, status, expiresAt },
});

/** With an id made of the content: the same twice would be a duplicate. */
const text = (type: string, data: Json) =>
  textOf({ id: sha256(canonical([type, data])), type, data });
const texts = (...happenings: readonly Happening[]) =>
  happenings.map(([type, data]) => text(type, data));

const empty = given(inventory);
const full = given(inventory, received(MOST));
/** Three of five are available. */
const holding = given(inventory, received(5), reserved);

describe("receipts and adjustments", () => {
  test("ReceiveStock: adds to what is on hand, from nothing on", () => {
    const receive = (quantity: number) => ["stock.received", { ...place, quantity }] as const;
    expect(empty.when(...receive(5))).toEqual(accepted(stock(5, 0)));
    expect(holding.when(...receive(MOST - 5))).toEqual(accepted(stock(MOST, 2)));
  });

  test("RejectReceiptOverflow: no count beyond exact integers", () => {
    expect(full.when(...received(1))).toEqual(rejected("overflow"));
    expect(full.when(...received(MOST))).toEqual(rejected("overflow"));
  });

  const adjust = (delta: number) => ["stock.adjusted", { ...place, delta, reason: "any" }] as const;

  test("AdjustStock: by a delta of either sign, down to what is reserved", () => {
    expect(holding.when(...adjust(-3))).toEqual(accepted(stock(2, 2)));
    expect(holding.when(...adjust(1))).toEqual(accepted(stock(6, 2)));
  });

  test("RejectAdjustmentBeyondAvailable: what is reserved stays", () => {
    expect(holding.when(...adjust(-4))).toEqual(rejected("insufficient_stock"));
    expect(empty.when(...adjust(-MOST))).toEqual(rejected("insufficient_stock"));
  });

  test("RejectAdjustmentOverflow: like a receipt", () => {
    expect(full.when(...adjust(1))).toEqual(rejected("overflow"));
    expect(full.when(...adjust(MOST))).toEqual(rejected("overflow"));
  });
});

describe("moves and counts", () => {
  const move = (from: string, to: string, quantity: number) =>
    ["stock.moved", { item: "a", from, to, quantity }] as const;

  test("MoveStock: out of one warehouse and into the other, or neither", () => {
    expect(holding.when(...move("w", "v", 3))).toEqual(
      accepted({ ...stock(3, 0, "v"), ...stock(2, 2) }),
    );
  });

  test("RejectMoveWithinWarehouse: whatever is there", () => {
    expect(empty.when(...move("w", "w", 3))).toEqual(rejected("same_warehouse"));
    expect(holding.when(...move("w", "w", 1))).toEqual(rejected("same_warehouse"));
  });

  test("RejectMoveBeyondAvailable: what is reserved stays", () => {
    expect(holding.when(...move("w", "v", 4))).toEqual(rejected("insufficient_stock"));
    expect(holding.when(...move("v", "w", 1))).toEqual(rejected("insufficient_stock"));
  });

  test("RejectMoveOverflow: nothing leaves for where it cannot be counted", () => {
    const both = given(inventory, received(1), received(MOST, "v"));
    expect(both.when(...move("w", "v", 1))).toEqual(rejected("overflow"));
  });

  const count = (quantity: number) => ["stock.counted", { ...place, quantity }] as const;

  test("CountStock: sets what is on hand, as a version even where nothing differs", () => {
    for (const found of [2, 5, 9]) {
      expect(holding.when(...count(found))).toEqual(accepted(stock(found, 2)));
    }
    expect(empty.when(...count(0))).toEqual(accepted(stock(0, 0)));
  });

  test("RejectCountBelowReserved: what is reserved must be there", () => {
    expect(holding.when(...count(1))).toEqual(rejected("below_reserved"));
  });
});

describe("reservations", () => {
  const fulfil = ["reservation.fulfilled", named] as const;
  const release = ["reservation.released", named] as const;

  test("ReserveStock: holds what is available, until a block time", () => {
    const then = given(inventory, received(5))
      .after(1)
      .when(...reserved);
    const until = instantText(START + 60_001);
    expect(then).toEqual(accepted({ ...reservation("open", until), ...stock(5, 2) }));
  });

  test("RejectUsedReservation: a name is used once for an item, closed or not", () => {
    expect(holding.when(...reserved)).toEqual(rejected("reservation_exists"));
    const closed = given(inventory, received(5), reserved, release);
    expect(closed.when(...reserved)).toEqual(rejected("reservation_exists"));
    const other = given(inventory, received(5), reserved, [
      "stock.received",
      { ...place, item: "b", quantity: 2 },
    ]);
    expect(other.when("stock.reserved", { ...hold, item: "b" })).toHaveProperty("accepted");
  });

  test("RejectReservationBeyondAvailable: what another holds is not there", () => {
    const second = { ...hold, reservation: "s" };
    expect(holding.when("stock.reserved", { ...second, quantity: 3 })).toHaveProperty("accepted");
    expect(holding.when("stock.reserved", { ...second, quantity: 4 })).toEqual(
      rejected("insufficient_stock"),
    );
    expect(empty.when(...reserved)).toEqual(rejected("insufficient_stock"));
  });

  test("FulfilReservation: what was held leaves the warehouse", () => {
    const then = holding.after(59_999).when(...fulfil);
    expect(then).toEqual(accepted({ ...reservation("fulfilled"), ...stock(3, 0) }));
  });

  test("ReleaseReservation: what was held is available again", () => {
    const then = holding.after(59_999).when(...release);
    expect(then).toEqual(accepted({ ...reservation("released"), ...stock(5, 0) }));
  });

  test("RejectUnknownReservation: also one of another item", () => {
    expect(empty.when(...fulfil)).toEqual(rejected("no_such_reservation"));
    const other = { ...named, item: "b" };
    expect(holding.when("reservation.released", other)).toEqual(rejected("no_such_reservation"));
  });

  test("RejectClosedReservation: closed once, closed for good; and at its time in any case", () => {
    for (const closing of [fulfil, release] as const) {
      const closed = given(inventory, received(5), reserved, closing);
      expect(closed.when(...fulfil)).toEqual(rejected("reservation_closed"));
      expect(closed.when(...release)).toEqual(rejected("reservation_closed"));
      expect(holding.after(60_000).when(closing[0], named)).toEqual(rejected("reservation_closed"));
    }
  });

  test("RejectClosedReservation: at its time, although more expiries are due than a block may have", () => {
    const bench = new Bench(rulesOf(inventory));
    const names = Array.from({ length: 300 }, (_, index) => `r${String(index).padStart(3, "0")}`);
    const reservations = names.map((name) => ({ ...hold, quantity: 1, reservation: name }));
    bench.block(START, ...texts(received(999)));
    bench.block(START, ...reservations.map((data) => text("stock.reserved", data)));
    const late = text("reservation.fulfilled", { ...named, reservation: "r299" });
    const evaluation = bench.block(START + 60_000, late);
    expect(evaluation.system).toBe(256);
    expect(outcomesOf(evaluation).at(-1)?.reason?.code).toBe("reservation_closed");
    expect(bench.stateOf("stock/a@w")).toEqual({ onHand: 999, reserved: 44 });
    expect(bench.block(START + 60_001).system).toBe(44);
    expect(bench.stateOf("stock/a@w")).toEqual({ onHand: 999, reserved: 0 });
  });

  test("ExpireReservation: at its time and not before, once, and only while open", () => {
    expect(holding.after(59_999).expiries()).toEqual([]);
    const expired = accepted({ ...reservation("expired"), ...stock(5, 0) });
    expect(holding.after(60_000).expiries()).toEqual([expired]);
    expect(given(inventory, received(5), reserved, release).after(60_000).expiries()).toEqual([]);
    const bench = new Bench(rulesOf(inventory));
    bench.block(START, ...texts(received(5), reserved));
    expect(bench.block(START + 60_000).outcomes).toHaveLength(1);
    expect(bench.block(START + 60_001).outcomes).toHaveLength(0);
  });

  test("ExpireReservation: a later event of the same block sees the stock available again", () => {
    const sale = { ...place, delta: -5, reason: "sale" };
    expect(holding.after(60_000).when("stock.adjusted", sale)).toEqual(accepted(stock(0, 0)));
  });

  test("PartitionIntoCausalGroups: in block order, though only state names the warehouse", () => {
    const codes = (bench: Bench, ...happenings: readonly Happening[]) =>
      outcomesOf(bench.block(START, ...texts(...happenings))).map(({ reason }) => reason?.code);
    const adjust = ["stock.adjusted", { ...place, delta: -1, reason: "sale" }] as const;
    const count = ["stock.counted", { ...place, quantity: 1 }] as const;
    const over = ["stock.adjusted", { ...place, delta: -2, reason: "sale" }] as const;
    const before = new Bench(rulesOf(inventory));
    codes(before, received(5), reserved);
    expect(codes(before, adjust, fulfil, count)).toEqual([undefined, undefined, undefined]);
    expect(before.stateOf("stock/a@w")).toEqual({ onHand: 1, reserved: 0 });
    const within = new Bench(rulesOf(inventory));
    expect(codes(within, received(3), reserved, fulfil, over)).toEqual([
      undefined,
      undefined,
      undefined,
      "insufficient_stock",
    ]);
  });
});

describe("data", () => {
  const { validate, entity } = registryOf([inventory]);
  const pointers = (type: string, data: unknown) => {
    const validation = validate(type, data);
    return validation.ok ? [] : validation.errors.map(({ pointer }) => pointer);
  };

  test("RefuseUnfitData: every fault of an event's data has its pointer", () => {
    const good = { item: "a", warehouse: "w", quantity: 1 };
    expect(pointers("stock.received", good)).toEqual([]);
    expect(pointers("stock.received", { ...good, quantity: 0 })).toEqual(["/data/quantity"]);
    expect(pointers("stock.received", { ...good, quantity: 1.5 })).toEqual(["/data/quantity"]);
    expect(pointers("stock.received", { ...good, quantity: 2 ** 53 })).toEqual(["/data/quantity"]);
    expect(pointers("stock.received", { ...good, quantity: "1" })).toEqual(["/data/quantity"]);
    expect(pointers("stock.received", { ...good, item: "a/b", "x/y~": 1 })).toEqual([
      "/data/item",
      "/data/x~1y~0",
    ]);
    expect(pointers("stock.received", { item: "a" })).toEqual([
      "/data/warehouse",
      "/data/quantity",
    ]);
    expect(pointers("stock.received", JSON.parse('{"__proto__":{"item":"a"}}'))).toContain(
      "/data/item",
    );
    expect(pointers("stock.received", null)).toEqual(["/data"]);
    expect(pointers("stock.counted", { ...good, quantity: 0 })).toEqual([]);
    expect(pointers("stock.counted", { ...good, quantity: -1 })).toEqual(["/data/quantity"]);
    expect(pointers("stock.adjusted", { ...place, delta: 0, reason: "x" })).toEqual([
      "/data/delta",
    ]);
    expect(pointers("stock.adjusted", { ...place, delta: 1 })).toEqual(["/data/reason"]);
    expect(pointers("stock.adjusted", { ...place, delta: 1, reason: "\ud800" })).toEqual([
      "/data/reason",
    ]);
    expect(pointers("stock.reserved", { ...hold, ttlSeconds: 0 })).toEqual(["/data/ttlSeconds"]);
    const tooLong = 30 * 24 * 3600 + 1;
    expect(pointers("stock.reserved", { ...hold, ttlSeconds: tooLong })).toEqual([
      "/data/ttlSeconds",
    ]);
    expect(pointers("reservation.released", { ...named, quantity: 1 })).toEqual(["/data/quantity"]);
  });

  test("OnePartition: an event and all its entities belong to its item", () => {
    expect(validate("stock.received", { ...place, quantity: 1 })).toMatchObject({ partition: "a" });
    expect(entity("stock/a@w")?.partition).toBe("a");
    expect(entity("reservation/r@a")?.partition).toBe("a");
    for (const none of ["stock/a", "stock/a@b@c", "stock/a b@w", "shelf/a@w", "stock", ""]) {
      expect(entity(none)).toBeUndefined();
    }
  });

  test("instants: the same texts as the platform's own, and back", () => {
    const instant = fc.integer({ min: 0, max: Date.parse("9999-12-31T23:59:59.999Z") });
    fc.assert(
      fc.property(instant, (ms) => {
        expect(instantText(ms)).toBe(new Date(ms).toISOString());
      }),
    );
  });
});

describe("any sequence of events", () => {
  test("an independent model comes to the same totals", () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const bench = new Bench(rulesOf(inventory));
        for (const { time, events } of steps) bench.block(time, ...events);
        const states = [...bench.state.entities.values()]
          .filter(({ key }) => key.startsWith("t/stock/"))
          .map(({ key, state }) => [key.slice("t/stock/".length), JSON.parse(state)] as const);
        expect(Object.fromEntries(states)).toEqual(totalsOf(steps));
      }),
    );
  });

  test("Deterministic: the same blocks come to the same bytes", () => {
    expect(goldenBlocks().map(({ root }) => root)).toEqual(GOLDEN_ROOTS);
  });
});
