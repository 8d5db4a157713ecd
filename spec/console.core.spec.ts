/** What the console makes of what seats say, and of what people type. */
import { describe, expect, it } from "vitest";
import { inventory } from "../objects/arbiter/domains/inventory.ts";
import { registryOf } from "../objects/arbiter/registry.ts";
import { Lately } from "../objects/clerk/lately.ts";
import { votesOf } from "../objects/clerk/glimpse.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { barsOf, roundUp, valuesOf } from "../worker/console/charts.tsx";
import { runsOf } from "../worker/console/charges.tsx";
import { eventText, fieldsOf } from "../worker/console/fields.ts";
import { chargesOf, glimpseIn, ratesOf, shownBlock } from "../worker/console/scene.ts";
import type { Noted } from "../worker/console/scene.ts";
import { Cluster } from "./kit/cluster.ts";

const registry = registryOf([inventory]);

const header = (height: number, time: number, events = 1) => ({
  height,
  time,
  entries: [["w", 0, events, null]] as const,
});

describe("what a seat tells of late", () => {
  it("TellWhatSeatSees: blocks and events are counted by the second, with how long agreement took", () => {
    const lately = new Lately();
    lately.decided(header(1, 10_000, 3), 10_020);
    lately.decided(header(2, 10_100, 4), 10_180);
    lately.decided(header(3, 11_000, 1), 11_005);
    expect(lately.seconds(11_500)).toEqual([
      { second: 10, blocks: 2, events: 7, tookMs: 100, slowestMs: 80 },
      { second: 11, blocks: 1, events: 1, tookMs: 5, slowestMs: 5 },
    ]);
    expect([lately.tookMs(2), lately.tookMs(9)]).toEqual([80, null]);
  });

  it("TellWhatSeatSees: a block that is given long after its time counts for nothing", () => {
    const lately = new Lately();
    lately.decided(header(1, 10_000), 10_001 + LIMITS.clockBehindMs);
    expect([lately.seconds(20_001), lately.tookMs(1)]).toEqual([[], null]);
  });

  it("TellWhatSeatSees: what is kept is bounded, in blocks and in seconds", () => {
    const lately = new Lately();
    for (let height = 1; height <= 1000; height++)
      lately.decided(header(height, height * 1000), height * 1000);
    expect(lately.seconds(1_000_000)).toHaveLength(LIMITS.glimpseSeconds);
    const kept = Array.from({ length: 1000 }, (_, at) => lately.tookMs(at + 1));
    expect(kept.filter((took) => took !== null)).toHaveLength(LIMITS.glimpseBlocks);
  });

  it("TellWhatSeatSees: votes for the next height, while it is undecided", () => {
    const court = new Cluster();
    court.passes = ({ message }) => message.kind !== "commit" && message.kind !== "decided";
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    const votes = votesOf(court.seat(2));
    expect(votes?.height).toBe(1);
    expect(votes?.prepares.map(({ seat }) => seat).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    expect(votes?.commits).toEqual([2]);
    expect(new Set(votes?.prepares.map(({ result }) => result)).size).toBe(1);
  });

  it("TellWhatSeatSees: no votes where nothing is being decided", () => {
    const court = new Cluster();
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    expect(votesOf(court.seat(2))).toBe(null);
  });
});

const LATER = "2026-01-01T00:00:01.000Z";

const certificate = {
  court: 0,
  epoch: 1,
  height: 7,
  view: 0,
  batch: "ba",
  result: "ee",
  block: "bb",
  signatures: [0, 1, 3].map((seat) => ({ seat, incarnation: 1, sequence: 1, signature: "aa" })),
};
const dissent = {
  vote: {
    seat: 2,
    incarnation: 1,
    sequence: 1,
    signature: "aa",
    view: 0,
    batch: "ba",
    result: "0d",
  },
  certificate,
};
const noted = (by: number, more: Partial<Noted> = {}): Noted => ({
  id: 1,
  at: "2026-01-01T00:00:00.000Z",
  kind: "dissent",
  height: 7,
  seat: 2,
  detail: null,
  dissent,
  by,
  proven: true,
  ...more,
});
const block = {
  height: 7,
  parent: "aa",
  time: 1,
  events: 1,
  effects: 0,
  control: false,
  certificate,
  tookMs: 3,
};

describe("what is shown of it", () => {
  it("ShowOutvoted: several accusers of one thing are one charge, with both results", () => {
    expect(chargesOf([noted(0), noted(3), noted(1)], 1)).toEqual([
      {
        kind: "dissent",
        height: 7,
        about: 2,
        notedBy: [0, 1, 3],
        at: "2026-01-01T00:00:00.000Z",
        detail: null,
        dissent: { said: "0d", agreed: "ee" },
        proven: true,
        evidence: { seat: 0, id: 1 },
      },
    ]);
  });

  it("ShowUnprovenCharge: one proof among unproven words is enough, and no proof is none", () => {
    expect(chargesOf([noted(0, { proven: false }), noted(1)], 1)[0]).toMatchObject({
      proven: true,
      evidence: { seat: 1, id: 1 },
    });
    expect(chargesOf([noted(0, { proven: false })], 1)[0]?.proven).toBe(false);
  });

  it("ShowUnprovenCharge: what no signature here proves takes more accusers than may lie", () => {
    const said = { kind: "equivocation", dissent: null, proven: false };
    expect(chargesOf([noted(0, said)], 1)[0]?.proven).toBe(false);
    expect(chargesOf([noted(0, said), noted(2, said)], 1)[0]?.proven).toBe(false);
    expect(chargesOf([noted(0, said), noted(1, said)], 1)[0]?.proven).toBe(true);
    const dissents = [noted(0, { proven: false }), noted(1, { proven: false })];
    expect(chargesOf(dissents, 1)[0]?.proven).toBe(false);
  });

  it("ShowOutvoted: what came again is one line, with the latest of it", () => {
    const runs = runsOf(chargesOf([noted(0), noted(0, { id: 2, height: 9, at: LATER })], 1));
    expect(runs.map(({ latest, heights }) => [latest.height, heights])).toEqual([[9, [7, 9]]]);
  });

  it("ShowUnprovenCharge: what each notes of itself stays apart", () => {
    const own = { kind: "recovery", seat: null, dissent: null, proven: false };
    expect(chargesOf([noted(0, own), noted(1, own)], 1)).toHaveLength(2);
  });

  it("ShowProvenBlock: a mark for each seat: signed, signed another result, or not needed", () => {
    expect(shownBlock(block, [], 4).marks).toEqual(["signed", "signed", "missing", "signed"]);
    const proven = chargesOf([noted(0)], 1);
    expect(shownBlock(block, proven, 4).marks[2]).toBe("dissented");
    const said = chargesOf([noted(0, { proven: false })], 1);
    expect(shownBlock(block, said, 4).marks[2]).toBe("missing");
    expect(shownBlock({ ...block, height: 8 }, proven, 4).marks[2]).toBe("missing");
  });

  it("HideUnprovenBlock: what has not the shape of a glimpse is none", () => {
    const good = { votes: null, blocks: [block], seconds: [], incidents: [] };
    expect(glimpseIn(JSON.stringify(good))).toEqual(good);
    for (const bad of [
      { ...good, blocks: [{ ...block, height: "<b>" }] },
      { ...good, blocks: [{ ...block, certificate: { ...certificate, block: "<b>" } }] },
      { ...good, blocks: Array.from({ length: 1000 }, () => block) },
      { ...good, votes: { height: 1, view: 0, prepares: [{ seat: 99, result: "" }], commits: [] } },
      { ...good, incidents: [{ ...noted(0), detail: { isEscaped: true } }] },
    ])
      expect(glimpseIn(JSON.stringify(bad))).toBe(null);
    expect([glimpseIn(null), glimpseIn("<html>")]).toEqual([null, null]);
  });
});

describe("the charts", () => {
  const inside = {
    votes: null,
    blocks: [],
    charges: [],
    upTo: 1000,
    seconds: [
      { second: 500, blocks: 9, events: 9, tookMs: 9, slowestMs: 9 },
      { second: 995, blocks: 2, events: 10, tookMs: 30, slowestMs: 20 },
      { second: 1000, blocks: 50, events: 50, tookMs: 50, slowestMs: 50 },
    ],
  };

  it("count whole seconds, without the one that is running", () => {
    expect(ratesOf(inside, 10)).toEqual({
      eventsPerSecond: 1,
      blocksPerSecond: 0.2,
      meanMs: 15,
      slowestMs: 20,
    });
    const values = valuesOf(inside, ({ events }) => events);
    expect([values.length, values.at(-5), values.reduce((a, b) => a + b)]).toEqual([120, 10, 10]);
    expect(ratesOf({ ...inside, seconds: [] }, 10).meanMs).toBe(null);
  });

  it("are drawn within their box, a bar for each value above zero", () => {
    expect(barsOf([0, 5, 10], 10).match(/M/g)).toHaveLength(2);
    expect(barsOf([0, 5, 10], 10)).toContain("v-72h");
    expect(barsOf([99], 10)).toContain("v-72h");
    expect(barsOf([0, 0], 10)).toBe("");
  });

  it("have a scale that moves rarely", () => {
    expect([1, 3, 9, 11, 230, 1000].map(roundUp)).toEqual([1, 5, 10, 20, 500, 1000]);
  });
});

describe("SubmitByForm: from fields to an event", () => {
  it("fields follow from the schema of every type that ships", () => {
    expect(fieldsOf(registry, "stock.received")).toEqual([
      { name: "item", integer: false, required: true, example: "item-1", choices: [] },
      { name: "warehouse", integer: false, required: true, example: "warehouse-1", choices: [] },
      { name: "quantity", integer: true, required: true, example: "10", choices: [] },
    ]);
    expect(fieldsOf(registry, "no.such")).toBe(null);
  });

  it("an integer stands as it was typed, whatever else is text, and what is empty is judged too", () => {
    const typed = {
      "data.item": 'a"b',
      "data.warehouse": "007",
      "data.quantity": "9007199254740993",
    };
    expect(eventText(registry, "stock.received", "i", typed)).toBe(
      '{"id":"i","type":"stock.received","data":{"item":"a\\"b","warehouse":"007","quantity":9007199254740993}}',
    );
    expect(eventText(registry, "stock.received", "i", { "data.quantity": "ten" })).toBe(
      '{"id":"i","type":"stock.received","data":{"item":"","warehouse":"","quantity":"ten"}}',
    );
    expect(eventText(registry, "stock.received", "i", { "data.quantity": "01" })).toContain(
      '"quantity":"01"',
    );
  });
});
