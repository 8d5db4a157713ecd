/** The Warden's alarm as a platform may treat it: late, twice, never; and what was kept hours ago. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { WardenAnswer } from "../objects/shared/rpc.ts";
import { submissionOf } from "./kit/fake-clerks.ts";
import { admit, count, lookup, Shard, stored } from "./kit/warden-shard.ts";

const A = submissionOf("a");
const B = submissionOf("b");
const C = submissionOf("c");
const D = submissionOf("d");
const HOURS = 6 * 3_600_000;

afterEach(() => {
  vi.useRealTimers();
});

/** Its clock, as every life from now on reads it. */
function setAhead(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

/** Two writs given to seats that keep them to themselves, and an event for which there is no room in a writ yet. */
async function keptBefore(shard: Shard): Promise<void> {
  shard.clerks.mode = "mute";
  await shard.life(async ({ warden, ctx }) => {
    for (const submissions of [[A, B], [C], [D]])
      expect(new Set((await admit(warden, submissions, 0)).map(({ kind }) => kind))).toEqual(
        new Set(["pending"]),
      );
    expect([count(ctx, "pending"), count(ctx, "writs")]).toEqual([4, 2]);
  });
  shard.clerks.mode = "decides";
}

/** Each event took effect once, under the number it was sealed with, whoever was given the writ how often. */
function expectOnce(shard: Shard): void {
  const decided = shard.clerks.decidedWrits();
  expect(decided.map(({ number, events }) => [number, events])).toEqual([
    [1, [A.event, B.event]],
    [2, [C.event]],
    [3, [D.event]],
  ]);
  expect(shard.clerks.effects()).toEqual([A, B, C, D].map(({ event }) => event));
  expect(shard.clerks.writs).toHaveLength(3);
}

const settled = (answers: readonly WardenAnswer[]): unknown[] =>
  answers.map((answer) => (answer.kind === "settled" ? answer.body : answer.kind));

async function nothingPending(shard: Shard): Promise<void> {
  await shard.life(async ({ warden, ctx }) => {
    await stored(warden);
    expect([count(ctx, "pending"), count(ctx, "writs")]).toEqual([0, 0]);
  });
}

describe("an alarm", () => {
  it("RedriveSameWrit, AlarmNeverLost: that fires hours late finds everything as it was kept, and the clients are answered", async () => {
    const shard = new Shard(50);
    const sentAt = Date.now();
    await keptBefore(shard);
    setAhead(HOURS);
    const first = await shard.life(async ({ warden }) => {
      await warden.alarm();
      // Of its first use the Warden knows, however long ago that was; of another it would be too late.
      const again = [A, B, C, D].map((submission) => ({ ...submission, sentAt }));
      const answers = await admit(warden, again);
      expect(await admit(warden, [submissionOf("e", { sentAt })])).toEqual([{ kind: "too-old" }]);
      return answers;
    });
    expect(first.map(({ kind }) => kind)).toEqual(["settled", "settled", "settled", "settled"]);
    expectOnce(shard);
    await nothingPending(shard);
    await shard.life(async ({ warden }) => {
      expect(settled(await admit(warden, [A, B, C, D]))).toEqual(settled(first));
    });
    expectOnce(shard);
  });

  it("RedriveSameWrit: that fires twice at once, and again in the next life, gives nothing a second effect", async () => {
    const shard = new Shard(51);
    await keptBefore(shard);
    const first = await shard.life(async ({ warden }) => {
      await Promise.all([warden.alarm(), warden.alarm()]);
      const [answers] = await Promise.all([
        admit(warden, [A, B, C, D]),
        warden.alarm(),
        warden.alarm(),
      ]);
      return answers;
    });
    expect(first.map(({ kind }) => kind)).toEqual(["settled", "settled", "settled", "settled"]);
    const second = await shard.life(async ({ warden }) => {
      await Promise.all([warden.alarm(), warden.alarm()]);
      return admit(warden, [D, C, B, A]);
    });
    expect(settled(second)).toEqual(settled(first).toReversed());
    expectOnce(shard);
    await nothingPending(shard);
  });

  it("AlarmNeverLost: that never fires is missed by the next call, whatever it is for, and set anew", async () => {
    const shard = new Shard(52);
    await keptBefore(shard);
    shard.clerks.mode = "mute";
    await shard.life(async ({ warden, ctx }) => {
      // It is through with starting.
      await ctx.blockConcurrencyWhile(() => Promise.resolve());
      // Given up by the platform, under an object that lives on and believes it set.
      await warden.alarm();
      expect(await ctx.storage.getAlarm()).not.toBeNull();
      await ctx.storage.deleteAlarm();
      setAhead(HOURS);
      await lookup(warden, A.key);
      await vi.waitUntil(async () => (await ctx.storage.getAlarm()) !== null);
      expect(await ctx.storage.getAlarm()).toBeGreaterThan(Date.now());
    });
  });

  it("RedriveSameWrit, AlarmNeverLost: that never fires at all: the first call after hours drives everything, though it asks for something else", async () => {
    const shard = new Shard(53);
    await keptBefore(shard);
    await shard.life(({ ctx }) => ctx.storage.deleteAlarm());
    setAhead(HOURS);
    await shard.life(async ({ warden, ctx }) => {
      expect(await lookup(warden, submissionOf("unheard-of").key)).toBeNull();
      await vi.waitUntil(() => shard.clerks.decidedWrits().length === 3);
      await vi.waitUntil(() => count(ctx, "pending") === 0);
      expect(await ctx.storage.getAlarm()).not.toBeNull();
      expect((await admit(warden, [A, B, C, D])).map(({ kind }) => kind)).toEqual([
        "settled",
        "settled",
        "settled",
        "settled",
      ]);
    });
    expectOnce(shard);
    await nothingPending(shard);
  });
});
