import { describe, expect, it } from "vitest";
import { LIMITS } from "../objects/shared/limits.ts";
import { batchDigest } from "../objects/shared/digests.ts";
import { Cluster } from "./kit/cluster.ts";
import { batchOn, byCertificate, changeBy, proposalBy, whole } from "./kit/forging.ts";

/** Numbered events, one of them decided differently by each seat. */
function mixed(count: number, odd: number): string[] {
  return Array.from({ length: count }, (_, at) => (at === odd ? "odd" : `e${at}`));
}

function oddCourt(): Cluster {
  const court = new Cluster();
  court.nondeterministic.add("odd");
  return court;
}

function decided(court: Cluster, at = 0): string[][] {
  return court
    .member(at)
    .chain.map(({ entries }) =>
      entries.flatMap(({ writ, first, count }) => writ.events.slice(first, first + count)),
    );
}

describe("a proposal that is not prepared", () => {
  const cases: [string, string, Parameters<typeof batchOn>[3]][] = [
    ["of another version", "version", { domainVersion: 2 }],
    ["of a time too far ahead", "time", { time: 1_000_000 + LIMITS.clockAheadMs + 1 }],
    ["on another parent", "invalid", { parent: "ab".repeat(32) }],
  ];
  it.each(cases)("SayReject: %s, with its reason, to all, once", (_, reason, otherwise) => {
    const court = new Cluster();
    const batch = batchOn(court, court.seat(1), [whole(court.writ(1, ["a"]))], otherwise);
    const proposal = proposalBy(court, 0, 0, batch, byCertificate(null));
    court.hear(1, proposal);
    court.hear(1, proposal);
    const said = { height: 1, view: 0, batch: batchDigest(batch.header), reason };
    expect(court.sent(1, "reject")).toMatchObject([said, said, said]);
    expect(court.seat(1)).toMatchObject({ vote: null, view: 0 });
    court.pass(500);
    expect(court.sent(1, "reject")).toHaveLength(3);
  });

  it("SayReject: whoever waits for something says it again with its votes", () => {
    const court = new Cluster();
    court.passes = () => false;
    court.give(1, court.writ(1, ["a"]));
    const batch = batchOn(court, court.seat(1), [], { domainVersion: 2 });
    court.hear(1, proposalBy(court, 0, 0, batch, byCertificate(null)));
    court.pass(LIMITS.resendMs);
    const rejects = court.sent(1, "reject");
    expect(rejects).toHaveLength(6);
    expect(new Set(rejects.map(({ signature }) => signature)).size).toBe(1);
  });

  it("SayReject: not of a view that was left, not without a voice", () => {
    const court = new Cluster();
    const proposal = proposalBy(
      court,
      0,
      0,
      batchOn(court, court.seat(1), [], { domainVersion: 2 }),
      byCertificate(null),
    );
    for (const from of [0, 2]) court.hear(1, changeBy(court, from, 1, court.seat(1).tip));
    court.hear(1, proposal);
    court.seat(2).voice = false;
    court.hear(2, proposal);
    expect([...court.sent(1, "reject"), ...court.sent(2, "reject")]).toEqual([]);
  });

  it("SayReject: binds nothing, and is no evidence", () => {
    const court = new Cluster();
    const batch = batchOn(court, court.seat(1), [whole(court.writ(1, ["a"]))], {
      time: court.now + LIMITS.clockAheadMs + 100,
    });
    const proposal = proposalBy(court, 0, 0, batch, byCertificate(null));
    court.hear(1, proposal);
    court.hear(2, proposal);
    court.now += 200;
    for (const seat of [1, 2, 3]) court.hear(seat, proposal);
    court.settle();
    expect(court.heights().slice(1)).toEqual([1, 1, 1]);
    for (const { incidents } of court.members) expect(incidents).toEqual([]);
  });
});

describe("a quorum of rejects", () => {
  function rejected(court: Cluster, from: number, otherwise: object = {}): void {
    const said = { height: 1, view: 0, batch: "ab".repeat(32), reason: "invalid" } as const;
    court.hear(1, court.said(from, { kind: "reject", ...said, ...otherwise }));
  }

  it("LeaveRejectedView: of one proposal, by distinct seats, in the view of this seat", () => {
    const court = new Cluster();
    rejected(court, 0);
    rejected(court, 0, { reason: "time" });
    rejected(court, 2, { batch: "cd".repeat(32) });
    rejected(court, 2);
    expect(court.seat(1).view).toBe(0);
    rejected(court, 3);
    expect(court.seat(1).view).toBe(0);
    const other = new Cluster();
    for (const from of [0, 2, 3]) rejected(other, from, { view: 1 });
    expect(other.seat(1).view).toBe(0);
    for (const from of [0, 2, 3]) rejected(other, from);
    expect(other.seat(1).view).toBe(2);
    expect(other.incidents(1, "view-change")).toMatchObject([
      { view: 1, because: "rejected" },
      { view: 2, because: "rejected" },
    ]);
  });

  it("LeaveRejectedView: each leader gets its try at once, and patience bounds the rest", () => {
    const court = new Cluster();
    const [tip] = court.seats.map((seat) => seat.tip);
    // Nobody's clock comes near what the chain says.
    for (const seat of court.seats) seat.tip = { ...seat.tip, ...tip, time: court.now + 1_000_000 };
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    expect(court.views()).toEqual([4, 4, 4, 4]);
    court.pass(2 * LIMITS.suspicionMs);
    expect(Math.max(...court.views())).toBeLessThan(7);
  });
});

describe("a batch without majority", () => {
  it("HalveWithoutMajority: what all agree in is decided, and batches grow again", () => {
    const court = oddCourt();
    court.giveAll(court.writ(1, mixed(16, 9)));
    court.settle();
    const events = decided(court).flat();
    expect(events.slice(0, 9)).toEqual(mixed(16, 9).slice(0, 9));
    expect(court.incidents(0, "no-majority")[0]).toMatchObject({ height: 1, view: 0 });
  });

  it("LeaveWithoutMajority: at once, without anybody's patience ending", () => {
    const court = oddCourt();
    const started = court.now;
    court.giveAll(court.writ(1, mixed(8, 7)));
    court.settle();
    expect(court.now).toBe(started);
    expect(decided(court).flat().slice(0, 7)).toEqual(mixed(8, 7).slice(0, 7));
    const left = court.incidents(0, "view-change");
    expect(left.every((of) => "because" in of && of.because !== "suspicion")).toBe(true);
  });

  it("LeaveWithoutMajority: a court that cannot decide does not spin", () => {
    const court = new Cluster();
    for (const member of court.members) member.corrupt = true;
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    expect(court.views()).toEqual([5, 5, 5, 5]);
    expect(court.heights()).toEqual([0, 0, 0, 0]);
  });

  it("HalveWithoutMajority: nothing to halve in a batch of no event", () => {
    const court = new Cluster();
    court.expiries = [court.now];
    for (const seat of court.seats) seat.nextExpiry = court.now;
    for (const member of court.members) member.corrupt = true;
    const batch = batchOn(court, court.seat(1), []);
    for (const from of [0, 2, 3]) {
      const said = {
        kind: "prepare",
        height: 1,
        view: 0,
        batch: batchDigest(batch.header),
      } as const;
      court.hear(1, court.said(from, { ...said, result: String(from).repeat(64) }));
    }
    court.hear(1, proposalBy(court, 0, 0, batch, byCertificate(null)));
    expect(court.incidents(1, "no-majority")).toHaveLength(1);
    expect(court.seat(1)).toMatchObject({ view: 1, cut: LIMITS.blockEvents, condemned: null });
  });

  it("GrowAfterDecision: a fresh batch is twice as large after each decision, up to any size", () => {
    const court = new Cluster();
    for (const seat of court.seats) seat.cut = 2;
    court.giveAll(court.writ(1, mixed(20, 20)));
    court.settle();
    expect(decided(court).map(({ length }) => length)).toEqual([2, 4, 8, 6]);
    expect(court.seat(0).cut).toBe(32);
    for (const seat of court.seats) seat.cut = LIMITS.blockEvents;
    court.giveAll(court.writ(2, ["z"]));
    court.settle();
    expect(court.seat(0).cut).toBe(LIMITS.blockEvents);
  });
});

describe("an event that each seat comes to another outcome for", () => {
  it("CondemnWithoutMajority, RejectCondemned: it alone is rejected, and the rest decided, without anybody's patience ending", () => {
    for (const [count, odd] of [
      [1, 0],
      [2, 0],
      [7, 3],
      [40, 39],
    ] as const) {
      const court = oddCourt();
      const started = court.now;
      const events = mixed(count, odd);
      court.giveAll(court.writ(1, events));
      court.settle();
      expect(court.now).toBe(started);
      expect(decided(court).flat()).toEqual(events);
      const condemned = court
        .member(0)
        .chain.filter(({ outcomes }) => outcomes.includes("nondeterministic is odd"));
      expect(condemned.map(({ outcomes }) => outcomes.length)).toEqual([1]);
      expect(new Set(court.heights()).size).toBe(1);
    }
  });

  it("RecordCondemned: every seat keeps the proof", () => {
    const court = oddCourt();
    court.giveAll(court.writ(1, mixed(3, 1)));
    court.settle();
    for (let seat = 0; seat < 4; seat++) {
      const [incident, ...others] = court.incidents(seat, "poison");
      expect(others).toEqual([]);
      expect(incident).toMatchObject({ height: 2, warden: 0, number: 1, first: 1 });
      expect(incident).toMatchObject({ proof: { reason: "nondeterministic" } });
    }
  });

  it("CondemnWithoutMajority: not while one seat is away, and once it is back", () => {
    const court = oddCourt();
    court.crash(2);
    court.giveAll(court.writ(1, ["odd"]));
    court.pass(10_000);
    expect(court.heights()).toEqual([0, 0, 0, 0]);
    court.restart(2);
    court.pass(60_000);
    expect(court.heights()).toEqual([1, 1, 1, 1]);
  });

  it("RejectCondemned: whoever missed the block is given its proof, and so is a seat that stops after its vote", () => {
    const court = oddCourt();
    const writ = court.writ(1, ["odd", "even"]);
    let doomed = true;
    court.passes = ({ to, message }) => {
      const condemning = message.kind === "proposal" && message.batch.entries[0]?.poison;
      if (to !== 3 || condemning === undefined || !doomed) return true;
      // It hears the proposal, votes, and what it says is lost with it.
      doomed = false;
      court.input(3, { kind: "message", message, now: court.now }, true);
      court.restart(3);
      return false;
    };
    court.giveAll(writ);
    court.pass(30_000);
    expect(doomed).toBe(false);
    expect(new Set(court.heights())).toEqual(new Set([2]));
    expect(decided(court, 3).flat()).toEqual(["odd", "even"]);
  });

  it("ReproposePrepared: a condemned event that some seat committed to is proposed again with its proof", () => {
    const court = oddCourt();
    court.passes = ({ message }) => message.kind !== "commit" && message.kind !== "decided";
    court.giveAll(court.writ(1, ["odd"]));
    court.settle();
    expect(court.seats.some(({ prepared }) => prepared?.batch.entries[0]?.poison)).toBe(true);
    court.restart(0);
    expect(court.seat(0).prepared?.batch.entries[0]?.poison?.reason).toBe("nondeterministic");
    court.passes = () => true;
    court.pass(30_000);
    expect(court.heights()).toEqual([1, 1, 1, 1]);
    expect(court.incidents(0, "no-majority")).toHaveLength(1);
  });
});
