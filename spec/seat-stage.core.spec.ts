import { describe, expect, it } from "vitest";
import { whereabouts } from "../objects/clerk/stage.ts";
import type { Standing } from "../objects/clerk/standing.ts";
import { Cluster } from "./kit/cluster.ts";

const SOUND: Standing = {
  quarantine: null,
  lasting: false,
  rebuild: false,
  retryAt: 0,
  tries: 0,
  rebuiltAt: null,
  replaying: null,
  reached: 0,
  verify: false,
  wounds: [],
};
const SILENT: Standing = { ...SOUND, quarantine: "why" };
const VERIFIED = { done: 3, of: 8, what: "tables" } as const;
const WOUND = { table: "blocks", key: 3, height: 3, digest: null };

/** A seat that has decided a few heights, and then lost its voice. */
function silentSeat() {
  const court = new Cluster();
  for (const number of [1, 2, 3]) {
    court.giveAll(court.writ(number, [`${number}`]));
    court.pass(1000);
  }
  const seat = court.seat(2);
  seat.voice = false;
  return seat;
}

describe("how far a seat is", () => {
  it("ShowStage: with its voice it is ready, whatever else is noted", () => {
    const seat = silentSeat();
    seat.voice = true;
    expect(whereabouts(seat, { ...SOUND, wounds: [WOUND] }, VERIFIED)).toEqual({
      stage: "ready",
      progress: null,
    });
  });

  const stages: [what: string, standing: Standing, stage: string, progress: unknown][] = [
    ["nothing is left that it can do", SILENT, "quarantined", null],
    [
      "its blocks are fetched",
      { ...SILENT, wounds: [WOUND] },
      "restoring",
      { done: 0, of: 1, what: "damaged rows" },
    ],
    [
      "blocks above a state are applied",
      { ...SILENT, replaying: 2, reached: 9 },
      "replaying",
      { done: 3, of: 9, what: "heights" },
    ],
    ["what was taken is read once more", { ...SILENT, verify: true }, "verifying", VERIFIED],
    [
      "an operator must look",
      { ...SILENT, lasting: true, wounds: [WOUND], verify: true },
      "quarantined",
      null,
    ],
    [
      "the order to take the state waits",
      { ...SILENT, rebuild: true, verify: true },
      "quarantined",
      null,
    ],
  ];
  it.each(stages)("ShowStage: %s", (_, standing, stage, progress) => {
    expect(whereabouts(silentSeat(), standing, VERIFIED)).toEqual({ stage, progress });
  });

  it("ShowStage: what is claimed above its height counts as far as it goes", () => {
    const seat = silentSeat();
    seat.claimed = 7;
    expect(whereabouts(seat, SILENT, VERIFIED)).toEqual({
      stage: "replaying",
      progress: { done: 3, of: 7, what: "heights" },
    });
  });

  it("ShowStage: while a state is on its way its parts are counted", () => {
    const seat = silentSeat();
    seat.rebuilding = true;
    const standing = { ...SILENT, rebuild: true };
    expect(whereabouts(seat, standing, VERIFIED)).toEqual({ stage: "restoring", progress: null });
    const parts = Array.from({ length: 5 }, (_, id) => {
      return { kind: "entities", id, count: 0, size: 0, until: 0, digest: "" } as const;
    });
    const [anchor] = seat.world.blocksAbove(0);
    if (anchor === undefined) throw new Error("the seat has blocks");
    const of = { anchor, rooted: anchor, parts, controls: [], liars: new Set<number>() };
    seat.transfer = { ...of, part: 2, after: null, tally: null, partBy: 0, turnBy: 0 };
    expect(whereabouts(seat, standing, VERIFIED)).toEqual({
      stage: "restoring",
      progress: { done: 2, of: 5, what: "parts" },
    });
  });
});
