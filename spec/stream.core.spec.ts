/** Following a court with time as input: what is done next, and when it is over. */
import { describe, expect, it } from "vitest";
import { LIMITS } from "../objects/shared/limits.ts";
import { afterBeat, afterPage, followingFrom, nextStep } from "../worker/follow.ts";
import type { FollowedPage, Following, Mark } from "../worker/follow.ts";
import { Streams } from "../worker/streams.ts";

const START = 1_800_000_000_000;
const none = (height: number): FollowedPage<Mark> => ({ items: [], height, more: false });
const page = (height: number, indices: readonly number[], more = false): FollowedPage<Mark> => ({
  items: indices.map((index) => ({ height, index })),
  height,
  more,
});

/** What a stream does on a quiet court, with the time of each, until it ends. */
function quiet(from: Following): { at: number; does: string }[] {
  const done: { at: number; does: string }[] = [];
  let [following, now] = [from, START];
  for (;;) {
    const step = nextStep(following, now);
    if (step.do === "wait") now += step.ms;
    else done.push({ at: now - START, does: step.do });
    if (step.do === "beat") following = afterBeat(following, now);
    if (step.do === "read") following = afterPage(following, none(7), now);
    if (step.do === "end") return done;
  }
}

describe("a stream that nothing comes to", () => {
  const done = quiet(followingFrom({ height: 0, index: -1 }, START));
  const times = (what: string): number[] =>
    done.filter(({ does }) => does === what).map(({ at }) => at);

  it("WaitLonger: the Ledger is read less and less often, down to the cap", () => {
    const reads = times("read");
    const pauses = reads.slice(1).map((at, index) => at - (reads[index] ?? 0));
    expect(pauses.slice(0, 5)).toEqual([500, 1_000, 2_000, 2_000, 2_000]);
    expect(Math.max(...pauses)).toBe(LIMITS.streamPauseCapMs);
  });

  it("Beat: a beat comes every 15 s, whenever the reads are due", () => {
    const beats = times("beat");
    expect(beats.length).toBeGreaterThan(10);
    expect(beats).toEqual(beats.map((_, index) => (index + 1) * 15_000));
  });

  it("EndSpentStream: it ends after its reads, which are few enough for the platform", () => {
    expect(times("read")).toHaveLength(LIMITS.streamReads);
    expect(done.at(-1)?.does).toBe("end");
    // Statements: two for what is vouched for, two for the places, four for the events.
    expect(LIMITS.streamReads * 8).toBeLessThan(1_000);
  });
});

describe("a stream that events come to", () => {
  const begun = followingFrom({ height: 3, index: 5 }, START);

  it("SendPublished: goes on behind the last that was sent, at once where more follows", () => {
    const first = afterPage(begun, page(4, [0, 1, 2], true), START);
    expect(first).toMatchObject({ after: { height: 4, index: 2 }, seen: 0, reads: 1 });
    expect(nextStep(first, START)).toEqual({ do: "read" });
    const last = afterPage(first, page(4, [3]), START);
    expect(last).toMatchObject({ after: { height: 4, index: 3 }, seen: 4, reads: 2 });
    expect(nextStep(last, START)).toEqual({ do: "wait", ms: LIMITS.streamPauseMs });
  });

  it("SendPublished: whoever waited long is asked for soon again", () => {
    const tired = [1, 2, 3, 4].reduce((each) => afterPage(each, none(4), START), begun);
    expect(tired.pauseMs).toBe(LIMITS.streamPauseCapMs);
    expect(afterPage(tired, page(5, [0]), START).pauseMs).toBe(LIMITS.streamPauseMs);
  });

  it("SendPublished: what was once seen as published stays seen, whatever a later look says", () => {
    const seen = afterPage(begun, none(9), START);
    expect(afterPage(seen, none(0), START).seen).toBe(9);
  });
});

describe("OpenStream, RefuseStream", () => {
  it("a token has so many places, all tokens together so many, and each comes back once", () => {
    const streams = new Streams();
    const enter = (token: string, times: number) =>
      Array.from({ length: times }, () => streams.enter(token));
    const own = enter("one", LIMITS.streamsPerToken);
    expect(own).not.toContain(null);
    expect(streams.enter("one")).toBe(null);
    const others = LIMITS.streams / LIMITS.streamsPerToken - 1;
    for (let other = 0; other < others; other++)
      expect(enter(`other-${other}`, LIMITS.streamsPerToken)).not.toContain(null);
    expect(streams.enter("another")).toBe(null);
    own[0]?.();
    own[0]?.();
    expect(streams.size).toBe(LIMITS.streams - 1);
    expect(streams.enter("one")).not.toBe(null);
    expect(streams.enter("another")).toBe(null);
  });
});
