import { describe, expect, it } from "vitest";
import { carriesRoot } from "../objects/clerk/consensus/evaluate.ts";
import { known } from "../objects/shared/assert.ts";
import type { StateRow } from "../objects/shared/state-root.ts";
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
  const { entities } = court.member(seat).vault.rows;
  const [row] = entities.values();
  const wrong = { ...known(row, "a row"), state: '{"event":"none"}' };
  entities.set(wrong.key, wrong);
}

describe("state roots", () => {
  it("CarryStateRoot: the result of each K-th height carries the root as of K heights before, and of no other height", () => {
    const court = courtOf();
    decideTo(court, 3 * EVERY);
    const { chain, vault } = court.member(0);
    expect(chain).toHaveLength(3 * EVERY);
    for (const { header, result } of chain)
      expect(result.state !== null).toBe(carriesRoot(header.height, { rootEvery: EVERY }));
    const [empty, first] = [chain[EVERY - 1], chain[2 * EVERY - 1]].map((at) => at?.result.state);
    expect(empty).not.toBe(first);
    expect(vault.rows.entities.size).toBe(5);
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
      const said = court.said(1, { kind: "blocks", blocks: [block], height: EVERY, lowest: 1 });
      expect(court.hear(3, said)).not.toBeNull();
    }
  });
});

/** Seats 0 to 2 are at a height and have dropped what lies below their served base; seat 3 heard nothing of it. */
function courtWithGap(height = 4 * EVERY): Cluster {
  const court = courtOf();
  court.passes = ({ from, to }) => from !== 3 && to !== 3;
  decideTo(court, height);
  for (const seat of [0, 1, 2]) court.member(seat).drop(height - EVERY);
  court.passes = () => true;
  return court;
}

/** The rows of a seat, whatever order they came in. */
function stateOf(court: Cluster, seat: number): unknown {
  const { rows } = court.member(seat).vault;
  const byKey = (one: { key: string }, other: { key: string }) => (one.key < other.key ? -1 : 1);
  return [
    [...rows.entities.values()].toSorted(byKey),
    rows.progressAt(Number.MAX_SAFE_INTEGER),
    court.seat(seat).tip,
  ];
}

describe("taking the state from others", () => {
  it("TakeStateWhenBlocksAreGone, InstallWholeState: a seat whose peers dropped what it lacks takes their state, then their blocks", () => {
    const court = courtWithGap();
    court.restart(3);
    court.pass(20_000);
    expect(court.heights()).toEqual([16, 16, 16, 16]);
    expect(stateOf(court, 3)).toEqual(stateOf(court, 0));
    expect(court.member(3).bottom).toBe(3 * EVERY);
    expect(court.quarantined()).toEqual([null, null, null, null]);
    court.crash(1);
    decideTo(court, 6 * EVERY);
    expect(court.heights()).toEqual([24, 16, 24, 24]);
    expect(court.incidents(3, "outvoted")).toEqual([]);
  });

  it("TakeStateWhenBlocksAreGone: not because one peer says that it has dropped them", () => {
    const court = courtOf();
    court.passes = ({ from, to }) => from !== 3 && to !== 3;
    decideTo(court, 4 * EVERY);
    court.member(1).drop(3 * EVERY);
    court.passes = () => true;
    court.restart(3);
    court.pass(20_000);
    expect(court.heights()).toEqual([16, 16, 16, 16]);
    expect(court.member(3).bottom).toBe(0);
    expect(court.sent(3, "state-request")).toEqual([]);
  });

  it("TakeStateWhenBlocksAreGone: nor because one says so in the name of all, from an epoch that the seat does not know", () => {
    const court = courtOf();
    decideTo(court, 1);
    const old = court.member(0).chain.slice(0, 1);
    for (const epoch of [0, 7]) {
      court.epoch = epoch;
      for (const blocks of [[], old])
        for (const from of [0, 1, 2]) {
          const said = court.said(2, { kind: "blocks", blocks, height: 99, lowest: 50 });
          if (from !== 2) court.hear(3, { ...said, from });
        }
    }
    expect(court.seat(3).lacking.size).toBe(0);
    for (const from of [0, 1])
      court.hear(3, court.said(from, { kind: "blocks", blocks: [], height: 99, lowest: 50 }));
    expect([...court.seat(3).lacking], "what they sign themselves counts").toEqual([0, 1]);
  });

  it("RefuseFalseOffer: one without its certificates, of another root, or of parts that do not make it", () => {
    const court = courtWithGap();
    const offer = known(court.seat(0).world.offer(), "an offer");
    const { anchor, rooted, parts } = offer;
    const [first, second] = [known(parts[1], "a part"), known(parts[2], "a part")];
    const flawed = [
      { ...offer, parts: parts.slice(1) },
      { ...offer, parts: [...parts.slice(0, 1), second, first, ...parts.slice(3)] },
      { ...offer, parts: parts.map((part) => ({ ...part, count: part.count + 1 })) },
      { ...offer, anchor: rooted },
      { ...offer, rooted: anchor },
      { ...offer, anchor: { ...anchor, header: { ...anchor.header, time: 1 } } },
      { ...offer, rooted: { ...rooted, result: { ...rooted.result, state: "ab".repeat(32) } } },
      ...[anchor, rooted].map((head) => {
        const { certificate } = head;
        const signatures = certificate.signatures.slice(1);
        const bare = { ...head, certificate: { ...certificate, signatures } };
        return head === anchor ? { ...offer, anchor: bare } : { ...offer, rooted: bare };
      }),
    ];
    court.restart(3);
    court.passes = ({ message }) => message.kind !== "state-request";
    court.pass(1500);
    const { statePeer } = court.seat(3);
    const heard = (of: typeof offer, from = statePeer) =>
      court.hear(3, court.said(from, { kind: "state-offer", ...of }));
    for (const of of flawed) expect(heard(of)).not.toBeNull();
    expect(court.seat(3).transfer).toBeNull();
    expect(heard(offer, (statePeer + 1) % 3), "not so much as checked").toBe("does not matter");
    expect(court.seat(3).transfer, "of one that was not asked").toBeNull();
    const chunk = { base: 3 * EVERY, part: 0, after: null, rows: [], last: true } as const;
    const given = (from: number) =>
      court.hear(3, court.said(from, { kind: "state-chunk", ...chunk }));
    expect(given(statePeer), "rows before an offer").toBe("does not matter");
    expect(heard(offer)).toBeNull();
    expect(court.seat(3).transfer).not.toBeNull();
    expect(given((statePeer + 1) % 3)).toBe("does not matter");
    expect(given(statePeer)).toBeNull();
  });

  it("RefuseFalseChunk: rows that are not the part's count for nothing, name their sender, and are asked of another", () => {
    const court = courtWithGap();
    lie(court, 0);
    court.restart(3);
    court.pass(30_000);
    expect(court.heights()).toEqual([16, 16, 16, 16]);
    expect(stateOf(court, 3)).toEqual(stateOf(court, 1));
    expect(court.incidents(3, "false-state")).toMatchObject([{ seat: 0, height: 3 * EVERY }]);
  });

  it("RefuseFalseChunk: nor do more rows than the part holds, however long they go on", () => {
    const court = courtWithGap();
    const { vault } = court.member(0);
    const page = vault.page.bind(vault);
    vault.page = (base, part, after) => {
      const { rows } = page(base, part, null);
      return { rows, last: after !== null && rows.length === 0 };
    };
    court.restart(3);
    court.pass(30_000);
    expect(stateOf(court, 3)).toEqual(stateOf(court, 1));
    expect(court.incidents(3, "false-state")).toHaveLength(1);
    expect(court.sent(3, "state-request").length).toBeLessThan(40);
  });

  it("AskOnePeerForState: whoever stays silent is followed by the next, and the part begins anew", () => {
    const court = courtWithGap();
    let chunks = 0;
    court.passes = ({ from, message }) =>
      message.kind !== "state-chunk" || from !== 0 || ++chunks <= 2;
    court.restart(3);
    court.pass(30_000);
    expect(stateOf(court, 3)).toEqual(stateOf(court, 1));
    expect(court.incidents(3, "false-state")).toEqual([]);
  });

  it("StageUntilWhole: a crash in the middle leaves nothing behind, and the next life takes it all again", () => {
    const court = courtWithGap();
    let chunks = 0;
    court.passes = ({ message }) => message.kind !== "state-chunk" || ++chunks <= 3;
    court.restart(3);
    court.pass(4_000);
    expect(court.member(3).vault.staged.length).toBeGreaterThan(0);
    expect(court.heights()[3]).toBe(0);
    court.passes = () => true;
    court.restart(3);
    expect(court.member(3).vault.staged).toEqual([]);
    expect(court.member(3).vault.rows.entities.size).toBe(0);
    court.pass(20_000);
    expect(stateOf(court, 3)).toEqual(stateOf(court, 0));
  });

  it("TakeNewerState: a peer that no longer has the base offers its newer one, and rows of another base are passed over", () => {
    const court = courtWithGap();
    let chunks = 0;
    const late: typeof court.network = [];
    court.passes = (sent) => {
      if (sent.message.kind !== "state-chunk") return true;
      if (++chunks > 2) late.push(sent);
      return chunks <= 2;
    };
    court.restart(3);
    court.pass(3_000);
    const before = court.seat(3).transfer?.anchor.header.height;
    court.passes = ({ from, to }) => from !== 3 && to !== 3;
    decideTo(court, 6 * EVERY);
    court.passes = () => true;
    court.pass(5);
    for (const sent of late) court.deliver(sent);
    court.pass(20_000);
    expect([before, court.member(3).bottom]).toEqual([3 * EVERY, 5 * EVERY]);
    expect(stateOf(court, 3)).toEqual(stateOf(court, 0));
    expect(court.incidents(3, "false-state")).toEqual([]);
  });

  it("OfferState: only the state under the newest certified root, and none before there is one", () => {
    const court = courtOf();
    decideTo(court, 2 * EVERY - 1);
    expect(court.seat(0).world.offer()).toBeNull();
    decideTo(court, 2 * EVERY);
    expect(court.seat(0).world.offer()?.anchor.header.height).toBe(EVERY);
    decideTo(court, 3 * EVERY);
    expect(court.seat(0).world.offer()?.anchor.header.height).toBe(2 * EVERY);
    const ask = { kind: "state-request", base: EVERY, part: 0, after: null } as const;
    court.hear(0, court.said(1, ask));
    expect(court.sent(0, "state-chunk")).toEqual([]);
    expect(court.sent(0, "state-offer")).toHaveLength(1);
  });

  it("KeepVotesOverInstall: a vote that still stands is not cast again otherwise", () => {
    const court = courtWithGap(4 * EVERY);
    court.passes = ({ message }) => message.kind === "proposal" || message.kind === "forward";
    court.giveAll(court.writ(4 * EVERY + 1, ["f"]));
    court.settle();
    court.passes = () => true;
    const before = court.member(1).durable;
    expect(before?.vote?.prepare.height).toBe(4 * EVERY + 1);
    court.rebuild(1);
    court.pass(30_000);
    expect(court.quarantined()).toEqual([null, null, null, null]);
    expect(court.seat(1).voice).toBe(true);
    const votes = court
      .sent(1, "prepare")
      .filter(
        ({ height, view }) => height === 4 * EVERY + 1 && view === before?.vote?.prepare.view,
      );
    expect(new Set(votes.map(({ batch, result }) => `${batch}/${result}`)).size).toBe(1);
    expect(court.heights()).toEqual(Array(4).fill(court.heights()[0]));
  });
});

describe("taking its own state anew", () => {
  it("TakeStateAnew: a seat that is outvoted for its state alone loses its voice until it has the court's", () => {
    const court = courtOf();
    decideTo(court, 1);
    falsify(court, 2);
    for (let number = 2; number <= 2 * EVERY + 2; number++) {
      court.giveAll(court.writ(number, [`z ${number}`]));
      court.pass(20);
    }
    court.pass(20_000);
    expect(court.quarantined()).toEqual([null, null, null, null]);
    expect(stateOf(court, 2)).toEqual(stateOf(court, 0));
    expect(court.member(2).bottom).toBe(0);
    court.crash(3);
    decideTo(court, 4 * EVERY);
    expect(court.incidents(2, "outvoted")).toHaveLength(1);
    expect(court.heights()).toEqual([16, 16, 16, 10]);
  });

  it("TakeStateAnew: before there is a certified root it begins from the state before the first block", () => {
    const court = courtOf();
    decideTo(court, EVERY + 1);
    court.member(1).vault.rows.entities.clear();
    court.rebuild(1);
    court.pass(20_000);
    expect(court.quarantined()).toEqual([null, null, null, null]);
    expect(stateOf(court, 1)).toEqual(stateOf(court, 0));
  });

  it("TakeStateAnew: a crash while its blocks are applied again changes nothing in the end", () => {
    const court = courtOf();
    decideTo(court, 3 * EVERY + 2);
    court.member(1).vault.rows.entities.clear();
    court.rebuild(1);
    court.passes = ({ to, message }) => to !== 1 || message.kind !== "blocks";
    court.pass(10_000);
    expect(court.member(1).replaying).toBe(2 * EVERY);
    const blocks = court.member(0).chain.slice(2 * EVERY, 2 * EVERY + 2);
    court.input(1, { kind: "blocks-found", blocks, now: court.now });
    expect(court.member(1).replaying).toBe(2 * EVERY + 2);
    court.restart(1);
    court.passes = () => true;
    court.pass(20_000);
    expect(court.quarantined()).toEqual([null, null, null, null]);
    expect(stateOf(court, 1)).toEqual(stateOf(court, 0));
  });
});

/** Its entities are others than the court's, whenever it is asked for them. */
function lie(court: Cluster, seat: number): void {
  const { vault } = court.member(seat);
  const page = vault.page.bind(vault);
  vault.page = (base, part, after) => {
    const { rows, last } = page(base, part, after);
    const wrong = rows.map((row): StateRow => {
      if (row[0] !== "entity") return row;
      const [, key, version, , height, expires] = row;
      return ["entity", key, version, "{}", height, expires];
    });
    return { rows: wrong, last };
  };
}
