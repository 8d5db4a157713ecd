import { beforeAll, describe, expect, it } from "vitest";
import {
  court,
  deployment,
  eventually,
  fault,
  get,
  received,
  seatStatus,
  settle,
  submit,
} from "./kit/deployment.ts";
import { db, tamper } from "./kit/ledger.ts";
import { bystander, followed } from "./kit/surgery.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

/** A seat that was down while the others decided and published; the heights it missed. */
async function away(what: string): Promise<{ seat: number; others: number[]; missed: number[] }> {
  const seat = await bystander();
  await followed(seat, `before ${what}`, what);
  expect((await fault(seat, "crash", { seconds: 300 })).status).toBe(200);
  const missed: number[] = [];
  for (const id of [1, 2, 3]) {
    const { receipt } = await settle(received(`${id} without it: ${what}`, what, 1));
    missed.push(receipt.height);
  }
  await eventually(async () => (await court()).published >= Math.max(...missed));
  return { seat, others: [0, 1, 2, 3].filter((other) => other !== seat), missed };
}

async function all(seats: readonly number[], kind: string, more: object = {}): Promise<void> {
  for (const seat of seats) expect((await fault(seat, kind, more)).status).toBe(200);
}

async function whole(): Promise<void> {
  await eventually(async () => (await court()).members.every(({ ready }) => ready));
}

describe("a seat that nobody gives blocks", () => {
  it("CatchUpFromLedger: alone with the Ledger it learns what was published, and decides nothing", async () => {
    const { seat, others, missed } = await away("alone");
    await all(others, "crash", { seconds: 300 });
    await fault(seat, "heal");
    const height = Math.max(...missed);
    await eventually(async () => (await seatStatus(seat)).height >= height);
    expect((await submit(received("by itself", "alone", 1))).status).not.toBe(200);
    expect((await seatStatus(seat)).height).toBe(height);
    await all(others, "heal");
    await whole();
    expect((await followed(seat, "together again", "alone")).status).toBe("accepted");
  });

  it("RefuseFalseRow: a row that somebody changed is not taken, nor anything above it, until it is right again", async () => {
    const { seat, others, missed } = await away("changed");
    const [, bad = 0] = missed;
    // With a seat that has the block the row would be repaired.
    await all(others, "crash", { seconds: 300 });
    const { generation } = deployment;
    const at = "WHERE generation = ? AND court = 0 AND height = ? AND idx = 0";
    const right = await db
      .prepare(`SELECT outcome FROM events ${at}`)
      .bind(generation, bad)
      .first<string>("outcome");
    const change = `UPDATE events SET outcome = ? ${at}`;
    const altered = (right ?? "").replace("accepted", "rejected");
    await tamper("events_stay", change, altered, generation, bad);
    await fault(seat, "heal");
    const noted = await eventually(async () => {
      const { items } = await get<{ items: { kind: string; height: number; notedBy: number }[] }>(
        "/v1/courts/0/incidents",
      );
      return items.find(({ kind, notedBy }) => kind === "ledger-damaged" && notedBy === seat);
    });
    expect(noted.height).toBe(bad);
    expect((await seatStatus(seat)).height).toBe(bad - 1);
    await tamper("events_stay", change, right ?? "", generation, bad);
    await eventually(async () => (await seatStatus(seat)).height >= Math.max(...missed));
    await all(others, "heal");
    await whole();
  });
});
