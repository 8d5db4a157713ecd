import { beforeAll, describe, expect, it } from "vitest";
import {
  deployment,
  eventually,
  fault,
  get,
  received,
  seatStatus,
  settle,
} from "./kit/deployment.ts";
import type { Block } from "../objects/shared/types.ts";
import { ask as rows, bystander, followed, heal, livesOf } from "./kit/surgery.ts";
import { ask, migrate, post } from "./kit/worker.ts";

beforeAll(migrate);

const path = (seat: number): string => `/v1/courts/0/members/${seat}/rebuild`;

const entities = (seat: number) =>
  rows(seat, "SELECT key, version, state, height, expires, digest FROM entities ORDER BY key");

/** Two seats besides this one. */
function others(seat: number): number[] {
  return [0, 1, 2, 3].filter((other) => other !== seat);
}

describe("a seat whose state is doubted", () => {
  it("OrderRebuild, SilenceForRebuild: its rows are the court's again, its key and chain stay, and it votes", async () => {
    const seat = await bystander();
    let last = 0;
    while (last < 2 * deployment.rootEvery + 2)
      last = (await followed(seat, `e-${last}`, `item-${last % 4}`)).receipt.height;
    const { publicKey } = await seatStatus(seat);
    expect((await fault(seat, "corrupt-state")).status).toBe(200);
    const lives = await livesOf(seat);

    const ordered = await post(path(seat), {});
    expect(ordered.status, await ordered.clone().text()).toBe(202);
    expect(await ordered.json()).toEqual({ court: 0, seat });
    await eventually(async () => (await seatStatus(seat)).ready);
    expect(await livesOf(seat)).toBeGreaterThan(lives);
    expect((await seatStatus(seat)).publicKey).toBe(publicKey);
    await followed(seat, "after", "item-1");
    const [other = 0, away = 0] = others(seat).toReversed();
    expect(await entities(seat)).toEqual(await entities(other));
    expect(await rows(seat, "SELECT height FROM bottom")).toEqual([]);

    // Without another one there is no quorum but with it.
    expect((await fault(away, "crash", { seconds: 60 })).status).toBe(200);
    const { receipt } = await settle(received("with it", "item-2", 1));
    const block = await get<Block>(`/v1/courts/0/blocks/${receipt.height}`);
    expect(block.certificate.signatures.map((vote) => vote.seat)).toContain(seat);
    await heal(away);
  });

  it("OrderRebuild: a seat that nobody found at fault loses its voice for it and has it back", async () => {
    const seat = await bystander();
    const lives = await livesOf(seat);
    expect((await post(path(seat), {})).status).toBe(202);
    await eventually(async () => (await livesOf(seat)) > lives + 1);
    await eventually(async () => (await seatStatus(seat)).ready);
    const { receipt } = await followed(seat, "sound", "item-3");
    expect((await seatStatus(seat)).height).toBeGreaterThanOrEqual(receipt.height);
  });

  it("RefuseRebuild: while too few others are ready, of what is not there, and by who may not operate", async () => {
    const seat = await bystander();
    await eventually(async () => {
      const statuses = await Promise.all(others(seat).map((other) => seatStatus(other)));
      return statuses.every(({ ready }) => ready);
    });
    const [away = 0] = others(seat);
    const lives = await livesOf(seat);
    expect((await fault(away, "crash", { seconds: 60 })).status).toBe(200);
    const refused = await post(path(seat), {});
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({
      type: "/problems/no-quorum",
      detail: expect.stringContaining("2 other seats are ready") as unknown,
    });
    expect(await seatStatus(seat)).toMatchObject({ ready: true });
    expect(await livesOf(seat)).toBe(lives);
    await heal(away);
    expect((await post(path(9), {})).status).toBe(404);
    expect((await ask("POST", path(seat), { token: "submit", body: {} })).status).toBe(403);
  });
});
