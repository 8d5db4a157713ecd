import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { inventory } from "../objects/arbiter/domains/inventory.ts";
import { chosen, SHIPPED } from "../objects/arbiter/domains/shipped.ts";
import { rowsOf } from "../objects/arbiter/adopt.ts";
import { causalGroups } from "../objects/arbiter/groups.ts";
import { registryOf } from "../objects/arbiter/registry.ts";
import { canonical } from "../objects/shared/canonical.ts";
import { deploymentOf } from "../objects/shared/config.ts";
import { fingerprintOf, keyDigest, leafDigest, merkleRoot } from "../objects/shared/digests.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { LedgerEvent } from "../objects/shared/types.ts";
import { START } from "../kit/given.ts";
import { sequences } from "./kit/inventory.ts";
import { Bench, outcomesOf, RETENTION_MS, rulesOf, textOf } from "../kit/memory.ts";
import { boxes, put, run } from "./kit/boxes.ts";

const received = (id: string, quantity = 1, of: Partial<LedgerEvent> = {}) =>
  textOf({ id, type: "stock.received", data: { item: "a", warehouse: "w", quantity }, ...of });
const court = () => new Bench(rulesOf(inventory));
const codesOf = (evaluation: { outcomes: readonly string[] }) =>
  evaluation.outcomes.map((text) => JSON.parse(text).reason?.code ?? JSON.parse(text).status);

describe("an event that the court cannot decide", () => {
  test.each(["nondeterministic", "unable"] as const)(
    "RejectCondemnedEvent: %s, without any domain code, and its key is used up",
    (code) => {
      const never = (): never => {
        throw new Error("domain code ran");
      };
      const schema = z.custom<object>(never);
      const bench = new Bench(rulesOf(boxes({ schema, partition: never, decide: never })));
      const condemned = bench.condemn(START, code, put(1));
      expect(codesOf(condemned)).toEqual([code]);
      expect(condemned.entities).toEqual([]);
      expect(condemned.keys).toHaveLength(1);
      expect(codesOf(bench.block(START + 1, put(1)))).toEqual(["duplicate"]);
      const block = { court: 0, height: 1, time: START, domainVersion: 1, condemned: code };
      const { entities, keys, outcomes } = condemned;
      expect(rowsOf(block, [put(1)], outcomes, bench.rules)).toEqual({ entities, keys });
      const other = outcomes.map((text) => text.replace(code, "overflow"));
      expect(rowsOf(block, [put(1)], other, bench.rules)).toBeNull();
    },
  );

  test("RejectCondemnedEvent: what is settled without the domain is settled so", () => {
    const bench = court();
    bench.block(START, received("1"));
    expect(codesOf(bench.condemn(START + 1, "unable", received("1")))).toEqual(["duplicate"]);
    expect(codesOf(bench.condemn(START + 2, "unable", received("1", 2)))).toEqual(["key_reused"]);
    expect(codesOf(bench.condemn(START + 3, "unable", "nonsense"))).toEqual(["invalid_event"]);
  });

  test("RejectCondemnedEvent: expiries come first, as always", () => {
    const bench = court();
    const hold = { item: "a", warehouse: "w", quantity: 1, reservation: "r", ttlSeconds: 60 };
    bench.block(START, received("1"), textOf({ id: "2", type: "stock.reserved", data: hold }));
    const late = bench.condemn(START + 60_000, "nondeterministic", received("3"));
    expect(outcomesOf(late).map(({ type }) => type)).toEqual(["assize.expired", "stock.received"]);
    expect(late.system).toBe(1);
  });
});

describe("at the door", () => {
  const { validate } = registryOf([inventory]);

  test("RefuseUnknownType: with the type's own pointer, whatever the type is called", () => {
    for (const type of ["stock.lost", "assize.expired", "constructor", "__proto__"]) {
      const errors = [{ pointer: "/type", detail: "not a known event type" }];
      expect(validate(type, {})).toEqual({ ok: false, errors });
    }
  });

  test("RefuseUnknownType: of a domain that the deployment did not choose", () => {
    const known = (DOMAINS: string, type: string) => {
      const { domains } = deploymentOf({ GENERATION: "g", DOMAINS });
      const judged = registryOf(chosen(domains)).validate(type, {});
      return judged.ok || judged.errors[0]?.pointer !== "/type";
    };
    const names = SHIPPED.map(({ name }) => name);
    for (const { name, events } of SHIPPED)
      for (const type of Object.keys(events)) {
        expect(known(name, type)).toBe(true);
        expect(known(names.join(", "), type)).toBe(true);
        for (const other of names) expect(known(other, type)).toBe(other === name);
      }
    expect(deploymentOf({ GENERATION: "g", DOMAINS: "b, a,b" }).domains).toEqual(["a", "b"]);
    expect(() => chosen(["inventory", "tides"])).toThrow(/tides is none/);
    for (const DOMAINS of ["", "a,", "a b", "../a"])
      expect(() => deploymentOf({ GENERATION: "g", DOMAINS })).toThrow(/DOMAINS/);
  });

  test("RefuseUnfitData: a bounded number of faults, and no value without a canonical text", () => {
    const many = Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`x${index}`, 1]));
    const validation = validate("stock.received", many);
    expect(validation.ok ? [] : validation.errors).toHaveLength(LIMITS.validationErrors);
    const loose = registryOf([boxes({ schema: z.looseObject({}) })]).validate;
    const faults = (data: unknown) => {
      const judged = loose("box.run", data);
      return judged.ok ? [] : judged.errors.map(({ pointer }) => pointer);
    };
    expect(faults({ half: 0.5 })).toEqual(["/data/half"]);
    expect(faults({ deep: JSON.parse("[".repeat(500) + "]".repeat(500)) })).toHaveLength(1);
  });

  test("KeepSchemaOutput: defaults applied", () => {
    const schema = z.strictObject({ size: z.int().default(7) });
    const defaulted = registryOf([boxes({ schema, partition: () => "p" })]);
    expect(defaulted.validate("box.run", {})).toEqual({
      ok: true,
      data: { size: 7 },
      partition: "p",
    });
  });

  test("domains that clash or break a bound are refused at assembly", () => {
    expect(() => registryOf([inventory, inventory])).toThrow(/belongs to one domain/);
    const entities = (type: string, maxBytes: number) => ({
      name: "x",
      events: {},
      entities: { [type]: { maxBytes, partition: () => "p" } },
    });
    expect(() => registryOf([entities("a/b", 1)])).toThrow(/slash/);
    expect(() => registryOf([entities("a", LIMITS.entityBytes + 1)])).toThrow(/bytes/);
    const { events } = inventory;
    const system = { name: "x", events: { "assize.mine": events["stock.moved"] }, entities: {} };
    expect(() => registryOf([system as never])).toThrow(/system/);
  });
});

describe("keys", () => {
  test("RejectMalformedEvent, NoInputEndsEvaluation: no text makes evaluation throw, and none of these uses up a key", () => {
    const good = received("1");
    const { tenant: _, ...homeless } = JSON.parse(good);
    const texts = [
      "",
      "{",
      "null",
      "[]",
      `${good} `,
      good.replace('"id"', '"id":"0","id"'),
      canonical(homeless),
      textOf({ ...JSON.parse(good), tenant: "a/b" }),
      textOf({ ...JSON.parse(good), id: "" }),
      textOf({ ...JSON.parse(good), id: "x".repeat(LIMITS.nameBytes + 1) }),
      good.replace('"quantity":1', '"quantity":1.5'),
      good.replace('"quantity":1', '"quantity":9007199254740993'),
      `{"data":${"[".repeat(8000)}${"]".repeat(8000)},"id":"1","source":"/","tenant":"t","type":"x"}`,
      canonical({ ...JSON.parse(good), surplus: 1 }),
      '{"data":"\\ud800","id":"1","source":"/","tenant":"t","type":"x"}',
    ];
    const bench = court();
    const evaluation = bench.block(START, ...texts);
    expect(new Set(evaluation.outcomes).size).toBe(1);
    expect(outcomesOf(evaluation)[0]).toMatchObject({
      status: "rejected",
      id: "",
      reason: { code: "invalid_event" },
      changes: [],
    });
    expect(evaluation.keys).toEqual([]);
  });

  test("RecordFreshKey, OneUsePerKey: accepted or rejected, for the window and the clock bound, in block time", () => {
    const bench = court();
    const unknown = textOf({ id: "2", type: "stock.lost", data: {} });
    const { keys } = bench.block(START, received("1"), unknown);
    const row = (text: string, index: number) => ({
      key: keyDigest(JSON.parse(text)),
      fingerprint: fingerprintOf(JSON.parse(text)),
      height: 1,
      index,
      expires: START + RETENTION_MS,
    });
    expect(keys).toHaveLength(2);
    expect(keys).toEqual(expect.arrayContaining([row(received("1"), 0), row(unknown, 1)]));
    expect(codesOf(bench.block(START + RETENTION_MS, received("1")))).toEqual(["duplicate"]);
    const again = bench.block(START + RETENTION_MS + 1, received("1"));
    expect(codesOf(again)).toEqual(["accepted"]);
    expect(again.keys[0]).toMatchObject({ height: 3, index: 0 });
  });

  test("ReferToFirstUse: of an earlier block or of this one; sentat does not count", () => {
    const bench = court();
    bench.block(START, received("0"), received("1"));
    const retried = received("1", 1, { sentat: "2026-11-22T10:00:00Z" });
    const evaluation = bench.block(START + 1, received("2"), retried, received("2"));
    expect(outcomesOf(evaluation).slice(1)).toEqual([
      expect.objectContaining({ status: "duplicate", first: { height: 1, index: 1 }, changes: [] }),
      expect.objectContaining({ status: "duplicate", first: { height: 2, index: 0 }, changes: [] }),
    ]);
    expect(evaluation.keys).toHaveLength(1);
    expect(bench.stateOf("stock/a@w")).toEqual({ onHand: 3, reserved: 0 });
  });

  test("ReferToFirstUse, TakeEachInOrder: system outcomes count in the index", () => {
    const bench = court();
    const hold = { item: "a", warehouse: "w", quantity: 1, reservation: "r", ttlSeconds: 1 };
    bench.block(START, received("0"), textOf({ id: "1", type: "stock.reserved", data: hold }));
    const evaluation = bench.block(START + 1000, received("2"), received("2"));
    expect(evaluation.system).toBe(1);
    expect(outcomesOf(evaluation)[2]?.first).toEqual({ height: 2, index: 1 });
  });

  test("RejectReusedKey: a key belongs to tenant and source, and to one event", () => {
    const bench = court();
    bench.block(START, received("1"));
    const evaluation = bench.block(
      START + 1,
      received("1", 2),
      received("1", 1, { time: "2020-01-01T00:00:00Z" }),
      received("1", 1, { source: "/other" }),
      received("1", 1, { tenant: "u" }),
    );
    expect(codesOf(evaluation)).toEqual(["key_reused", "key_reused", "accepted", "accepted"]);
  });
});

describe("what is decided", () => {
  test("RejectUnfitEvent: unknown types and data that no longer fit", () => {
    const unfit = { item: "a", warehouse: "w", quantity: 0 };
    const evaluation = court().block(
      START,
      textOf({ id: "1", type: "stock.lost", data: {} }),
      textOf({ id: "2", type: "stock.received", data: unfit }),
      textOf({ id: "3", type: "assize.expired", data: {} }),
    );
    expect(codesOf(evaluation)).toEqual(["invalid_event", "invalid_event", "invalid_event"]);
  });

  test("RejectMisroutedEvent: an event of another court touches nothing here", () => {
    const courtOf = (tenant: string, partition: string) => (tenant + partition === "ta" ? 1 : 0);
    const bench = new Bench({ ...rulesOf(inventory), courtOf });
    expect(codesOf(bench.block(START, received("1"), received("2", 1, { tenant: "u" })))).toEqual([
      "foreign_entity",
      "accepted",
    ]);
    expect(bench.stateOf("stock/a@w")).toBeUndefined();
  });

  test("ApplyAcceptedChanges: a version for each write, sorted by entity, seen by later events", () => {
    const domain = boxes({
      entities: () => ["box/p.b", "box/p.a", "box/p.read"],
      decide: (_, read) => ({
        accept: ["box/p.b", "box/p.a"].map((entity) => ({
          entity,
          state: { seen: read("box/p.b")?.version ?? 0 },
        })),
      }),
    });
    const { evaluation, bench } = run(domain, put(1), put(2));
    const change = (entity: string, version: number) => ({
      entity,
      version,
      state: { seen: version - 1 },
    });
    expect(outcomesOf(evaluation).map(({ changes }) => changes)).toEqual([
      [change("box/p.a", 1), change("box/p.b", 1)],
      [change("box/p.a", 2), change("box/p.b", 2)],
    ]);
    expect(evaluation.entities.map(({ key, version, height }) => [key, version, height])).toEqual([
      ["t/box/p.a", 2, 1],
      ["t/box/p.b", 2, 1],
    ]);
    expect(bench.block(START + 1, put(3)).entities[0]).toMatchObject({ version: 3, height: 2 });
  });

  test("RecordDomainRejection, RejectionChangesNothing: the domain's code and detail, and no change", () => {
    const domain = boxes({ decide: () => ({ reject: { code: "too_heavy", detail: "by 3" } }) });
    const { evaluation } = run(domain, put(1));
    expect(outcomesOf(evaluation)[0]).toMatchObject({
      status: "rejected",
      reason: { code: "too_heavy", detail: "by 3" },
      changes: [],
    });
    expect(evaluation.entities).toEqual([]);
    expect(evaluation.keys).toHaveLength(1);
  });

  test("outcomes are canonical, their leaves and root those of RFC 6962", () => {
    fc.assert(
      fc.property(
        sequences,
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
        (steps, id) => {
          const bench = court();
          for (const { time, events } of steps) {
            const { outcomes, leaves, root } = bench.block(
              time,
              ...events,
              received(id),
              received(id),
            );
            for (const outcome of outcomes) expect(canonical(JSON.parse(outcome))).toBe(outcome);
            expect(leaves).toEqual(outcomes.map(leafDigest));
            expect(root).toBe(merkleRoot(leaves));
          }
        },
      ),
    );
  });
});

describe("causal groups", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const touched = fc.array(fc.array(fc.constantFrom(...names), { maxLength: 3 }), {
    maxLength: 20,
  });

  test("PartitionIntoCausalGroups: joined through others, in block order, by first event", () => {
    expect(causalGroups([["a"], ["b"], [], ["b", "c"], ["a", "d"], ["d", "c"], ["e"]])).toEqual([
      [0, 1, 3, 4, 5],
      [2],
      [6],
    ]);
    expect(causalGroups([])).toEqual([]);
  });

  test("GroupsDisjointAndComplete: every event once, no entity in two groups", () => {
    fc.assert(
      fc.property(touched, (keys) => {
        const groups = causalGroups(keys);
        expect(groups.flat().toSorted((a, b) => a - b)).toEqual(keys.map((_, index) => index));
        for (const group of groups) expect(group).toEqual(group.toSorted((a, b) => a - b));
        const firsts = groups.map(([first]) => first ?? -1);
        expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
        const owners = groups.map((group) => new Set(group.flatMap((index) => keys[index] ?? [])));
        for (const key of names) {
          expect(owners.filter((owned) => owned.has(key)).length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test("GroupsDisjointAndComplete: no larger than the connections make them", () => {
    fc.assert(
      fc.property(touched, (keys) => {
        for (const group of causalGroups(keys)) {
          const reached = new Set(keys[group[0] ?? 0]);
          for (let round = 0; round < group.length; round++) {
            for (const index of group) {
              if (keys[index]?.some((key) => reached.has(key)))
                keys[index].forEach((key) => reached.add(key));
            }
          }
          for (const index of group.slice(1))
            expect(keys[index]?.some((key) => reached.has(key))).toBe(true);
        }
      }),
    );
  });

  test("EntitiesLoadedOnce: a block asks for each row once", () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const bench = court();
        for (const { time, events } of steps) {
          bench.state.asked.length = 0;
          bench.block(time, ...events);
          expect(new Set(bench.state.asked).size).toBe(bench.state.asked.length);
        }
      }),
    );
  });
});
