import { describe, expect, it } from "vitest";
import { known } from "../objects/shared/assert.ts";
import { batchDigest } from "../objects/shared/digests.ts";
import { termsProven } from "../objects/shared/terms.ts";
import { Cluster, keyOf, verifyModel } from "./kit/cluster.ts";
import { courtWithWiped, decide, epochs, keyOfWarden, voices } from "./kit/control.ts";
import {
  batchOn,
  byChanges,
  certificateOf,
  changeBy,
  preparedBy,
  proposalBy,
  votedOn,
  whole,
} from "./kit/forging.ts";

describe("epochs", () => {
  it("CertifyUnderTermOfHeight: a certificate, a prepared one and a vote of the old keys at a new height are refused", () => {
    const court = courtWithWiped();
    court.ask(court.readmission(3), [0, 1, 2]);
    court.pass(2000);
    const seat = court.seat(2);
    const batch = batchOn(court, seat, [whole(court.writ(2, ["b"]))]);
    const voted = votedOn(seat, batch, 0);
    const decided = (): string | null => {
      const certificate = certificateOf(court, voted, [0, 1, 2]);
      court.epoch = 2;
      return court.hear(1, court.said(2, { kind: "decided", certificate }));
    };
    expect(decided()).toBe("a certificate of another court or epoch");
    court.epoch = 1;
    const { height, view, batch: digested, result } = voted;
    const prepare = { kind: "prepare", height, view, batch: digested, result } as const;
    expect(court.hear(1, court.said(2, prepare))).toBe("a height of another epoch");
    const prepared = preparedBy(court, voted, [0, 1, 2]);
    court.epoch = 2;
    expect(court.hear(1, changeBy(court, 2, 4, seat.tip, prepared))).toBe(
      "a false prepared certificate",
    );
    expect(decided()).toBeNull();
  });

  it("CertifyUnderTermOfHeight: a view change just above the boundary shows a certificate of the term below it", () => {
    const court = courtWithWiped();
    court.ask(court.readmission(3), [0, 1, 2]);
    court.pass(2000);
    court.epoch = 2;
    const change = changeBy(court, 2, 4, court.seat(2).tip);
    expect(change.certificate?.epoch).toBe(1);
    expect(court.hear(1, change)).toBeNull();
    expect(court.seat(1).changes.get(2)).toEqual(change);
  });

  it("ForgetOldWords: a view left across the boundary is said anew, and old words justify nothing", () => {
    const court = courtWithWiped();
    const control = court.readmission(3);
    court.ask(control, [0, 1, 2]);
    // All prepare; the commits are held back until all have left the view.
    const held: typeof court.network = [];
    court.passes = (sent) => {
      if (sent.message.kind === "commit") held.push(sent);
      return sent.message.kind !== "commit";
    };
    court.pass(1300);
    const views = court.views();
    const old = court.sent(1, "view-change").at(-1);
    court.passes = () => true;
    for (const sent of held) court.deliver(sent);
    court.pass(5000);
    expect(epochs(court)).toEqual([2, 2, 2, 2]);
    expect(Math.max(...views)).toBeGreaterThan(0);
    for (const { changes } of court.seats)
      expect([...changes.values()].every(({ epoch }) => epoch === 2)).toBe(true);
    court.epoch = 2;
    const { tip } = court.seat(2);
    const changes = [changeBy(court, 0, 4, tip), changeBy(court, 2, 4, tip), known(old, "it left")];
    const batch = batchOn(court, court.seat(0), [whole(court.writ(2, ["b"]))]);
    const said = proposalBy(
      court,
      0,
      4,
      batch,
      byChanges(changes.map((one) => ({ ...one, view: 4 }))),
    );
    expect(court.hear(1, said)).toBe("a view change of another court or epoch");
    decide(court, 2);
    court.pass(3000);
    expect(court.heights()).toEqual([3, 3, 3, 3]);
  });

  it("CatchUpOverEpochs: an answer ends with its epoch, and a seat behind two of them follows, though it knows nobody's key any more", () => {
    const court = new Cluster();
    court.passes = ({ from, to }) => from !== 3 && to !== 3;
    for (const seat of [0, 1, 2]) {
      decide(court, seat + 1);
      court.wipe(seat);
      court.pass(2000);
      court.passes = () => true;
      court.ask(
        court.readmission(seat),
        [0, 1, 2, 3].filter((at) => at !== seat),
      );
      court.pass(3000);
      court.passes = ({ from, to }) => from !== 3 && to !== 3;
    }
    expect(epochs(court)).toEqual([4, 4, 4, 4]);
    court.wipe(3);
    court.passes = () => true;
    const asked = (): number => court.sent(3, "sync").length;
    court.pass(5000);
    expect(asked()).toBeGreaterThan(3);
    expect(court.heights()[3]).toBe(court.heights()[0]);
    expect(epochs(court)).toEqual([4, 4, 4, 4]);
    for (const at of [0, 1, 2])
      for (const { blocks } of court.sent(at, "blocks"))
        expect(new Set(blocks.map(({ header }) => header.epoch)).size).toBe(1);
    court.ask(court.readmission(3), [0, 1, 2]);
    court.pass(3000);
    expect(voices(court)).toEqual([true, true, true, true]);
  });

  it("AskStranger: what a seat of a later epoch says is a reason to ask, and nothing else", () => {
    const court = courtWithWiped();
    court.passes = ({ from, to }) => from !== 2 && to !== 2;
    court.epoch = 9;
    const said = changeBy(court, 0, 7, court.seat(0).tip);
    expect(court.hear(1, said)).toBeNull();
    expect(court.seat(1).changes.size).toBe(0);
    expect(court.sent(1, "sync").length).toBeGreaterThan(0);
    court.pass(20_000);
    expect(court.member(1).armed).toBeNull();
    expect(court.views()).toEqual([0, 0, 0, 0]);
  });

  it("AskStranger: but for a batch that somebody named, which shows itself what it is", () => {
    const court = courtWithWiped();
    const seat = court.seat(2);
    const batch = batchOn(court, seat, [whole(court.writ(2, ["x"]))]);
    const prepared = preparedBy(court, votedOn(seat, batch, 0), [0, 1, 2]);
    expect(court.hear(2, changeBy(court, 0, 6, seat.tip, prepared))).toBeNull();
    court.epoch = 9;
    expect(court.hear(2, court.said(1, { kind: "batch-answer", batch }))).toBeNull();
    expect([...seat.batches.keys()]).toEqual([batchDigest(batch.header)]);
  });

  it.each([0, 1, 2])(
    "RestartAtBoundary: seat %i stops on either side of the switch, and none votes twice",
    (at) => {
      for (const stops of ["before the block", "after it"]) {
        const court = courtWithWiped();
        const control = court.readmission(3);
        court.passes = ({ to, from, message }) =>
          stops === "after it" || (to !== at && from !== at) || message.kind !== "commit";
        court.ask(control, [0, 1, 2]);
        court.settle();
        court.restart(at);
        court.passes = () => true;
        court.pass(5000);
        decide(court, 2);
        court.pass(3000);
        expect(court.heights(), stops).toEqual([3, 3, 3, 3]);
        expect(epochs(court), stops).toEqual([2, 2, 2, 2]);
        const accused = court.members.flatMap(({ incidents }) => incidents.map(({ kind }) => kind));
        expect(accused).not.toContain("equivocation");
      }
    },
  );

  it("ProveTerms, TermsFromTheChain: from the genesis and the control blocks alone, each under the keys before it", () => {
    const court = courtWithWiped();
    court.ask(court.readmission(3), [0, 1, 2]);
    court.pass(2000);
    court.ask(keyOfWarden(1, keyOf("new")));
    court.pass(2000);
    const { setup } = court.seat(0);
    const proofs = court.member(0).chain.filter(({ header }) => header.control !== null);
    const trust = { quorum: setup.quorum, verify: verifyModel };
    const first = setup.terms.slice(0, 1);
    const [one, two] = proofs.map(({ header, certificate }) => ({ header, certificate }));
    const both = [known(one, "first"), known(two, "second")];
    expect(termsProven(first, both, 0, trust)).toEqual(setup.terms);
    expect(termsProven(setup.terms, both, 0, trust)).toEqual(setup.terms);
    expect(termsProven(first, both.slice(1), 0, trust)).toBeNull();
    expect(termsProven(first, both, 1, trust)).toBeNull();
    const [{ header, certificate }] = both as [(typeof both)[0]];
    for (const otherwise of [
      { control: null },
      { control: keyOfWarden(0, keyOf("other")) },
      { height: header.height + 1 },
      { epoch: 2 },
    ])
      expect(
        termsProven(first, [{ header: { ...header, ...otherwise }, certificate }], 0, trust),
      ).toBeNull();
    const few = { ...certificate, signatures: certificate.signatures.slice(1) };
    expect(termsProven(first, [{ header, certificate: few }], 0, trust)).toBeNull();
  });
});
