import { describe, expect, it } from "vitest";
import { seatFrom } from "../objects/clerk/consensus/seat.ts";
import { BrokenInvariant, known } from "../objects/shared/assert.ts";
import { Cluster, tipOf } from "./kit/cluster.ts";
import { batchOn, byCertificate, proposalBy, votedOn, whole } from "./kit/forging.ts";

describe("durability", () => {
  it("PersistBeforeSend: votes, view changes and a view proposed in are written ahead of every message of the step", () => {
    const court = new Cluster();
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    court.crash(0);
    court.giveAll(court.writ(2, ["b"]));
    court.pass(5000);
    for (const { journal } of court.members) {
      for (const [at, effect] of journal.entries()) {
        if (effect.kind === "persist" || effect.kind === "agree")
          expect(journal[at - 1]?.kind).not.toBe("send");
      }
    }
    const [leader] = court.members;
    const proposed = known(leader, "seat 0").journal.findIndex(
      (effect) => effect.kind === "send" && effect.message.kind === "proposal",
    );
    expect(leader?.journal[proposed - 1]?.kind).toBe("persist");
  });

  it("PersistBeforeSend: a vote that decides at once is written before the block is", () => {
    const court = new Cluster("solo", 1);
    court.give(0, court.writ(1, ["a"]));
    const [persist, agree] = court.member(0).journal.slice(-4);
    expect(court.member(0).journal.map(({ kind }) => kind)).toEqual([
      "persist",
      "agree",
      "arm",
      "arm",
    ]);
    expect(persist).toMatchObject({ durable: { commit: { height: 1 }, vote: {}, prepared: {} } });
    expect(agree).toMatchObject({ block: { certificate: { height: 1 } } });
  });

  it("KeepVoteOverRestart: a seat that voted and restarts votes for nothing else in that view", () => {
    const court = new Cluster();
    const batch = batchOn(court, court.seat(1), [whole(court.writ(1, ["a"]))]);
    court.hear(1, proposalBy(court, 0, 0, batch, byCertificate(null)));
    const before = known(court.seat(1).vote, "it voted").prepare;
    court.restart(1);
    const other = batchOn(court, court.seat(1), [whole(court.writ(1, ["b"]))]);
    court.hear(1, proposalBy(court, 0, 0, other, byCertificate(null)));
    expect(court.seat(1).vote?.prepare).toEqual(before);
    court.network = [];
    court.tick(1);
    court.now += 500;
    court.tick(1);
    const again = court.network.filter(({ message }) => message.kind === "prepare");
    expect(again).toHaveLength(3);
    for (const { message } of again) expect(message).toEqual(before);
  });

  it("KeepVoteOverRestart: after a restart its own stored votes still count in its quorums", () => {
    const court = new Cluster();
    const batch = batchOn(court, court.seat(1), [whole(court.writ(1, ["a"]))]);
    court.hear(1, proposalBy(court, 0, 0, batch, byCertificate(null)));
    const voted = votedOn(court.seat(1), batch, 0);
    const { height, view, batch: digested, result } = voted;
    const prepare = { kind: "prepare", height, view, batch: digested, result } as const;
    court.restart(1);
    for (const from of [0, 2]) court.hear(1, court.said(from, prepare));
    expect(court.seat(1).commit).not.toBeNull();
    court.restart(1);
    for (const from of [2, 3]) court.hear(1, court.said(from, { kind: "commit", ...voted }));
    expect(court.heights()[1]).toBe(1);
  });

  it("KeepVoteOverRestart: its own view change too", () => {
    const court = new Cluster();
    court.crash(0);
    court.giveAll(court.writ(1, ["a"]));
    court.passes = () => false;
    court.pass(1300);
    court.restart(2);
    expect(court.seat(2).changes.get(2)?.view).toBe(1);
    court.passes = () => true;
    court.pass(20_000);
    expect(court.heights()).toEqual([0, 1, 1, 1]);
  });

  it("RefuseShortChain: a chain that ends below the votes stops the seat", () => {
    const court = new Cluster();
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    court.passes = () => false;
    court.give(0, court.writ(2, ["b"]));
    const { durable, writs } = court.member(0);
    const restored = (height: number) => ({
      setup: court.setup(0),
      world: court.seat(0).world,
      incarnation: 9,
      tip: tipOf(court.member(0).chain.slice(0, height)),
      progress: [],
      nextExpiry: null,
      durable,
      batchOf: (header: Parameters<typeof batchOn>[3] & object) =>
        batchOn(court, court.seat(0), [...writs.values()].slice(-1).map(whole), header),
      voice: true,
      rebuiltAt: null,
    });
    expect(seatFrom(restored(1)).vote?.prepare.height).toBe(2);
    expect(() => seatFrom(restored(0))).toThrow(BrokenInvariant);
  });
});

describe("a leader's restart", () => {
  it("ResignAfterRestart: it proposes in no view it entered in an earlier life", () => {
    const court = new Cluster();
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    court.restart(0);
    court.settle();
    expect(court.views()).toEqual([0, 0, 0, 0]);
    court.give(0, court.writ(2, ["b"]));
    court.settle();
    expect(court.sent(0, "proposal").filter(({ batch }) => batch.header.height === 2)).toEqual([]);
    expect(court.heights()).toEqual([2, 2, 2, 2]);
    expect(court.views()).toEqual([1, 1, 1, 1]);
    expect(court.incidents(0, "view-change")).toMatchObject([{ because: "resignation" }]);
    expect(court.incidents(1, "view-change")).toMatchObject([{ because: "joined" }]);
  });

  it("ResignAfterRestart: at once when it comes back to a vote in its own view", () => {
    const court = new Cluster();
    court.passes = () => false;
    court.give(0, court.writ(1, ["a"]));
    court.passes = () => true;
    court.restart(0);
    court.settle();
    expect(court.heights()).toEqual([1, 1, 1, 1]);
    expect(court.views()).toEqual([1, 1, 1, 1]);
  });

  it("ResignAfterRestart: also when the view is known only from the certificate of the tip", () => {
    const court = new Cluster();
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    court.crash(0);
    court.giveAll(court.writ(2, ["b"]));
    court.pass(5000);
    court.member(1).durable = null;
    court.restart(1);
    expect(court.seat(1).view).toBe(1);
    court.give(1, court.writ(3, ["c"]));
    court.pass(5000);
    expect(court.sent(1, "proposal").filter(({ batch }) => batch.header.height === 3)).toEqual([]);
    expect(court.heights()[1]).toBe(3);
  });

  it("ResignAfterRestart: all at once, and the court goes on", () => {
    const court = new Cluster();
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    for (let round = 0; round < 5; round++) {
      for (let seat = 0; seat < 4; seat++) court.crash(seat);
      for (let seat = 0; seat < 4; seat++) court.restart(seat);
      court.settle();
      court.give(round % 4, court.writ(round + 2, ["b"]));
      court.settle();
      expect(court.heights()).toEqual(Array(4).fill(round + 2));
    }
  });

  it("ResignAfterRestart: two seats, and one", () => {
    for (const [mode, n] of [
      ["detect", 2],
      ["solo", 1],
    ] as const) {
      const court = new Cluster(mode, n);
      for (let number = 1; number <= 4; number++) {
        court.giveAll(court.writ(number, ["a"]));
        court.settle();
        for (let seat = 0; seat < n; seat++) court.crash(seat);
        for (let seat = 0; seat < n; seat++) court.restart(seat);
        court.settle();
      }
      expect(court.heights()).toEqual(Array(n).fill(4));
    }
  });

  it("ResignAfterRestart: crashed between any two steps of a block, all four decide it all the same", () => {
    for (let stop = 1; stop < 40; stop++) {
      const court = new Cluster();
      court.giveAll(court.writ(1, ["a"]));
      for (let step = 0; step < stop; step++) {
        const [sent] = court.network.splice(0, 1);
        if (sent !== undefined) court.deliver(sent);
      }
      for (let seat = 0; seat < 4; seat++) court.crash(seat);
      for (let seat = 0; seat < 4; seat++) court.restart(seat);
      court.giveAll(court.writ(1, ["a"]));
      court.pass(20_000);
      expect(court.heights(), `stopped after ${stop} messages`).toEqual([1, 1, 1, 1]);
      for (let seat = 0; seat < 4; seat++)
        expect(court.incidents(seat, "equivocation")).toEqual([]);
    }
  });

  it("ResignAfterRestart: with one seat down, crashed between any two steps of a block, the others decide it", () => {
    for (let stop = 1; stop < 40; stop++) {
      const court = new Cluster();
      court.crash(stop % 4);
      court.giveAll(court.writ(1, ["a"]));
      for (let step = 0; step < stop; step++) {
        const [sent] = court.network.splice(0, 1);
        if (sent !== undefined) court.deliver(sent);
      }
      const alive = [0, 1, 2, 3].filter((seat) => seat !== stop % 4);
      for (const seat of alive) court.crash(seat);
      for (const seat of alive) court.restart(seat);
      court.giveAll(court.writ(1, ["a"]));
      court.pass(60_000);
      const heights = court.heights().filter((_, seat) => seat !== stop % 4);
      expect(heights, `stopped after ${stop} messages`).toEqual([1, 1, 1]);
    }
  });
});
