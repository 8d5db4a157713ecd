/** The kit finds what it is there to find, and lets pass what is right. */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CHECKS } from "../kit/checks.ts";
import { dataOf, stepsOf } from "../kit/draw.ts";
import { tickets } from "../kit/example/tickets.ts";
import type { Domain } from "../objects/arbiter/domain.ts";
import { registryOf } from "../objects/arbiter/registry.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { BAD, badSubject } from "./kit/bad-domains.ts";

/** Those that break a rule: what each does, the domain, its check, and what that says. */
const breaking = (rule: string) =>
  BAD.filter(([broken]) => broken === rule).map(
    ([, what, domain, check, says]) => [what, domain, check, says] as const,
  );

describe("a domain that does what none may is found", () => {
  it.each(breaking("NoAmbient"))("NoAmbient: %s", (_, domain, check, says) => {
    expect(check(badSubject(domain))).toMatch(says);
  });

  it.each(breaking("NothingKept"))("NothingKept: %s", (_, domain, check, says) => {
    expect(check(badSubject(domain))).toMatch(says);
  });

  it.each(breaking("NeverFails"))("NeverFails: %s", (_, domain, check, says) => {
    expect(check(badSubject(domain))).toMatch(says);
  });

  it.each(breaking("OnePartition"))("OnePartition: %s", (_, domain, check, says) => {
    expect(check(badSubject(domain))).toMatch(says);
  });

  it.each(breaking("CopiesOnly"))("CopiesOnly: %s", (_, domain, check, says) => {
    expect(check(badSubject(domain))).toMatch(says);
  });

  it.each(breaking("LapseWithoutEffect"))("LapseWithoutEffect: %s", (_, domain, check, says) => {
    expect(check(badSubject(domain))).toMatch(says);
  });

  it.each(breaking("MemberOrderIrrelevant"))(
    "MemberOrderIrrelevant: %s",
    (_, domain, check, says) => {
      expect(check(badSubject(domain))).toMatch(says);
    },
  );

  it.each(breaking("BatchBoundariesIrrelevant"))(
    "BatchBoundariesIrrelevant: %s",
    (_, domain, check, says) => {
      expect(check(badSubject(domain))).toMatch(says);
    },
  );

  it.each(breaking("GroupOrderIrrelevant"))(
    "GroupOrderIrrelevant: %s",
    (_, domain, check, says) => {
      expect(check(badSubject(domain))).toMatch(says);
    },
  );

  it.each(breaking("AdoptCertifiedRows"))("AdoptCertifiedRows: %s", (_, domain, check, says) => {
    expect(check(badSubject(domain))).toMatch(says);
  });

  it("whatever it does: no check and no planted domain is left out", () => {
    const biting = new Set(BAD.map(([, , , check]) => check));
    expect(CHECKS.filter(([, check]) => !biting.has(check))).toEqual([]);
    const source = readFileSync(import.meta.filename, "utf8");
    for (const [rule] of BAD) expect(source).toContain(`breaking("${rule}")`);
  });

  it("for what is planted alone: each check lets the example pass", () => {
    const found = CHECKS.map(([, check]) => check(badSubject(tickets)));
    expect(found.filter((each) => each !== null)).toEqual([]);
  });
});

describe("data drawn from a schema", () => {
  const of = (schema: z.ZodType): Domain => ({
    name: "any",
    events: {
      "any.thing": {
        schema: z.strictObject({ of: schema }),
        partition: () => "p",
        entities: () => [],
        decide: () => ({ accept: [] }),
      },
    },
    entities: {},
  });
  const sampled = (schema: z.ZodType): unknown[] =>
    fc
      .sample(dataOf(of(schema), "any.thing"), { seed: 3, numRuns: 200 })
      .map((data) => (data as { of?: unknown }).of);

  it.each([
    ["names", z.string().regex(/^[a-z]{1,64}$/)],
    ["bounded texts", z.string().min(2).max(9)],
    ["amounts", z.int().min(1)],
    ["amounts of either sign, but nothing", z.int().refine((amount) => amount !== 0)],
    ["choices", z.enum(["a", "b"])],
    ["what may be absent", z.int().min(0).optional()],
    ["what may be null", z.boolean().nullable()],
    ["lists", z.array(z.int().min(0).max(3)).min(1).max(8)],
    ["maps", z.record(z.string().regex(/^[a-c]$/), z.int())],
    ["one of several forms", z.union([z.literal(1), z.strictObject({ deep: z.literal("x") })])],
    ["defaults", z.int().min(5).default(7)],
  ])("fits it: %s", (_, schema) => {
    const domain = of(schema);
    for (const data of sampled(schema))
      expect(
        registryOf([domain]).validate("any.thing", data === undefined ? {} : { of: data }).ok,
      ).toBe(true);
    expect(new Set(sampled(schema).map((data) => JSON.stringify(data))).size).toBeGreaterThan(1);
  });

  it("has the extremes of amounts, and texts of the full length", () => {
    const { MAX_SAFE_INTEGER: most } = Number;
    expect(sampled(z.int().min(-3))).toEqual(expect.arrayContaining([-3, most]));
    expect(sampled(z.int())).toEqual(expect.arrayContaining([-most, most]));
    const lengths = sampled(z.string().max(40)).map((text) => String(text).length);
    expect(Math.max(...lengths)).toBe(40);
  });

  it("has few names, the same in every event type: so that events meet", () => {
    const names = new Set(sampled(z.string().regex(/^[A-Za-z0-9._-]{1,64}$/)));
    expect(names.size).toBe(3);
    const shows = fc
      .sample(dataOf(tickets, "seat.held"), { seed: 3, numRuns: 200 })
      .map((data) => (data as { show: string }).show);
    expect(new Set(shows)).toEqual(names);
  });

  it.each([
    ["cannot be drawn from", z.custom<string>((value) => value === "secret")],
    ["hardly any data drawn", z.string().refine((text) => text === "secret")],
    ["nothing tells what to draw", z.unknown()],
  ])("is asked for where a schema says too little: %s", (why, schema) => {
    expect(() => dataOf(of(schema), "any.thing")).toThrow(why);
    const given = { "any.thing": fc.constant({ of: "secret" }) };
    expect(fc.sample(stepsOf(of(schema), given), { seed: 3, numRuns: 5 })).toHaveLength(5);
  });

  it("comes at rising block times, each event under a key of its own", () => {
    for (const steps of fc.sample(stepsOf(tickets), { seed: 3, numRuns: 20 })) {
      const times = steps.map(({ time }) => time);
      expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
      const ids = steps.flatMap(({ events }) => events.map((event) => JSON.parse(event).id));
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length).toBeLessThanOrEqual(LIMITS.blockEvents);
    }
  });
});
