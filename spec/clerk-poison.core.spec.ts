import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { objection, parseMessages } from "../objects/clerk/consensus/check.ts";
import { voteSignature } from "../objects/clerk/consensus/messages.ts";
import type { Message } from "../objects/clerk/consensus/messages.ts";
import { known } from "../objects/shared/assert.ts";
import { batchDigest, entryDigests, poisonDigest } from "../objects/shared/digests.ts";
import { quorumOf } from "../objects/shared/quorum.ts";
import type { Entry, Header, Poison } from "../objects/shared/types.ts";
import { poisonValid } from "../objects/shared/verify.ts";
import { termAt } from "../objects/shared/terms.ts";
import { Cluster, verifyModel } from "./kit/cluster.ts";
import { batchOn, byCertificate, proposalBy } from "./kit/forging.ts";

type Nondeterministic = Extract<Poison, { reason: "nondeterministic" }>;
const hash = (digit: string) => digit.repeat(64);

/** A court, a batch of one event of it, and what its seats may say of that. */
class Case {
  readonly court: Cluster;
  readonly entry: Entry;
  readonly header: Header;

  constructor(n = 4) {
    this.court = new Cluster("bft", n);
    this.entry = { writ: this.court.writ(1, ["odd", "next"]), first: 0, count: 1 };
    this.header = batchOn(this.court, this.court.seat(1), [this.entry]).header;
  }

  /** Each seat's result, by its letter. */
  prepared(results: string, header = this.header): Nondeterministic {
    const batch = batchDigest(header);
    const prepares = results.split("").map((digit, from) => {
      const said = { kind: "prepare", height: header.height, view: 2, batch } as const;
      const prepare = this.court.said(from, { ...said, result: hash(digit) });
      return { ...voteSignature(prepare), result: prepare.result };
    });
    return { reason: "nondeterministic", view: 2, header, prepares };
  }

  unable(seats: readonly number[], reason: "unable" | "time" = "unable"): Poison {
    const { header } = this;
    const said = { kind: "reject", height: header.height, view: 2, reason } as const;
    const rejects = seats.map((from) =>
      voteSignature(this.court.said(from, { ...said, batch: batchDigest(header) })),
    );
    return { reason: "unable", view: 2, header, rejects };
  }

  /** Why a proposal that condemns the event is not taken; null if it is. */
  verdict(poison: Poison, otherwise: Partial<Entry> = {}, header: Partial<Header> = {}) {
    const entry = { ...this.entry, ...otherwise, poison };
    const batch = batchOn(this.court, this.court.seat(1), [entry], { time: 2_000_000, ...header });
    const proposal = proposalBy(this.court, 0, 0, batch, byCertificate(null));
    const [parsed] = parseMessages(JSON.stringify([proposal])).messages;
    if (parsed === undefined) return "malformed";
    if (!isDeepStrictEqual(parsed, proposal)) return "altered on its way";
    return objection(parsed, this.court.setup(1), verifyModel);
  }
}

describe("a proof of poison", () => {
  it("RefuseFalseProof: all n prepares, and no result with q", () => {
    const of = new Case();
    for (const results of ["abcd", "aabb", "aabc"])
      expect(of.verdict(of.prepared(results))).toBeNull();
    for (const results of ["aaab", "aaaa", "abc", "ab", ""])
      expect(of.verdict(of.prepared(results)), results).toBe("a false poison proof");
    const seven = new Case(7);
    expect(seven.verdict(seven.prepared("aaaabbc"))).toBeNull();
    expect(seven.verdict(seven.prepared("aaaaabc"))).toBe("a false poison proof");
  });

  it("RefuseFalseProof: q rejects as unable", () => {
    const of = new Case();
    for (const seats of [
      [0, 1, 2],
      [3, 1, 0],
      [0, 1, 2, 3],
    ])
      expect(of.verdict(of.unable(seats))).toBeNull();
    for (const seats of [[0, 1], [], [0, 1, 1], [0, 1, 2, 2]])
      expect(of.verdict(of.unable(seats))).toBe("a false poison proof");
    expect(of.verdict(of.unable([0, 1, 2], "time"))).toBe("a false poison proof");
  });

  it("RefuseFalseProof: not of another view, seat or result than was signed", () => {
    const of = new Case();
    const proof = of.prepared("abcd");
    const [first, second, ...others] = proof.prepares.map((one) => ({ ...one }));
    if (first === undefined || second === undefined) throw new Error("four prepares");
    const forged: Poison[] = [
      { ...proof, view: 3 },
      { ...proof, prepares: [{ ...first, result: hash("e") }, second, ...others] },
      { ...proof, prepares: [{ ...first, sequence: 7 }, second, ...others] },
      { ...proof, prepares: [{ ...first, incarnation: 7 }, second, ...others] },
      { ...proof, prepares: [{ ...second, seat: first.seat }, second, ...others] },
      { ...proof, prepares: [first, first, ...others] },
      { ...proof, prepares: [first, second, ...others, { ...first, seat: 9 }] },
      { ...of.unable([0, 1, 2]), view: 3 },
    ];
    for (const poison of forged) expect(of.verdict(poison)).toBe("a false poison proof");
  });

  it("RefuseFalseProof: only of exactly this event, alone, at this height and on this parent", () => {
    const of = new Case();
    const proof = of.prepared("abcd");
    expect(of.verdict(proof, { first: 1 })).toBe("a false poison proof");
    expect(of.verdict(proof, { count: 2 })).toBe("a false poison proof");
    const writ = of.court.writ(1, ["even", "next"]);
    expect(of.verdict(proof, { writ })).toBe("a false poison proof");
    expect(of.verdict(proof, {}, { height: 2 })).toBe("a false poison proof");
    expect(of.verdict(proof, {}, { parent: hash("e") })).toBe("a false poison proof");
    const others: Partial<Header>[] = [
      { entries: entryDigests([{ ...of.entry, count: 2 }]) },
      { height: 2 },
      { parent: hash("e") },
      { epoch: 2 },
      { court: 1 },
    ];
    for (const other of others)
      expect(of.verdict(of.prepared("abcd", { ...of.header, ...other }))).toBe(
        "a false poison proof",
      );
    const two = entryDigests([of.entry, { ...of.entry, first: 1 }]);
    const condemned = entryDigests([{ ...of.entry, poison: proof }]);
    for (const entries of [two, condemned, []])
      expect(of.verdict(of.prepared("abcd", { ...of.header, entries }))).toBe("malformed");
  });

  it("RefuseFalseProof: where two seats have nobody to outvote there is none", () => {
    const of = new Case();
    const block = { ...of.header, time: 2_000_000 };
    const seats = { keys: termAt(of.court.setup(0).terms, 1).keys, quorum: quorumOf("bft", 4) };
    expect(poisonValid(of.prepared("abcd"), block, seats, verifyModel)).toBe(true);
    const two = { keys: seats.keys.slice(0, 2), quorum: quorumOf("detect", 2) };
    expect(poisonValid(of.prepared("ab"), block, two, verifyModel)).toBe(false);
    expect(poisonValid(of.unable([0, 1]), block, two, verifyModel)).toBe(true);
  });

  it("RefuseFalseProof: nor in a block that a quorum signed, nor in a batch that was asked for", () => {
    const of = new Case();
    of.court.nondeterministic.add("odd");
    of.court.giveAll(of.entry.writ);
    of.court.settle();
    const block = known(of.court.member(0).chain[0], "decided");
    const [entry] = block.entries;
    const proof = entry?.poison;
    if (entry === undefined || proof?.reason !== "nondeterministic") throw new Error("condemned");
    const blocks = (prepares: typeof proof.prepares): Message => {
      const entries = [{ ...entry, poison: { ...proof, prepares } }];
      const header = { ...block.header, entries: entryDigests(entries) };
      return of.court.said(2, { kind: "batch-answer", batch: { header, entries } });
    };
    const setup = of.court.setup(1);
    expect(objection(blocks(proof.prepares), setup, verifyModel)).toBeNull();
    expect(objection(blocks(proof.prepares.slice(1)), setup, verifyModel)).toBe(
      "a false poison proof",
    );
    const answer = of.court.said(2, { kind: "blocks", blocks: [block], height: 2, lowest: 1 });
    expect(objection(answer, setup, verifyModel)).toBeNull();
    const bare = { ...block, entries: [{ ...entry, poison: undefined }] };
    const stripped = of.court.said(2, { kind: "blocks", blocks: [bare], height: 2, lowest: 1 });
    expect(objection(stripped, setup, verifyModel)).toBe("a header that is not of its entries");
  });

  it("its digest covers all it says", () => {
    const of = new Case();
    const proof = of.prepared("abcd");
    const others: Poison[] = [
      { ...proof, view: 3 },
      { ...proof, header: { ...proof.header, time: 1 } },
      { ...proof, prepares: proof.prepares.slice(1) },
      of.unable([0, 1, 2]),
      of.unable([0, 1, 3]),
    ];
    const digests = [proof, ...others].map(poisonDigest);
    expect(new Set(digests).size).toBe(digests.length);
  });
});
