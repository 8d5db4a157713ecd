/** Rows of the real D1 that are not what was agreed: found by the seats' audit, repaired through the one door, and on record. */
import { beforeAll, describe, expect, it } from "vitest";
import { publishRun } from "../objects/ledger/append.ts";
import { attestedHeights } from "../objects/ledger/attest.ts";
import { auditRange } from "../objects/ledger/audit.ts";
import { repairDigest } from "../objects/ledger/repair.ts";
import { rowsOf } from "../objects/ledger/rows.ts";
import type { BlockRow } from "../objects/ledger/rows.ts";
import { storedBlock } from "../objects/ledger/stored.ts";
import { LedgerCorrupt } from "../objects/ledger/trust.ts";
import { known } from "../objects/shared/assert.ts";
import { canonical } from "../objects/shared/canonical.ts";
import { batchDigest, blockDigest, merkleRoot, resultDigest } from "../objects/shared/digests.ts";
import { genesisDigest } from "../objects/shared/genesis.ts";
import type { Block } from "../objects/shared/types.ts";
import { REFUSE_BLOCKS } from "../worker/http/tampering.ts";
import type { Scribe } from "./kit/blocks.ts";
import { deface } from "./kit/defacing.ts";
import { all, db, migrated, refused } from "./kit/ledger.ts";
import { HISTORY, hurt, published, repairs, served } from "./kit/published.ts";
import type { Published, Repair, Table } from "./kit/published.ts";

beforeAll(migrated);

const AT = "height = 3";
const WRIT = "height = 3 AND position = 0";
const EVENT = "height = 3 AND idx = 1";
const VERSION = "entity = 'stock/b@w1' AND version = 2";

/** By table: every column, changed by itself as far as the schema lets it be, and rows gone. */
const DEFACED: Readonly<Record<Table, readonly (readonly [set: string | null, where: string])[]>> =
  {
    genesis: [
      ["digest = 'ff'", "1"],
      ["document = '{}'", "1"],
      ["signatures = '{}'", "1"],
      ["generation = 'gone'", "1"],
      [null, "1"],
    ],
    blocks: [
      ["generation = 'gone'", AT],
      [
        "court = 1, header = json_set(header, '$.court', 1), certificate = json_set(certificate, '$.court', 1)",
        AT,
      ],
      [
        "height = 99, header = json_set(header, '$.height', 99), certificate = json_set(certificate, '$.height', 99)",
        AT,
      ],
      ["outcomes = outcomes - 1, leaves = substr(leaves, 65)", AT],
      ["prior = root", AT],
      ["root = prior", AT],
      ["state = root", AT],
      ["header = json_set(header, '$.time', 1)", AT],
      ["certificate = json_set(certificate, '$.signatures[0].signature', 'ff')", AT],
      ["certificate = json_set(certificate, '$.block', 'ff')", "height = 5"],
      ["leaves = substr(leaves, 65) || substr(leaves, 1, 64)", AT],
      [null, AT],
      [null, "height = 1"],
    ],
    writs: [
      ["generation = 'gone'", WRIT],
      ["court = 1", WRIT],
      ["height = 4", WRIT],
      ["height = -4", WRIT],
      ["position = 7", WRIT],
      ["warden = 0", WRIT],
      ["number = number + 1", WRIT],
      ["start = 0", WRIT],
      ["count = 1", WRIT],
      ["bytes = 1", WRIT],
      ["seal = 'ff'", WRIT],
      ["rest = '[]'", "height = 1"],
      ["poison = NULL", "height = 2"],
      [null, "height = 3 AND position = 1"],
    ],
    events: [
      ["generation = 'gone'", EVENT],
      ["court = 1", EVENT],
      ["height = 4, idx = 0", EVENT],
      ["height = 0", EVENT],
      ["idx = -1", EVENT],
      ["writ = 1", EVENT],
      ["event = replace(event, 'w1', 'w2')", EVENT],
      [`outcome = replace(outcome, '"onHand":1', '"onHand":9')`, EVENT],
      [`outcome = json_set(outcome, '$.changes', json('["x"]'))`, EVENT],
      [null, EVENT],
      [null, "height = 3 AND idx = 0"],
    ],
    entity_versions: [
      ["generation = 'gone'", VERSION],
      ["tenant = 'other'", VERSION],
      ["entity = 'stock/none@w1'", VERSION],
      ["version = 9", VERSION],
      ["court = 1", VERSION],
      ["height = 4", VERSION],
      ["idx = 4", VERSION],
      [null, VERSION],
    ],
  };

/** A repair's record is signed by its finder, who noted it. */
function demandSigned({ scribe, ledger, room }: Published, record: Repair): void {
  const { generation } = scribe.genesis.document;
  const digested = repairDigest(generation, { ...record, court: 0 });
  const key = scribe.genesis.document.keys[`${generation}/clerk/0/${record.seat}`] ?? "";
  expect(ledger.verify(key, digested, record.signature)).toBe(true);
  const { part, place, number, old, seat: finder } = record;
  const rows = expect.arrayContaining([{ part, place, number, old }]) as unknown;
  expect(room.incidents(finder, "repair")).toContainEqual(
    expect.objectContaining({ height: record.height, finder, rows }),
  );
}

describe("a row that was changed after it was audited", () => {
  it.each(HISTORY)(
    "ReadLedgerAgain, RepairDamagedRow: every column of %s, and a row that is gone",
    async (table) => {
      const generation = `deface-${table.replace("_", "-")}`;
      const court = await published(generation);
      const { ledger, room } = court;
      const sound = await served(generation);
      const to = room.blocks.length;
      for (const [set, where] of DEFACED[table]) {
        const what = `${set ?? "gone"} where ${where}`;
        const before = (await repairs(generation)).length;
        const told =
          room.incidents(0, "ledger-damaged").length + room.incidents(1, "ledger-damaged").length;
        await hurt(generation, table, set, where);
        await room
          .until(async () => (await served(generation)) === sound)
          .catch(() => expect.fail(what));
        expect((await repairs(generation)).length, what).toBeGreaterThan(before);
        const tell =
          room.incidents(0, "ledger-damaged").length + room.incidents(1, "ledger-damaged").length;
        expect(tell, what).toBeGreaterThan(told);
      }
      for (const record of await repairs(generation)) demandSigned(court, record);
      expect(await auditRange(ledger, 0, { from: 0, to }, () => null)).toEqual({
        auditedHeight: to,
      });
      for (const block of room.blocks)
        expect(await storedBlock(ledger, 0, block.header.height)).toEqual(block);
      expect((await attestedHeights(ledger))[0]).toBe(to);
      room.close();
    },
    60_000,
  );

  it.each([
    ["height = 99, block = 'ff'"],
    ["height = 2"],
    ["block = 'ff'"],
    ["signature = 'ff'"],
    ["seat = 77"],
    ["court = 7"],
    ["generation = 'gone'"],
    [null],
  ])("RestoreOwnWord: a seat's word that became %s is given again", async (set) => {
    const generation = `word-${String(set).replaceAll(/[^a-z0-9]+/g, "-")}`;
    const { ledger, room } = await published(generation);
    const change = set === null ? "DELETE FROM attestations" : `UPDATE attestations SET ${set}`;
    await deface("attestations", `${change} WHERE generation = ? AND seat = 1`, generation);
    expect((await attestedHeights(ledger))[0]).toBeLessThan(room.blocks.length);
    await room.until(async () => (await attestedHeights(ledger))[0] === room.blocks.length);
    expect(room.incidents(1, "ledger-damaged").length).toBeGreaterThan(0);
    expect(room.incidents(0)).toEqual([]);
    room.close();
  });

  it.each([["digest = 'ff'"], ["document = '{}'"], ["generation = 'nowhere'"], [null]])(
    "RepairDamagedRow: a genesis that became %s before there was a block stands in nobody's way",
    async (set) => {
      const generation = `young-${String(set).replaceAll(/[^a-z0-9]+/g, "-")}`;
      await db.exec(REFUSE_BLOCKS.replaceAll("\n", " "));
      const court = await published(generation, 0);
      const { ledger, room } = court;
      room.decideUpTo(1);
      await room.until(async () => (await all(generation, "genesis")).length === 1);
      await hurt(generation, "genesis", set, "1");
      await db.exec("DROP TRIGGER fault_refuse");
      await room.until(async () => (await attestedHeights(ledger))[0] === 1);
      const document = canonical(ledger.genesis);
      await room.until(async () => {
        const [row] = await all<{ digest: string; document: string }>(generation, "genesis");
        return row?.document === document && row.digest === genesisDigest(ledger.genesis);
      });
      expect((await attestedHeights(ledger))[0]).toBe(1);
      room.close();
    },
  );

  it("ReportDamageOnce: by one seat over two lives, and once more when it is damaged again", async () => {
    const generation = "once";
    const { room } = await published(generation);
    const before = await served(generation);
    room.leader = 3;
    room.lowest.set(0, 5).set(1, 5);
    const find = async () => {
      await hurt(generation, "events", "event = replace(event, 'w1', 'w2')", EVENT);
      await room.until(() => room.incidents(0, "ledger-damaged").length > 0);
    };
    await find();
    room.seated(0);
    room.seated(1);
    // Both have been through it more than once.
    const walked = room.steps(0) + 12;
    await room.until(() => room.steps(0) >= walked);
    const [first, ...others] = room.incidents(0, "ledger-damaged");
    expect(others).toEqual([]);
    expect(first).toMatchObject({ height: 3, repairs: 0 });
    room.lowest.clear();
    await room.until(async () => (await served(generation)) === before);
    await find();
    await room.until(async () => (await served(generation)) === before);
    const again = [0, 1].flatMap((seat) => room.incidents(seat, "ledger-damaged"));
    expect(again).toContainEqual(expect.objectContaining({ height: 3, repairs: 1 }));
    room.close();
  });

  it("LookWhereReadingFailed: told by a reader, the leader repairs though nothing else wakes it, and another stays awake meanwhile", async () => {
    const generation = "told";
    const { room } = await published(generation);
    const before = await served(generation);
    const [leader, other] = [room.seated(0), room.seated(1)];
    const steps = room.steps(0);
    await hurt(generation, "events", "event = replace(event, 'w1', 'w2')", EVENT);
    expect(leader.waits()).toBe(false);
    await other.reread(3);
    expect(other.waits()).toBe(true);
    expect(await served(generation)).not.toBe(before);
    await leader.reread(3);
    expect(await served(generation)).toBe(before);
    expect(leader.waits()).toBe(false);
    await other.reread(3);
    expect(other.waits()).toBe(false);
    // Nobody walked, and a height that there is not is nothing to look at.
    await leader.reread(room.blocks.length + 1);
    expect(room.steps(0)).toBe(steps);
    expect(room.incidents(0, "repair")).toHaveLength(1);
    room.close();
  });

  it("LeaveRepairToLeader: another seat repairs what the leader left standing", async () => {
    const generation = "patience";
    const { room } = await published(generation);
    const before = await served(generation);
    room.leader = 3;
    await hurt(generation, "writs", "seal = 'ff'", WRIT);
    await room.until(async () => (await served(generation)) === before);
    expect((await repairs(generation)).map(({ part }) => part)).toEqual(["writs"]);
    room.close();
  });

  it("KeepDamageWithoutBlock: without the block it stays an incident and is not served, and what follows is published", async () => {
    const generation = "lost";
    const { ledger, room } = await published(generation, 4);
    room.lowest.set(0, 4).set(1, 4);
    await hurt(generation, "events", "event = replace(event, 'w1', 'w2')", EVENT);
    await room.until(() => room.incidents(0, "ledger-damaged").length > 0);
    room.decideUpTo(5);
    await room.until(async () => (await attestedHeights(ledger))[0] === 5);
    expect(await refused(storedBlock(ledger, 0, 3))).toBeInstanceOf(LedgerCorrupt);
    expect(await storedBlock(ledger, 0, 5)).toEqual(room.blocks[4]);
    expect(await repairs(generation)).toEqual([]);
    room.close();
  });

  it("RepublishAfterSetback: what a Ledger has lost at its end is told, and published again", async () => {
    const generation = "setback";
    const { room } = await published(generation);
    const before = await served(generation);
    await hurt(generation, "blocks", null, "height >= 4");
    // Their next lives read how far the Ledger goes.
    for (const seat of [0, 1]) room.seated(seat);
    await room.until(async () => (await served(generation)) === before);
    expect(room.incidents(0, "ledger-damaged")).toContainEqual(
      expect.objectContaining({ height: 4, detail: expect.stringContaining("ends at") as unknown }),
    );
    expect(await repairs(generation)).toEqual([]);
    room.close();
  });

  it("RepairDamagedRow: a damaged tip keeps nobody from publishing", async () => {
    const generation = "tip";
    const { ledger, room } = await published(generation, 4);
    await hurt(
      generation,
      "blocks",
      "certificate = json_set(certificate, '$.block', 'ff')",
      "height = 4",
    );
    room.decideUpTo(5);
    // Until it is mended, readers are refused.
    await room.until(async () => (await attestedHeights(ledger).catch(() => []))[0] === 5);
    expect(room.incidents(0, "ledger-conflict")).toEqual([]);
    expect(await storedBlock(ledger, 0, 4)).toEqual(room.blocks[3]);
    room.close();
  });

  it("RepairDamagedRow: a row that another seat published meanwhile, and that was damaged at once, is no other block", async () => {
    const generation = "raced";
    const meanwhile: (() => Promise<void>)[] = [];
    const { ledger, room } = await published(generation, 4, async () => meanwhile.pop()?.());
    const fifth = known(room.blocks[4], "a fifth block");
    meanwhile.push(async () => {
      await publishRun(ledger, 0, [fifth]);
      await hurt(
        generation,
        "blocks",
        "certificate = json_set(certificate, '$.block', 'ff')",
        "height = 5",
      );
    });
    room.decideUpTo(5);
    await room.until(async () => (await attestedHeights(ledger))[0] === 5);
    for (const seat of [0, 1]) expect(room.incidents(seat, "ledger-conflict")).toEqual([]);
    expect(await storedBlock(ledger, 0, 5)).toEqual(fifth);
    room.close();
  });

  it("KeepOtherBlock: a block that a quorum certified is no damage, and is not exchanged", async () => {
    const generation = "other";
    const { scribe, room } = await published(generation, 4);
    const other = rowsOf(emptyInstead(scribe, known(room.blocks[4], "a fifth block"))).block;
    room.decideUpTo(5);
    await room.until(async () => (await all(generation, "blocks")).length === 5);
    await hurt(generation, "events", null, "height = 5");
    await deface(
      "blocks",
      "UPDATE blocks SET outcomes = 0, prior = ?, root = ?, header = ?, certificate = ?, leaves = '' WHERE generation = ? AND height = 5",
      other.prior,
      other.root,
      other.header,
      other.certificate,
      generation,
    );
    await room.until(() => room.incidents(0, "ledger-conflict").length > 0);
    expect((await all<BlockRow>(generation, "blocks"))[4]?.certificate).toBe(other.certificate);
    expect(await repairs(generation)).toEqual([]);
    room.close();
  });
});

/** A block at the same height with nothing in it, as the same seats would have certified it, were they all to lie. */
function emptyInstead(
  scribe: Scribe,
  { header: agreed, result: { prior }, certificate }: Block,
): Block {
  const header = { ...agreed, entries: [] };
  const result = { prior, count: 0, root: merkleRoot([]), state: null };
  const digests = { batch: batchDigest(header), result: resultDigest(result) };
  const block = blockDigest(header.height, header.parent, digests.batch, digests.result);
  const { signatures: _, ...voted } = certificate;
  const certified = scribe.certify({ ...voted, ...digests, block }, [0, 1, 2]);
  return { header, entries: [], result, outcomes: [], certificate: certified };
}
