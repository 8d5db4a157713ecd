/** The bound is tight: with one liar too many each mode does break, and the checkers say so; with as many as it bears, none does. */
import { expect, it } from "vitest";
import { canonical } from "../../../objects/shared/canonical.ts";
import { leafDigest, merkleRoot, writDigest } from "../../../objects/shared/digests.ts";
import type { Evaluation } from "../../../objects/shared/evaluation.ts";
import { termAt } from "../../../objects/shared/terms.ts";
import type { Mode } from "../../../objects/shared/quorum.ts";
import { Dice } from "../../kit/dice.ts";
import { checkersFor } from "../checkers/checkers.ts";
import { VirtualCourt } from "../court.ts";
import { Violation } from "../history.ts";
import { World } from "../world.ts";
import { runDirected } from "./direct.ts";

/** The first directed run in which two honest seats decide differently, or null. */
function firstFork(runs: number, liars: number, mode: Mode = "bft", n = 4): number | null {
  for (let index = 0; index < runs; index++) {
    const { violation } = runDirected(index, { mode, n, liars, watched: "blocks" });
    if (violation?.property === "Agreement") return index;
  }
  return null;
}

it("two liars of four seats make two honest ones decide differently, one does not", () => {
  expect(firstFork(100, 2)).not.toBeNull();
  expect(firstFork(100, 1)).toBeNull();
});

it("one liar of two seats stalls them at most", () => {
  const runs = Array.from({ length: 100 }, (_, index) =>
    runDirected(index, { mode: "detect", n: 2, liars: 1 }),
  );
  const broken = runs.filter(
    ({ violation }) => violation !== null && violation.property !== "everything pending is decided",
  );
  expect(broken).toEqual([]);
});

/** Every event comes to a rejection, for no reason. */
function wrongly(evaluation: Evaluation): Evaluation {
  const reason = { code: "corrupted", detail: "computed wrongly" };
  const outcomes = evaluation.outcomes.map((text) =>
    canonical({ ...JSON.parse(text), status: "rejected", reason, changes: [] }),
  );
  const leaves = outcomes.map(leafDigest);
  return { ...evaluation, outcomes, leaves, root: merkleRoot(leaves), entities: [] };
}

/** What the checkers report of a court in which so many seats lie alike, and how many blocks it decided. */
async function liedAlike(mode: Mode, seats: number, liars: number) {
  const world = new World(new Dice(1));
  const court = new VirtualCourt(world, {
    mode,
    seats,
    wardens: 1,
    windowMs: 300_000,
    twins: [],
  });
  const { quorum, terms } = court.setup(0);
  const { keys, wardenKeys } = termAt(terms, 1);
  const { checker, end } = checkersFor({
    court: 0,
    ...quorum,
    // Whoever counts on the mode's bound counts on these.
    liars: new Set(),
    genesis: court.genesisTip,
    keys,
    wardenKeys,
    verify: court.verify,
    skewMs: court.replicas.map(() => 0),
    parties: false,
    rootEvery: court.deployment.rootEvery,
    retentionMs: court.rules.windowMs + court.rules.clockBoundMs,
  });
  world.history.watch(checker);
  for (const replica of court.replicas) {
    if (replica.seat < liars) replica.flaw = wrongly;
    replica.start();
  }
  const data = { item: "nut", warehouse: "ulm", quantity: 1 };
  const event = { tenant: "t", source: "/s", id: "e", type: "stock.received", data };
  const bare = { court: 0, warden: 0, number: 1, events: [canonical(event)] };
  const writ = { ...bare, seal: court.sealKey(0)(writDigest(bare)) };
  let property: string | null = null;
  try {
    for (const replica of court.replicas) replica.submit(writ);
    await world.run(world.now + 20_000);
    end();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    property = error.property;
  }
  return { property, heights: court.replicas.map(({ disk }) => disk.chain.height()) };
}

const quorums: [mode: Mode, seats: number, liars: number][] = [
  ["bft", 4, 3],
  ["detect", 2, 2],
  ["solo", 1, 1],
];

it.each(quorums)(
  "a quorum that lies alike is believed: %s, %i seats, %i liars",
  async (mode, seats, liars) => {
    const { property } = await liedAlike(mode, seats, liars);
    expect(property).toBe("ReplaysAlike");
  },
);

it("one seat of two that computes wrongly is noticed before anything is decided", async () => {
  const { property, heights } = await liedAlike("detect", 2, 1);
  expect(heights).toEqual([0, 0]);
  // Neither can tell which of them is wrong: both stop, the honest one too.
  expect(property).toBe("NobodyFramed");
});
