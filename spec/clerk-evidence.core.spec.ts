import { describe, expect, it } from "vitest";
import type { Message, Statement } from "../objects/clerk/consensus/messages.ts";
import { statementDigest } from "../objects/clerk/consensus/messages.ts";
import { Cluster } from "./kit/cluster.ts";
import {
  batchOn,
  byCertificate,
  changeBy,
  preparedBy,
  proposalBy,
  votedOn,
  whole,
} from "./kit/forging.ts";

const other = "cd".repeat(32);

function votes(court: Cluster) {
  const batch = batchOn(court, court.seat(1), [whole(court.writ(1, ["a"]))]);
  const voted = votedOn(court.seat(1), batch, 0);
  const { height, view, batch: digested, result } = voted;
  const prepare = { kind: "prepare", height, view, batch: digested, result } as const;
  const commit = { kind: "commit", ...voted } as const;
  return { batch, voted, prepare, commit };
}

describe("equivocation", () => {
  it("RecordEquivocation: two prepares, commits or proposals of one seat, height and view that differ", () => {
    const court = new Cluster();
    const { batch, prepare, commit } = votes(court);
    const later = batchOn(court, court.seat(1), batch.entries, { time: court.now + 1 });
    const pairs: [Message, Message][] = [
      [court.said(0, prepare), court.said(0, { ...prepare, result: other })],
      [court.said(2, commit), court.said(2, { ...commit, batch: other })],
      [
        proposalBy(court, 0, 0, batch, byCertificate(null)),
        proposalBy(court, 0, 0, later, byCertificate(null)),
      ],
    ];
    for (const [first, second] of pairs) {
      court.hear(1, first);
      court.hear(1, second);
      court.hear(1, second);
      expect(court.incidents(1, "equivocation").at(-1)).toMatchObject({ first, second });
    }
    expect(court.incidents(1, "equivocation").map((of) => "seat" in of && of.seat)).toEqual([
      0, 2, 0,
    ]);
  });

  it("RecordEquivocation: the first stays, the second counts for nothing", () => {
    const court = new Cluster();
    const { batch, prepare } = votes(court);
    court.hear(1, proposalBy(court, 0, 0, batch, byCertificate(null)));
    court.hear(1, court.said(2, { ...prepare, result: other }));
    court.hear(1, court.said(2, prepare));
    court.hear(1, court.said(3, prepare));
    expect(court.seat(1).commit).toBeNull();
  });

  it("RecordEquivocation: sent again, in another life or numbered anew, the same content is none", () => {
    const court = new Cluster();
    const { prepare } = votes(court);
    court.hear(1, court.said(2, prepare, 5));
    court.hear(1, court.said(2, prepare, 6));
    expect(court.incidents(1, "equivocation")).toEqual([]);
  });

  it("RecordEquivocation: a leader that tells half the court another batch splits no height", () => {
    const court = new Cluster();
    const { batch } = votes(court);
    const twin = batchOn(court, court.seat(1), [whole(court.writ(1, ["b"]))]);
    const told = (to: number, of: typeof batch): void => {
      court.hear(to, proposalBy(court, 0, 0, of, byCertificate(null)));
      const { height, view, batch: digested, result, block } = votedOn(court.seat(to), of, 0);
      const vote = { height, view, batch: digested, result };
      court.hear(to, court.said(0, { kind: "prepare", ...vote }));
      court.hear(to, court.said(0, { kind: "commit", ...vote, block }));
    };
    told(1, batch);
    told(2, batch);
    told(3, twin);
    court.crash(0);
    court.pass(60_000);
    court.giveAll(court.writ(2, ["c"]));
    court.pass(60_000);
    const [one, two, three] = [1, 2, 3].map((seat) => court.member(seat).chain);
    expect(one).toEqual(two);
    expect(one).toEqual(three);
    expect(one).toHaveLength(2);
  });
});

describe("a broken word", () => {
  it("RecordBrokenWord: a commit that its sender's later view change knows nothing of", () => {
    const cases: [prepared: number | null, broken: boolean][] = [
      [null, true],
      [0, true],
      [1, false],
      [2, false],
    ];
    for (const [view, broken] of cases) {
      const court = new Cluster();
      const { voted, commit } = votes(court);
      const proof = view === null ? null : preparedBy(court, { ...voted, view }, [0, 2, 3]);
      const first = court.said(2, { ...commit, view: 1 }, 5);
      const second = changeBy(court, 2, 3, court.seat(1).tip, proof);
      for (const order of [
        [first, second],
        [second, first],
      ]) {
        const at = order[0] === first ? 1 : 3;
        for (const message of order) court.hear(at, message);
        expect(court.incidents(at, "equivocation").map((of) => "seat" in of && of.seat)).toEqual(
          broken ? [2] : [],
        );
      }
    }
  });

  it("RecordBrokenWord: a vote in a lower view, signed after the view change", () => {
    const court = new Cluster();
    const { prepare } = votes(court);
    const change = changeBy(court, 2, 3, court.seat(1).tip);
    court.hear(1, change);
    court.hear(1, court.said(2, prepare, change.sequence - 1));
    court.hear(1, court.said(2, { ...prepare, view: 3 }, change.sequence + 1));
    expect(court.incidents(1, "equivocation")).toEqual([]);
    court.hear(1, court.said(2, { ...prepare, view: 1 }, change.sequence + 2));
    expect(court.incidents(1, "equivocation")).toMatchObject([{ seat: 2, second: change }]);
  });

  it("RecordBrokenWord: a later life counts as later, whatever its numbers", () => {
    const court = new Cluster();
    const { prepare } = votes(court);
    court.hear(1, changeBy(court, 2, 3, court.seat(1).tip));
    const by = { court: 0, epoch: 1, from: 2, incarnation: 2, sequence: 1 };
    const signature = court.sign(2, statementDigest(prepare satisfies Statement, by));
    court.hear(1, { ...prepare, ...by, signature });
    expect(court.incidents(1, "equivocation")).toHaveLength(1);
  });
});
