/** What a leader takes up together, by hand-set times. */
import { describe, expect, test } from "vitest";
import { Gather } from "../objects/clerk/gather.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { Writ } from "../objects/shared/types.ts";

const writ = (number: number): Writ => ({ court: 0, warden: 0, number, events: [], seal: "" });
const numbers = (writs: readonly Writ[]) => writs.map(({ number }) => number);

describe("what a leader takes up together", () => {
  test("GatherWrits: whoever comes alone waits for nobody, block after block", () => {
    const gather = new Gather();
    for (let now = 1000; now < 2000; now += 20) {
      expect(numbers(gather.add(writ(now), now, false))).toEqual([now]);
      expect(gather.dueAt(true)).toBeNull();
      gather.decided(now + 15, 15, 1);
    }
  });

  test("GatherWrits, WaitForThoseAnswered: what comes while a block is agreed goes together with those that it answered", () => {
    const gather = new Gather();
    expect(numbers(gather.add(writ(1), 1000, false))).toEqual([1]);
    expect(gather.add(writ(2), 1010, true)).toEqual([]);
    expect(gather.dueAt(true)).toBe(1010 + LIMITS.gatherMs);
    gather.decided(1040, 40, 1);
    // As long as the block took, from its decision on.
    expect(gather.dueAt(false)).toBe(1080);
    expect(gather.add(writ(3), 1050, false)).toEqual([]);
    expect(gather.add(writ(4), 1079, false)).toEqual([]);
    expect(numbers(gather.take())).toEqual([2, 3, 4]);
    expect(gather.dueAt(true)).toBeNull();
    // Nobody came while that one was agreed: the next one is taken up at once.
    gather.decided(1120, 40, 1);
    expect(numbers(gather.add(writ(5), 1121, false))).toEqual([5]);
  });

  test("WaitForThoseAnswered: nobody is held for longer than the bound, however long a block takes", () => {
    const gather = new Gather();
    expect(gather.add(writ(1), 1000, true)).toEqual([]);
    gather.decided(1150, 60_000, 1);
    expect(gather.dueAt(false)).toBe(1000 + LIMITS.gatherMs);
    expect(numbers(gather.take())).toEqual([1]);
    expect(gather.add(writ(2), 1200, false)).toEqual([]);
    expect(gather.dueAt(false)).toBe(1150 + LIMITS.gatherMs);
  });

  test("WaitForThoseAnswered: a block of several writs is waited after, though nobody could come meanwhile", () => {
    const gather = new Gather();
    gather.decided(1000, 30, 4);
    expect(gather.add(writ(1), 1010, false)).toEqual([]);
    expect(gather.dueAt(false)).toBe(1030);
    expect(numbers(gather.take())).toEqual([1]);
    gather.decided(1060, 30, 1);
    expect(numbers(gather.add(writ(2), 1061, false))).toEqual([2]);
  });

  test("GatherWrits: whoever sends more than are ever under way is not kept: all of it is taken up at once", () => {
    const gather = new Gather();
    for (let number = 1; number <= LIMITS.gatherWrits; number++)
      expect(gather.add(writ(number), 1000, true)).toEqual([]);
    const taken = gather.add(writ(0), 1000, true);
    expect(taken).toHaveLength(LIMITS.gatherWrits + 1);
    expect(taken.at(-1)?.number).toBe(0);
    expect(gather.dueAt(true)).toBeNull();
  });
});
