import { describe, expect, it } from "vitest";
import { carriesRoot } from "../objects/clerk/consensus/evaluate.ts";
import { known } from "../objects/shared/assert.ts";
import { Cluster } from "./kit/cluster.ts";

const EVERY = 4;

function courtOf(mode: "bft" | "detect" = "bft"): Cluster {
  return new Cluster(mode, mode === "bft" ? 4 : 2, 2, EVERY);
}

/** Decides one event a block up to a height. */
function decideTo(court: Cluster, height: number): void {
  for (let number = Math.max(...court.heights()) + 1; number <= height; number++) {
    court.giveAll(court.writ(number, [`${"abcde"[number % 5] ?? ""} ${number}`]));
    court.pass(20);
  }
}

/** A row that nothing has touched since it was made: it reads well and is wrong. */
function falsify(court: Cluster, seat: number): void {
  const { entities } = court.member(seat).rows;
  const [row] = entities.values();
  const wrong = { ...known(row, "a row"), state: '{"event":"none"}' };
  entities.set(wrong.key, wrong);
}

describe("state roots", () => {
  it("CarryStateRoot: the result of each K-th height carries the root as of K heights before, and of no other height", () => {
    const court = courtOf();
    decideTo(court, 3 * EVERY);
    const { chain, rows } = court.member(0);
    expect(chain).toHaveLength(3 * EVERY);
    for (const { header, result } of chain)
      expect(result.state !== null).toBe(carriesRoot(header.height, { rootEvery: EVERY }));
    const [empty, first] = [chain[EVERY - 1], chain[2 * EVERY - 1]].map((at) => at?.result.state);
    expect(empty).not.toBe(first);
    expect(rows.entities.size).toBe(5);
    for (const { chain: other } of court.members) expect(other).toEqual(chain);
  });

  it("OutvoteOtherState: a seat whose state differs is outvoted at the next root, though no event touched the row", () => {
    const court = courtOf();
    decideTo(court, 1);
    falsify(court, 2);
    for (let number = 2; number <= 2 * EVERY; number++) {
      court.giveAll(court.writ(number, [`z ${number}`]));
      court.pass(20);
    }
    expect(court.heights()).toEqual([8, 8, 8, 8]);
    expect(court.incidents(2, "outvoted")).toMatchObject([{ height: 2 * EVERY }]);
    for (const seat of [0, 1, 3])
      expect(court.incidents(seat, "dissent")).toMatchObject([{ seat: 2, height: 2 * EVERY }]);
  });

  it("StopOnMismatch: in a court of two a differing state stops both at the next root", () => {
    const court = courtOf("detect");
    decideTo(court, 1);
    falsify(court, 1);
    for (let number = 2; number <= 2 * EVERY; number++) {
      court.giveAll(court.writ(number, [`z ${number}`]));
      court.pass(20);
    }
    expect(court.heights()).toEqual([7, 7]);
    expect(court.quarantined()).toEqual(Array(2).fill("the seats differ at height 8"));
  });

  it("RefuseMisplacedRoot: a block with a root at another height, or without one where it belongs, is dropped", () => {
    const court = courtOf();
    court.passes = ({ to }) => to !== 3;
    decideTo(court, EVERY);
    const blocks = court.member(0).chain;
    const [first, last] = [known(blocks[0], "a block"), known(blocks[EVERY - 1], "a block")];
    const state = "ab".repeat(32);
    for (const block of [
      { ...first, result: { ...first.result, state } },
      { ...last, result: { ...last.result, state: null } },
      { ...last, result: { ...last.result, state } },
    ]) {
      const said = court.said(1, { kind: "blocks", blocks: [block], height: EVERY });
      expect(court.hear(3, said)).not.toBeNull();
    }
  });
});
