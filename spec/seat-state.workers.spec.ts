import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { rowDigest } from "../objects/clerk/rows.ts";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import { entityStateRow, stateRowDigest } from "../objects/shared/state-root.ts";
import type { Block, EntityRow, KeyRow } from "../objects/shared/types.ts";
import { deployment, eventually, fault, received, seatStatus, settle } from "./kit/deployment.ts";
import { rootOf } from "./kit/own-root.ts";
import type { WholeState } from "./kit/own-root.ts";
import { ask, bystander, endLife, livesOf, run } from "./kit/surgery.ts";
import { migrate } from "./kit/worker.ts";

const EVERY = deployment.rootEvery;

beforeAll(migrate);

/** Decides events of one item each, until the court is at the height. */
async function decideTo(height: number, items = 3): Promise<void> {
  for (;;) {
    const at = Math.max(...(await heights()));
    if (at >= height) break;
    await settle(received(`event ${at + 1}`, `item-${at % items}`, 1));
  }
  await eventually(async () => Math.min(...(await heights())) >= height);
}

/** Of the seats; one that is just beginning another life is asked again. */
async function heights(): Promise<number[]> {
  return eventually(async () => {
    const seats = await Promise.all([0, 1, 2, 3].map((seat) => seatStatus(seat)));
    return seats.map((status) => status.height);
  });
}

async function blockAt(seat: number, height: number): Promise<Block> {
  return JSON.parse(await clerkStub(env, deployment, 0, seat).block(height)) as Block;
}

/** All that a seat's tables hold, read as they lie there. */
async function wholeState(seat: number, height: number): Promise<WholeState> {
  const tables = await ask<{ name: string }>(
    seat,
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'keys_[0-9]*'",
  );
  const keys = await Promise.all(
    tables.map(({ name }) =>
      ask<{ key: string; fingerprint: string; height: number; idx: number; expires: number }>(
        seat,
        `SELECT key, fingerprint, height, idx, expires FROM ${name}`,
      ),
    ),
  );
  const entities = await ask<{ [Field in keyof EntityRow]: EntityRow[Field] }>(
    seat,
    "SELECT key, version, state, height, expires FROM entities",
  );
  const progress = await ask<{ warden: number; number: number; next: number }>(
    seat,
    "SELECT warden, max(number) AS number, first + count AS next FROM decided GROUP BY warden",
  );
  return {
    entities,
    keys: keys.flat().map(({ idx, ...row }): KeyRow => ({ ...row, index: idx })),
    progress: progress.map((row) => ({ ...row, complete: true })),
    time: (await blockAt(seat, height)).header.time,
    every: EVERY,
  };
}

function heightOf(seat: number): Promise<number> {
  return seatStatus(seat).then(({ height }) => height);
}

/** The same state in the same order; the time is the base's own. */
function sorted(state: WholeState | undefined): Omit<WholeState, "time"> {
  if (state === undefined) throw new Error("a seat has a state");
  const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
  const { entities, keys, progress, every } = state;
  return { entities: entities.toSorted(byKey), keys: keys.toSorted(byKey), progress, every };
}

describe("the state root in the real runtime", () => {
  it("CarryStateRoot, RootAsOfBase: is what an independent reading of the tables at its base comes to", async () => {
    for (const base of [EVERY, 2 * EVERY]) {
      await decideTo(base);
      const states = await Promise.all([0, 1].map((seat) => wholeState(seat, base)));
      await decideTo(base + 3);
      await endLife(1);
      await decideTo(base + EVERY);
      for (const state of states)
        for (const seat of [0, 1, 2, 3])
          expect((await blockAt(seat, base + EVERY)).result.state).toBe(rootOf(state));
    }
    expect((await seatStatus(1)).ready).toBe(true);
  });

  it("ServeCertifiedParts: images and ended keys leave when no base needs them", async () => {
    await decideTo(4 * EVERY);
    for (const seat of [0, 1, 2, 3]) {
      const tables = await ask<{ name: string }>(
        seat,
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'images_[0-9]*' ORDER BY name",
      );
      expect(tables.length).toBeGreaterThan(0);
      for (const { name } of tables)
        expect(Number(name.slice("images_".length))).toBeGreaterThanOrEqual(3 * EVERY);
      const parts = await ask<{ k: string }>(seat, "SELECT k FROM notes WHERE k GLOB 'parts/*'");
      expect(parts).toEqual([{ k: `parts/${3 * EVERY}` }]);
    }
  });

  it("TakeStateAnew, InstallWholeState: a seat with a false row that reads well is outvoted, takes the court's state and votes again", async () => {
    await decideTo(Math.max(...(await heights())) + 1);
    const seat = await bystander();
    const [row] = await ask<{ [Field in keyof EntityRow]: EntityRow[Field] }>(
      seat,
      "SELECT key, version, state, height, expires FROM entities LIMIT 1",
    );
    if (row === undefined) throw new Error("the seat has no entity");
    const state = '{"onHand":77,"reserved":0}';
    const digest = stateRowDigest(entityStateRow({ ...row, state }));
    const sql = "UPDATE entities SET state = ?, digest = ? WHERE key = ?";
    await run(seat, sql, state, digest, row.key);
    // The next root is computed from all rows, which otherwise are read again by turns.
    await run(seat, "DELETE FROM notes WHERE k GLOB 'parts/*'");
    await endLife(seat);
    await eventually(async () => (await seatStatus(seat)).ready);
    const lives = await livesOf(seat);
    const items = 1000;
    const until = Math.ceil(Math.max(...(await heights())) / EVERY) * EVERY + 2 * EVERY;
    await decideTo(until, items);
    await eventually(async () => (await livesOf(seat)) > lives);
    await eventually(async () => (await seatStatus(seat)).ready);
    await decideTo(until + 2, items);
    const states = await Promise.all([0, 1, 2, 3].map((of) => wholeState(of, until)));
    for (const other of states) expect(sorted(other)).toEqual(sorted(states[0]));
  });

  it("TakeStateWhenBlocksAreGone, InstallWholeState: a seat whose peers dropped what it lacks takes their state and goes on", async () => {
    const seat = await bystander();
    expect((await fault(seat, "crash", { seconds: 60 })).status).toBe(200);
    const others = [0, 1, 2, 3].filter((other) => other !== seat);
    const from = Math.max(...(await Promise.all(others.map(heightOf))));
    const goal = Math.ceil(from / EVERY) * EVERY + 3 * EVERY;
    for (let at = from; at < goal; at++) await settle(received(`gap ${at}`, `gap-${at % 3}`, 1));
    await eventually(async () => Math.min(...(await Promise.all(others.map(heightOf)))) >= goal);
    const bottom = goal - EVERY;
    for (const other of others)
      await run(other, "INSERT INTO bottom VALUES (?, ?)", bottom, rowDigest("bottom", bottom));
    await fault(seat, "heal");
    await eventually(async () => (await seatStatus(seat)).height >= goal);
    await eventually(async () => (await seatStatus(seat)).ready);
    await decideTo(goal + 1);
    expect(await ask(seat, "SELECT height FROM bottom")).toEqual([{ height: bottom }]);
    const states = await Promise.all([seat, ...others].map((of) => wholeState(of, goal)));
    for (const other of states) expect(sorted(other).entities).toEqual(sorted(states[0]).entities);
  });
});
