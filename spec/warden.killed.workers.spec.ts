/** The real Warden, killed at each single thing that it does with what is outside of it, for a submission in flight. */
import { describe, expect, it } from "vitest";
import type { WardenAnswer } from "../objects/shared/rpc.ts";
import { submissionOf } from "./kit/fake-clerks.ts";
import { admit, bucketsOf, count, Shard, stored } from "./kit/warden-shard.ts";

const A = submissionOf("a");
const B = submissionOf("b");
/** Well above what one submission needs, from reservation to the stored settlement. */
const MOST = 200;

/** What one submission, given twice by an impatient sender, comes to where the life that keeps it ends at its step `at`. */
async function killedAt(at: number): Promise<{ shard: Shard; steps: number }> {
  const shard = new Shard((at % 60) + 2);
  const steps = await shard.dying(at, async (warden) => {
    await Promise.allSettled([admit(warden, [A, B]), admit(warden, [A])]);
    await stored(warden);
  });
  return { shard, steps };
}

const bodies = (answers: readonly WardenAnswer[]): unknown[] =>
  answers.map((answer) => (answer.kind === "settled" ? answer.body : answer.kind));

describe("a Warden that is killed", () => {
  it("KilledAnywhere: at every write, call and turn between reservation and settlement: one effect, one outcome, one answer", async () => {
    let last = MOST;
    for (let at = 0; at <= last; at++) {
      const { shard, steps } = await killedAt(at);
      if (at < steps) last = MOST;
      else last = Math.min(last, at);
      const answers = await shard.life(async ({ warden, ctx }) => {
        const first = await admit(warden, [A, B]);
        expect(
          first.map(({ kind }) => kind),
          `step ${at}`,
        ).toEqual(["settled", "settled"]);
        await stored(warden);
        expect([count(ctx, "pending"), count(ctx, "writs")], `step ${at}`).toEqual([0, 0]);
        return first;
      });
      await shard.life(async ({ warden }) => {
        expect(bodies(await admit(warden, [B, A])), `step ${at}`).toEqual(
          bodies(answers).toReversed(),
        );
      });
      expect(shard.clerks.effects().toSorted(), `step ${at}`).toEqual([A.event, B.event]);
      const writs = shard.clerks.writs;
      expect(new Set(writs.map(({ number }) => number)).size, `step ${at}`).toBe(writs.length);
      await emptied(shard);
    }
    expect(last).toBeGreaterThan(10);
    expect(last).toBeLessThan(MOST);
  }, 120_000);
});

/** The next one begins as the first did. */
async function emptied(shard: Shard): Promise<void> {
  await shard.life(async ({ ctx }) => {
    expect(bucketsOf(ctx).length).toBeGreaterThan(0);
    await ctx.storage.deleteAlarm();
    await ctx.storage.deleteAll();
  });
}
