import { describe, expect, it } from "vitest";
import type { Justification, ViewChange } from "../objects/clerk/consensus/messages.ts";
import { known } from "../objects/shared/assert.ts";
import { batchDigest, blockDigest } from "../objects/shared/digests.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { Batch, Certificate, Entry, Header, Writ } from "../objects/shared/types.ts";
import { Cluster } from "./kit/cluster.ts";
import {
  batchOn,
  byCertificate,
  byChanges,
  certificateOf,
  changeBy,
  proposalBy,
  votedOn,
  whole,
} from "./kit/forging.ts";

/** Four seats with one block decided, in view 0 under seat 0. */
function courtAtWork(): Cluster {
  const court = new Cluster();
  court.give(0, court.writ(1, ["a", "b"]));
  court.settle();
  court.now += 10;
  return court;
}

/** Lets seat 1 hear what the leader of a view might propose on its chain; whether it voted for it. */
function prepares(
  court: Cluster,
  entries: readonly Entry[],
  otherwise: Partial<Header> = {},
  why: Justification = byCertificate(court.seat(1).tip.certificate),
  view = 0,
): boolean {
  const batch = batchOn(court, court.seat(1), entries, otherwise);
  court.hear(1, proposalBy(court, view % 4, view, batch, why));
  return court.seat(1).vote?.prepare.batch === batchDigest(batch.header);
}

describe("proposing", () => {
  it("ProposeInOrder: a Warden's writs are proposed by number, and one that is ahead waits", () => {
    const court = new Cluster();
    court.give(0, court.writ(2, ["b"]));
    court.settle();
    expect(court.sent(0, "proposal")).toEqual([]);
    court.give(0, court.writ(1, ["a"]));
    court.settle();
    const decided = court.member(3).chain.flatMap((block) => block.entries);
    expect(decided.map(({ writ }) => writ.number)).toEqual([1, 2]);
  });

  it("ProposeInOrder: the block goes on where a writ was cut", () => {
    const court = new Cluster();
    court.fits = 2;
    court.giveAll(court.writ(1, ["a", "b", "c", "d", "e"]));
    court.settle();
    const ranges = court.member(2).chain.flatMap((block) => block.entries);
    expect(ranges.map(({ first, count }) => [first, count])).toEqual([
      [0, 2],
      [2, 2],
      [4, 1],
    ]);
  });

  it("ProposeOncePerView: a second writ waits for the height after", () => {
    const court = new Cluster();
    court.give(0, court.writ(1, ["a"]));
    court.give(0, court.writ(2, ["b"]));
    expect(court.sent(0, "proposal")).toHaveLength(3);
    court.settle();
    expect(court.heights()).toEqual([2, 2, 2, 2]);
  });

  it("ServeLongestWaiting: under load every Warden's writ is in within as many heights as there are Wardens", () => {
    const wardens = 6;
    const court = new Cluster("bft", 4, wardens);
    const big = (of: string): string[] =>
      Array.from({ length: 15 }, (_, i) => `${of}${i}`.padEnd(16_000));
    for (let warden = 0; warden < wardens; warden++) {
      for (const number of [1, 2]) court.give(0, court.writ(number, big(`${warden}/`), warden));
    }
    court.settle();
    const heights = new Map<number, number[]>();
    for (const { header, entries } of court.member(0).chain) {
      for (const { writ } of entries)
        heights.set(writ.warden, [...(heights.get(writ.warden) ?? []), header.height]);
    }
    for (const of of heights.values())
      expect(known(of[1], "a second writ") - known(of[0], "a first")).toBeLessThan(wardens);
    expect(court.views()).toEqual([0, 0, 0, 0]);
  });

  it("ProposeForExpiry: an expiry that is due wakes a quiet court, and no oftener than once a second", () => {
    const court = courtAtWork();
    court.expiries = [court.now + 200, court.now + 300];
    court.input(0, { kind: "start", now: court.now });
    for (const seat of court.seats) seat.nextExpiry = court.now + 200;
    court.pass(900);
    expect(court.heights()).toEqual([1, 1, 1, 1]);
    court.pass(200);
    expect(court.heights()).toEqual([2, 2, 2, 2]);
    expect(court.member(0).chain[1]?.entries).toEqual([]);
    court.pass(10_000);
    expect(court.heights()).toEqual([2, 2, 2, 2]);
  });

  it("StopWhileBacklogFull: nothing fresh is proposed and nobody is suspected", () => {
    const court = courtAtWork();
    for (let seat = 0; seat < 4; seat++)
      court.input(seat, { kind: "backlog", full: true, now: court.now });
    const views = court.views();
    court.settle();
    court.giveAll(court.writ(2, ["c"]));
    court.pass(60_000);
    expect(court.heights()).toEqual([1, 1, 1, 1]);
    expect(court.views().map((view) => view - Math.min(...views))).toEqual([1, 1, 1, 1]);
    for (let seat = 0; seat < 4; seat++)
      court.input(seat, { kind: "backlog", full: false, now: court.now });
    court.pass(5000);
    expect(court.heights()).toEqual([2, 2, 2, 2]);
  });

  it("StopWhileBacklogFull: a follower whose own Ledger lags still votes", () => {
    const court = courtAtWork();
    court.input(2, { kind: "backlog", full: true, now: court.now });
    court.crash(3);
    court.giveAll(court.writ(2, ["c"]));
    court.settle();
    expect(court.heights()).toEqual([2, 2, 2, 1]);
  });
});

describe("accepting a proposal", () => {
  it("PrepareOwnResult: a fresh batch that continues the chain is evaluated and prepared", () => {
    const court = courtAtWork();
    expect(prepares(court, [whole(court.writ(2, ["c"]))])).toBe(true);
    const [, prepare] = [...court.sent(1, "prepare")].slice(-2);
    const batch = known(court.seat(1).vote, "it voted").batch;
    expect(prepare).toMatchObject(votedOnly(court, batch));
  });

  it("PrepareOwnResult: once a view, whatever the leader proposes next", () => {
    const court = courtAtWork();
    expect(prepares(court, [whole(court.writ(2, ["c"]))])).toBe(true);
    expect(prepares(court, [whole(court.writ(2, ["other"]))])).toBe(false);
    expect(court.sent(1, "prepare").filter(({ height }) => height === 2)).toHaveLength(3);
  });

  it("RefuseForeignLeader: only the leader of a view proposes in it", () => {
    const court = courtAtWork();
    const batch = batchOn(court, court.seat(1), [whole(court.writ(2, ["c"]))]);
    const justification = byCertificate(court.seat(1).tip.certificate);
    court.hear(1, proposalBy(court, 2, 0, batch, justification));
    expect(court.seat(1).vote).toBeNull();
    expect(court.seat(1).proposals.size).toBe(0);
  });

  it.each<[string, Partial<Header>]>([
    ["another parent", { parent: "ab".repeat(32) }],
    ["another domain version", { domainVersion: 2 }],
  ])("RefuseForeignBatch: %s", (_, otherwise) => {
    const court = courtAtWork();
    expect(prepares(court, [whole(court.writ(2, ["c"]))], otherwise)).toBe(false);
  });

  it("RefuseUntimelyProposal: at most so far ahead, at most so far behind, after its parent", () => {
    const at = (offset: number): boolean => {
      const court = courtAtWork();
      court.now += 60_000;
      return prepares(court, [whole(court.writ(2, ["c"]))], { time: court.now + offset });
    };
    expect(at(LIMITS.clockAheadMs)).toBe(true);
    expect(at(LIMITS.clockAheadMs + 1)).toBe(false);
    expect(at(-LIMITS.clockBehindMs)).toBe(true);
    expect(at(-LIMITS.clockBehindMs - 1)).toBe(false);
    const court = courtAtWork();
    const { time } = court.seat(1).tip;
    expect(prepares(court, [whole(court.writ(2, ["c"]))], { time })).toBe(false);
  });

  it("RefuseUntimelyProposal: the bound behind grows with failed views, and no further than sixteenfold", () => {
    const at = (failures: number, behind: number): boolean => {
      const court = courtAtWork();
      court.now += 600_000;
      court.seat(1).failures = failures;
      return prepares(court, [whole(court.writ(2, ["c"]))], { time: court.now - behind });
    };
    expect(at(1, LIMITS.clockBehindMs * 2)).toBe(true);
    expect(at(1, LIMITS.clockBehindMs * 2 + 1)).toBe(false);
    expect(at(9, LIMITS.clockBehindMs * 16)).toBe(true);
    expect(at(9, LIMITS.clockBehindMs * 16 + 1)).toBe(false);
  });

  it("RetryRefusedProposal: sent again, it is judged by the clock of then, and not evaluated anew", () => {
    const court = courtAtWork();
    const entries = [whole(court.writ(2, ["c"]))];
    const time = court.now + LIMITS.clockAheadMs + 100;
    expect(prepares(court, entries, { time })).toBe(false);
    court.now += 200;
    expect(prepares(court, entries, { time })).toBe(true);
  });

  it.each<[string, (court: Cluster) => Entry[]]>([
    ["a gap in the numbers", (court) => [whole(court.writ(3, ["c"]))]],
    ["a decided writ again", (court) => [whole(court.writ(1, ["a", "b"]))]],
    ["one twice", (court) => [whole(court.writ(2, ["c"])), whole(court.writ(2, ["c"]))]],
    ["beginning inside", (court) => [{ writ: court.writ(2, ["c", "d"]), first: 1, count: 1 }]],
    [
      "a gap inside",
      (court) => {
        const writ = court.writ(2, ["c", "d", "e"]);
        return [
          { writ, first: 0, count: 1 },
          { writ, first: 2, count: 1 },
        ];
      },
    ],
  ])("RefuseGapInWrits: %s", (_, entries) => {
    const court = courtAtWork();
    expect(prepares(court, entries(court))).toBe(false);
  });

  it("RefuseOversizedBatch: more events or bytes than a block holds, or outcomes that do not fit", () => {
    const court = courtAtWork();
    const events = Array.from({ length: 900 }, (_, i) => `e${i}`);
    const many = [2, 3, 4, 5, 6].map((number) => whole(court.writ(number, events)));
    expect(prepares(court, many.slice(0, 4))).toBe(true);
    const other = courtAtWork();
    expect(prepares(other, many)).toBe(false);
    const wide = [2, 3, 4, 5, 6].map((number) =>
      whole(other.writ(number, [number.toString().padEnd(240_000)])),
    );
    expect(prepares(other, wide)).toBe(false);
    const third = courtAtWork();
    third.fits = 1;
    expect(prepares(third, [whole(third.writ(2, ["c", "d"]))])).toBe(false);
  });

  it("RefuseOversizedBatch: each entry counts its writ whole, be it one writ event by event or one event of many", () => {
    const court = courtAtWork();
    const events = Array.from({ length: 100 }, (_, at) => `${at}`.padEnd(2_000));
    const byEvent = (writ: Writ): Entry[] =>
      writ.events.map((__, first) => ({ writ, first, count: 1 }));
    expect(prepares(court, byEvent(court.writ(2, events)).slice(0, 5))).toBe(true);
    const other = courtAtWork();
    expect(prepares(other, byEvent(other.writ(2, events)))).toBe(false);
    const wide = new Cluster("bft", 4, 8);
    const firsts = Array.from({ length: 8 }, (_, warden) => {
      return { writ: wide.writ(1, events, warden), first: 0, count: 1 };
    });
    expect(prepares(wide, firsts.slice(0, 5), { time: wide.now })).toBe(true);
    const wider = new Cluster("bft", 4, 8);
    expect(prepares(wider, firsts, { time: wider.now })).toBe(false);
  });

  it("ProposeInOrder: what is left of large writs of many Wardens goes into as many blocks as it takes", () => {
    const court = new Cluster("bft", 4, 8);
    const events = Array.from({ length: 100 }, (_, at) => `${at}`.padEnd(2_000));
    court.fits = 60;
    for (let warden = 0; warden < 8; warden++) court.giveAll(court.writ(1, events, warden));
    court.pass(5_000);
    const { chain } = court.member(1);
    const carried = chain.map(({ entries }) => entries.length * 200_000);
    expect(Math.max(...carried)).toBeLessThanOrEqual(LIMITS.blockBytes);
    const taken = chain.flatMap(({ entries }) => entries.map(({ count }) => count));
    expect(taken.reduce((sum, count) => sum + count, 0)).toBe(800);
    expect(court.views()).toEqual([0, 0, 0, 0]);
  });

  it("RefuseEmptyProposal: without a writ and without an expiry there is no reason for a block", () => {
    const court = courtAtWork();
    court.now += 5000;
    expect(prepares(court, [])).toBe(false);
    court.seat(1).nextExpiry = court.now;
    expect(prepares(court, [])).toBe(true);
  });

  it("RefuseUnjustifiedProposal: the certificate below must be of the parent and of the proposed view", () => {
    const tried = (view: number, why: (court: Cluster) => Justification): boolean => {
      const court = courtAtWork();
      return prepares(court, [whole(court.writ(2, ["c"]))], {}, why(court), view);
    };
    const own = (court: Cluster): Certificate =>
      known(court.seat(1).tip.certificate, "height 1 is decided");
    const like = (court: Cluster, otherwise: Partial<Certificate>): Justification =>
      byCertificate(certificateOf(court, { ...own(court), ...otherwise }, [0, 2, 3]));
    const forked = (court: Cluster): string => {
      const { batch, result } = own(court);
      return blockDigest(1, "ab".repeat(32), batch, result);
    };
    expect(tried(0, () => byCertificate(null))).toBe(false);
    expect(tried(0, (court) => like(court, { view: 2 }))).toBe(false);
    expect(tried(2, (court) => byCertificate(own(court)))).toBe(false);
    expect(tried(0, (court) => like(court, { block: forked(court) }))).toBe(false);
    expect(tried(0, (court) => like(court, {}))).toBe(true);
    expect(tried(2, (court) => like(court, { view: 2 }))).toBe(true);
  });

  it("RefuseUnjustifiedProposal: view changes must be q of distinct seats, of this view, none beyond the height", () => {
    const tried = (changes: (court: Cluster) => ViewChange[]): boolean => {
      const court = courtAtWork();
      const entries = [whole(court.writ(2, ["c"]))];
      return prepares(court, entries, {}, byChanges(changes(court)), 6);
    };
    const moved = (court: Cluster, ...from: number[]): ViewChange[] =>
      from.map((seat) => changeBy(court, seat, 6, court.seat(1).tip));
    const beyond = (court: Cluster): ViewChange => {
      const batch = batchOn(court, court.seat(1), [whole(court.writ(2, ["z"]))]);
      const ahead = certificateOf(court, votedOn(court.seat(1), batch, 0), [0, 2, 3]);
      return changeBy(court, 0, 6, { ...court.seat(1).tip, height: 2, certificate: ahead });
    };
    expect(tried((court) => moved(court, 2, 3))).toBe(false);
    expect(tried((court) => moved(court, 2, 3, 3))).toBe(false);
    const elsewhere = (court: Cluster) => changeBy(court, 0, 10, court.seat(1).tip);
    expect(tried((court) => [...moved(court, 2, 3), elsewhere(court)])).toBe(false);
    expect(tried((court) => [...moved(court, 2, 3), beyond(court)])).toBe(false);
    expect(tried((court) => moved(court, 0, 2, 3))).toBe(true);
  });

  it("TryEveryProposal: one that cannot be accepted does not stand before one of a lower view that can", () => {
    const court = courtAtWork();
    const seat = court.seat(1);
    const own = known(seat.tip.certificate, "height 1 is decided");
    const later = certificateOf(court, { ...own, view: 2 }, [0, 2, 3]);
    const wrong = batchOn(court, seat, [whole(court.writ(7, ["z"]))]);
    const right = batchOn(court, seat, [whole(court.writ(2, ["c"]))]);
    // Both are there when the seat gets to choose.
    seat.voice = false;
    court.hear(1, proposalBy(court, 2, 2, wrong, byCertificate(later)));
    court.hear(1, proposalBy(court, 0, 0, right, byCertificate(own)));
    expect(seat.proposals.size).toBe(2);
    seat.voice = true;
    court.tick(1);
    expect(seat.vote?.prepare).toMatchObject({ view: 0, batch: batchDigest(right.header) });
  });

  it("PrepareOwnResult, EnterView: a vote in one view does not keep a seat from a justified proposal in a later one", () => {
    const court = courtAtWork();
    const own = known(court.seat(1).tip.certificate, "height 1 is decided");
    const entries = [whole(court.writ(2, ["c"]))];
    expect(prepares(court, entries)).toBe(true);
    const later = byCertificate(certificateOf(court, { ...own, view: 2 }, [0, 2, 3]));
    expect(prepares(court, entries, { time: court.now + 5 }, later, 2)).toBe(true);
    expect(court.seat(1)).toMatchObject({ view: 2, viewStart: court.seat(1).incarnation });
    expect(prepares(court, entries, { time: court.now + 6 })).toBe(false);
  });

  it("KeepEarlyProposal: one for the height after next is voted on when its turn comes", () => {
    const court = new Cluster();
    const held: typeof court.network = [];
    court.passes = (sent) => {
      const early =
        sent.to === 3 &&
        !(
          "batch" in sent.message &&
          sent.message.kind === "proposal" &&
          sent.message.batch.header.height === 2
        );
      if (early) held.push(sent);
      return !early;
    };
    court.give(0, court.writ(1, ["a"]));
    court.give(0, court.writ(2, ["b"]));
    court.settle();
    expect(court.heights()).toEqual([2, 2, 2, 0]);
    court.passes = () => true;
    for (const sent of held) court.deliver(sent);
    court.settle();
    expect(court.heights()).toEqual([2, 2, 2, 2]);
    expect(court.sent(3, "prepare").some(({ height }) => height === 2)).toBe(true);
  });
});

function votedOnly(court: Cluster, batch: Batch) {
  const { height, view, batch: digested, result } = votedOn(court.seat(1), batch, 0);
  return { height, view, batch: digested, result };
}
