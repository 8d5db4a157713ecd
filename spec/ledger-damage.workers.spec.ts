/** Rows of the Ledger that are not as they were agreed, or not there: what readers are told. */
import { beforeAll, describe, expect, it } from "vitest";
import { attest, attestedHeights } from "../objects/ledger/attest.ts";
import { cursorOf } from "../objects/ledger/cursor.ts";
import type { Ledger } from "../objects/ledger/ledger.ts";
import {
  blockAt,
  entitiesPage,
  entityHistory,
  entityState,
  eventByKey,
  eventsPage,
  inclusion,
} from "../objects/ledger/reads.ts";
import { LedgerCorrupt } from "../objects/ledger/trust.ts";
import { known } from "../objects/shared/assert.ts";
import { migrated, opened, published, received, refused, tamper, wordOf } from "./kit/ledger.ts";

beforeAll(migrated);

const tenant = "dev";

describe("damage", () => {
  const everyRead = (ledger: Ledger, attested: number[]) => ({
    key: () => eventByKey(ledger, { tenant, source: "/", id: "b" }, attested),
    page: () => eventsPage(ledger, { tenant, limit: 10 }, attested),
    proof: () => inclusion(ledger, tenant, { court: 0, height: 2, index: 0 }, attested),
    block: () => blockAt(ledger, 0, 2, attested),
    state: () => entityState(ledger, tenant, "stock/b@w1", attested),
    history: () => entityHistory(ledger, { tenant, entity: "stock/b@w1", limit: 10 }, attested),
    entities: () => entitiesPage(ledger, { tenant, prefix: "", limit: 10 }, attested),
  });
  const ofEvents = ["key", "page", "block", "history"];
  const ofAll = [...ofEvents, "proof", "state", "entities"];

  it.each([
    [
      "outcome",
      ofAll,
      "events_stay",
      "UPDATE events SET outcome = replace(outcome, 'onHand\":1', 'onHand\":9')",
    ],
    ["event", ofEvents, "events_stay", "UPDATE events SET event = replace(event, 'w1', 'w2')"],
    ["leaves", ofAll, "blocks_stay", "UPDATE blocks SET leaves = prior"],
    [
      "certificate",
      ofAll,
      "blocks_stay",
      "UPDATE blocks SET certificate = json_set(certificate, '$.signatures[0].signature', 'ff')",
    ],
    ["writ", ofEvents, "writs_stay", "UPDATE writs SET number = 9"],
    ["lost-writ", ofEvents, "writs_kept", "DELETE FROM writs"],
    ["lost-event", ["block", "state", "history", "entities"], "events_kept", "DELETE FROM events"],
    ["lost-block", ofAll.filter((each) => each !== "block"), "blocks_kept", "DELETE FROM blocks"],
    [
      "tenant",
      ["block", "state", "history", "entities"],
      "events_stay",
      "UPDATE events SET outcome = replace(outcome, 'dev', 'def')",
    ],
  ])(
    "RefuseCorruptRow, DefaceAndDelayOnly: a damaged %s is reported, never served",
    async (what, reads, trigger, sql) => {
      const { scribe, ledger } = await opened(`bad-${what}`);
      const blocks = ["a", "b", "c"].map((id) => scribe.next(0, received(id)));
      const attested = await published(scribe, ledger, blocks);
      await tamper(trigger, `${sql} WHERE generation = ? AND height = 2`, `bad-${what}`);
      const every = everyRead(ledger, attested);
      for (const [name, read] of Object.entries(every).filter(([each]) => reads.includes(each))) {
        const error = await refused(read());
        const { court, height } =
          error instanceof LedgerCorrupt ? error : { court: null, height: null };
        expect({ name, court, height }).toEqual({ name, court: 0, height: 2 });
      }
      expect(await eventByKey(ledger, { tenant, source: "/", id: "a" }, attested)).not.toBeNull();
    },
  );

  it("RefuseCorruptRow: a version that points at somebody else's event", async () => {
    const { scribe, ledger } = await opened("bad-version");
    const blocks = [
      scribe.next(0, received("a"), { ...received("b"), tenant: "other" }),
      scribe.next(0, received("c")),
    ];
    const attested = await published(scribe, ledger, blocks);
    await tamper(
      "entity_versions_append",
      "INSERT INTO entity_versions VALUES ('bad-version', 'dev', 'stock/b@w1', 1, 0, 1, 1)",
    );
    expect(await refused(entityState(ledger, tenant, "stock/b@w1", attested))).toBeInstanceOf(
      LedgerCorrupt,
    );
  });

  it("RefuseCorruptRow: a history that lacks a version, and what else was read of it", async () => {
    const { scribe, ledger } = await opened("gap");
    const blocks = [1, 2, 3, 4].map((at) => scribe.next(0, received(`e-${at}`, "a")));
    const attested = await published(scribe, ledger, blocks);
    await tamper(
      "entity_versions_kept",
      "DELETE FROM entity_versions WHERE generation = ? AND version = 2",
      "gap",
    );
    const asked = { tenant, entity: "stock/a@w1", limit: 10 };
    const after = async (version: number) =>
      entityHistory(ledger, { ...asked, after: cursorOf({ version }) }, attested);
    for (const read of [
      entityHistory(ledger, asked, attested),
      eventsPage(ledger, asked, attested),
      after(1),
    ])
      expect(await refused(read)).toBeInstanceOf(LedgerCorrupt);
    expect((await after(2)).items.map(({ version }) => version)).toEqual([3, 4]);
  });

  it("RefuseMissingVouched: what enough seats vouch for and is not there is damage, no younger ledger", async () => {
    const { scribe, ledger } = await opened("vouched");
    const blocks = ["a", "b", "c"].map((id) => scribe.next(0, received(id)));
    expect(await published(scribe, ledger, blocks)).toEqual([3]);
    await tamper(
      "blocks_kept",
      "DELETE FROM blocks WHERE generation = ? AND height = 3",
      "vouched",
    );
    expect(await refused(attestedHeights(ledger))).toMatchObject({
      name: "LedgerCorrupt",
      court: 0,
      height: 3,
    });
    // One seat alone may say what it likes.
    await attest(ledger, wordOf(scribe, 1, known(blocks[1], "the second")), {
      ...wordOf(scribe, 1, known(blocks[2], "the third")),
    });
    expect(await attestedHeights(ledger)).toEqual([0]);
    await attest(ledger, wordOf(scribe, 2, known(blocks[1], "the second")));
    expect(await attestedHeights(ledger)).toEqual([2]);
  });
});
