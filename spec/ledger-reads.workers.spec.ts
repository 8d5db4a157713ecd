import { beforeAll, describe, expect, it } from "vitest";
import { publishRun } from "../objects/ledger/append.ts";
import { attestedHeights } from "../objects/ledger/attest.ts";
import { auditRange } from "../objects/ledger/audit.ts";
import { BadCursor } from "../objects/ledger/cursor.ts";
import type { PublishedEvent } from "../objects/ledger/load.ts";
import {
  blockAt,
  entitiesPage,
  entityHistory,
  entityState,
  eventByKey,
  eventsPage,
  inclusion,
} from "../objects/ledger/reads.ts";
import type { Page } from "../objects/ledger/reads.ts";
import { known } from "../objects/shared/assert.ts";
import { leafDigest } from "../objects/shared/digests.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { Outcome } from "../objects/shared/types.ts";
import { migrated, opened, published, received, refused } from "./kit/ledger.ts";

beforeAll(migrated);

const outcomeIn = (event: PublishedEvent) => JSON.parse(event.outcome) as Outcome;
const ids = (page: Page<PublishedEvent>) => page.items.map((event) => outcomeIn(event).id);

/** Every page of a listing, one after the other. */
async function pages<Item>(
  next: (after: string | undefined) => Promise<Page<Item>>,
): Promise<(readonly Item[])[]> {
  const found: (readonly Item[])[] = [];
  let after: string | undefined;
  do {
    const page = await next(after);
    found.push(page.items);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return found;
}

const tenant = "dev";

describe("an event by its key", () => {
  it("ServeProven: the event, its outcome and its place, as they were signed", async () => {
    const { scribe, ledger } = await opened("by-key");
    const blocks = [scribe.next(0, received("a"), received("b")), scribe.next(0, received("c"))];
    const attested = await published(scribe, ledger, blocks);
    const block = known(blocks[0], "the first block");
    expect(await eventByKey(ledger, { tenant, source: "/", id: "b" }, attested)).toEqual({
      court: 0,
      height: 1,
      index: 1,
      event: block.entries[0]?.writ.events[1],
      outcome: block.outcomes[1],
      leaf: leafDigest(block.outcomes[1] ?? ""),
      time: block.header.time,
      domainVersion: block.header.domainVersion,
      block: block.certificate.block,
    });
    expect(await eventByKey(ledger, { tenant, source: "/", id: "z" }, attested)).toBeNull();
  });

  it("ServeLatestUse: the last that took the key up, in whichever court, not one that met it taken", async () => {
    const { scribe, ledger } = await opened("uses", 2);
    const reason = { code: "key_reused", detail: "" };
    const early = scribe.next(0, received("k", "one"));
    const late = [
      scribe.next(1, received("x")),
      scribe.next(1, {
        ...received("k", "two"),
        status: "rejected",
        changes: [],
        reason: { code: "overflow", detail: "" },
      }),
      scribe.next(1, { id: "k", status: "duplicate" }, { id: "k", status: "rejected", reason }),
    ];
    await published(scribe, ledger, [early]);
    const key = { tenant, source: "/", id: "k" };
    expect(await eventByKey(ledger, key, await attestedHeights(ledger))).toMatchObject({
      court: 0,
      height: 1,
    });
    const attested = await published(scribe, ledger, late);
    expect(await eventByKey(ledger, key, attested)).toMatchObject({
      court: 1,
      height: 2,
      index: 0,
    });
  });

  it("HideUnattested, HideOtherTenants, TenantsApart: nothing above the attested height, nothing of others", async () => {
    const { scribe, ledger } = await opened("hidden");
    const [first, second] = [scribe.next(0, received("a")), scribe.next(0, received("b", "a"))];
    const attested = await published(scribe, ledger, [first]);
    await publishRun(ledger, 0, [second]);
    const key = { tenant, source: "/", id: "b" };
    expect(await eventByKey(ledger, key, attested)).toBeNull();
    expect(await eventByKey(ledger, key, [2])).not.toBeNull();
    expect(
      await eventByKey(ledger, { tenant: "other", source: "/", id: "a" }, attested),
    ).toBeNull();
    expect(await entityState(ledger, tenant, "stock/a@w1", attested)).toMatchObject({
      version: 1,
      height: 1,
    });
    expect(await entityState(ledger, "other", "stock/a@w1", attested)).toBeNull();
    expect(ids(await eventsPage(ledger, { tenant, limit: 10 }, attested))).toEqual(["a"]);
    expect((await eventsPage(ledger, { tenant: "other", limit: 10 }, attested)).items).toEqual([]);
    expect(
      (await entitiesPage(ledger, { tenant: "other", prefix: "", limit: 10 }, attested)).items,
    ).toEqual([]);
    expect(
      await inclusion(ledger, "other", { court: 0, height: 1, index: 0 }, attested),
    ).toBeNull();
    expect(await inclusion(ledger, tenant, { court: 0, height: 2, index: 0 }, attested)).toBeNull();
    expect(await blockAt(ledger, 0, 2, attested)).toBeNull();
    expect(await blockAt(ledger, 0, 1, attested)).toEqual(first);
  });

  it("ProveInclusion: the outcome, its path and the certificate, whoever else is in the writ", async () => {
    const { scribe, ledger } = await opened("proof");
    const own = scribe.seal(0, [received("a"), received("b")]);
    const shared = scribe.seal(0, [received("c"), { ...received("d"), tenant: "other" }]);
    const block = scribe.extend(0, [{ sealed: own }, { sealed: shared }]);
    const attested = await published(scribe, ledger, [block]);
    for (const index of [1, 2]) {
      const proof = await inclusion(ledger, tenant, { court: 0, height: 1, index }, attested);
      expect(proof).toMatchObject({
        header: block.header,
        result: block.result,
        certificate: block.certificate,
        index,
        outcome: block.outcomes[index],
      });
      expect(proof?.path).toHaveLength(2);
      expect(JSON.stringify(proof)).not.toContain("other");
    }
  });

  it("ServeProven: events of a split writ and effects of the system", async () => {
    const { scribe, ledger } = await opened("split");
    const sealed = scribe.seal(
      0,
      ["a", "b", "c"].map((id) => received(id)),
    );
    const system = [{ id: "r1", source: "assize", type: "assize.expired" }];
    const blocks = [
      scribe.extend(0, [{ sealed, count: 1 }]),
      scribe.extend(0, [{ sealed, first: 1, count: 2 }], { system }),
    ];
    const attested = await published(scribe, ledger, blocks);
    expect(await auditRange(ledger, 0, { from: 0, to: 2 }, () => null)).toEqual({
      auditedHeight: 2,
    });
    const { items } = await eventsPage(ledger, { tenant, limit: 10 }, attested);
    const texts = [sealed.writ.events[0], null, sealed.writ.events[1], sealed.writ.events[2]];
    expect(items.map(({ event }) => event)).toEqual(texts);
    expect(await blockAt(ledger, 0, 2, attested)).toEqual(blocks[1]);
  });
});

describe("listings", () => {
  it("PageInOrder: every event once and in order, while blocks arrive and in several courts", async () => {
    const { scribe, ledger } = await opened("pages", 3);
    const block = (court: number, at: number) =>
      scribe.next(court, ...["a", "b", "c"].map((id) => received(`${court}-${at}-${id}`)));
    let attested: number[] = [];
    for (const court of [0, 1, 2]) {
      attested = await published(scribe, ledger, [block(court, 1), block(court, 2)]);
    }
    let round = 3;
    const found = await pages(async (after) => {
      const page = await eventsPage(ledger, { tenant, limit: 4, after }, attested);
      if (round < 6) attested = await published(scribe, ledger, [block(0, round++)]);
      return page;
    });
    const names = found.flat().map((event) => outcomeIn(event).id);
    const expected = [0, 1, 2].map((court) =>
      [1, 2, 3, 4, 5]
        .filter((at) => court === 0 || at < 3)
        .flatMap((at) => ["a", "b", "c"].map((id) => `${court}-${at}-${id}`)),
    );
    for (const court of [0, 1, 2]) {
      expect(names.filter((name) => name.startsWith(`${court}-`))).toEqual(expected[court]);
    }
    expect(names).toHaveLength(expected.flat().length);
    expect(found.slice(0, -1).every((items) => items.length === 4)).toBe(true);
    // A busy court does not hide the others: each had its turn within the first pages.
    expect(
      new Set(
        found
          .slice(0, 3)
          .flat()
          .map(({ court }) => court),
      ),
    ).toEqual(new Set([0, 1, 2]));
  });

  it("PageInOrder: by type, court and entity", async () => {
    const { scribe, ledger } = await opened("filters", 2);
    const counted = { ...received("n", "sku"), type: "stock.counted" };
    await published(scribe, ledger, [scribe.next(0, received("a", "sku"), received("b"), counted)]);
    const attested = await published(scribe, ledger, [scribe.next(1, received("c"))]);
    const page = (query: object) =>
      eventsPage(ledger, { tenant, limit: 10, ...query }, attested).then(ids);
    expect(await page({ type: "stock.counted" })).toEqual(["n"]);
    expect(await page({ type: "stock.lost" })).toEqual([]);
    expect(await page({ court: 1 })).toEqual(["c"]);
    expect(await page({ court: 7 })).toEqual([]);
    expect(await page({ entity: "stock/sku@w1" })).toEqual(["a", "n"]);
    expect(await page({ entity: "stock/sku@w1", type: "stock.counted" })).toEqual(["n"]);
    expect(await page({ entity: "stock/sku@w1", court: 1 })).toEqual([]);
    const byEntity = await pages((after) =>
      eventsPage(ledger, { tenant, limit: 1, entity: "stock/sku@w1", after }, attested),
    );
    expect(byEntity.map((items) => items.length)).toEqual([1, 1]);
  });

  it("PageInOrder: a page ends at its bytes", async () => {
    const { scribe, ledger } = await opened("heavy");
    const heavy = (id: string) => ({
      ...received(id),
      changes: [{ entity: `stock/${id}@w1`, state: "x".repeat(60_000) }],
    });
    const names = Array.from({ length: 160 }, (_, at) => `e-${String(at).padStart(3, "0")}`);
    const blocks = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) =>
      scribe.next(0, ...names.slice(at * 16, at * 16 + 16).map(heavy)),
    );
    const attested = await published(scribe, ledger, blocks);
    const found = await pages((after) =>
      eventsPage(ledger, { tenant, limit: 1000, after }, attested),
    );
    expect(found.flat().map((event) => outcomeIn(event).id)).toEqual(names);
    expect(found.length).toBeGreaterThan(1);
    for (const items of found) {
      expect(items.reduce((sum, { outcome }) => sum + outcome.length, 0)).toBeLessThanOrEqual(
        LIMITS.ledgerBytes,
      );
    }
    const entities = await pages((after) =>
      entitiesPage(ledger, { tenant, prefix: "stock/", limit: 1000, after }, attested),
    );
    expect(entities.flat().map(({ entity }) => entity)).toEqual(
      names.map((name) => `stock/${name}@w1`),
    );
    expect(entities.length).toBeGreaterThan(1);
    expect(await auditRange(ledger, 0, { from: 0, to: 10 }, () => null)).toEqual({
      auditedHeight: 10,
    });
  });

  it("RefuseForeignCursor: a cursor of another listing or none", async () => {
    const { ledger } = await opened("cursors");
    const attempts = [
      eventsPage(ledger, { tenant, limit: 1, after: "nonsense" }, [0]),
      eventsPage(ledger, { tenant, limit: 1, after: "nonsense", entity: "stock/a@w1" }, [0]),
      entityHistory(ledger, { tenant, entity: "stock/a@w1", limit: 1, after: "e30" }, [0]),
      entitiesPage(ledger, { tenant, prefix: "", limit: 1, after: "W10" }, [0]),
    ];
    const errors = await Promise.all(attempts.map(refused));
    for (const error of errors) expect(error).toBeInstanceOf(BadCursor);
  });
});

describe("entities", () => {
  it("ServeProven: the current state, the history and who made it, and pages by prefix", async () => {
    const { scribe, ledger } = await opened("entities");
    const counted = (id: string, item: string, onHand: number) => ({
      id,
      changes: [{ entity: `stock/${item}@w1`, state: { onHand, reserved: 0 } }],
    });
    const hold = { id: "h", changes: [{ entity: "reservation/r@a", state: { open: true } }] };
    const attested = await published(scribe, ledger, [
      scribe.next(0, counted("1", "a", 1), counted("2", "b", 2)),
      scribe.next(0, counted("3", "a", 3), hold),
      scribe.next(0, counted("4", "ab", 4)),
    ]);
    expect(await entityState(ledger, tenant, "stock/a@w1", attested)).toEqual({
      entity: "stock/a@w1",
      version: 2,
      state: '{"onHand":3,"reserved":0}',
      court: 0,
      height: 2,
    });
    expect(await entityState(ledger, tenant, "stock/z@w1", attested)).toBeNull();
    const history = await pages((after) =>
      entityHistory(ledger, { tenant, entity: "stock/a@w1", limit: 1, after }, attested),
    );
    expect(history.flat().map(({ version, madeBy }) => [version, outcomeIn(madeBy).id])).toEqual([
      [1, "1"],
      [2, "3"],
    ]);
    const names = async (prefix: string, limit: number) => {
      const found = await pages((after) =>
        entitiesPage(ledger, { tenant, prefix, limit, after }, attested),
      );
      return found.flat().map(({ entity, version }) => `${entity} ${version}`);
    };
    const stock = ["stock/a@w1 2", "stock/ab@w1 1", "stock/b@w1 1"];
    expect(await names("", 2)).toEqual(["reservation/r@a 1", ...stock]);
    expect(await names("stock/", 1)).toEqual(stock.toSorted());
    expect(await names("stock/a", 100)).toEqual(stock.slice(0, 2));
    expect(await names("stock/a@w1", 100)).toEqual(stock.slice(0, 1));
    expect(await names("none/", 100)).toEqual([]);
  });
});
