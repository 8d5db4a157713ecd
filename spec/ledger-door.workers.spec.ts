/** The one door in the history, as the schema has it: whoever holds the binding of D1, through it or not at all. */
import { beforeAll, describe, expect, it } from "vitest";
import { attestedHeights } from "../objects/ledger/attest.ts";
import { flawsAt } from "../objects/ledger/flaws.ts";
import { repair } from "../objects/ledger/repair.ts";
import { known } from "../objects/shared/assert.ts";
import { deface } from "./kit/defacing.ts";
import { all, db, migrated, opened, received, refused } from "./kit/ledger.ts";
import { PressRoom } from "./kit/press.ts";
import { hurt, published, repairs, served } from "./kit/published.ts";

beforeAll(migrated);

interface Door {
  readonly number: number;
  readonly old: string | null;
  readonly door: number | null;
}

const EVENT = "height = 3 AND idx = 1";

describe("the door", () => {
  const RECORD = "INSERT INTO repairs VALUES (?, 0, 3, ?, ?, ?, ?, 'new', 2, 'nobody', ?)";
  const record = (generation: string, part: string, place: string, more: Partial<Door> = {}) => {
    const { number, old, door } = { number: 1, old: "old", door: 1, ...more };
    return db.prepare(RECORD).bind(generation, part, place, number, old, door);
  };

  it.each<[string, string, string, Partial<Door>]>([
    ["none was repaired before", "events", "[1]", { number: 2 }],
    ["a record of nothing", "events", "[1]", { door: null }],
    ["a row is there", "events", "[1]", { old: null }],
    ["no row is there", "events", "[99]", {}],
    ["a key that is written otherwise", "events", "[ 1 ]", {}],
    ["a table that has no history", "attestations", "[1]", {}],
    ["a block by another key", "blocks", "[3]", {}],
  ])("RefuseFalseRepair: %s", async (_, part, place, more) => {
    const generation = "false";
    const before =
      (await all(generation, "genesis")).length > 0 ? null : await published(generation);
    before?.room.close();
    const held = await served(generation);
    await refused(record(generation, part, place, more).run());
    expect(await repairs(generation)).toEqual([]);
    expect(await served(generation)).toBe(held);
  });

  it("RefuseRewrite: it takes the recorded row away and no other, and is shut when that is done", async () => {
    const generation = "only";
    await published(generation);
    const [blocks, events] = [await all(generation, "blocks"), await all(generation, "events")];
    await record(generation, "events", "[1]").run();
    expect((await all(generation, "events")).length).toBe(events.length - 1);
    expect(await all(generation, "blocks")).toEqual(blocks);
    const others = [
      "DELETE FROM events WHERE generation = ? AND height = 3 AND idx = 2",
      "DELETE FROM events WHERE generation = ? AND height = 5",
      "DELETE FROM blocks WHERE generation = ? AND height = 3",
      "DELETE FROM writs WHERE generation = ? AND height = 3 AND position = 1",
      "DELETE FROM entity_versions WHERE generation = ?",
      "DELETE FROM genesis WHERE generation = ?",
      "UPDATE events SET outcome = outcome WHERE generation = ? AND height = 3 AND idx = 2",
      "UPDATE repairs SET door = 1 WHERE generation = ?",
    ];
    for (const sql of others)
      expect(String(await refused(db.prepare(sql).bind(generation).run())), sql).toContain(
        "append-only",
      );
  });

  it("KeepRepairRecord, DefaceAndDelayOnly: who goes through it to lie leaves the record, and the lie is repaired like any damage", async () => {
    const generation = "liar";
    const { room } = await published(generation);
    const before = await served(generation);
    const lie = `INSERT INTO events (generation, court, height, idx, writ, event, outcome)
      SELECT generation, court, 3, 1, 0, event, outcome FROM events WHERE generation = ? AND height = 5`;
    await db.batch([record(generation, "events", "[1]"), db.prepare(lie).bind(generation)]);
    expect(await served(generation)).not.toBe(before);
    await room.until(async () => (await served(generation)) === before);
    const kept = await repairs(generation);
    expect(kept.map(({ number, signature }) => [number, signature === "nobody"])).toEqual([
      [1, true],
      [2, false],
    ]);
    for (const sql of [
      "DELETE FROM repairs WHERE generation = ?",
      "UPDATE repairs SET seat = 0 WHERE generation = ?",
    ])
      expect(String(await refused(db.prepare(sql).bind(generation).run()))).toContain(
        "append-only",
      );
    room.close();
  });

  it("RepairOnce: of two seats that found the same damage one repairs it", async () => {
    const generation = "twice";
    const { scribe, ledger, room } = await published(generation);
    await hurt(generation, "events", "event = replace(event, 'w1', 'w2')", EVENT);
    room.close();
    const block = known(room.blocks[2], "a third block");
    const [one, other] = [await flawsAt(ledger, block), await flawsAt(ledger, block)];
    expect(one).toMatchObject([{ part: "events", place: "[1]", number: 1 }]);
    await repair(ledger, one, { seat: 0, sign: scribe.seat(0, 0) });
    const second = repair(ledger, other, { seat: 1, sign: scribe.seat(0, 1) });
    expect(String(await refused(second))).toContain("out of turn");
    expect(await repairs(generation)).toHaveLength(1);
    expect(await flawsAt(ledger, block)).toEqual([]);
  });

  it("RepairDamagedRow: a height that lost all its rows, in as many transactions as it takes", async () => {
    const generation = "wide";
    const { scribe, ledger } = await opened(generation);
    const many = Array.from({ length: 150 }, (_, at) => received(`e-${at}`));
    const room = new PressRoom(scribe, ledger, [scribe.next(0, ...many)]);
    for (const seat of [0, 1]) room.seated(seat);
    await room.until(async () => (await attestedHeights(ledger))[0] === 1);
    const before = await served(generation);
    for (const table of ["entity_versions", "events", "writs", "blocks"])
      await deface(table, `DELETE FROM ${table} WHERE generation = ?`, generation);
    expect(await served(generation)).not.toBe(before);
    await room.until(async () => (await served(generation)) === before);
    expect(await repairs(generation)).toHaveLength(302);
    room.close();
  });
});
