/** What a seat tells its Registrars: gathered, one push at a time a shard. */
import { describe, expect, it } from "vitest";
import { Feed } from "../objects/clerk/feed.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { EntityRow } from "../objects/shared/types.ts";
import { HandClock } from "./kit/hand-clock.ts";

const row = (height: number): EntityRow => {
  return { key: "t/stock/a", version: height, state: "{}", height, expires: null };
};

function feeding() {
  const clock = new HandClock();
  const pushes: [after: number, height: number, rows: number][] = [];
  const answers: (() => Promise<void>)[] = [];
  const push = (after: number, height: number, rows: string): Promise<void> => {
    pushes.push([after, height, (JSON.parse(rows) as unknown[]).length]);
    return (answers.shift() ?? (() => Promise.resolve()))();
  };
  const feed = new Feed(1, 0, { registrar: () => ({ push }), shardOf: () => 0, clock });
  return { clock, pushes, answers, feed };
}

describe("the feed of the Registrars", () => {
  it("what several blocks changed goes in one push, and each begins where the last one ended", async () => {
    const { clock, pushes, feed } = feeding();
    feed.changed(1, [row(1)]);
    feed.changed(2, [row(2)]);
    await clock.advance(LIMITS.registrarPushPauseMs);
    feed.changed(3, [row(3)]);
    await clock.advance(LIMITS.registrarPushPauseMs);
    expect(pushes).toEqual([
      [0, 2, 1],
      [2, 3, 1],
    ]);
  });

  it.each([
    ["that failed", () => Promise.reject(new Error("away"))],
    [
      "that cannot even be made",
      () => {
        throw new Error("away");
      },
    ],
  ])(
    "TakeSilentCallForLost: a push %s is over, and leaves a gap, which the Registrar sees",
    async (_, answer) => {
      const { clock, pushes, answers, feed } = feeding();
      answers.push(answer);
      feed.changed(1, [row(1)]);
      await clock.advance(LIMITS.registrarPushPauseMs);
      feed.changed(2, [row(2)]);
      await clock.advance(LIMITS.registrarPushPauseMs);
      expect(pushes).toEqual([
        [0, 1, 1],
        [1, 2, 1],
      ]);
    },
  );

  it("TakeSilentCallForLost: a push that never returns keeps no other back for good", async () => {
    const { clock, pushes, answers, feed } = feeding();
    answers.push(() => new Promise(() => {}));
    feed.changed(1, [row(1)]);
    await clock.advance(LIMITS.registrarPushPauseMs);
    feed.changed(2, [row(2)]);
    await clock.advance(LIMITS.callLostMs - 1);
    expect(pushes).toHaveLength(1);
    await clock.advance(LIMITS.registrarPushPauseMs + 1);
    expect(pushes).toEqual([
      [0, 1, 1],
      [1, 2, 1],
    ]);
  });
});
