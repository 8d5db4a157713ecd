import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inventory } from "../objects/arbiter/domains/inventory.ts";
import { instantText } from "../objects/arbiter/instant.ts";
import { registryOf } from "../objects/arbiter/registry.ts";
import { sequences, splitInto, totalsOf } from "./kit/inventory.ts";
import type { Step } from "./kit/inventory.ts";
import { given, START } from "./kit/given.ts";
import { Bench, outcomesOf, rulesOf, textOf } from "./kit/memory.ts";

const MOST = Number.MAX_SAFE_INTEGER;
const received = (quantity: number, warehouse = "w") => ({
  "stock.received": { item: "a", warehouse, quantity },
});
const reserved = (quantity: number, ttlSeconds = 60) => ({
  "stock.reserved": { item: "a", warehouse: "w", quantity, reservation: "r", ttlSeconds },
});
const held = (status: string, quantity = 2) => ({
  warehouse: "w",
  quantity,
  status,
  expiresAt: instantText(START + 60_000),
});
const place = { item: "a", warehouse: "w" };
const named = { item: "a", reservation: "r" };

describe("receipts and adjustments", () => {
  test("ReceiveStock: adds to what is on hand, from nothing on", () => {
    const first = given(inventory).when("stock.received", { ...place, quantity: 5 });
    first.accepts({ "stock/a@w": { onHand: 5, reserved: 0 } });
    given(inventory, received(5), reserved(2))
      .when("stock.received", { ...place, quantity: MOST - 5 })
      .accepts({ "stock/a@w": { onHand: MOST, reserved: 2 } });
  });

  test("RejectReceiptOverflow: no count beyond exact integers", () => {
    const full = given(inventory, received(MOST));
    const then = full.when("stock.received", { ...place, quantity: 1 });
    then.rejects("overflow");
    expect(then.state("stock/a@w")).toEqual({ onHand: MOST, reserved: 0 });
  });

  test("AdjustStock: by a delta of either sign, down to what is reserved", () => {
    const stocked = given(inventory, received(5), reserved(2));
    stocked
      .when("stock.adjusted", { ...place, delta: -3, reason: "sale" })
      .accepts({ "stock/a@w": { onHand: 2, reserved: 2 } });
    stocked
      .when("stock.adjusted", { ...place, delta: 1, reason: "return" })
      .accepts({ "stock/a@w": { onHand: 6, reserved: 2 } });
  });

  test("RejectAdjustmentBeyondAvailable: what is reserved stays", () => {
    const stocked = given(inventory, received(5), reserved(2));
    stocked
      .when("stock.adjusted", { ...place, delta: -4, reason: "sale" })
      .rejects("insufficient_stock");
    given(inventory)
      .when("stock.adjusted", { ...place, delta: -MOST, reason: "sale" })
      .rejects("insufficient_stock");
  });

  test("RejectAdjustmentOverflow", () => {
    given(inventory, received(MOST))
      .when("stock.adjusted", { ...place, delta: MOST, reason: "found" })
      .rejects("overflow");
  });
});

describe("moves and counts", () => {
  const move = (from: string, to: string, quantity: number) => ({ item: "a", from, to, quantity });

  test("MoveStock: out of one warehouse and into the other, or neither", () => {
    given(inventory, received(5), reserved(2))
      .when("stock.moved", move("w", "v", 3))
      .accepts({
        "stock/a@v": { onHand: 3, reserved: 0 },
        "stock/a@w": { onHand: 2, reserved: 2 },
      });
  });

  test("RejectMoveWithinWarehouse: whatever is there", () => {
    const then = given(inventory).when("stock.moved", move("w", "w", 3));
    then.rejects("same_warehouse");
    expect(then.state("stock/a@w")).toBeUndefined();
  });

  test("RejectMoveBeyondAvailable", () => {
    const stocked = given(inventory, received(5), reserved(2));
    stocked.when("stock.moved", move("w", "v", 4)).rejects("insufficient_stock");
    stocked.when("stock.moved", move("v", "w", 1)).rejects("insufficient_stock");
  });

  test("RejectMoveOverflow", () => {
    given(inventory, received(1), received(MOST, "v"))
      .when("stock.moved", move("w", "v", 1))
      .rejects("overflow");
  });

  test("CountStock: sets what is on hand, as a version even where nothing differs", () => {
    const stocked = given(inventory, received(5), reserved(2));
    for (const quantity of [2, 5, 9]) {
      stocked
        .when("stock.counted", { ...place, quantity })
        .accepts({ "stock/a@w": { onHand: quantity, reserved: 2 } });
    }
    given(inventory)
      .when("stock.counted", { ...place, quantity: 0 })
      .accepts({ "stock/a@w": { onHand: 0, reserved: 0 } });
  });

  test("RejectCountBelowReserved", () => {
    given(inventory, received(5), reserved(2))
      .when("stock.counted", { ...place, quantity: 1 })
      .rejects("below_reserved");
  });
});

describe("reservations", () => {
  const data = reserved(2)["stock.reserved"];
  const holding = given(inventory, received(5), reserved(2));

  test("ReserveStock: holds what is available, until a block time", () => {
    const then = given(inventory, received(5)).after(1).when("stock.reserved", data);
    then.accepts({
      "reservation/r@a": { ...held("open"), expiresAt: instantText(START + 60_001) },
      "stock/a@w": { onHand: 5, reserved: 2 },
    });
  });

  test("RejectUsedReservation: a name is used once for an item, closed or not", () => {
    holding.when("stock.reserved", data).rejects("reservation_exists");
    given(inventory, received(5), reserved(2), { "reservation.released": named })
      .when("stock.reserved", data)
      .rejects("reservation_exists");
    holding.when("stock.reserved", { ...data, item: "b" }).rejects("insufficient_stock");
  });

  test("RejectReservationBeyondAvailable", () => {
    holding
      .when("stock.reserved", { ...data, reservation: "s", quantity: 4 })
      .rejects("insufficient_stock");
    given(inventory).when("stock.reserved", data).rejects("insufficient_stock");
  });

  test("FulfilReservation: what was held leaves the warehouse", () => {
    holding
      .after(59_999)
      .when("reservation.fulfilled", named)
      .accepts({
        "reservation/r@a": held("fulfilled"),
        "stock/a@w": { onHand: 3, reserved: 0 },
      });
  });

  test("ReleaseReservation: what was held is available again", () => {
    holding.when("reservation.released", named).accepts({
      "reservation/r@a": held("released"),
      "stock/a@w": { onHand: 5, reserved: 0 },
    });
  });

  test("RejectUnknownReservation: also one of another item", () => {
    given(inventory).when("reservation.fulfilled", named).rejects("no_such_reservation");
    const other = { ...named, item: "b" };
    holding.when("reservation.released", other).rejects("no_such_reservation");
  });

  test("RejectClosedReservation: closed once, closed for good; and at its time in any case", () => {
    for (const closing of ["reservation.fulfilled", "reservation.released"]) {
      const closed = given(inventory, received(5), reserved(2), { [closing]: named });
      closed.when("reservation.fulfilled", named).rejects("reservation_closed");
      closed.when("reservation.released", named).rejects("reservation_closed");
      holding.after(60_000).when(closing, named).rejects("reservation_closed");
    }
  });

  test("RejectClosedReservation: at its time, although more expiries are due than a block may have", () => {
    const bench = new Bench(rulesOf(inventory));
    bench.block(
      START,
      textOf({ id: "0", type: "stock.received", data: { ...place, quantity: 999 } }),
    );
    const names = Array.from({ length: 300 }, (_, index) => `r${String(index).padStart(3, "0")}`);
    const reserve = (reservation: string) =>
      textOf({
        id: reservation,
        type: "stock.reserved",
        data: { ...data, quantity: 1, reservation },
      });
    bench.block(START, ...names.map(reserve));
    const late = { ...named, reservation: "r299" };
    const fulfil = textOf({ id: "late", type: "reservation.fulfilled", data: late });
    const evaluation = bench.block(START + 60_000, fulfil);
    expect(evaluation.system).toBe(256);
    expect(outcomesOf(evaluation).at(-1)?.reason?.code).toBe("reservation_closed");
    expect(bench.stateOf("stock/a@w")).toEqual({ onHand: 999, reserved: 44 });
    expect(bench.block(START + 60_001).system).toBe(44);
    expect(bench.stateOf("stock/a@w")).toEqual({ onHand: 999, reserved: 0 });
  });

  test("ExpireReservation: at its time and not before, once, and only while open", () => {
    holding.after(59_999).expires();
    holding.after(60_000).expires({
      "reservation/r@a": held("expired"),
      "stock/a@w": { onHand: 5, reserved: 0 },
    });
    const bench = new Bench(rulesOf(inventory));
    const event = (id: string, type: string, of: object) => textOf({ id, type, data: { ...of } });
    bench.block(START, event("0", "stock.received", { ...place, quantity: 5 }));
    bench.block(START, event("1", "stock.reserved", data));
    expect(bench.block(START + 60_000).outcomes).toHaveLength(1);
    expect(bench.block(START + 60_001).outcomes).toHaveLength(0);
    given(inventory, received(5), reserved(2), { "reservation.released": named })
      .after(60_000)
      .expires();
  });

  test("ExpireReservation: a later event of the same block sees the stock available again", () => {
    holding
      .after(60_000)
      .when("stock.adjusted", { ...place, delta: -5, reason: "sale" })
      .accepts({ "stock/a@w": { onHand: 0, reserved: 0 } });
  });

  test("PartitionIntoCausalGroups: reserved and fulfilled in one block, though only state names the warehouse", () => {
    const bench = new Bench(rulesOf(inventory));
    const event = (id: string, type: string, of: object) => textOf({ id, type, data: { ...of } });
    const evaluation = bench.block(
      START,
      event("0", "stock.received", { ...place, quantity: 5 }),
      event("1", "stock.reserved", data),
      event("2", "reservation.fulfilled", named),
      event("3", "stock.adjusted", { ...place, delta: -4, reason: "sale" }),
    );
    expect(outcomesOf(evaluation).map(({ reason }) => reason?.code)).toEqual([
      undefined,
      undefined,
      undefined,
      "insufficient_stock",
    ]);
    expect(bench.stateOf("stock/a@w")).toEqual({ onHand: 3, reserved: 0 });
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
    const hold = reserved(1)["stock.reserved"];
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
  /** Each step in as many blocks as the cuts make of it, all at the step's time. */
  const run = (steps: readonly Step[], cuts: readonly number[] = []) => {
    const bench = new Bench(rulesOf(inventory));
    const outcomes = steps.flatMap(({ time, events }) =>
      splitInto(events, cuts).flatMap((part) => outcomesOf(bench.block(time, ...part))),
    );
    return { bench, outcomes };
  };

  test("AvailableNeverNegative, ReservedNeverNegative, ReservedIsSumOfOpen", () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const { bench } = run(steps);
        const open = new Map<string, number>();
        const rows = [...bench.state.entities.values()];
        for (const { key, state } of rows.filter((row) => row.key.startsWith("t/reservation/"))) {
          const { warehouse, quantity, status } = JSON.parse(state);
          const stock = `t/stock/${key.slice(key.indexOf("@") + 1)}@${warehouse}`;
          if (status === "open") open.set(stock, (open.get(stock) ?? 0) + quantity);
        }
        for (const { key, state } of rows.filter((row) => row.key.startsWith("t/stock/"))) {
          const stock = JSON.parse(state);
          expect(stock.reserved).toBe(open.get(key) ?? 0);
          expect(stock.onHand).toBeGreaterThanOrEqual(stock.reserved);
        }
      }),
    );
  });

  test("an independent model comes to the same totals", () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const { bench } = run(steps);
        const states = [...bench.state.entities.values()]
          .filter(({ key }) => key.startsWith("t/stock/"))
          .map(({ key, state }) => [key.slice("t/stock/".length), JSON.parse(state)] as const);
        expect(Object.fromEntries(states)).toEqual(totalsOf(steps));
      }),
    );
  });

  test("BatchBoundariesIrrelevant: blocks at the same times come to the same", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 });
    fc.assert(
      fc.property(sequences, cuts, (steps, at) => {
        const whole = run(steps);
        const split = run(steps, at);
        const bare = ({ first: _, ...outcome }: (typeof whole.outcomes)[number]) => outcome;
        expect(split.outcomes.map(bare)).toEqual(whole.outcomes.map(bare));
        const states = ({ bench }: typeof whole) =>
          [...bench.state.entities.values()].map(({ height: _, ...row }) => row);
        expect(states(split)).toEqual(states(whole));
      }),
    );
  });

  test("GroupOrderIrrelevant: events of different items may change places", () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const byItem = steps.map(({ time, events }) => ({
          time,
          events: events.toSorted((a, b) => itemOf(a).localeCompare(itemOf(b))),
        }));
        const outcomes = (of: readonly Step[]) =>
          run(of)
            .outcomes.map(({ first: _, ...outcome }) => JSON.stringify(outcome))
            .toSorted();
        expect(outcomes(byItem)).toEqual(outcomes(steps));
      }),
    );
  });

  test("Deterministic: the same blocks come to the same bytes", () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const roots = () => {
          const bench = new Bench(rulesOf(inventory));
          return steps.map(({ time, events }) => bench.block(time, ...events));
        };
        expect(roots()).toEqual(roots());
      }),
    );
  });
});

const itemOf = (event: string): string => JSON.parse(event).data.item;
