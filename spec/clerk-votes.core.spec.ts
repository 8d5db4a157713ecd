import { describe, expect, it } from "vitest";
import type { Commit, Prepare } from "../objects/clerk/consensus/messages.ts";
import { known } from "../objects/shared/assert.ts";
import { Cluster } from "./kit/cluster.ts";
import {
  batchOn,
  byCertificate,
  certificateOf,
  proposalBy,
  votedOn,
  whole,
} from "./kit/forging.ts";
import type { Voted } from "./kit/forging.ts";

/** Seat 1 has prepared the first batch, in view 0, and nobody else was heard yet. */
function prepared(): { court: Cluster; voted: Voted } {
  const court = new Cluster();
  const batch = batchOn(court, court.seat(1), [whole(court.writ(1, ["a"]))]);
  court.hear(1, proposalBy(court, 0, 0, batch, byCertificate(null)));
  court.network = [];
  return { court, voted: votedOn(court.seat(1), batch, 0) };
}

function prepare(court: Cluster, from: number, voted: Voted): Prepare {
  const { height, view, batch, result } = voted;
  return court.said(from, { kind: "prepare", height, view, batch, result });
}

function commit(court: Cluster, from: number, voted: Voted): Commit {
  return court.said(from, { kind: "commit", ...voted });
}

describe("commit", () => {
  it("CommitOnQuorum: q equal prepares of distinct seats, its own among them", () => {
    const { court, voted } = prepared();
    court.hear(1, prepare(court, 0, voted));
    court.hear(1, prepare(court, 0, voted));
    expect(court.seat(1).commit).toBeNull();
    court.hear(1, prepare(court, 2, voted));
    expect(court.seat(1).commit).toMatchObject(voted);
    expect(court.seat(1).prepared?.proof.signatures).toHaveLength(3);
    expect(court.network).toMatchObject([{ to: 0, message: { kind: "commit" } }]);
  });

  it.each<[string, Partial<Voted>]>([
    ["another result", { result: "cd".repeat(32) }],
    ["another batch", { batch: "cd".repeat(32) }],
    ["another view", { view: 1 }],
    ["another height", { height: 2 }],
  ])("CommitOnQuorum: not with %s among the q", (_, otherwise) => {
    const { court, voted } = prepared();
    court.hear(1, prepare(court, 0, voted));
    court.hear(1, prepare(court, 2, { ...voted, ...otherwise }));
    expect(court.seat(1).commit).toBeNull();
  });

  it("CommitOnQuorum, OwnResult: never to a result that is not its own, however many prepare it", () => {
    const { court, voted } = prepared();
    for (const from of [0, 2, 3])
      court.hear(1, prepare(court, from, { ...voted, result: "cd".repeat(32) }));
    expect(court.seat(1).commit).toBeNull();
    expect(court.seat(1).prepared).toBeNull();
  });

  it("CommitOnQuorum: not in a view this seat has left", () => {
    const { court, voted } = prepared();
    court.passes = () => false;
    court.pass(2000);
    expect(court.seat(1).view).toBe(1);
    for (const from of [0, 2, 3]) court.hear(1, prepare(court, from, voted));
    expect(court.seat(1)).toMatchObject({ commit: null, prepared: null, tip: { height: 0 } });
  });
});

describe("the certificate", () => {
  it("CertifyBlock: q commits of one view decide, also for a seat that has cast none", () => {
    const { court, voted } = prepared();
    court.hear(1, commit(court, 0, voted));
    court.hear(1, commit(court, 2, voted));
    expect(court.heights()).toEqual([0, 0, 0, 0]);
    court.hear(1, commit(court, 3, voted));
    expect(court.heights()).toEqual([0, 1, 0, 0]);
    const { certificate } = known(court.member(1).chain[0], "decided");
    expect(certificate).toMatchObject(voted);
    expect(certificate.signatures.map(({ seat }) => seat)).toEqual([0, 2, 3]);
  });

  it("CertifyBlock: never of several views", () => {
    const { court, voted } = prepared();
    court.hear(1, commit(court, 0, voted));
    court.hear(1, commit(court, 2, voted));
    court.hear(1, commit(court, 3, { ...voted, view: 1 }));
    expect(court.heights()).toEqual([0, 0, 0, 0]);
  });

  it("CertifyBlock: a commit for the right block and another batch neither counts nor stands in the way", () => {
    const { court, voted } = prepared();
    court.hear(1, commit(court, 0, { ...voted, batch: "cd".repeat(32) }));
    court.hear(1, commit(court, 2, voted));
    court.hear(1, commit(court, 3, voted));
    expect(court.heights()).toEqual([0, 0, 0, 0]);
    court.hear(1, prepare(court, 2, voted));
    court.hear(1, prepare(court, 3, voted));
    expect(court.heights()).toEqual([0, 1, 0, 0]);
    const { certificate } = known(court.member(1).chain[0], "decided");
    expect(certificate.signatures.map(({ seat }) => seat)).toEqual([1, 2, 3]);
  });

  it("CertifyBlock: also of a view this seat has left", () => {
    const { court, voted } = prepared();
    court.passes = () => false;
    court.pass(2000);
    for (const from of [0, 2, 3]) court.hear(1, commit(court, from, voted));
    expect(court.heights()[1]).toBe(1);
    expect(court.seat(1).view).toBe(1);
  });

  it("ApplyCertified, HearCertificate: a certificate alone decides the batch this seat has", () => {
    const { court, voted } = prepared();
    const certificate = certificateOf(court, voted, [0, 2, 3]);
    court.hear(1, court.said(2, { kind: "decided", certificate }));
    expect(court.heights()[1]).toBe(1);
    expect(court.member(1).chain[0]?.outcomes).toEqual(["outcome of a"]);
  });

  it("ApplyCertified: also one this seat refused to vote on", () => {
    const court = new Cluster();
    const time = court.now + 60_000;
    const batch = batchOn(court, court.seat(1), [whole(court.writ(1, ["a"]))], { time });
    court.hear(1, proposalBy(court, 0, 0, batch, byCertificate(null)));
    expect(court.seat(1).vote).toBeNull();
    const certificate = certificateOf(court, votedOn(court.seat(1), batch, 0), [0, 2, 3]);
    court.hear(1, court.said(2, { kind: "decided", certificate }));
    expect(court.heights()[1]).toBe(1);
  });

  it("ApplyCertified, ForgetDecided: what is decided is forgotten, but for the certificate", () => {
    const court = new Cluster();
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    for (const seat of court.seats) {
      expect(seat).toMatchObject({ vote: null, commit: null, prepared: null, evaluated: null });
      const { proposals, prepares, commits, batches, waiting, blocks } = seat;
      for (const kept of [proposals, prepares, commits, batches, waiting, blocks])
        expect(kept.size).toBe(0);
    }
  });

  it("CarryCertificate: under load it rides with the next proposal, when idle it is told to all", () => {
    const court = new Cluster();
    court.give(0, court.writ(1, ["a"]));
    court.give(0, court.writ(2, ["b"]));
    court.settle();
    expect(court.heights()).toEqual([2, 2, 2, 2]);
    expect(court.sent(0, "decided").map(({ certificate }) => certificate.height)).toEqual([
      2, 2, 2,
    ]);
  });

  it("HandOverCertificate: a leader that came to another result hands on what it cannot apply", () => {
    const court = new Cluster();
    court.member(0).corrupt = true;
    court.give(0, court.writ(1, ["a"]));
    court.settle();
    expect(court.sent(0, "decided")).toHaveLength(3);
    expect(court.heights()).toEqual([1, 1, 1, 1]);
  });

  it("SendAgain: without the leader the others complete the certificate among themselves", () => {
    const court = new Cluster();
    court.passes = ({ to, message }) => !(to === 0 && message.kind === "commit");
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    expect(court.heights()).toEqual([0, 0, 0, 0]);
    court.crash(0);
    court.pass(500);
    expect(court.heights()).toEqual([0, 1, 1, 1]);
    expect(court.views()).toEqual([0, 0, 0, 0]);
  });

  it("SendAgain: one that has decided helps the one that still sends its votes", () => {
    const court = new Cluster();
    court.passes = ({ to, message }) => !(to === 3 && message.kind === "decided");
    court.give(0, court.writ(1, ["a"]));
    court.settle();
    expect(court.heights()).toEqual([1, 1, 1, 0]);
    court.pass(500);
    expect(court.heights()).toEqual([1, 1, 1, 1]);
    expect(court.views()).toEqual([0, 0, 0, 0]);
  });

  it("SendAgain, WaitBeforeSending: the same signed bytes, further and further apart", () => {
    const court = new Cluster();
    court.passes = () => false;
    court.give(0, court.writ(1, ["a"]));
    const gaps: number[] = [];
    for (let round = 0; round < 2; round++) {
      const before = court.now;
      court.pass(known(court.member(0).armed, "armed") - before);
      gaps.push(court.now - before);
    }
    expect(gaps).toEqual([400, 800]);
    const first = court.sent(0, "proposal")[0];
    for (const again of court.sent(0, "proposal")) expect(again).toEqual(first);
  });

  it("SendAgain: what is new is not sent late because the seat was idle long", () => {
    const court = new Cluster();
    court.restart(1);
    court.pass(60_000);
    expect(court.seat(1).resends).toBeGreaterThan(0);
    expect(court.member(1).armed).toBeNull();
    court.passes = () => false;
    court.give(1, court.writ(1, ["a"]));
    expect(court.member(1).armed).toBe(court.now + 400);
  });
});

describe("waiting writs", () => {
  it("ForwardWaitingWrit: to the leader, once a view, and again to the next", () => {
    const court = new Cluster();
    court.passes = ({ message }) => message.kind !== "forward";
    court.give(2, court.writ(1, ["a"]));
    court.give(2, court.writ(1, ["a"]));
    expect(court.sent(2, "forward")).toHaveLength(1);
    court.giveAll(court.writ(3, ["c"]));
    expect(court.sent(1, "forward")).toHaveLength(0);
    court.passes = () => true;
    court.crash(0);
    for (const seat of [1, 3]) court.give(seat, court.writ(1, ["a"]));
    court.pass(4000);
    expect(court.heights()).toEqual([0, 1, 1, 1]);
  });

  it("ForwardWaitingWrit: a writ that only a follower knows is decided", () => {
    const court = new Cluster();
    court.give(3, court.writ(1, ["a"]));
    court.settle();
    expect(court.heights()).toEqual([1, 1, 1, 1]);
  });

  it("ForwardWaitingWrit: what a seat voted on it knows, and hands to the next leader", () => {
    const court = new Cluster();
    court.passes = ({ to, message }) => message.kind !== "proposal" || to !== 3;
    court.give(0, court.writ(1, ["a"]));
    const [first, second] = court.network;
    for (const sent of [first, second]) if (sent !== undefined) court.deliver(sent);
    court.crash(0);
    expect(court.sent(1, "forward")).toEqual([]);
    court.pass(10_000);
    expect(court.heights()).toEqual([0, 1, 1, 1]);
  });

  it("KeepWaitingWrit: the first of its number, and it waits once those before it are there", () => {
    const court = new Cluster();
    court.passes = () => false;
    court.give(1, court.writ(2, ["b"]));
    expect(court.member(1).armed).toBeNull();
    court.give(1, court.writ(1, ["a"]));
    court.give(1, court.writ(1, ["another"]));
    expect(court.member(1).armed).not.toBeNull();
    expect(court.seat(1).waiting.get(0)?.get(1)?.writ.events).toEqual(["a"]);
  });

  it("DropDecidedWrit: at or below the last decided number, or too far above it", () => {
    const court = new Cluster();
    court.give(0, court.writ(1, ["a"]));
    court.settle();
    for (const number of [1, 6, 99]) court.give(1, court.writ(number, ["x"]));
    expect(court.seat(1).waiting.size).toBe(0);
    court.give(1, court.writ(5, ["x"]));
    expect(court.seat(1).waiting.get(0)?.size).toBe(1);
    expect(court.member(1).armed).toBeNull();
  });
});
