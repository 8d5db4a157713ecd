/** The verifier is itself a witness: what is right must pass, and each wrong thing be found where it is. */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { stepsOf } from "../kit/draw.ts";
import { Domains, secluded } from "../bench/verify/domains.ts";
import { genesisDigest } from "../bench/verify/genesis.ts";
import { Unreadable } from "../bench/verify/records.ts";
import { SHIPPED } from "../objects/arbiter/domains/shipped.ts";
import { Annals, whole } from "./kit/annals.ts";
import { ACCOUNTS } from "./kit/accounts.ts";
import { sequences } from "./kit/inventory.ts";
import { ended, goingOn, shown, verified } from "./kit/shown.ts";
import type { Shown } from "./kit/shown.ts";
import { ITEMS, story, twoCourts } from "./kit/story.ts";

let truth: Annals;
let told: readonly Shown[];
beforeAll(() => {
  truth = story();
  told = shown(truth);
});
const copy = (): Shown[] => structuredClone(told) as Shown[];

describe("a ledger that is right", () => {
  it("BeginWalk, TakeBlock, ConfirmLedger: holds, whatever happened in it: every kind of outcome, expiries, control events, undecidable events", () => {
    const digest = genesisDigest(truth.genesis.document as Parameters<typeof genesisDigest>[0]);
    const report = verified(ended(told), digest);
    expect(report.flaws).toEqual({ total: 0, listed: [] });
    expect(report.genesis).toEqual({ digest, pinned: true });
    expect(report.courts).toMatchObject([
      {
        height: 20,
        published: 20,
        certificates: 20,
        roots: 5,
        controls: 2,
        poison: 2,
        expiries: 3,
      },
    ]);
    expect(report.courts).toMatchObject([{ duplicates: 2, events: 30, rejected: 6 }]);
    const entities = told.filter(({ record }) => record === "entity");
    expect(report.served).toEqual({
      events: told.filter(({ record }) => record === "event").length,
      entities: entities.length,
      histories: entities.length,
    });
  });

  it("holds in two courts, each with the events of its items", () => {
    const report = verified(ended(shown(twoCourts())));
    expect(report.flaws.listed).toEqual([]);
    expect(report.courts.map(({ height }) => height)).toEqual([3, 3]);
    expect(report.served.entities).toBe(ITEMS.length);
  });

  it.each([
    ["inventory", sequences],
    ["accounts", stepsOf(ACCOUNTS.domain, ACCOUNTS.data)],
  ])(
    "holds whatever is submitted to the %s: two ways of evaluating come to the same, and to the same state",
    (domain, any) => {
      fc.assert(
        fc.property(any, (steps) => {
          const annals = new Annals(2, 1, [domain]);
          let before = steps[0]?.time ?? 0;
          for (const { time, events } of steps) {
            const entries = events.length === 0 ? [] : [whole(annals.writ(events))];
            annals.decide(entries, { after: Math.max(1, time - before) });
            before = time;
          }
          if (steps.length === 0) annals.decide([]);
          expect(verified(ended(shown(annals, "t"))).flaws.listed).toEqual([]);
        }),
        { numRuns: 25, seed: 20261127 },
      );
    },
  );

  it("is decided by the domains that its genesis names, without clock or chance", () => {
    for (const { name, events, entities } of SHIPPED) {
      const own = new Domains({ domains: [name] });
      const others = SHIPPED.filter((domain) => domain.name !== name);
      const rest = new Domains({ domains: others.map((domain) => domain.name) });
      for (const [type, event] of Object.entries(events)) {
        expect(own.eventType(type)).toBe(event);
        expect(rest.eventType(type)).toBeUndefined();
      }
      for (const type of Object.keys(entities)) {
        // Names of one domain or another.
        const entity = ["a@b", "1@b", "a"].map((id) => `${type}/${id}`);
        expect(entity.some((each) => own.located(each) !== undefined)).toBe(true);
        expect(entity.map((each) => rest.located(each))).toEqual(entity.map(() => undefined));
      }
      expect(own.eventType("constructor")).toBeUndefined();
    }
    const looks = [() => new Date().getTime(), () => Math.random(), () => performance.now()];
    for (const look of looks) {
      expect(() => secluded(look)).toThrow("no clock");
      expect(look()).toBeTypeOf("number");
    }
  });

  it("holds while it goes on: an entity may be shown as a block above what was announced makes it", () => {
    const records = goingOn(truth, 12);
    expect(verified(ended(records)).flaws.listed).toEqual([]);
    const without = records.filter(
      ({ record, block }) => record !== "block" || block.header.height < 15,
    );
    expect(verified(ended(without)).flaws.listed).toContainEqual(
      expect.objectContaining({ kind: "served", entity: "stock/t@w1", height: 20 }),
    );
  });
});

it("SharesNothing: of the server it imports the domain, the canonical encoding and the limits, and nothing by way of them", () => {
  const root = join(import.meta.dirname, "..");
  const seen = new Set(["bench/verify.ts"]);
  for (const path of seen) {
    const source = readFileSync(join(root, path), "utf8");
    for (const [, from = ""] of source.matchAll(
      /^(?:import|export) (?!type\b)[^;]*?from "(\.[^"]+)";/gms,
    ))
      seen.add(relative(root, join(root, dirname(path), from)));
  }
  const shared = [...seen].filter((path) => !path.startsWith("bench/")).toSorted();
  expect(shared).toEqual(
    [
      "objects/arbiter/domain.ts",
      ...SHIPPED.map(({ name }) => `objects/arbiter/domains/${name}.ts`),
      "objects/arbiter/domains/shipped.ts",
      "objects/arbiter/instant.ts",
      "objects/shared/assert.ts",
      "objects/shared/canonical.ts",
      "objects/shared/limits.ts",
    ].toSorted(),
  );
});

describe("an export", () => {
  it("FindUnknownDomain: of domains that this build lacks is not taken for checked", () => {
    const records = copy();
    records[0].genesis.document.domains = ["inventory", "tides"];
    const { flaws } = verified(ended(records));
    expect(flaws.listed).toEqual([
      {
        kind: "genesis",
        what: "the domain tides is not of this build, so no outcome can be made again",
      },
    ]);
  });

  it("FindMissingEnd: that was cut off is missed where it ends", () => {
    const all = ended(told);
    const half = verified(all.slice(0, 20)).flaws.listed;
    const reached = all.slice(0, 20).findLast(({ block }) => block !== undefined)?.block
      .header.height;
    expect(half).toContainEqual(expect.objectContaining({ kind: "chain", height: reached + 1 }));
    expect(half.at(-1)).toMatchObject({ kind: "export", what: "record 21: the end is missing" });
    expect(verified(all.slice(0, -1)).flaws.listed).toMatchObject([{ kind: "export" }]);
  });

  it("with a line that is none is refused there", () => {
    const records = ended([...told.slice(0, 7), null, ...told.slice(7)]);
    expect(verified(records).flaws.listed).toMatchObject([
      { kind: "export", what: "record 8: it is not JSON" },
    ]);
  });

  it("PrepareWalk, FindOtherGenesis: of another pinned genesis is refused, and one that nobody pinned says so", () => {
    const { flaws, genesis } = verified(ended(told), "ab".repeat(32));
    expect(flaws.listed).toMatchObject([{ kind: "genesis", expected: "ab".repeat(32) }]);
    expect(genesis.pinned).toBe(true);
    expect(verified(ended(told)).genesis.pinned).toBe(false);
  });

  it.each([
    ["an empty one", []],
    ["one that does not begin", [{ record: "end", records: 0 }]],
    ["another file", [{ some: "thing" }]],
    ["text", [null]],
  ])("RefuseUnreadable: is not read at all: %s", (_, records) => {
    expect(() => verified(records)).toThrow(Unreadable);
  });
});

it("ReportFlaws: lists flaws up to a bound, and counts all", () => {
  const records = copy().map((each) => {
    if (each.record === "event") each.event.published = false;
    return each;
  });
  const many = Array.from({ length: 8 }, () =>
    records.filter(({ record }) => record === "event"),
  ).flat();
  const [head = null, ...rest] = records;
  const { flaws } = verified(ended([head, ...rest.slice(0, 1), ...many, ...rest.slice(1)]));
  expect(flaws.listed).toHaveLength(100);
  expect(flaws.total).toBeGreaterThan(100);
});
