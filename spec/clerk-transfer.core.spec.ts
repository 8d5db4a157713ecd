import { describe, expect, it } from "vitest";
import { believed, blockIn } from "../objects/clerk/consensus/check.ts";
import { known } from "../objects/shared/assert.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { belongsTo } from "../objects/shared/state-root.ts";
import type { StateRow } from "../objects/shared/state-root.ts";
import { termsProven } from "../objects/shared/terms.ts";
import type { TermProof } from "../objects/shared/terms.ts";
import { Cluster, keyOf, verifyModel } from "./kit/cluster.ts";
import { keyOfWarden } from "./kit/control.ts";

const EVERY = 4;

function decideTo(court: Cluster, height: number, events = 1): void {
  for (let next = Math.max(...court.heights()) + 1; next <= height; next++) {
    const number = (court.seat(0).progress.get(0)?.number ?? 0) + 1;
    const texts = Array.from(
      { length: events },
      (_, at) => `${"abcde"[next % 5] ?? ""} ${next}/${at}`,
    );
    court.giveAll(court.writ(number, texts));
    court.pass(20);
  }
}

/** Seats 0 to 2 have changed the version while seat 3 was away, and have dropped what lies below their served base. */
function courtWithGap(events = 1): Cluster {
  const court = new Cluster("bft", 4, 2, EVERY);
  for (const member of court.members) member.versions = [1, 2];
  court.restart(3);
  court.ask(keyOfWarden(1, keyOf("new")));
  court.pass(500);
  court.passes = ({ from, to }) => from !== 3 && to !== 3;
  court.ask({ kind: "version", domainVersion: 2 }, [0, 1, 2]);
  court.pass(500);
  decideTo(court, 4 * EVERY, events);
  for (const seat of [0, 1, 2]) court.member(seat).drop(3 * EVERY);
  court.passes = () => true;
  return court;
}

/** It asks for state, and is not answered. */
function asking(court: Cluster): Cluster {
  court.passes = ({ message }) => message.kind !== "state-request";
  court.restart(3);
  court.pass(1500);
  expect(court.seat(3).stateAskAt).not.toBeNull();
  return court;
}

describe("what peers give of their state", () => {
  it("RefuseFalseOffer: a control event that is known already counts no less than a new one", () => {
    const court = asking(courtWithGap());
    const from = court.seat(3).statePeer;
    const offer = known(court.seat(0).world.offer(), "an offer");
    const [key, version] = offer.controls as [TermProof, TermProof];
    const of = (proof: TermProof, otherwise: object): TermProof => {
      return { ...proof, header: { ...proof.header, ...otherwise } };
    };
    const none = { kind: "key", officer: { kind: "clerk", seat: 99 }, key: keyOf("none") } as const;
    for (const controls of [
      [of(key, { control: keyOfWarden(1, keyOf("another")) }), version],
      [key, version, of(key, { control: none })],
      [key, of(key, { control: none }), version],
      [key, key, version],
      [version],
      [],
    ]) {
      const said = court.said(from, { kind: "state-offer", ...offer, controls });
      expect(court.hear(3, said)).not.toBeNull();
    }
    expect(court.seat(3).transfer).toBeNull();
    court.epoch = 2;
    expect(court.hear(3, court.said(from, { kind: "state-offer", ...offer }))).toBeNull();
    expect(court.seat(3).transfer).not.toBeNull();
  });

  it("ProveTerms: proofs that are not in order prove nothing", () => {
    const court = courtWithGap();
    const { controls } = known(court.seat(0).world.offer(), "an offer");
    const { quorum, terms } = court.seat(0).setup;
    const trust = { quorum, verify: verifyModel };
    const first = terms.slice(0, 1);
    expect(termsProven(first, controls, 0, trust)).toEqual(terms);
    expect(termsProven(first, controls.toReversed(), 0, trust)).toBeNull();
    expect(termsProven(terms, [...controls, ...controls], 0, trust)).toBeNull();
  });

  it("LeaveFalseOffer: who leaves a control out of an offer is left, and nobody is accused for it", () => {
    const court = courtWithGap();
    const member = court.member(0);
    const offer = member.offer.bind(member);
    member.offer = () => {
      const whole = offer();
      return whole && { ...whole, controls: whole.controls.slice(0, 1) };
    };
    court.restart(3);
    court.pass(30_000);
    expect(court.heights()).toEqual([16, 16, 16, 16]);
    expect(court.seat(3).setup.terms).toEqual(court.seat(0).setup.terms);
    expect(court.incidents(3, "false-state")).toEqual([]);
  });

  it("RefuseFalseChunk: rows of another part are never laid aside", () => {
    const court = courtWithGap();
    const { vault } = court.member(0);
    const page = vault.page.bind(vault);
    const foreign: StateRow = ["entity", "t/item/zz", 1, "{}", 1, null];
    vault.page = (base, part, after) => {
      const { rows, last } = page(base, part, after);
      return part.kind === "keys" ? { rows: [foreign], last: false } : { rows, last };
    };
    court.restart(3);
    court.pass(30_000);
    expect(court.heights()).toEqual([16, 16, 16, 16]);
    const laid = court
      .member(3)
      .journal.flatMap((effect) =>
        effect.kind === "stage" ? effect.rows.map((row) => belongsTo(row, effect.part, EVERY)) : [],
      );
    expect(laid).not.toContain(false);
    expect(court.incidents(3, "false-state")).toMatchObject([{ seat: 0 }]);
  });

  it("RefuseForgedMessage: nobody gives state in the name of another, whatever epoch it names", () => {
    const court = courtWithGap();
    court.passes = ({ message }) => message.kind !== "state-chunk";
    court.restart(3);
    court.pass(1500);
    const { transfer, statePeer } = court.seat(3);
    const base = known(transfer, "it takes a state").anchor.header.height;
    for (const epoch of [0, 1, 2, 99]) {
      court.epoch = epoch;
      const rows: StateRow[] = [["term", 1, 1]];
      const chunk = { kind: "state-chunk", base, part: 0, after: null, rows, last: true } as const;
      const said = court.said((statePeer + 1) % 3, chunk);
      expect(court.hear(3, { ...said, from: statePeer }), `epoch ${epoch}`).not.toBeNull();
    }
    expect(court.seat(3).transfer?.liars.size).toBe(0);
    const whole = known(court.member(0).offer(), "an offer");
    court.restart(3);
    const said = court.said((statePeer + 1) % 3, { kind: "state-offer", ...whole });
    expect(court.hear(3, { ...said, from: statePeer })).not.toBeNull();
  });

  it("AskOnePeerForState: nor does one who gives row by row, always in time, keep the seat for ever", () => {
    const court = courtWithGap(40);
    court.member(0).vault.pageRows = 1;
    for (const seat of [1, 2]) court.member(seat).vault.pageRows = 4_096;
    let late: typeof court.network = [];
    court.passes = (sent) => {
      const slow = sent.from === 0 && sent.message.kind === "state-chunk";
      if (slow) late.push(sent);
      return !slow;
    };
    court.restart(3);
    const from = court.now;
    while (court.heights()[3] !== 16 && court.now < from + 60_000) {
      court.pass(LIMITS.stateAnswerMs - 100);
      const due = late;
      late = [];
      for (const { to, message } of due) court.hear(to, message);
    }
    expect(court.heights()).toEqual([16, 16, 16, 16]);
    expect(court.incidents(3, "false-state")).toEqual([]);
  });

  it("AskOnePeerForState: who gives one part for longer than its rows may take is left within it", () => {
    const court = courtWithGap(40);
    for (const seat of [0, 1, 2]) court.member(seat).vault.pageRows = 1;
    const late: typeof court.network = [];
    let slow: number | null = null;
    let given = 0;
    court.passes = (sent) => {
      if (sent.message.kind !== "state-chunk" || sent.message.rows[0]?.[0] !== "key") return true;
      slow ??= sent.from;
      if (sent.from !== slow) return true;
      given += 1;
      late.push(sent);
      return false;
    };
    court.restart(3);
    const from = court.now;
    while (court.heights()[3] !== 16 && court.now < from + 60_000) {
      court.pass(LIMITS.stateAnswerMs - 100);
      for (const { to, message } of late.splice(0)) court.hear(to, message);
    }
    expect(court.heights()).toEqual([16, 16, 16, 16]);
    expect(given).toBeGreaterThan(2);
    expect(given).toBeLessThan(8);
    expect(court.incidents(3, "false-state")).toEqual([]);
  });

  it("AskOnePeerForState: nor one who gives part by part, each just in time", () => {
    const court = new Cluster("bft", 4, 2, EVERY);
    court.passes = ({ from, to }) => from !== 3 && to !== 3;
    for (let number = 1; number <= 4 * EVERY; number++) {
      const texts = Array.from({ length: 40 }, (_, at) =>
        String.fromCodePoint(0x4e00 + number * 40 + at),
      );
      court.giveAll(court.writ(number, texts));
      court.pass(20);
    }
    for (const seat of [0, 1, 2]) court.member(seat).drop(3 * EVERY);
    const late: typeof court.network = [];
    court.passes = (sent) => {
      const slow = sent.from === 0 && sent.message.kind === "state-chunk";
      if (slow) late.push(sent);
      return !slow;
    };
    court.restart(3);
    const from = court.now;
    while (court.heights()[3] !== 4 * EVERY && court.now < from + 3 * LIMITS.stateTurnMs) {
      court.pass(LIMITS.stateAnswerMs - 100);
      for (const { to, message } of late.splice(0)) court.hear(to, message);
    }
    expect(court.heights()[3]).toBe(4 * EVERY);
    const parts = court
      .member(3)
      .journal.filter((effect) => effect.kind === "stage" && effect.first).length;
    expect(parts, "many parts").toBeGreaterThan(200);
    expect(court.incidents(3, "false-state")).toEqual([]);
  });

  it("LeaveFalseOffer: where nobody offers anything else, asking again keeps its pace", () => {
    const court = courtWithGap();
    for (const seat of [0, 1, 2]) {
      const member = court.member(seat);
      const offer = member.offer.bind(member);
      member.offer = () => {
        const whole = offer();
        return whole && { ...whole, controls: whole.controls.slice(0, 1) };
      };
    }
    court.restart(3);
    court.pass(30_000);
    expect(court.heights()[3]).toBe(1);
    const asked = court.sent(3, "state-request").length;
    expect(asked).toBeLessThan(3 * (30_000 / LIMITS.stateAnswerMs));
  });

  it("AskOnePeerForState: an offer of one that was not asked counts for nothing, whoever calls the core", () => {
    const court = asking(courtWithGap());
    const { statePeer } = court.seat(3);
    const offer = known(court.seat(0).world.offer(), "an offer");
    court.epoch = 2;
    const hear = (from: number): void => {
      const message = court.said(from, { kind: "state-offer", ...offer });
      court.input(3, { kind: "message", message, now: court.now });
    };
    hear((statePeer + 1) % 3);
    expect(court.seat(3).transfer).toBeNull();
    hear(statePeer);
    expect(court.seat(3).transfer).not.toBeNull();
  });

  it("OfferState: rows that cannot be read are not given", () => {
    const court = courtWithGap();
    const { world } = court.seat(0);
    const base = known(world.offer(), "an offer").anchor.header.height;
    const request = { kind: "state-request", base, part: 0, after: null } as const;
    const given = (): number => court.sent(0, "state-chunk").length;
    expect(court.hear(0, court.said(3, request))).toBeNull();
    expect(given()).toBe(1);
    Object.assign(world, { page: () => null });
    expect(court.hear(0, court.said(3, request))).toBeNull();
    expect(given()).toBe(1);
  });

  it("RefuseMalformedMessage: what a peer gives as a block and is none", () => {
    const [block] = courtWithGap().member(0).chain;
    expect(blockIn(JSON.stringify(block))).toEqual(block);
    for (const text of ["", "{", "null", "[]", JSON.stringify({ ...block, outcomes: 7 })])
      expect(blockIn(text)).toBeNull();
  });

  it("RefuseFalseRow: of blocks from elsewhere those below the first false one count", () => {
    const court = new Cluster();
    decideTo(court, 3);
    const { setup } = court.seat(0);
    const blocks = court.member(0).chain;
    expect(believed(blocks, setup, verifyModel)).toEqual(blocks);
    const altered = blocks.with(1, { ...known(blocks[1], "a block"), outcomes: [] });
    expect(believed(altered, setup, verifyModel)).toEqual(blocks.slice(0, 1));
  });
});
