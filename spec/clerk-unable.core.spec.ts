import { describe, expect, it } from "vitest";
import { batchDigest } from "../objects/shared/digests.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { Writ } from "../objects/shared/types.ts";
import { Cluster } from "./kit/cluster.ts";
import { batchOn, byCertificate, changeBy, proposalBy, whole } from "./kit/forging.ts";

function numbered(count: number, lethal: number): string[] {
  return Array.from({ length: count }, (_, at) => (at === lethal ? "lethal" : `e${at}`));
}

/** A court whose Wardens give what is undecided to every seat again, twice a second. */
function driven(court: Cluster, ms: number, ...writs: readonly Writ[]): void {
  for (const until = court.now + ms; court.now < until; court.pass(500))
    for (const writ of writs) court.giveAll(writ);
}

function courtOf(...settings: ConstructorParameters<typeof Cluster>): Cluster {
  const court = new Cluster(...settings);
  court.lethal.add("lethal");
  return court;
}

function decided(court: Cluster, at = 0): string[] {
  return court
    .member(at)
    .chain.flatMap(({ entries }) =>
      entries.flatMap(({ writ, first, count }) => writ.events.slice(first, first + count)),
    );
}

describe("an event that kills whoever evaluates it", () => {
  it.each([
    [1, 0],
    [2, 1],
    [9, 4],
    [33, 32],
  ])(
    "CondemnUnable, HalveUnable: of %i events it alone is rejected, and the rest decided",
    (count, lethal) => {
      const court = courtOf();
      const events = numbered(count, lethal);
      driven(court, 120_000, court.writ(1, events));
      expect(decided(court)).toEqual(events);
      expect(new Set(court.heights()).size).toBe(1);
      const condemned = court
        .member(2)
        .chain.filter(({ outcomes }) => outcomes.includes("unable is lethal"));
      expect(condemned.map(({ outcomes }) => outcomes.length)).toEqual([1]);
      court.members.forEach(({ quarantined }, seat) => {
        expect(court.incidents(seat, "unable")).toMatchObject([{ proof: { reason: "unable" } }]);
        expect(quarantined).toBeNull();
      });
    },
  );

  it.each([
    ["detect", 2],
    ["solo", 1],
  ] as const)("CondemnUnable: in a court of mode %s too", (mode, n) => {
    const court = courtOf(mode, n);
    driven(court, 120_000, court.writ(1, numbered(3, 1)));
    expect(decided(court)).toEqual(numbered(3, 1));
  });
});

describe("a seat that was restarted", () => {
  /** Seat 1 in its second life, and a proposal of the first leader. */
  function restarted(...events: readonly string[]) {
    const court = courtOf();
    court.holdsNotes = true;
    court.restart(1);
    court.network = [];
    const batch = batchOn(court, court.seat(1), [whole(court.writ(1, events))]);
    return { court, batch, proposal: proposalBy(court, 0, 0, batch, byCertificate(null)) };
  }

  it("NoteBeforeEvaluating: evaluates only what is noted in storage, and writes that it survived", () => {
    const { court, proposal } = restarted("a");
    const member = court.member(1);
    court.hear(1, proposal);
    court.hear(1, proposal);
    court.tick(1);
    const notes = member.journal.filter(({ kind }) => kind === "attempt");
    expect([notes.length, member.evaluations]).toEqual([1, 0]);
    const what = member.noted ?? "";
    expect(member.durable?.attempts).toEqual({
      height: 1,
      begun: what,
      tried: [{ what, events: 1, deaths: 0 }],
    });
    court.input(1, { kind: "attempted", what: "another", now: court.now });
    expect(member.evaluations).toBe(0);
    court.input(1, { kind: "attempted", what, now: court.now });
    expect(member.evaluations).toBe(1);
    expect(court.sent(1, "prepare")).toHaveLength(3);
    expect(member.durable).toMatchObject({ attempts: null, vote: { prepare: { height: 1 } } });
  });

  it("NoteBeforeEvaluating: the note is the last of its step, after everything that is sent", () => {
    const { court, proposal } = restarted("a");
    const before = court.member(1).journal.length;
    court.hear(1, proposal);
    expect(
      court
        .member(1)
        .journal.slice(before)
        .map(({ kind }) => kind),
    ).toEqual(["persist", "arm", "attempt"]);
  });

  it("NoteBeforeEvaluating: neither in a first life, nor after a decision, nor of what runs no domain code", () => {
    const court = courtOf();
    const notes = () =>
      court.members.map(({ journal }) => journal.filter(({ kind }) => kind === "attempt").length);
    court.giveAll(court.writ(1, ["a"]));
    court.settle();
    expect(notes()).toEqual([0, 0, 0, 0]);
    court.restart(2);
    court.settle();
    for (const number of [2, 3]) {
      court.giveAll(court.writ(number, ["b"]));
      court.pass(1000);
    }
    expect([court.heights(), notes()]).toEqual([
      [3, 3, 3, 3],
      [0, 0, 1, 0],
    ]);
    const { court: other } = restarted();
    const empty = proposalBy(other, 0, 0, batchOn(other, other.seat(1), []), byCertificate(null));
    other.seat(1).nextExpiry = other.now;
    other.hear(1, empty);
    expect(other.sent(1, "prepare")).toHaveLength(3);
  });

  it("NoteBeforeEvaluating: one at a time, and a bounded number is remembered", () => {
    const { court, proposal } = restarted("a");
    court.hear(1, proposal);
    const first = court.member(1).noted;
    const seat = court.seat(1);
    for (let number = 0; number < 3 * LIMITS.attemptsKept; number++) {
      const batch = batchOn(court, seat, [whole(court.writ(1, [`b${number}`]))]);
      const later = proposalBy(court, 0, 4 * (number + 1), batch, {
        by: "changes",
        changes: [0, 2, 3].map((from) => changeBy(court, from, 4 * (number + 1), seat.tip)),
      });
      court.hear(1, later);
      expect(court.member(1).noted).toBe(number === 0 ? first : court.seat(1).begun);
      seat.allowed = true;
    }
    expect(seat.tried.size).toBeLessThanOrEqual(LIMITS.attemptsKept);
  });

  it("RejectUnable: what it did not survive twice, whoever proposes it; not what it was merely restarted in the midst of once", () => {
    const { court, proposal, batch } = restarted("lethal");
    const [attempts] = [() => court.seat(1).tried.values().next().value?.deaths];
    court.holdsNotes = false;
    court.hear(1, proposal);
    expect([court.member(1).deaths, court.member(1).down]).toEqual([1, true]);
    court.restart(1);
    expect(attempts()).toBe(1);
    // Restarted without having begun again: that is no other death.
    court.restart(1);
    expect(attempts()).toBe(1);
    court.hear(1, proposal);
    court.restart(1);
    expect([court.member(1).deaths, attempts()]).toEqual([2, 2]);
    court.hear(1, proposal);
    expect(court.sent(1, "reject")).toMatchObject(
      Array.from({ length: 3 }, () => ({ batch: batchDigest(batch.header), reason: "unable" })),
    );
    expect(court.member(1).deaths).toBe(2);
  });

  it("AdoptUnable: what kills it alone it takes from the others, and that is no dissent", () => {
    const court = courtOf();
    for (const seat of [0, 1, 2]) court.member(seat).immune = true;
    for (const number of [1, 2, 3]) {
      court.giveAll(court.writ(number, [number === 2 ? "lethal" : "a"]));
      court.pass(5000);
    }
    expect(court.heights()).toEqual([3, 3, 3, 3]);
    // Once unawares, and twice as a seat that takes note.
    expect(court.members.map(({ deaths }) => deaths)).toEqual([0, 0, 0, 3]);
    expect(court.incidents(3, "outvoted")).toMatchObject([{ height: 2, own: null }]);
    expect(court.seat(3)).toMatchObject({ dissents: 0, voice: true });
  });

  it("HalveUnable: of several events that a quorum could not evaluate the next batch takes half", () => {
    const court = new Cluster();
    court.give(0, court.writ(1, ["a"]));
    court.settle();
    const seat = court.seat(1);
    const { height } = seat.tip;
    const batch = batchOn(court, seat, [whole(court.writ(2, ["b", "c", "d", "e"]))]);
    const certificate = seat.tip.certificate;
    if (certificate === null) throw new Error("height 1 is decided");
    court.hear(1, proposalBy(court, 0, 0, batch, byCertificate(certificate)));
    const unable = { height: height + 1, view: 0, batch: batchDigest(batch.header) } as const;
    for (const from of [0, 2, 3])
      court.hear(1, court.said(from, { kind: "reject", ...unable, reason: "unable" }));
    expect(seat.cut).toBe(2);
    expect(seat.view).toBe(1);
  });
});
