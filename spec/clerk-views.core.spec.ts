import { describe, expect, it } from "vitest";
import { known } from "../objects/shared/assert.ts";
import { batchDigest } from "../objects/shared/digests.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { Cluster } from "./kit/cluster.ts";
import {
  batchOn,
  byChanges,
  changeBy,
  preparedBy,
  proposalBy,
  votedOn,
  whole,
} from "./kit/forging.ts";

/** Four seats with one block decided, in view 0 under seat 0. */
function courtAtWork(mode: "bft" | "detect" = "bft", n = 4): Cluster {
  const court = new Cluster(mode, n);
  court.give(0, court.writ(1, ["a"]));
  court.settle();
  court.now += 10;
  return court;
}

describe("suspicion", () => {
  it("SuspectSilence: with the leader dead and a writ waiting the next one leads", () => {
    const court = courtAtWork();
    court.crash(0);
    court.giveAll(court.writ(2, ["b"]));
    court.pass(LIMITS.suspicionMs - 1);
    expect(court.views()).toEqual([0, 0, 0, 0]);
    court.pass(2);
    expect(court.heights()).toEqual([1, 2, 2, 2]);
    expect(court.views()).toEqual([0, 1, 1, 1]);
    expect(court.incidents(1, "view-change")).toMatchObject([{ view: 1, because: "suspicion" }]);
  });

  it("SuspectSilence: with nothing to decide nobody is suspected", () => {
    const court = courtAtWork();
    court.crash(0);
    court.pass(600_000);
    expect(court.views()).toEqual([0, 0, 0, 0]);
    expect(court.member(1).armed).toBeNull();
  });

  it("SuspectSilence: also for an expiry that is due", () => {
    const court = courtAtWork();
    court.crash(0);
    court.expiries = [court.now + 5000];
    for (const seat of court.seats) seat.nextExpiry = court.now + 5000;
    for (const seat of [1, 2, 3]) court.tick(seat);
    court.pass(5000 + LIMITS.suspicionMs - 20);
    expect(court.views()).toEqual([0, 0, 0, 0]);
    court.pass(100);
    expect(court.heights()).toEqual([1, 2, 2, 2]);
  });

  it("SuspectSilence: patience doubles with each failed view, sixteenfold at most, and starts anew on a decision", () => {
    const court = courtAtWork();
    court.passes = ({ message }) => message.kind === "view-change";
    court.giveAll(court.writ(2, ["b"]));
    const patience: number[] = [];
    for (let view = 0; view < 6; view++) {
      const from = court.now;
      while (court.seat(1).view === view) court.pass(100);
      patience.push(Math.round((court.now - from) / LIMITS.suspicionMs));
    }
    expect(patience).toEqual([1, 2, 4, 8, 16, 16]);
    court.passes = () => true;
    court.pass(60_000);
    expect(court.heights()).toEqual([2, 2, 2, 2]);
    expect(court.seat(1).failures).toBe(0);
  });

  it("SuspectSilence: in a view to which too few have moved, patience does not run", () => {
    const court = courtAtWork();
    court.passes = () => false;
    court.giveAll(court.writ(2, ["b"]));
    court.pass(600_000);
    expect(court.views()).toEqual([1, 1, 1, 1]);
  });

  it("SuspectCensorship: a known writ left out for too many heights, while others are served", () => {
    const court = courtAtWork();
    court.passes = ({ message }) => message.kind !== "forward";
    for (const seat of [1, 2, 3]) court.give(seat, court.writ(1, ["unwanted"], 1));
    const decide = (number: number): void => {
      court.give(0, court.writ(number, ["w"]));
      court.settle();
    };
    for (let number = 2; number <= LIMITS.censoredHeights; number++) decide(number);
    expect(court.views()).toEqual([0, 0, 0, 0]);
    decide(LIMITS.censoredHeights + 1);
    court.settle();
    expect(court.views()).toEqual([1, 1, 1, 1]);
    expect(court.incidents(2, "view-change")).toMatchObject([{ because: "censorship" }]);
    expect(court.member(2).chain.at(-1)?.entries[0]?.writ.warden).toBe(1);
  });

  it("SuspectCensorship: a Warden that is served meanwhile is not censored", () => {
    const court = courtAtWork();
    for (const seat of [1, 2, 3]) court.give(seat, court.writ(5, ["later"]));
    for (let number = 2; number <= 4; number++) {
      court.give(0, court.writ(number, ["w"]));
      court.settle();
    }
    expect(court.seat(1).waiting.get(0)?.get(5)?.since ?? court.seat(1).tip.height).toBe(
      court.seat(1).tip.height,
    );
  });
});

describe("moving to another view", () => {
  it("JoinHigherView: with f + 1 distinct seats above, to the (f + 1)-th highest of their views", () => {
    const court = courtAtWork();
    const { tip } = court.seat(1);
    court.hear(1, changeBy(court, 2, 9, tip));
    court.hear(1, changeBy(court, 2, 12, tip));
    expect(court.seat(1).view).toBe(0);
    court.hear(1, changeBy(court, 3, 7, tip));
    expect(court.seat(1).view).toBe(7);
    expect(court.seat(1).change).toMatchObject({ view: 7, height: 2 });
    court.hear(1, changeBy(court, 0, 10, tip));
    expect(court.seat(1).view).toBe(10);
  });

  it("JoinHigherView: seven seats need three", () => {
    const court = courtAtWork("bft", 7);
    const { tip } = court.seat(1);
    court.hear(1, changeBy(court, 2, 9, tip));
    court.hear(1, changeBy(court, 3, 8, tip));
    expect(court.seat(1).view).toBe(0);
    court.hear(1, changeBy(court, 4, 7, tip));
    expect(court.seat(1).view).toBe(7);
  });

  it("JoinHigherView: an older view change of the same seat takes nothing back", () => {
    const court = courtAtWork();
    const { tip } = court.seat(1);
    court.hear(1, changeBy(court, 2, 9, tip));
    court.hear(1, changeBy(court, 2, 3, tip));
    expect(court.seat(1).changes.get(2)?.view).toBe(9);
  });

  it("FollowResignation: the leader's own step to the next view is joined at once, nobody else's", () => {
    const court = courtAtWork();
    const { tip } = court.seat(1);
    court.hear(1, changeBy(court, 3, 1, tip));
    court.hear(2, changeBy(court, 0, 2, tip));
    expect(court.views()).toEqual([0, 0, 0, 0]);
    court.hear(1, changeBy(court, 0, 1, tip));
    expect(court.seat(1).view).toBe(1);
  });

  it("FollowResignation: one that came before this seat reached the view counts when it does", () => {
    const court = courtAtWork();
    const { tip } = court.seat(2);
    court.hear(2, changeBy(court, 1, 2, tip));
    expect(court.seat(2).view).toBe(0);
    court.hear(2, changeBy(court, 0, 1, tip));
    expect(court.seat(2).view).toBe(2);
  });

  it("SayViewChange: to all, with the certificate below and what was prepared", () => {
    const court = courtAtWork();
    court.passes = ({ message }) => message.kind !== "commit";
    court.give(0, court.writ(2, ["b"]));
    court.settle();
    court.passes = () => false;
    court.pass(LIMITS.suspicionMs + 1);
    for (const seat of court.seats) {
      const { number, change } = { number: seat.setup.seat, change: known(seat.change, "it left") };
      expect(change).toMatchObject({ view: 1, height: 2, certificate: seat.tip.certificate });
      expect(change.prepared?.signatures.length).toBeGreaterThanOrEqual(3);
      expect(court.sent(number, "view-change").filter((one) => one === change).length).toBe(3);
    }
  });

  it("NeverBack: after a view change a seat votes in no lower view", () => {
    const court = courtAtWork();
    court.crash(0);
    court.giveAll(court.writ(2, ["b"]));
    court.passes = () => false;
    court.pass(2000);
    expect(court.seat(1).view).toBe(1);
    const { certificate } = court.seat(1).tip;
    const batch = batchOn(court, court.seat(1), [whole(court.writ(2, ["b"]))]);
    court.hear(1, proposalBy(court, 0, 0, batch, { by: "certificate", certificate }));
    expect(court.seat(1).vote).toBeNull();
    expect(court.seat(1).proposals.size).toBe(0);
  });

  it("WaitForThoseBeyond: seats that moved further count for the timer of those behind them", () => {
    const court = courtAtWork();
    court.crash(0);
    const { tip } = court.seat(1);
    court.passes = ({ from, to }) => from !== 3 && to !== 3;
    court.giveAll(court.writ(2, ["b"]));
    court.pass(1300);
    // Seat 3 has been in view 1 and left it; its view change for it is gone.
    for (const seat of [1, 2]) court.hear(seat, changeBy(court, 3, 2, tip));
    expect(court.views()).toEqual([0, 1, 1, 1]);
    const seat = court.seat(3);
    for (const from of [1, 2]) seat.changes.set(from, changeBy(court, from, 1, tip));
    court.pass(2600);
    court.passes = () => true;
    court.pass(30_000);
    expect(court.heights()).toEqual([1, 2, 2, 2]);
  });

  it("ReissueAfterCatchUp: who decides a height while ahead in view says the view again, for the next height", () => {
    const court = courtAtWork();
    court.passes = ({ from, to }) => from !== 3 && to !== 3;
    court.give(3, court.writ(2, ["b"]));
    court.pass(1500);
    expect(court.views()).toEqual([0, 0, 0, 1]);
    court.give(0, court.writ(2, ["b"]));
    court.settle();
    expect(court.heights()).toEqual([2, 2, 2, 1]);
    court.passes = () => true;
    court.pass(6000);
    expect(court.heights()).toEqual([2, 2, 2, 2]);
    expect(court.seat(3).change).toMatchObject({ view: 1, height: 3 });
    expect(court.seat(0).changes.get(3)).toMatchObject({ view: 1, height: 3 });
    expect(court.incidents(0, "equivocation")).toEqual([]);
  });

  it("LearnFromLeftViews: proposals in a lower view still tell a seat ahead what was decided", () => {
    const court = courtAtWork();
    court.passes = ({ from, to }) => from !== 3 && to !== 3;
    court.give(3, court.writ(9, ["never"], 1));
    court.seat(3).view = 1;
    court.give(0, court.writ(2, ["b"]));
    court.settle();
    court.passes = ({ to, message }) => !(to === 3 && message.kind === "decided");
    court.give(0, court.writ(3, ["c"]));
    court.settle();
    expect(court.heights()).toEqual([3, 3, 3, 2]);
    expect(court.views()).toEqual([0, 0, 0, 1]);
  });

  it("LearnFromChanges: the view changes that justify a proposal bring whoever heard none of them to its view", () => {
    const court = courtAtWork();
    const seat = court.seat(2);
    const changes = [0, 1, 3].map((from) => changeBy(court, from, 1, seat.tip));
    // Not one to vote on: it is the view changes that count.
    const gap = batchOn(court, seat, [whole(court.writ(9, ["z"]))]);
    court.hear(2, proposalBy(court, 1, 1, gap, byChanges(changes)));
    expect(seat).toMatchObject({ view: 1, vote: null, change: { view: 1 } });
    expect(seat.changes.size).toBe(4);
  });
});

describe("the leader of a new view", () => {
  it("ReproposePrepared: what was prepared is proposed again, and its time is not judged anew", () => {
    const court = courtAtWork();
    // Only seat 1 gets to see a quorum of prepares.
    court.passes = ({ to, message }) => message.kind !== "prepare" || to === 1;
    court.give(0, court.writ(2, ["b"]));
    court.settle();
    const before = known(court.seat(1).prepared, "prepared").proof.batch;
    court.crash(0);
    court.give(1, court.writ(1, ["other"], 1));
    court.passes = ({ message }) => message.kind === "view-change";
    court.pass(60_000);
    court.passes = () => true;
    court.pass(30_000);
    const [, second, third] = court.member(2).chain;
    expect(second?.certificate.batch).toBe(before);
    expect(second?.certificate.view).toBeGreaterThan(0);
    expect(third?.entries[0]?.writ.warden).toBe(1);
  });

  it("ReproposePrepared: of several the one prepared in the highest view", () => {
    const { court, batches, changes } = twoPrepared();
    for (const change of changes) court.hear(2, change);
    court.settle();
    expect(court.sent(2, "proposal")[0]).toMatchObject({ view: 6 });
    expect(court.member(2).chain[1]?.certificate.batch).toBe(batchDigest(batches[1].header));
  });

  it("RefuseOtherBatch: a leader that passes the highest prepared batch over gets no vote", () => {
    const { court, batches, changes } = twoPrepared();
    court.hear(3, proposalBy(court, 2, 6, batches[0], byChanges(changes)));
    expect(court.seat(3).vote).toBeNull();
    const other = twoPrepared();
    other.court.hear(3, proposalBy(other.court, 2, 6, batches[1], byChanges(other.changes)));
    expect(other.court.seat(3).vote?.prepare.view).toBe(6);
  });

  it("RefuseOtherBatch: nor another batch of the same result", () => {
    const { court, batches, changes } = twoPrepared();
    const { header, entries } = batches[1];
    const twin = { header: { ...header, time: header.time + 1 }, entries };
    court.hear(3, proposalBy(court, 2, 6, twin, byChanges(changes)));
    expect(court.seat(3).vote).toBeNull();
  });

  it("RefuseOtherBatch: a seat that comes to another result than the prepared one stays silent", () => {
    const { court, batches, changes } = twoPrepared();
    court.member(3).corrupt = true;
    court.hear(3, proposalBy(court, 2, 6, batches[1], byChanges(changes)));
    expect(court.seat(3).vote).toBeNull();
    expect(court.seat(3).refused.size).toBe(1);
  });

  it("CountLowerAsNone: a view change at a lower height says nothing of this one", () => {
    const court = courtAtWork();
    const old = new Cluster();
    const batch = batchOn(old, old.seat(1), [whole(old.writ(1, ["zero"]))]);
    const prepared = preparedBy(court, votedOn(old.seat(1), batch, 0), [0, 1, 3]);
    const { tip } = court.seat(1);
    const behind = changeBy(court, 0, 6, old.seat(0).tip, prepared);
    const changes = [behind, changeBy(court, 2, 6, tip), changeBy(court, 3, 6, tip)];
    const fresh = batchOn(court, court.seat(1), [whole(court.writ(2, ["b"]))]);
    court.hear(1, proposalBy(court, 2, 6, fresh, byChanges(changes)));
    expect(court.seat(1).vote?.prepare.batch).toBe(batchDigest(fresh.header));
  });

  it("AskForBatch: a leader that lacks the prepared batch asks its signers until it has it", () => {
    const { court, changes } = twoPrepared(2);
    court.passes = ({ message }) => message.kind !== "batch-request";
    for (const change of changes) court.hear(2, change);
    court.settle();
    expect(court.sent(2, "proposal")).toEqual([]);
    expect(court.sent(2, "batch-request")).toHaveLength(3);
    court.passes = () => true;
    court.pass(1000);
    expect(court.heights()).toEqual([2, 2, 2, 2]);
  });

  it("AskForBatch: an answer that no view change names is not kept", () => {
    const court = courtAtWork();
    const batch = batchOn(court, court.seat(2), [whole(court.writ(2, ["x"]))]);
    expect(court.hear(2, court.said(1, { kind: "batch-answer", batch }))).toBe("does not matter");
    expect(court.seat(2).batches.size).toBe(0);
  });

  it("LeaveOutUnshownBatch: a batch that only a liar could show does not hold the view up", () => {
    const court = courtAtWork();
    const hidden = batchOn(court, court.seat(2), [whole(court.writ(2, ["hidden"]))]);
    const prepared = preparedBy(court, votedOn(court.seat(2), hidden, 0), [0, 1, 3]);
    court.give(2, court.writ(2, ["b"]));
    const { tip } = court.seat(2);
    court.hear(2, changeBy(court, 3, 6, tip, prepared));
    for (const from of [0, 1]) court.hear(2, changeBy(court, from, 6, tip));
    court.settle();
    expect(court.sent(2, "proposal")).toHaveLength(3);
    expect(court.member(2).chain[1]?.outcomes).toEqual(["outcome of b"]);
  });
});

describe("resigning", () => {
  it("ResignWhenBacklogFull: once, and another seat leads", () => {
    const court = courtAtWork();
    court.input(0, { kind: "backlog", full: true, now: court.now });
    court.input(0, { kind: "backlog", full: true, now: court.now });
    court.settle();
    expect(court.views()).toEqual([1, 1, 1, 1]);
    court.giveAll(court.writ(2, ["b"]));
    court.settle();
    expect(court.heights()).toEqual([2, 2, 2, 2]);
    expect(court.incidents(0, "view-change")).toMatchObject([{ because: "resignation" }]);
  });

  it("ResignWhenOutvoted: a leader that came to another result than the quorum", () => {
    const court = courtAtWork();
    court.member(0).corrupt = true;
    court.giveAll(court.writ(2, ["b"]));
    court.pass(1000);
    expect(court.heights()).toEqual([2, 2, 2, 2]);
    expect(court.views()).toEqual([1, 1, 1, 1]);
    expect(court.incidents(0, "outvoted")).toHaveLength(1);
  });

  it("ResignWhenBehind: a leader that holds a certificate it cannot apply, once it has asked in vain", () => {
    const court = courtAtWork();
    const batch = batchOn(court, court.seat(0), [whole(court.writ(2, ["b"]))]);
    const voted = votedOn(court.seat(0), batch, 0);
    const commits = [1, 2, 3].map((from) => court.said(from, { kind: "commit", ...voted }));
    for (const commit of commits) court.hear(0, commit);
    court.settle();
    expect(court.views()).toEqual([0, 0, 0, 0]);
    expect(court.seat(1).proven).toBe(2);
    court.pass(500);
    expect(court.seat(0).view).toBe(1);
    expect(court.seat(2).view).toBe(1);
  });
});

/** View changes to view 6, whose leader is seat 2, that name two prepared batches; seats show theirs, but for one. */
function twoPrepared(lacks: number | null = null) {
  const court = courtAtWork();
  const of = (event: string) => batchOn(court, court.seat(1), [whole(court.writ(2, [event]))]);
  const batches = [of("low"), of("high")] as const;
  const { tip } = court.seat(1);
  const low = preparedBy(court, votedOn(court.seat(1), batches[0], 1), [0, 1, 3]);
  const high = preparedBy(court, votedOn(court.seat(1), batches[1], 3), [0, 1, 3]);
  for (const [at, seat] of court.seats.entries()) {
    if (at === lacks) continue;
    for (const batch of batches) seat.batches.set(batchDigest(batch.header), batch);
  }
  const changes = [
    changeBy(court, 0, 6, tip, low),
    changeBy(court, 1, 6, tip, high),
    changeBy(court, 3, 6, tip, high),
  ];
  return { court, batches, changes };
}
