import { describe, expect, it } from "vitest";
import {
  objection,
  parseMessages,
  parseWrit,
  writObjection,
} from "../objects/clerk/consensus/check.ts";
import { groundsOf, statementDigest } from "../objects/clerk/consensus/messages.ts";
import type { Message } from "../objects/clerk/consensus/messages.ts";
import { known } from "../objects/shared/assert.ts";
import { writDigest } from "../objects/shared/digests.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { Block, Certificate, Writ } from "../objects/shared/types.ts";
import { courtAtWork, sample } from "./kit/at-work.ts";
import { Cluster, verifyModel } from "./kit/cluster.ts";
import {
  batchOn,
  byCertificate,
  byChanges,
  certificateOf,
  changeBy,
  preparedBy,
  proposalBy,
  whole,
} from "./kit/forging.ts";

const objects = (court: Cluster, message: Message): string | null =>
  objection(message, court.setup(1), verifyModel);

describe("what is said", () => {
  it("RefuseForgedMessage: every kind that seats send stands the wire and the check; with one bit of another signature, none does", () => {
    const court = courtAtWork();
    const { batch, certificate, change } = sample(court);
    const said: Message[] = [
      ...court.members.flatMap(({ journal }) =>
        journal.flatMap((effect) => (effect.kind === "send" ? [effect.message] : [])),
      ),
      court.said(2, { kind: "batch-request", batch: certificate.batch }),
      court.said(2, { kind: "batch-answer", batch }),
      court.said(2, { kind: "forward", writ: court.writ(3, ["c"]) }),
      proposalBy(
        court,
        2,
        6,
        batch,
        byChanges([0, 2, 3].map((from) => ({ ...changeBy(court, from, 6, court.seat(2).tip) }))),
      ),
      change,
    ].filter(({ from }) => from !== 1);
    expect([...new Set(said.map(({ kind }) => kind))].toSorted()).toEqual([
      "batch-answer",
      "batch-request",
      "blocks",
      "commit",
      "decided",
      "forward",
      "prepare",
      "proposal",
      "sync",
      "view-change",
    ]);
    for (const message of said) {
      const { messages, dropped } = parseMessages(JSON.stringify([message]));
      expect(dropped).toBe(0);
      const [parsed] = messages;
      expect(parsed).toEqual(message);
      if (parsed === undefined) continue;
      expect(objects(court, parsed), message.kind).toBeNull();
      const signature = parsed.signature.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
      expect(objects(court, { ...parsed, signature })).toBe("bad signature");
      expect(objects(court, { ...parsed, sequence: parsed.sequence + 1 })).toBe("bad signature");
    }
  });

  it("RefuseForgedMessage: of another court, epoch or seat, of nobody, and one's own come back", () => {
    const court = courtAtWork();
    const { seat } = sample(court);
    const sync = { kind: "sync", after: seat.tip.height } as const;
    const by = (otherwise: object): Message => {
      const speaker = { court: 0, epoch: 1, from: 2, incarnation: 1, sequence: 1, ...otherwise };
      return { ...sync, ...speaker, signature: court.sign(2, statementDigest(sync, speaker)) };
    };
    expect(objects(court, by({}))).toBeNull();
    expect(objects(court, by({ court: 1 }))).toBe("another court");
    expect(objects(court, by({ from: 3 }))).toBe("bad signature");
    expect(objects(court, by({ from: 4 }))).toBe("unknown seat");
    expect(objects(court, by({ from: 1 }))).toBe("own seat");
  });

  it.each<[string, (message: Record<string, unknown>) => object]>([
    ["a digest that is none", (message) => ({ ...message, batch: "\ud800".repeat(64) })],
    ["a digest in capitals", (message) => ({ ...message, batch: "AB".repeat(32) })],
    ["a height of nothing", (message) => ({ ...message, height: 0 })],
    ["a fraction", (message) => ({ ...message, view: 1.5 })],
    ["a number nobody can count on from", (message) => ({ ...message, view: 2 ** 53 - 1 })],
    ["less than nothing", (message) => ({ ...message, from: -1 })],
    ["another kind", (message) => ({ ...message, kind: "prepared" })],
    ["no signature", (message) => ({ ...message, signature: undefined })],
    ["nothing at all", () => []],
  ])("RefuseMalformedMessage: %s", (_, mangle) => {
    const court = new Cluster();
    const { voted } = { voted: { height: 1, view: 0, batch: "ab".repeat(32) } };
    const prepare = court.said(2, { kind: "prepare", ...voted, result: "cd".repeat(32) });
    const good = parseMessages(JSON.stringify([prepare]));
    expect(good).toEqual({ messages: [prepare], dropped: 0 });
    const bad = parseMessages(JSON.stringify([mangle({ ...prepare }), prepare]));
    expect(bad).toEqual({ messages: [prepare], dropped: 1 });
  });

  it("RefuseMalformedMessage: what is no list of messages, or too long a one", () => {
    for (const text of ["", "{", "{}", "null", '"x"', `[${"[".repeat(5000)}`])
      expect(parseMessages(text)).toEqual({ messages: [], dropped: 1 });
    const many = JSON.stringify(Array(LIMITS.messagesPerCall + 1).fill(0));
    expect(parseMessages(many)).toEqual({ messages: [], dropped: 1 });
  });

  it("RefuseMalformedMessage: a text longer than any honest call's is not read", () => {
    const court = new Cluster();
    const voted = { height: 1, view: 0, batch: "ab".repeat(32), result: "cd".repeat(32) };
    const text = JSON.stringify([court.said(2, { kind: "prepare", ...voted })]);
    const padded = (units: number): string => text.padEnd(units, " ");
    expect(parseMessages(padded(LIMITS.deliveredSize)).messages).toHaveLength(1);
    expect(parseMessages(padded(LIMITS.deliveredSize + 1))).toEqual({ messages: [], dropped: 1 });
  });
});

describe("certificates inside messages", () => {
  const court = courtAtWork();
  const { seat, certificate, batch, voted, prepared, change, block } = sample(court);
  const flawed: [string, (good: Certificate) => Certificate][] = [
    ["too few", (good) => ({ ...good, signatures: good.signatures.slice(1) })],
    [
      "one twice",
      (good) => ({
        ...good,
        signatures: [...good.signatures.slice(1), ...good.signatures.slice(2)],
      }),
    ],
    ["of another view", (good) => ({ ...good, view: good.view + 1 })],
    ["of another result", (good) => ({ ...good, result: "ab".repeat(32) })],
    ["of another court", (good) => ({ ...good, court: 1 })],
    [
      "with a stranger added",
      (good) => ({
        ...good,
        signatures: [...good.signatures, { ...known(good.signatures[0], "signed"), seat: 40 }],
      }),
    ],
    [
      "with an unsigned seat added",
      (good) => ({
        ...good,
        signatures: [
          ...good.signatures.slice(0, 3),
          { seat: 1, incarnation: 1, sequence: 1, signature: "00".repeat(64) },
        ],
      }),
    ],
  ];

  it.each(flawed)(
    "RefuseFalseCertificate, VerifiedWhereverItAppears: %s, wherever it appears",
    (_, flaw) => {
      const three = certificateOf(court, certificate, [0, 2, 3]);
      const flawedOne = flaw(three);
      const tip = { ...seat.tip, certificate: flawedOne };
      const flawedChange = changeBy(court, 3, 6, tip);
      const good = [0, 2].map((from) => changeBy(court, from, 6, seat.tip));
      const where: Message[] = [
        court.said(2, { kind: "decided", certificate: flawedOne }),
        flawedChange,
        proposalBy(court, 2, 2, batch, byCertificate(flawedOne)),
        proposalBy(court, 2, 6, batch, byChanges([...good, flawedChange])),
        court.said(2, {
          kind: "blocks",
          blocks: [{ ...block, certificate: flawedOne }],
          height: 2,
          lowest: 1,
        }),
      ];
      for (const message of where) expect(objects(court, message), message.kind).not.toBeNull();
      expect(objects(court, court.said(2, { kind: "decided", certificate: three }))).toBeNull();
    },
  );

  it("RefuseFalseCertificate: a prepared certificate must be of q signers, of the height, and of an earlier view", () => {
    expect(objects(court, change)).toBeNull();
    const claims = [
      preparedBy(court, voted, [0, 2]),
      preparedBy(court, voted, [0, 2, 2]),
      preparedBy(court, { ...voted, height: voted.height + 1 }, [0, 2, 3]),
      preparedBy(court, { ...voted, view: 6 }, [0, 2, 3]),
      { ...prepared, result: "ab".repeat(32) },
      {
        ...prepared,
        signatures: [
          ...prepared.signatures,
          { seat: 999_999, incarnation: 1, sequence: 1, signature: "00".repeat(64) },
        ],
      },
    ];
    for (const claim of claims)
      expect(objects(court, changeBy(court, 2, 6, seat.tip, claim))).not.toBeNull();
  });

  it("RefuseFalseCertificate: however many signatures are added, no more are looked at than the court has seats", () => {
    const [one] = prepared.signatures;
    const more = Array.from({ length: 60 }, (_, at) => {
      return { ...known(one, "signed"), seat: 2, signature: `${at + 10}`.repeat(64) };
    });
    const padded = { ...certificate, signatures: [...certificate.signatures, ...more] };
    const claim = { ...prepared, signatures: [...prepared.signatures, ...more] };
    for (const said of [
      court.said(2, { kind: "decided", certificate: padded }),
      court.said(2, { kind: "decided", certificate: { ...padded, signatures: more } }),
      changeBy(court, 2, 6, { ...seat.tip, certificate: padded }),
      changeBy(court, 2, 6, seat.tip, claim),
      changeBy(court, 2, 6, seat.tip, { ...claim, signatures: more }),
    ]) {
      let verified = 0;
      const counting: typeof verifyModel = (...given) => {
        verified += 1;
        return verifyModel(...given);
      };
      expect(objection(said, court.setup(1), counting)).not.toBeNull();
      expect(verified).toBeLessThanOrEqual(1 + 2 * court.n);
    }
  });

  it("RefuseFalseCertificate: a view change proves the height below its own", () => {
    const { height } = seat.tip;
    const said = { kind: "view-change", view: 6, prepared: null } as const;
    for (const claim of [
      { height: height + 2, certificate },
      { height, certificate },
      { height: height + 1, certificate: null },
    ])
      expect(objects(court, court.said(2, { ...said, ...claim }))).not.toBeNull();
    expect(objects(court, court.said(2, { ...said, height: 1, certificate: null }))).toBeNull();
  });

  it("RefuseSwappedJustification: whoever relays a proposal cannot give it other grounds", () => {
    const proposal = proposalBy(court, 2, 2, batch, byCertificate(certificate));
    expect(objects(court, proposal)).toBeNull();
    const other = byCertificate(certificateOf(court, { ...certificate, view: 0 }, [0, 2, 3]));
    const swapped = { ...proposal, justification: other };
    expect(objects(court, swapped)).toBe("another justification than was signed");
    expect(objects(court, { ...swapped, grounds: groundsOf(other) })).toBe("bad signature");
  });
});

describe("blocks and writs inside messages", () => {
  const court = courtAtWork();
  const { batch, block } = sample(court);
  const objected = (otherwise: Partial<Block>): string | null => {
    const blocks = [{ ...block, ...otherwise }];
    return objects(court, court.said(2, { kind: "blocks", blocks, height: 2, lowest: 1 }));
  };

  it("RefuseAlteredBlock: header, entries, result and outcomes are what the certificate is of", () => {
    expect(objected({})).toBeNull();
    const { header, result, outcomes, certificate } = block;
    const [entry] = block.entries;
    const lower = known(court.member(2).chain[0], "decided");
    for (const altered of [
      { header: { ...header, time: header.time + 1 } },
      { header: { ...header, height: 1 } },
      { header: { ...header, parent: "ab".repeat(32) } },
      { entries: [] },
      { entries: [whole(court.writ(2, ["z"]))] },
      {
        entries: [
          { ...known(entry, "one"), writ: { ...court.writ(2, ["b"]), seal: "0".repeat(128) } },
        ],
      },
      { result: { ...result, root: "ab".repeat(32) } },
      { result: { ...result, prior: "ab".repeat(32) } },
      { outcomes: [...outcomes, "more"] },
      { outcomes: outcomes.map((outcome) => `${outcome}!`) },
      { certificate: lower.certificate },
      { certificate: { ...certificate, block: "ab".repeat(32) } },
    ])
      expect(objected(altered), JSON.stringify(altered).slice(0, 80)).not.toBeNull();
  });

  it("RefuseAlteredBlock: an outcome whose text is another under the same digest", () => {
    const odd = new Cluster();
    odd.giveAll(odd.writ(1, ["\ufffd"]));
    odd.settle();
    const decided = known(odd.member(2).chain[0], "decided");
    const said = (outcomes: string[]) =>
      odd.said(2, { kind: "blocks", blocks: [{ ...decided, outcomes }], height: 1, lowest: 1 });
    expect(objects(odd, said(["outcome of \ufffd"]))).toBeNull();
    expect(objects(odd, said(["outcome of \ud800"]))).not.toBeNull();
  });

  it("RefuseUnsealedWrit: in a proposal, an answer, a hand-over and from a Warden", () => {
    const good = court.writ(3, ["c", "d"]);
    const bad: Writ[] = [
      { ...good, seal: "0".repeat(128) },
      { ...good, number: 4 },
      { ...good, warden: 1 },
      { ...good, warden: 77 },
      { ...good, court: 1 },
      { ...good, events: ["c"] },
    ];
    const setup = court.setup(1);
    expect(writObjection(good, setup, verifyModel)).toBeNull();
    for (const writ of bad) {
      expect(writObjection(writ, setup, verifyModel)).not.toBeNull();
      const within = batchOn(court, court.seat(2), [{ writ, first: 0, count: 1 }]);
      for (const message of [
        court.said(2, { kind: "forward", writ }),
        court.said(2, { kind: "batch-answer", batch: within }),
        proposalBy(court, 2, 2, within, byCertificate(court.seat(2).tip.certificate)),
      ])
        expect(objects(court, message), message.kind).not.toBeNull();
    }
  });

  it("RefuseUnsealedWrit, OneTextUnderADigest: texts that the digest under the seal does not tell apart", () => {
    const setup = court.setup(1);
    const pairs: [string[], string[]][] = [
      [
        ["a", "b\nc"],
        ["a\nb", "c"],
      ],
      [["\ufffd"], ["\udfff"]],
    ];
    for (const [one, two] of pairs) {
      expect(writDigest(court.writ(3, one))).toBe(writDigest(court.writ(3, two)));
      expect(writObjection(court.writ(3, two), setup, verifyModel)).not.toBeNull();
    }
  });

  it("RefuseUnsealedWrit: larger than a writ may be, in bytes", () => {
    const setup = court.setup(1);
    const chars = Math.floor(LIMITS.writBytes / 3);
    expect(writObjection(court.writ(3, ["€".repeat(chars)]), setup, verifyModel)).toBeNull();
    expect(writObjection(court.writ(3, ["€".repeat(chars + 1)]), setup, verifyModel)).toBe(
      "a writ over its limit",
    );
  });

  it("RefuseAlteredBatch: header and entries tell the same, within the writ, for this court and epoch", () => {
    const [entry] = batch.entries;
    const within = (otherwise: Partial<typeof batch>) =>
      objects(court, court.said(2, { kind: "batch-answer", batch: { ...batch, ...otherwise } }));
    expect(within({})).toBeNull();
    expect(within({ entries: [] })).not.toBeNull();
    expect(within({ header: { ...batch.header, court: 1 } })).not.toBeNull();
    expect(within({ header: { ...batch.header, epoch: 2 } })).not.toBeNull();
    const long = [{ ...known(entry, "one"), count: 2 }];
    expect(
      objects(
        court,
        court.said(2, { kind: "batch-answer", batch: batchOn(court, court.seat(2), long) }),
      ),
    ).toBe("an entry beyond its writ");
  });

  it("RefuseMalformedMessage: a writ from a Warden that is none", () => {
    const good = court.writ(3, ["c"]);
    expect(parseWrit(JSON.stringify(good))).toEqual(good);
    for (const text of [
      "",
      "[]",
      JSON.stringify({ ...good, number: 0 }),
      JSON.stringify({ ...good, events: [] }),
    ])
      expect(parseWrit(text)).toBeNull();
  });
});
