import { describe, expect, it } from "vitest";
import { known } from "../objects/shared/assert.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { Block } from "../objects/shared/types.ts";
import { Cluster } from "./kit/cluster.ts";
import { changeBy } from "./kit/forging.ts";

/** Seats 0 to 2 have decided so many blocks; seat 3 heard nothing of it. */
function courtWithLaggard(blocks: number): Cluster {
  const court = new Cluster();
  court.passes = ({ from, to }) => from !== 3 && to !== 3;
  for (let number = 1; number <= blocks; number++) {
    court.give(0, court.writ(number, [`event ${number}`]));
    court.settle();
    court.now += 10;
  }
  court.passes = () => true;
  return court;
}

function decide(court: Cluster, number: number): void {
  court.giveAll(court.writ(number, [`${number}`]));
  court.pass(1000);
}

function blocksFrom(court: Cluster, from: number, blocks: readonly Block[], height = 99) {
  return court.said(from, { kind: "blocks", blocks, height, lowest: 1 });
}

describe("catching up", () => {
  it("AskForBlocks, NoteProven: a certificate above the next height makes a seat ask, and it re-executes what it gets", () => {
    const court = courtWithLaggard(5);
    court.give(0, court.writ(6, ["event 6"]));
    court.settle();
    expect(court.heights()).toEqual([6, 6, 6, 6]);
    expect(court.member(3).evaluations).toBeGreaterThanOrEqual(6);
    expect(court.member(3).chain).toEqual(court.member(0).chain);
  });

  it("AskForBlocks: a peer that does not answer is asked once, then the others in turn", () => {
    const court = courtWithLaggard(3);
    court.passes = ({ from, message }) => !(message.kind === "blocks" && from !== 1);
    court.give(0, court.writ(4, ["event 4"]));
    court.settle();
    expect(court.heights()).toEqual([4, 4, 4, 0]);
    court.pass(5000);
    expect(court.heights()).toEqual([4, 4, 4, 4]);
  });

  it("AskForBlocks: one who only talks cannot keep the requests to itself", () => {
    const court = courtWithLaggard(3);
    court.passes = ({ from, message }) => !(from === 0 && message.kind === "blocks");
    const certificate = known(court.member(0).chain.at(-1), "decided").certificate;
    for (let round = 0; round < 6; round++) {
      court.hear(3, court.said(0, { kind: "decided", certificate }));
      court.pass(LIMITS.resendMs);
    }
    expect(court.heights()[3]).toBe(3);
  });

  it("AskForBlocks: nor can one who gives block by block, each just in time", () => {
    const court = courtWithLaggard(300);
    const { chain } = court.member(0);
    court.member(0).blocksAbove = (height) => chain.slice(height, height + 1);
    const late: typeof court.network = [];
    court.passes = (sent) => {
      const slow = sent.from === 0 && sent.message.kind === "blocks";
      if (slow) late.push(sent);
      return !slow;
    };
    const { certificate } = known(chain.at(-1), "decided");
    court.hear(3, court.said(0, { kind: "decided", certificate }));
    for (let round = 0; round < 4; round++) {
      court.pass(LIMITS.resendMs - 10);
      for (const { to, message } of late.splice(0)) court.hear(to, message);
    }
    expect(court.heights()[3]).toBe(300);
  });

  it("AskForBlocks: who gives as much as an answer may hold is asked on, be it few large blocks", () => {
    const court = new Cluster();
    court.passes = ({ from, to }) => from !== 3 && to !== 3;
    const events = Array.from({ length: 15 }, (_, at) => `${at}`.padEnd(16_000));
    for (let number = 1; number <= 20; number++) {
      court.give(0, court.writ(number, events));
      court.settle();
    }
    const { chain } = court.member(0);
    const asked = (blocks: readonly Block[]): number => {
      court.hear(3, blocksFrom(court, 1, blocks, 20));
      return court.seat(3).asked;
    };
    expect(asked(chain.slice(0, 9))).toBe(1);
    expect(asked(chain.slice(9, 10))).toBe(2);
  });

  it("AskEveryPeerAfterStart: whoever was away asks each peer, though it knows of nothing missed", () => {
    const court = courtWithLaggard(3);
    court.passes = ({ from, message }) => !(message.kind === "blocks" && from !== 2);
    court.restart(3);
    court.pass(5000);
    expect(court.heights()[3]).toBe(3);
    expect(court.member(3).armed).toBeNull();
  });

  it("AnswerSync: more than one answer holds is fetched answer by answer", () => {
    const court = courtWithLaggard(150);
    court.restart(3);
    court.pass(1000);
    expect(court.heights()[3]).toBe(150);
  });

  it("AnswerSync: a claim of more is believed until nobody answers it", () => {
    const court = courtWithLaggard(1);
    const [block] = court.member(0).chain;
    court.hear(3, blocksFrom(court, 1, [known(block, "decided")], 4_000_000));
    court.pass(60_000);
    expect(court.heights()[3]).toBe(1);
    expect(court.member(3).armed).toBeNull();
    expect(court.sent(3, "sync").length).toBeLessThan(8);
  });

  it("TellStanding: a seat that lost its memory learns from the answer who else moved to its view", () => {
    const court = courtWithLaggard(0);
    court.crash(0);
    court.giveAll(court.writ(1, ["a"]));
    court.passes = ({ message }) => message.kind === "view-change";
    court.pass(1300);
    expect(court.views()).toEqual([0, 1, 1, 1]);
    court.restart(3);
    expect(court.seat(3).changes.size).toBe(1);
    court.passes = ({ from, message }) =>
      message.kind === "sync" || (from !== 3 && message.kind === "view-change");
    court.pass(450);
    expect(court.seat(3).changes.size).toBeGreaterThan(1);
  });

  it("RefuseBrokenRun, BoundedByOwnPlace: blocks are kept only in one run from the next height on, and no more than one answer holds", () => {
    const court = courtWithLaggard(100);
    const { chain } = court.member(0);
    court.seat(3).applying = true;
    court.hear(3, blocksFrom(court, 1, chain.slice(1, 60)));
    expect(court.seat(3).blocks.size).toBe(0);
    court.hear(3, blocksFrom(court, 1, chain.slice(0, 60)));
    court.hear(3, blocksFrom(court, 2, chain.slice(59, 100)));
    expect([...court.seat(3).blocks.keys()].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: LIMITS.syncBlocks }, (_, i) => i + 1),
    );
  });

  it("RefuseBrokenRun: nor more bytes than one answer holds", () => {
    const court = new Cluster();
    court.passes = ({ from, to }) => from !== 3 && to !== 3;
    const events = Array.from({ length: 15 }, (_, i) => `${i}`.padEnd(16_000));
    for (let number = 1; number <= 24; number++) {
      court.give(0, court.writ(number, events));
      court.settle();
    }
    court.seat(3).applying = true;
    court.hear(3, blocksFrom(court, 1, court.member(0).chain));
    expect(court.seat(3).blocks.size).toBeGreaterThan(10);
    expect(court.seat(3).blocks.size).toBeLessThan(20);
  });

  it("FollowWithoutVoice: a seat without a voice says nothing that counts, and decides what is certified", () => {
    const court = new Cluster();
    court.seat(3).voice = false;
    for (const number of [1, 2, 3]) {
      court.giveAll(court.writ(number, [`${number}`]));
      court.settle();
    }
    expect(court.heights()).toEqual([3, 3, 3, 3]);
    court.crash(0);
    court.giveAll(court.writ(4, ["4"]));
    court.pass(30_000);
    expect(court.heights()).toEqual([3, 3, 3, 3]);
    for (const kind of ["prepare", "commit", "view-change", "forward", "proposal"] as const)
      expect(court.sent(3, kind)).toEqual([]);
    expect(court.seat(3).view).toBe(0);
  });

  it("RegainVoice: with its voice back it votes again", () => {
    const court = new Cluster();
    court.seat(3).voice = false;
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    court.restart(3);
    court.crash(2);
    court.giveAll(court.writ(2, ["b"]));
    court.pass(2000);
    expect(court.heights()).toEqual([2, 2, 1, 2]);
  });
});

describe("dissent", () => {
  it("RecordDissent: a prepare for the decided batch with another result names its sender", () => {
    const court = new Cluster();
    court.member(2).corrupt = true;
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    for (const seat of [0, 1, 3]) {
      const [dissent, ...more] = court.incidents(seat, "dissent");
      expect(more).toEqual([]);
      expect(dissent).toMatchObject({ seat: 2, height: 1, certificate: { height: 1 } });
    }
  });

  it("RecordDissent: also when it comes after the decision, and once", () => {
    const court = new Cluster();
    court.member(2).corrupt = true;
    const late: typeof court.network = [];
    court.passes = (sent) => {
      const holds = sent.from === 2 && sent.to === 1 && sent.message.kind === "prepare";
      if (holds) late.push(sent);
      return !holds;
    };
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    expect(court.incidents(1, "dissent")).toEqual([]);
    court.passes = () => true;
    for (const sent of [...late, ...late]) court.deliver(sent);
    expect(court.incidents(1, "dissent")).toHaveLength(1);
  });

  it("RecordDissent: an equal result and another batch are none", () => {
    const court = new Cluster();
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    const { batch, result } = court.seat(1).tip;
    const said = { kind: "prepare", height: 1, view: 0, batch, result } as const;
    const other = "cd".repeat(32);
    for (const prepare of [said, { ...said, batch: other, result: other }])
      expect(court.hear(1, court.said(2, prepare))).toBe("does not matter");
    expect(court.incidents(1, "dissent")).toEqual([]);
  });

  it("AdoptCertified: the outvoted seat never commits and takes what the quorum signed", () => {
    const court = new Cluster();
    court.member(2).corrupt = true;
    court.giveAll(court.writ(1, ["a"]));
    court.pass(1000);
    expect(court.sent(2, "commit")).toEqual([]);
    expect(court.member(2).chain).toEqual(court.member(0).chain);
    expect(court.incidents(2, "outvoted")).toHaveLength(1);
    expect(court.quarantined()).toEqual([null, null, null, null]);
  });

  it("QuarantineRepeatedDissent: a second height in a row takes its voice, and with the court's state it has it back", () => {
    const court = new Cluster();
    court.member(2).corrupt = true;
    for (const number of [1, 2]) decide(court, number);
    const silenced = court
      .member(2)
      .journal.flatMap((effect) => (effect.kind === "quarantine" ? [effect] : []));
    expect(silenced).toEqual([
      { kind: "quarantine", reason: "outvoted at 2 heights in a row, last 2", rebuild: true },
    ]);
    expect(court.member(2).rebuiltAt).toBe(2);
    court.member(2).corrupt = false;
    decide(court, 3);
    expect(court.sent(2, "prepare").some(({ height }) => height === 3)).toBe(true);
    expect(court.quarantined()).toEqual([null, null, null, null]);
    expect(court.heights()).toEqual([3, 3, 3, 3]);
  });

  it("StopRelapsedSeat: who differs again with the court's state stays silent and follows, and is not rebuilt for ever", () => {
    const court = new Cluster();
    court.member(2).corrupt = true;
    for (const number of [1, 2, 3, 4, 5]) decide(court, number);
    expect(court.quarantined()[2]).toMatch(/last 3, after its state was taken anew at height 2/);
    const [last] = court
      .member(2)
      .journal.filter(({ kind }) => kind === "quarantine")
      .slice(-1);
    expect(last).toMatchObject({ rebuild: false });
    expect(court.member(2).rebuild).toBe(false);
    expect(court.sent(2, "prepare").every(({ height }) => height < 4)).toBe(true);
    expect(court.heights()).toEqual([5, 5, 5, 5]);
    court.restart(2);
    court.pass(1000);
    expect(court.seat(2).voice).toBe(false);
  });

  it("StopRelapsedSeat: long after its state was taken anew a seat takes it once more", () => {
    const court = new Cluster();
    const long = LIMITS.relapseRoots * court.seat(2).setup.rootEvery + 1;
    court.member(2).rebuiltAt = 2 - long;
    court.restart(2);
    court.member(2).corrupt = true;
    for (const number of [1, 2]) decide(court, number);
    expect(court.member(2).rebuiltAt).toBe(2);
  });

  it("QuarantineRepeatedDissent: a right result in between takes the first one back", () => {
    const court = new Cluster();
    for (const number of [1, 2, 3, 4]) {
      court.member(2).corrupt = number % 2 === 1;
      court.giveAll(court.writ(number, [`${number}`]));
      court.pass(1000);
    }
    expect(court.quarantined()).toEqual([null, null, null, null]);
    expect(court.seat(2).dissents).toBe(0);
  });

  it("QuarantineRepeatedDissent: a restart in between does not", () => {
    const court = new Cluster();
    court.member(2).corrupt = true;
    court.giveAll(court.writ(1, ["a"]));
    court.pass(1000);
    court.restart(2);
    court.giveAll(court.writ(2, ["b"]));
    court.pass(1000);
    expect(court.member(2).journal.some(({ kind }) => kind === "quarantine")).toBe(true);
  });

  it("QuarantineUnadoptable: what is certified does not fit what the seat has", () => {
    const court = new Cluster();
    court.member(2).corrupt = true;
    court.member(2).unadoptable = true;
    court.giveAll(court.writ(1, ["a"]));
    court.pass(1000);
    expect(court.heights()).toEqual([1, 1, 0, 1]);
    expect(court.quarantined()[2]).toMatch(/does not fit/);
    court.member(2).unadoptable = false;
    court.pass(10_000);
    expect(court.heights()).toEqual([1, 1, 1, 1]);
  });

  it("RecordNoMajority: with all prepares there and no result with a quorum it is said, and nothing decided", () => {
    const court = new Cluster();
    court.member(2).corrupt = true;
    court.member(3).corrupt = true;
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    for (const seat of [0, 1, 2, 3]) {
      expect(court.incidents(seat, "no-majority")).toContainEqual(
        expect.objectContaining({ height: 1, view: 0 }),
      );
      expect(court.member(seat).chain).toEqual([]);
    }
    court.member(3).corrupt = false;
    court.pass(30_000);
    expect(court.heights()).toEqual([1, 1, 1, 1]);
  });

  it("RecordNoMajority: not while a seat's prepare is missing", () => {
    const court = new Cluster();
    court.member(2).corrupt = true;
    court.crash(3);
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    expect(court.incidents(0, "no-majority")).toEqual([]);
  });

  it("StopOnMismatch: two seats that differ both stop, before anything is published", () => {
    const court = new Cluster("detect", 2);
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    court.member(1).corrupt = true;
    court.giveAll(court.writ(2, ["b"]));
    court.pass(60_000);
    expect(court.heights()).toEqual([1, 1]);
    expect(court.quarantined()).toEqual([
      "the seats differ at height 2",
      "the seats differ at height 2",
    ]);
  });
});

describe("what peers claim", () => {
  it("BoundedByOwnPlace: by height and view, one of each seat", () => {
    const court = new Cluster();
    const said = { kind: "prepare", batch: "ab".repeat(32), result: "cd".repeat(32) } as const;
    for (let height = 1; height <= 5; height++) {
      for (let view = 0; view < 40; view++) court.hear(1, court.said(2, { ...said, height, view }));
    }
    expect(court.seat(1).prepares.size).toBe(LIMITS.heightsAhead * (LIMITS.viewsAhead + 1));
    const { tip } = court.seat(1);
    for (const from of [0, 2]) court.hear(1, changeBy(court, from, 1000, tip));
    expect(court.seat(1).view).toBe(1000);
    expect(court.seat(1).prepares.size).toBe(0);
  });
});
