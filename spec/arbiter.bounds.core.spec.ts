import { describe, expect, test } from "vitest";
import { z } from "zod";
import { withoutAmbient } from "../objects/arbiter/ambient.ts";
import { inventory } from "../objects/arbiter/domains/inventory.ts";
import { evaluateBlock } from "../objects/arbiter/evaluate.ts";
import { canonical } from "../objects/shared/canonical.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { START } from "../kit/given.ts";
import { MemoryState, outcomesOf, rulesOf, textOf } from "../kit/memory.ts";
import { boxes, put, run } from "./kit/boxes.ts";

const received = textOf({
  id: "1",
  type: "stock.received",
  data: { item: "a", warehouse: "w", quantity: 1 },
});

describe("the bounds of domain code", () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `box/p.${index}`);
  const write = (...entities: string[]) => ({
    accept: entities.map((entity) => ({ entity, state: {} })),
  });

  test("RejectTooManyEntities, ChangesWithinBounds: counted without repetition, late ones included", () => {
    const declared = (count: number) => boxes({ entities: () => [...names(count), "box/p.0"] });
    expect(run(declared(LIMITS.entitiesPerEvent), put(1)).codes).toEqual(["accepted"]);
    expect(run(declared(LIMITS.entitiesPerEvent + 1), put(1)).codes).toEqual(["too_many_entities"]);
    const late = boxes({ entitiesAfter: () => names(LIMITS.entitiesPerEvent + 1) });
    expect(run(late, put(1)).codes).toEqual(["too_many_entities"]);
  });

  test("RejectForeignEntity: of another partition, an unknown type or an impossible id", () => {
    for (const entity of ["box/q.1", "crate/p.1", "box/none", "box", ""]) {
      expect(run(boxes({ entities: () => [entity] }), put(1)).codes).toEqual(["foreign_entity"]);
      const late = boxes({ entitiesAfter: () => [entity] });
      expect(run(late, put(1)).codes).toEqual(["foreign_entity"]);
    }
  });

  test("RejectUndeclaredEntity: written, read, or read in secret", () => {
    const reads = (read: (entity: string) => unknown) => read("box/p.2");
    const domains = [
      boxes({ decide: () => write("box/p.2") }),
      boxes({ decide: (_, read) => (reads(read), write("box/p.1")) }),
      boxes({
        decide(_, read) {
          try {
            reads(read);
          } catch {
            return { reject: { code: "fine", detail: "" } };
          }
          return write();
        },
      }),
      boxes({ entitiesAfter: (_, read) => (reads(read), []) }),
      boxes({ invariant: (_, before) => reads(before) === undefined }),
      boxes({ invariant: (_, _before, after) => reads(after) === undefined }),
    ];
    for (const domain of domains) {
      const { codes, evaluation } = run(domain, put(1));
      expect(codes).toEqual(["undeclared_entity"]);
      expect(evaluation.entities).toEqual([]);
    }
  });

  test("RejectDomainError, FailureHasNoText: whatever goes wrong in it, with one detail that no engine wrote", () => {
    const fails = () => {
      throw new Error("secret of the engine");
    };
    const rejecting = (code: unknown, detail: unknown = "") =>
      boxes({ decide: () => ({ reject: { code, detail } }) as never });
    const domains = [
      boxes({ decide: fails }),
      boxes({ entities: fails }),
      boxes({ entitiesAfter: fails }),
      boxes({ partition: fails }),
      boxes({ invariant: fails }),
      boxes({ schema: z.custom<object>(fails) }),
      boxes({}, { partition: fails }),
      boxes({}, { expires: fails }),
      boxes({}, { expires: () => 1.5 }),
      boxes({ decide: () => undefined as never }),
      boxes({ decide: (async () => write("box/p.1")) as never }),
      boxes({ decide: () => ({ accept: [{ entity: "box/p.1", state: 0.5 }] }) }),
      boxes({ decide: () => ({ accept: [{ entity: "box/p.1", state: "\ud800" }] }) }),
      boxes({ decide: () => ({ accept: [{ entity: "box/p.1", state: undefined as never }] }) }),
      boxes({ decide: () => write("box/p.1", "box/p.1") }),
      rejecting("key_reused"),
      rejecting("unable"),
      rejecting("No Code"),
      rejecting(undefined),
      rejecting("fine", null),
      rejecting("fine", "\ud800"),
      rejecting("fine", "x".repeat(LIMITS.reasonBytes + 1)),
    ];
    for (const domain of domains) {
      const { evaluation } = run(domain, put(1));
      const reason = { code: "domain_error", detail: "the domain failed" };
      expect(outcomesOf(evaluation)[0]).toMatchObject({ status: "rejected", reason, changes: [] });
      expect(evaluation.entities).toEqual([]);
    }
  });

  test("RejectDomainError: a failure of the seat's own storage is none, and passes through", () => {
    class Broken extends MemoryState {
      override entityRows(): never {
        throw new Error("row damaged");
      }
    }
    const block = { court: 0, height: 1, time: START, domainVersion: 1 };
    const now = Date.now;
    expect(() => evaluateBlock(block, [received], new Broken(), rulesOf(inventory))).toThrow(
      "row damaged",
    );
    expect(Date.now).toBe(now);
  });

  test("RejectTooLargeEntity: beyond its type's bytes, in UTF-8", () => {
    const stating = (state: string) =>
      boxes({ decide: () => ({ accept: [{ entity: "box/p.1", state }] }) }, { maxBytes: 10 });
    expect(run(stating("x".repeat(8)), put(1)).codes).toEqual(["accepted"]);
    expect(run(stating("x".repeat(9)), put(1)).codes).toEqual(["entity_too_large"]);
    expect(run(stating("é".repeat(5)), put(1)).codes).toEqual(["entity_too_large"]);
  });

  const large = (count: number) =>
    boxes({
      entities: () => names(count),
      decide: () => ({
        accept: names(count).map((entity) => ({
          entity,
          state: "x".repeat(LIMITS.entityBytes - 2),
        })),
      }),
    });

  test("RejectTooLargeOutcome, ChangesWithinBounds: by the bytes of the event's own changes", () => {
    expect(run(large(3), put(1), put(2)).codes).toEqual(["accepted", "accepted"]);
    expect(run(large(4), put(1)).codes).toEqual(["outcome_too_large"]);
  });

  test("CutToFittingOutcomes: a prefix that comes to the same alone", () => {
    const events = Array.from({ length: 9 }, (_, index) => put(index));
    const { evaluation } = run(large(3), ...events);
    expect(evaluation.outcomes).toHaveLength(9);
    expect(evaluation.fits).toBe(5);
    const cut = run(large(3), ...events.slice(0, evaluation.fits)).evaluation;
    expect(cut.outcomes).toEqual(evaluation.outcomes.slice(0, 5));
    expect(cut.fits).toBe(5);
    expect(run(large(3)).evaluation.fits).toBe(0);
  });

  test("RejectFailedInvariant: of an after-state, or between before and after", () => {
    const lost = boxes({ invariant: (_, before, after) => before("box/p.1") === after("box/p.1") });
    expect(run(lost, put(1)).codes).toEqual(["invariant"]);
    const forbidden = boxes({}, { invariant: (state) => canonical(state) !== "{}" });
    const { codes, evaluation } = run(forbidden, put(1));
    expect(codes).toEqual(["invariant"]);
    expect(evaluation.entities).toEqual([]);
  });

  test("CopiesOnly: what a decision does to its states stays with it", () => {
    const domain = boxes({
      decide(_, read) {
        const state = read("box/p.1")?.state;
        if (typeof state === "object") Object.assign(state ?? {}, { spoilt: true });
        return state === undefined ? write("box/p.1") : { reject: { code: "there", detail: "" } };
      },
    });
    const { bench } = run(domain, put(1), put(2), put(3));
    expect(bench.stateOf("box/p.1")).toEqual({});
  });
});

describe("ambient inputs", () => {
  const reaching: readonly (() => unknown)[] = [
    () => Date.now(),
    () => new Date(),
    () => Date.UTC(2020),
    () => Math.random(),
    () => performance.now(),
    () => crypto.randomUUID(),
    () => setTimeout(() => {}, 0),
    () => queueMicrotask(() => {}),
    () => fetch,
    () => Intl.NumberFormat(),
    () => process.hrtime(),
  ];

  test("NoAmbient: no clock, no chance, no outside in any domain function, and all of it back afterwards", () => {
    const before = [Date, Math.random, performance, crypto, fetch, setTimeout, Intl, process];
    for (const reach of reaching) {
      const reached = () => {
        reach();
        return undefined as never;
      };
      const domains = [
        boxes({ decide: reached }),
        boxes({ entities: reached }),
        boxes({ entitiesAfter: reached }),
        boxes({ partition: reached }),
        boxes({ invariant: reached }),
        boxes({ schema: z.custom<object>(reached) }),
        boxes({}, { expires: reached }),
      ];
      for (const domain of domains) expect(run(domain, put(1)).codes).toEqual(["domain_error"]);
    }
    expect([Date, Math.random, performance, crypto, fetch, setTimeout, Intl, process]).toEqual(
      before,
    );
    expect(Date.now()).toBeGreaterThan(0);
  });

  test("NoAmbient: given back after an error too; validation can still tell a date", () => {
    const now = Date.now;
    expect(() =>
      withoutAmbient(() => {
        expect({} instanceof Date).toBe(false);
        throw new Error("stopped");
      }),
    ).toThrow("stopped");
    expect(Date.now).toBe(now);
  });
});
