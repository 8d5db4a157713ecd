import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rowsOf } from "../objects/arbiter/adopt.ts";
import { inventory } from "../objects/arbiter/domains/inventory.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { LedgerEvent } from "../objects/shared/types.ts";
import { START } from "../kit/given.ts";
import { sequences } from "./kit/inventory.ts";
import { Bench, outcomesOf, rulesOf, textOf } from "../kit/memory.ts";
import { boxes, put, run, thrown } from "./kit/boxes.ts";

const received = (id: string, quantity = 1, of: Partial<LedgerEvent> = {}) =>
  textOf({ id, type: "stock.received", data: { item: "a", warehouse: "w", quantity }, ...of });
const court = () => new Bench(rulesOf(inventory));

describe("expiries", () => {
  const expiring = (decide: () => never | object, after: readonly string[] = []) =>
    boxes(
      {
        decide: (_, _read, { time }) => ({
          accept: [{ entity: "box/p.1", state: { until: time + 10 } }],
        }),
      },
      {
        expires: (state) => Object(state).until ?? null,
        expiry: { entities: () => after, decide: decide as never },
      },
    );
  const closing = expiring(() => ({ accept: [{ entity: "box/p.1", state: { over: true } }] }));

  test("RunDueExpiry: at its time and not before, ahead of what was submitted, named by entity and time", () => {
    const { bench } = run(closing, put(1));
    expect(bench.block(START + 9).system).toBe(0);
    const evaluation = bench.block(START + 10, put(2));
    expect(evaluation.system).toBe(1);
    expect(outcomesOf(evaluation)).toEqual([
      {
        tenant: "t",
        source: "/",
        id: `box/p.1@${START + 10}`,
        type: "assize.expired",
        status: "accepted",
        changes: [{ entity: "box/p.1", version: 2, state: { over: true } }],
      },
      expect.objectContaining({ status: "accepted", id: "2" }),
    ]);
  });

  test("RunDueExpiry: in order of time, then key; of every tenant", () => {
    const bench = new Bench(rulesOf(inventory));
    const hold = (reservation: string, ttlSeconds: number) => ({
      item: "a",
      warehouse: "w",
      quantity: 1,
      reservation,
      ttlSeconds,
    });
    const reserve = (name: string, ttl: number, tenant: string) =>
      textOf({ id: name, tenant, type: "stock.reserved", data: hold(name, ttl) });
    bench.block(START, received("0", 9), received("0", 9, { tenant: "s" }));
    bench.block(
      START,
      reserve("b", 2, "t"),
      reserve("c", 1, "t"),
      reserve("a", 2, "t"),
      reserve("d", 2, "s"),
    );
    const expired = outcomesOf(bench.block(START + 5000));
    expect(expired.map(({ tenant, id }) => `${tenant} ${id}`)).toEqual([
      `t reservation/c@a@${START + 1000}`,
      `s reservation/d@a@${START + 2000}`,
      `t reservation/a@a@${START + 2000}`,
      `t reservation/b@a@${START + 2000}`,
    ]);
  });

  test("RunDueExpiry: an expiry that leaves its entity due does not come again", () => {
    const still = expiring(() => ({ accept: [{ entity: "box/p.1", state: { until: START } }] }));
    const { bench } = run(still, put(1));
    expect(bench.block(START + 10).system).toBe(1);
    expect(bench.block(START + 11).system).toBe(0);
  });

  test("LapseWithoutEffect: one that fails is due no more, its state kept in a new version", () => {
    const failing: [string, () => never | object, string[]?][] = [
      ["domain_error", () => thrown("fails")],
      ["domain_error", () => ({ accept: [] })],
      ["refused", () => ({ reject: { code: "refused", detail: "not now" } })],
      ["foreign_entity", () => ({ accept: [] }), ["box/q.1"]],
    ];
    for (const [code, decide, after] of failing) {
      const { bench } = run(expiring(decide, after), put(1));
      const evaluation = bench.block(START + 10);
      const change = { entity: "box/p.1", version: 2, state: { until: START + 10 } };
      expect(outcomesOf(evaluation)).toEqual([
        expect.objectContaining({
          status: "accepted",
          reason: expect.objectContaining({ code }),
          changes: [change],
        }),
      ]);
      expect(evaluation.entities).toMatchObject([{ version: 2, expires: null, height: 2 }]);
      expect(bench.block(START + 11).system).toBe(0);
    }
  });

  test("DeferExpiry: at most so many a block, and no more than half its outcomes' bytes", () => {
    const large = "x".repeat(LIMITS.entityBytes - 99);
    const domain = boxes(
      {
        decide: (_, _read, { time }) => ({
          accept: [{ entity: "box/p.1", state: { until: time + 10 } }],
        }),
      },
      {
        expires: (state) => Object(state).until ?? null,
        expiry: {
          entities: () => [],
          decide: (id) => ({ accept: [{ entity: `box/${id}`, state: large }] }),
        },
      },
    );
    const bench = new Bench(rulesOf(domain));
    for (let tenant = 0; tenant < 20; tenant++)
      bench.block(START, put(tenant, { tenant: `t${tenant}` }));
    const { system, fits } = bench.block(START + 10, put(99));
    expect([system, fits]).toEqual([8, 1]);
    expect(bench.block(START + 11).system).toBe(8);
    expect(bench.block(START + 12).system).toBe(4);
  });
});

describe("adoption", () => {
  const block = (height: number, time: number) => ({ court: 0, height, time, domainVersion: 1 });
  const noise = fc.array(
    fc.oneof(
      fc
        .tuple(fc.constantFrom("k1", "k2", "k3"), fc.integer({ min: 1, max: 2 }))
        .map(([id, n]) => received(id, n)),
      fc.constantFrom("", "{}", textOf({ id: "k4", type: "none", data: {} })),
    ),
    { maxLength: 4 },
  );

  test("AdoptCertifiedRows: the same rows that evaluation leaves", () => {
    fc.assert(
      fc.property(sequences, noise, (steps, also) => {
        const bench = court();
        for (const { time, events } of steps) {
          const all = [...events, ...also];
          const { outcomes, entities, keys } = bench.block(time, ...all);
          const rows = rowsOf(block(bench.height, time), all, outcomes, bench.rules);
          expect(rows).toEqual({ entities, keys });
        }
      }),
    );
  });

  test("AdoptCertifiedRows: an expiry that lapsed without effect", () => {
    const domain = boxes(
      {
        decide: (_, _read, { time }) => ({
          accept: [{ entity: "box/p.1", state: { until: time + 10 } }],
        }),
      },
      {
        expires: (state) => Object(state).until ?? null,
        expiry: { entities: () => [], decide: () => thrown("fails") },
      },
    );
    const { bench } = run(domain, put(1));
    const { outcomes, entities, keys } = bench.block(START + 10, put(2));
    const rows = rowsOf(block(2, START + 10), [put(2)], outcomes, bench.rules);
    expect(rows).toEqual({ entities, keys });
  });

  test("RefuseUnfittingOutcomes: of other events, another number, or another shape", () => {
    const bench = court();
    const events = [received("1"), received("2"), received("1", 2), ""];
    const { outcomes } = bench.block(START, ...events);
    const of = (changed: readonly string[], submitted = events) =>
      rowsOf(block(1, START), submitted, changed, bench.rules);
    expect(of(outcomes)).not.toBeNull();
    const [first = "", second = "", third = "", fourth = ""] = outcomes;
    const wrong: (readonly string[])[] = [
      outcomes.slice(1),
      [first, ...outcomes],
      [second, first, third, fourth],
      [first, second, third, first],
      ["{", second, third, fourth],
      ["null", second, third, fourth],
      [first.replace('"accepted"', '"rejected"'), second, third, fourth],
      [first.replace('"version":1', '"version":7'), second, third, fourth],
      [first, second.replace('"version":2', '"version":3'), third, fourth],
      [first, second, third.replace("key_reused", "overflow"), fourth],
      [first.replace('"onHand":1', '"onHand":0.5'), second, third, fourth],
      [first.replace('"changes"', '"chances"'), second, third, fourth],
      [first, second, third, fourth.replace('"rejected"', '"accepted"')],
    ];
    for (const changed of wrong) expect([changed, of(changed)]).toEqual([changed, null]);
  });
});
