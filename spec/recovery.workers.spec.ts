import { beforeAll, describe, expect, it } from "vitest";
import { Dice } from "./kit/dice.ts";
import { deployment, eventually, fault, received, seatStatus, settle } from "./kit/deployment.ts";
import { ask, bystander, endLife, followed, livesOf } from "./kit/surgery.ts";
import { tablesOf } from "./kit/tables.ts";
import { migrate, post } from "./kit/worker.ts";

const EVERY = deployment.rootEvery;
const SEATS = [0, 1, 2, 3];
const ENDINGS = 6;
/** Calls that a life is given at most before it is ended. */
const CALLS = 12;

let events = 0;

beforeAll(migrate);

/** One of a few items, by turns, so that rows are made, changed and left alone. */
function next(seat: number): ReturnType<typeof followed> {
  events += 1;
  return followed(seat, `event ${events}`, `item-${events % 5}`);
}

/** Ends the seat's life again and again, each time after so many calls as are drawn; no wait is a moment by itself. */
async function interrupted(seat: number, dice: Dice): Promise<Set<string>> {
  const stages = new Set<string>();
  for (let ending = 0; ending < ENDINGS; ending++) {
    const calls = dice.below(CALLS);
    for (let call = 0; call < calls; call++)
      await seatStatus(seat).then(
        ({ stage }) => stages.add(stage),
        () => "it was about to end",
      );
    await endLife(seat);
  }
  return stages;
}

async function sameAsUninterrupted(seat: number): Promise<void> {
  await eventually(async () => (await seatStatus(seat)).ready);
  const other = (seat + 1) % SEATS.length;
  const { receipt } = await next(seat);
  await eventually(async () => (await seatStatus(other)).height >= receipt.height);
  expect(await tablesOf(seat)).toEqual(await tablesOf(other));
}

describe("a recovery that is cut off", () => {
  it.each([1, 2, 3])(
    "BeginAgainFromStorage: leads to the rows that an undisturbed seat has, while the state is taken anew (seed %i)",
    async (seed) => {
      const seat = await bystander();
      while ((await seatStatus(seat)).height < 2 * EVERY + 2) await next(seat);
      await eventually(async () => (await seatStatus(seat)).ready);
      const ordered = await eventually(async () => {
        const response = await post(`/v1/courts/0/members/${seat}/rebuild`, {});
        return response.status === 202;
      });
      expect(ordered).toBe(true);
      const lives = await livesOf(seat);
      const stages = await interrupted(seat, new Dice(seed));
      stages.delete("ready");
      expect(stages).not.toEqual(new Set());
      expect(await livesOf(seat)).toBeGreaterThan(lives);
      await sameAsUninterrupted(seat);
    },
  );

  it("BeginAgainFromStorage: leads to the same rows while blocks are caught up", async () => {
    const seat = await bystander();
    expect((await fault(seat, "crash", { seconds: 60 })).status).toBe(200);
    for (let at = 0; at < EVERY; at++) await settle(received(`away ${at}`, `item-${at % 5}`, 1));
    await fault(seat, "heal");
    await interrupted(seat, new Dice(4));
    await sameAsUninterrupted(seat);
  });
});

describe("the loss of all seats at once", () => {
  it("RecoverAlone: each is ready from its own storage, at the tip it had, and the court goes on", async () => {
    const { receipt } = await settle(received("before the loss", "item-0", 1));
    await eventually(async () => {
      const statuses = await Promise.all(SEATS.map((seat) => seatStatus(seat)));
      return statuses.every(({ ready, height }) => ready && height >= receipt.height);
    });
    const tips = await Promise.all(SEATS.map((seat) => tipOf(seat)));
    const lives = await Promise.all(SEATS.map((seat) => livesOf(seat)));
    await Promise.all(SEATS.map((seat) => endLife(seat)));
    for (const seat of SEATS) await eventually(async () => (await seatStatus(seat)).ready);
    for (const seat of SEATS) expect(await livesOf(seat)).toBeGreaterThan(lives[seat] ?? 0);
    expect(new Set(tips)).toEqual(new Set([tips[0]]));
    expect(await Promise.all(SEATS.map((seat) => blockOf(seat, receipt.height)))).toEqual(
      await Promise.all(SEATS.map((seat) => blockOf((seat + 1) % 4, receipt.height))),
    );
    const after = await settle(received("after the loss", "item-0", 1));
    expect(after.receipt.height).toBeGreaterThan(receipt.height);
    const quarantines = await Promise.all(
      SEATS.map((seat) =>
        ask(
          seat,
          "SELECT 1 FROM incidents WHERE kind = 'quarantine' AND height >= ?",
          receipt.height,
        ),
      ),
    );
    expect(quarantines.flat()).toEqual([]);
  });
});

async function tipOf(seat: number): Promise<number> {
  const [row] = await ask<{ height: number }>(seat, "SELECT max(height) AS height FROM blocks");
  return row?.height ?? 0;
}

async function blockOf(seat: number, height: number): Promise<unknown> {
  return ask(seat, "SELECT header, result FROM blocks WHERE height = ?", height);
}
