import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { Chain } from "../objects/clerk/chain.ts";
import { SeatNotes } from "../objects/clerk/notes.ts";
import { StandingNote } from "../objects/clerk/standing.ts";
import type { Standing } from "../objects/clerk/standing.ts";
import type { EntityAnswer } from "../objects/shared/rpc.ts";
import { Notes } from "../objects/shared/shell/identity.ts";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import { deployment, eventually, fault, seatStatus } from "./kit/deployment.ts";
import { ask, bystander, endLife, followed, livesOf, run, within } from "./kit/surgery.ts";
import { tablesOf } from "./kit/tables.ts";
import { migrate } from "./kit/worker.ts";

const EVERY = deployment.rootEvery;
/** Makes each event another. */
let touches = 0;

beforeAll(migrate);

/** What is spoilt in which table, how, and how its incident names the table. */
interface Damage {
  readonly what: string;
  readonly sql: string;
}

function ofItem(item: string): string {
  return `WHERE key GLOB 'dev/stock/${item}@*'`;
}

describe("a row of the state that is not what was written", () => {
  it("RepairRowFromChain: what is read is repaired before it is evaluated, and never answered", async () => {
    const seat = await prepared(["read"]);
    const repairs = await mended(seat, "entities");
    await run(seat, `UPDATE entities SET state = '{"onHand":9999,"reserved":0}' ${ofItem("read")}`);
    const [row] = JSON.parse(
      await clerkStub(env, deployment, 0, seat).rows(["dev/stock/read@w1"]),
    ) as EntityAnswer[];
    expect(row).toMatchObject({ state: '{"onHand":1,"reserved":0}', version: 1 });
    await run(seat, `UPDATE entities SET version = version + 1 ${ofItem("read")}`);
    const answer = await followed(seat, "read again", "read");
    expect(answer.changes).toMatchObject([{ version: 2, state: { onHand: 2 } }]);
    expect(await mended(seat, "entities")).toHaveLength(repairs.length + 2);
    await sameAsAnother(seat);
  });

  it("RetakeUnrepairable, SpeakAgain: what the chain cannot say any more costs the voice until the state has been taken anew", async () => {
    const seat = await prepared(["lost"]);
    const silences = await noted(seat, "quarantine");
    await run(seat, `UPDATE entities SET state = '{}' ${ofItem("lost")}`);
    // Without the certified parts a row below them can be checked against nothing.
    await run(seat, "UPDATE outcomes SET body = body || ' ' WHERE body GLOB '*lost@*'");
    await untilMended(seat, async () => {
      const [row] = await ask(seat, `SELECT 1 FROM entities ${ofItem("lost")} AND state = '{}'`);
      return row === undefined && (await noted(seat, "quarantine")).length > silences.length;
    });
    expect(await standing(seat)).toMatchObject({ rebuild: false, verify: false, wounds: [] });
    await sameAsAnother(seat);
  });
});

const OF_BLOCK = "WHERE instr((SELECT header FROM blocks WHERE height = @), writ) > 0";

/** Each at a height of its own, "@". */
const CHAIN: readonly Damage[] = [
  {
    what: "a header",
    sql: "UPDATE blocks SET header = replace(header, '\"time\":1', '\"time\":2') WHERE height = @",
  },
  { what: "a height", sql: "UPDATE blocks SET height = 4000 WHERE height = @" },
  {
    what: "outcomes",
    sql: "UPDATE outcomes SET body = replace(body, 'accepted', 'rejected') WHERE height = @",
  },
  { what: "their height", sql: "UPDATE outcomes SET height = 4000 WHERE height = @" },
  {
    what: "a writ",
    sql: `UPDATE writs SET body = replace(body, 'quantity', 'quantitY') ${OF_BLOCK}`,
  },
  { what: "its epoch", sql: `UPDATE writs SET epoch = 5 ${OF_BLOCK}` },
  { what: "an index", sql: "UPDATE decided SET idx = idx + 1 WHERE height = @" },
  { what: "a number", sql: "UPDATE decided SET number = number + 512 WHERE height = @" },
  { what: "a range's height", sql: "UPDATE decided SET height = height + 1 WHERE height = @" },
];

const TIPS: readonly (readonly [what: string, sql: string])[] = [
  ["whose certificate", "UPDATE blocks SET certificate = replace(certificate, 'view', 'View')"],
  ["whose height", "UPDATE blocks SET height = height + 4096"],
];

describe("a row of the chain that is not what was written", () => {
  it("SilenceDamagedSeat, MendChain, SpeakAgain: costs the voice until certified blocks are in its place", async () => {
    const seat = await prepared([]);
    const silences = await noted(seat, "quarantine");
    // Of one block each, and none beside another.
    const rows = await ask<{ height: number }>(
      seat,
      "SELECT DISTINCT height FROM decided ORDER BY height LIMIT ?",
      2 * CHAIN.length,
    );
    for (const [at, { what, sql }] of CHAIN.entries()) {
      const height = rows[2 * at]?.height ?? 0;
      expect(await run(seat, sql.replace("@", String(height))), what).toBeGreaterThan(0);
    }
    await untilMended(seat, async () => (await wholeHeights(seat)) && (await strays(seat)) === 0);
    expect((await noted(seat, "quarantine")).length).toBeGreaterThan(silences.length);
    const tables = (await noted(seat, "repair")).map(({ table }) => table);
    for (const table of ["blocks", "outcomes", "writs", "decided"]) expect(tables).toContain(table);
    await sameAsAnother(seat);
  });

  it.each(TIPS)(
    "MendChain, SpeakAgain: a seat begins without its tip, %s is damaged, and has it again",
    async (_, sql) => {
      const seat = await prepared([]);
      const tip = await heightOf(seat);
      const before = await mended(seat, "blocks");
      expect(await run(seat, `${sql} WHERE height = ?`, tip)).toBeGreaterThan(0);
      await endLife(seat);
      await eventually(async () => (await mended(seat, "blocks")).length > before.length);
      await eventually(async () => (await seatStatus(seat)).ready);
      await sameAsAnother(seat);
    },
  );
});

describe("a note that is not what was written", () => {
  it("RetakeUnrepairable: a seat that does not know how it stands takes its state anew", async () => {
    const seat = await prepared([]);
    await run(seat, "UPDATE notes SET v = replace(v, 'wounds', 'woundz') WHERE k = 'standing'");
    await endLife(seat);
    await eventually(async () =>
      (await noted(seat, "quarantine")).some(({ detail }) => detail?.includes("standing") === true),
    );
    await eventually(async () => (await seatStatus(seat)).ready);
    expect((await standing(seat)).rebuiltAt).not.toBeNull();
    await sameAsAnother(seat);
  });

  const votes: readonly [string, string][] = [
    ["damaged", "UPDATE notes SET v = replace(v, '\"view\":', '\"view\": ') WHERE k = 'votes'"],
    ["under another name", "UPDATE notes SET k = 'vote5' WHERE k = 'votes'"],
  ];
  it.each(votes)(
    "KeepSilentWithoutVotes, SilenceWithoutVotes, SilentHasReason: a seat whose votes are %s cannot be healed, for it may have forgotten one",
    async (how, sql) => {
      const seat = await prepared([]);
      expect(await run(seat, sql)).toBeGreaterThan(0);
      await endLife(seat);
      await eventually(async () => (await seatStatus(seat)).stage === "quarantined");
      expect((await seatStatus(seat)).reason).not.toBeNull();
      const lives = await livesOf(seat);
      await fault(seat, "heal");
      await eventually(async () => (await livesOf(seat)) > lives);
      const { height } = (await followed(seat, `without its vote, ${how}`, "rotten")).receipt;
      expect(await seatStatus(seat)).toMatchObject({ ready: false, height });
      // The test goes on with four seats: the same votes as before, which only a test can bring back.
      await run(seat, "DELETE FROM notes WHERE k IN ('votes', 'vote5', 'incarnation', 'standing')");
      await endLife(seat);
      await eventually(async () => (await seatStatus(seat)).ready);
    },
  );
});

interface Evidence {
  readonly table?: string;
  readonly digest?: string | null;
  readonly detail?: string;
}

async function heightOf(seat: number): Promise<number> {
  return (await seatStatus(seat)).height;
}

/** What a seat has noted of a kind. */
async function noted(seat: number, kind: string): Promise<Evidence[]> {
  const sql = "SELECT evidence FROM incidents WHERE kind = ? ORDER BY id";
  const rows = await ask<{ evidence: string }>(seat, sql, kind);
  return rows.map(({ evidence }) => JSON.parse(evidence) as Evidence);
}

async function mended(seat: number, table: string): Promise<Evidence[]> {
  return (await noted(seat, "repair")).filter((row) => row.table === table);
}

function standing(seat: number): Promise<Standing> {
  return within(seat, ({ sql }) => new StandingNote(new SeatNotes(new Notes(sql))).now);
}

/** Rows that stand in no block's place. */
async function strays(seat: number): Promise<number> {
  const sql =
    "SELECT (SELECT count(*) FROM outcomes WHERE height = 4000) + (SELECT count(*) FROM writs WHERE epoch = 5) AS n";
  return (await ask<{ n: number }>(seat, sql))[0]?.n ?? 0;
}

/** Whether every height can be read, with all that belongs to it. */
function wholeHeights(seat: number): Promise<boolean> {
  return within(seat, ({ sql }) => {
    const chain = new Chain(sql);
    try {
      for (let height = 1; height <= chain.height(); height++) chain.check(height);
      return true;
    } catch {
      return false;
    }
  });
}

/** A ready seat of a court in which the items were made below a certified base, and rest. */
async function prepared(items: readonly string[]): Promise<number> {
  const seat = await bystander();
  for (const item of items) await followed(seat, `${item} ${touches++}`, item);
  const { height } = await seatStatus(seat);
  const goal = Math.ceil(height / EVERY) * EVERY + EVERY + 1;
  while ((await seatStatus(seat)).height < Math.max(goal, 2 * EVERY + 1))
    await followed(seat, `filling ${touches++}`, "filling");
  await eventually(async () => (await seatStatus(seat)).ready);
  return seat;
}

/** Heights are decided, and the seat scrubs with each, until it is so and the seat has its voice. */
async function untilMended(seat: number, done: () => Promise<boolean>): Promise<void> {
  const most = 200;
  for (let at = 0; at < most && !(await done()); at++)
    await followed(seat, `on ${touches++}`, "on");
  expect(await done(), JSON.stringify(await standing(seat))).toBe(true);
  await eventually(async () => (await seatStatus(seat)).ready);
}

/** Blocks within which the scrubber comes to every row of so small a seat. */
const SCRUBS = 60;

async function alike(seat: number, other: number): Promise<boolean> {
  const [mine, others] = await Promise.all([tablesOf(seat), tablesOf(other)]);
  return JSON.stringify(mine) === JSON.stringify(others);
}

/** Row by row what an undisturbed seat has, at the same height. */
async function sameAsAnother(seat: number): Promise<void> {
  const other = (seat + 1) % 4;
  const { receipt } = await followed(seat, `at last ${touches++}`, "last");
  await eventually(async () => (await seatStatus(other)).height >= receipt.height);
  // The chain stays when a state is taken: what of it nobody reads is put right when the scrubber comes to it.
  for (let at = 0; at < SCRUBS && !(await alike(seat, other)); at++)
    await followed(seat, `scrubbed ${touches++}`, "last");
  await eventually(() => alike(seat, other));
  expect(await tablesOf(seat)).toEqual(await tablesOf(other));
}
