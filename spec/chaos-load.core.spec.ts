/** What a chaos run submits, and how its figures come about. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isLawful } from "../bench/chaos/check/recount.ts";
import { keyOf } from "../bench/chaos/check/types.ts";
import { queuesOf } from "../bench/chaos/load/events.ts";
import { Log } from "../bench/chaos/load/log.ts";
import { longestGap, merged } from "../bench/chaos/measure.ts";
import { SCENARIOS } from "../bench/chaos/scenarios.ts";
import { timelineOf } from "../bench/chaos/timeline.ts";
import type { Court } from "../bench/lib/contract.ts";
import { linesOf } from "../bench/lib/sample.ts";
import { Dice } from "./kit/dice.ts";

const file = join(import.meta.dirname, "../bench/data/online-retail-sample.csv");
const lines = linesOf(readFileSync(file, "utf8"));

const drawn = (seed: number, events = 3_000) =>
  queuesOf(lines, { events, run: "r", request: 25 }, new Dice(seed));

describe("the load", () => {
  it("is what the seed draws, of as many events as asked for, each with a key of its own", () => {
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
    const events = drawn(1).flat(2);
    expect(events).toHaveLength(3_000);
    expect(new Set(events.map(keyOf)).size).toBe(3_000);
  });

  it("has one source a queue, requests that are no longer than asked for, and some of single events", () => {
    for (const queue of drawn(1))
      expect(new Set(queue.flat().map(({ source }) => source)).size).toBe(1);
    const sizes = drawn(1)
      .flat()
      .map(({ length }) => length);
    expect(Math.max(...sizes)).toBe(25);
    expect(sizes.filter((size) => size === 1).length).toBeGreaterThan(50);
  });

  it("has every type of event, items that several sources move, and events that must be refused", () => {
    const events = drawn(1, 12_000).flat(2);
    const types = new Set(events.map(({ type }) => type));
    expect([...types].toSorted()).toEqual([
      "reservation.fulfilled",
      "reservation.released",
      "stock.adjusted",
      "stock.counted",
      "stock.moved",
      "stock.received",
      "stock.reserved",
    ]);
    const movers = events.filter(
      ({ type, data }) => type === "stock.moved" && data["item"] === "hot-1",
    );
    expect(new Set(movers.map(({ source }) => source)).size).toBe(4);
    const refused = events.filter((event) => !isLawful({ ...event, sentat: "" }));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(20);
  });
});

describe("the figures", () => {
  it("join the times in which anything was wanted", () => {
    const spans = [
      { from: 5, to: 9 },
      { from: 0, to: 3 },
      { from: 2, to: 4 },
      { from: 9, to: 10 },
      { from: 6, to: 7 },
    ];
    expect(merged(spans)).toEqual([
      { from: 0, to: 4 },
      { from: 5, to: 10 },
    ]);
  });

  it("count as unavailable only what was wanted and not answered", () => {
    const arrivals = [10, 20, 90, 100].map((at) => ({ at }));
    const always = [{ from: 0, to: 200 }];
    expect(longestGap(arrivals, always, 15, 95)).toBe(70);
    expect(longestGap(arrivals, always, 95, 96)).toBe(5);
    expect(
      longestGap(
        arrivals,
        [
          { from: 0, to: 30 },
          { from: 80, to: 200 },
        ],
        15,
        95,
      ),
    ).toBe(20);
    expect(longestGap([], always, 15, 95)).toBe(80);
  });
});

const court = (view: number, heights: readonly (number | null)[]): Court => ({
  court: 0,
  quorum: 3,
  view,
  leader: 0,
  height: 9,
  published: 9,
  members: heights.map((height, seat) => ({ seat, height, publicKey: "", ready: true, stage: "" })),
});

describe("the picture", () => {
  const log = new Log();
  log.arrivals.push({ at: 1_500, events: 30 }, { at: 3_000, events: 60 });
  const picture = timelineOf("a <title> & more", {
    log,
    sent: 90,
    from: 1_000,
    to: 4_000,
    unmet: [],
    struck: [{ label: "seat 1 <down>", at: 2_000, over: 2_500, recovered: 3_000 }],
    samples: [
      { at: 1_000, court: court(4, [1, 1, 1, 1]) },
      { at: 2_000, court: court(0, [null, null, 3, 3]) },
      { at: 2_200, court: null },
      { at: 2_600, court: court(5, [4, null, 4, 4]) },
      { at: 3_500, court: court(5, [9, 9, 9, 9]) },
    ],
  });

  it("has a band for the harm and one for the recovery, at their times, and escapes what it is told", () => {
    expect(picture).toContain("a &lt;title&gt; &amp; more");
    const left = (fill: string): number =>
      Number(new RegExp(`<rect x="([\\d.]+)"[^>]*fill="${fill}"`).exec(picture)?.[1]);
    // A third of the time, and half of it, on an axis from 64 to 984.
    expect(left("#f6c7c3")).toBeCloseTo(64 + 920 / 3, 0);
    expect(left("#fbe9c6")).toBeCloseTo(64 + 920 / 2, 0);
  });

  it("has a line for each seat, broken where it was not reached, and one mark for the one view change", () => {
    const paths = [...picture.matchAll(/<path d="([^"]+)"/g)].map(([, path = ""]) => path);
    expect(paths.map((path) => path.split("M").length - 1)).toEqual([2, 2, 2, 2]);
    expect([...picture.matchAll(/view (\d+)/g)].map(([, view]) => view)).toEqual(["5"]);
    expect(picture).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("the scenarios", () => {
  it("come to 400,000 events for the four of the reference, and to 50,000 or more each for the others", () => {
    const reference = [
      "leader-killed",
      "follower-killed",
      "all-seats-at-once",
      "killed-during-recovery",
    ];
    const four = SCENARIOS.filter(({ name }) => reference.includes(name));
    expect(four.reduce((sum, { events }) => sum + events, 0)).toBe(400_000);
    expect(Math.min(...SCENARIOS.map(({ events }) => events))).toBeGreaterThanOrEqual(50_000);
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  });
});
