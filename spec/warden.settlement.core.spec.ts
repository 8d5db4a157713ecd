/** What a Warden believes of what seats say, against a court of known keys. */
import { describe, expect, it } from "vitest";
import { canonical } from "../objects/shared/canonical.ts";
import { batchDigest, blockDigest, leafDigest, writDigest } from "../objects/shared/digests.ts";
import { drawKeyPair, sha256Node } from "../objects/shared/node/crypto.ts";
import type { WritAnswer, WritPart } from "../objects/shared/rpc.ts";
import type { LedgerEvent, Outcome, Writ } from "../objects/shared/types.ts";
import { judge } from "../objects/warden/core/settlement.ts";
import type { Judgement } from "../objects/warden/core/settlement.ts";
import { accepted, answerOf, partOf, SignedCourt, whole } from "./kit/signed-court.ts";

const eventOf = (id: string): LedgerEvent => ({
  tenant: "dev",
  source: "/",
  id,
  type: "stock.counted",
  data: { id },
});
const writOf = (number: number, ...ids: string[]): Writ => ({
  court: 0,
  warden: 0,
  number,
  events: ids.map((id) => canonical(eventOf(id))),
  seal: "",
});
const rejected = (event: LedgerEvent, code: string): Outcome => ({
  ...accepted(event),
  status: "rejected",
  reason: { code, detail: "so it is" },
});
const expired: Outcome = {
  tenant: "dev",
  source: "assize",
  id: "r",
  type: "assize.expired",
  status: "accepted",
  changes: [],
};

function judged(court: SignedCourt, writ: Writ, answer: string): Judgement {
  return judge(answer, writ, { ...court.courtKeys(), court: 0 });
}

function bodies(judgement: Judgement): Record<string, unknown>[] {
  if (judgement.kind !== "decided") throw new Error(JSON.stringify(judgement));
  return judgement.settlements.map((settlement) =>
    settlement.kind === "settled" ? (JSON.parse(settlement.body) as Record<string, unknown>) : {},
  );
}

describe("a proven answer", () => {
  it("SettleByCertificate: settles every event with its outcome and receipt", () => {
    const court = new SignedCourt(0);
    const writ = writOf(1, "a", "b");
    const change = { entity: "stock/x@w", version: 3, state: { onHand: 7 } };
    const outcome = (event: LedgerEvent): Outcome =>
      event.id === "a"
        ? { ...accepted(event), changes: [change] }
        : rejected(event, "insufficient_stock");
    const before = whole(writOf(9, "other"));
    const block = court.decide([before, whole(writ)], {
      outcome,
      system: [canonical(expired)],
      view: 5,
    });
    const judgement = judged(court, writ, answerOf(partOf(block, 1)));
    expect(judgement).toMatchObject({ kind: "decided", view: 5 });
    const common = { source: "/", type: "stock.counted" };
    const receipt = (index: number): object => ({
      court: 0,
      height: 1,
      index,
      streamTime: "2026-11-22T10:00:00.001Z",
      domainVersion: 1,
      block: block.certificate.block,
      outcome: leafDigest(block.outcomes[index] ?? ""),
    });
    expect(bodies(judgement)).toEqual([
      { ...common, id: "a", status: "accepted", changes: [change], receipt: receipt(2) },
      {
        ...common,
        id: "b",
        status: "rejected",
        reason: { code: "insufficient_stock", detail: "so it is" },
        receipt: receipt(3),
      },
    ]);
  });

  it("SettleByCertificate: a writ decided in two blocks is settled by both of its parts, and not before", () => {
    const court = new SignedCourt(0);
    const writ = writOf(1, "a", "b", "c");
    const first = court.decide([{ writ, first: 0, count: 2 }]);
    const second = court.decide([{ writ, first: 2, count: 1 }]);
    const parts = [partOf(first, 0), partOf(second, 0)];
    expect(judged(court, writ, answerOf())).toEqual({ kind: "undecided" });
    expect(judged(court, writ, answerOf(...parts.slice(0, 1)))).toEqual({ kind: "undecided" });
    const receipts = bodies(judged(court, writ, answerOf(...parts))).map(({ receipt }) => receipt);
    expect(receipts).toMatchObject([
      { height: 1, index: 0 },
      { height: 1, index: 1 },
      { height: 2, index: 0 },
    ]);
    expect(judged(court, writ, answerOf(...parts.toReversed()))).toMatchObject({
      kind: "unproven",
    });
  });

  it("ReleaseKeyTheSeatsRefuse: an agreed key_reused settles no row", () => {
    const court = new SignedCourt(0);
    const writ = writOf(1, "a");
    const block = court.decide([whole(writ)], {
      outcome: (event) => rejected(event, "key_reused"),
    });
    const judgement = judged(court, writ, answerOf(partOf(block, 0)));
    expect(judgement).toMatchObject({ kind: "decided", settlements: [{ kind: "key-reused" }] });
  });
});

describe("a repetition", () => {
  const repeated = (): { court: SignedCourt; writ: Writ; part: WritPart; first: WritPart } => {
    const court = new SignedCourt(0);
    const first = partOf(court.decide([whole(writOf(1, "x", "a", "y"))]), 0);
    const writ = writOf(2, "a");
    const duplicate = (event: LedgerEvent): Outcome => ({
      ...accepted(event),
      status: "duplicate",
      first: { height: 1, index: 1 },
    });
    const part = partOf(court.decide([whole(writ)], { outcome: duplicate }), 0);
    return { court, writ, part, first };
  };
  const showing = (part: WritPart, shown: WritPart): string =>
    answerOf({ ...part, firsts: [{ of: 0, part: shown }] });

  it("SettleByCertificate: settles with the first outcome and its receipt, as a replay", () => {
    const { court, writ, part, first } = repeated();
    const only = { ...first, index: 1, first: 0, outcomes: first.outcomes.slice(1, 2) };
    for (const shown of [first, only]) {
      const judgement = judged(court, writ, showing(part, shown));
      expect(judgement).toMatchObject({
        settlements: [{ kind: "settled", height: 1, replayed: true }],
      });
      expect(bodies(judgement)).toMatchObject([
        { id: "a", status: "accepted", receipt: { height: 1, index: 1 } },
      ]);
    }
  });

  it("DropUnprovenAnswer, FirstUseProvenAlike: a first use that is missing, another key's, elsewhere, or itself a repetition", () => {
    const { court, writ, part, first } = repeated();
    const moved = {
      ...first,
      index: 0,
      outcomes: [first.outcomes[1] ?? "", first.outcomes[1] ?? ""],
    };
    const shifted = { ...first, index: 1 };
    const altered = {
      ...first,
      outcomes: first.outcomes.map((text) => text.replace("accepted", "rejected")),
    };
    expect(judged(court, writ, answerOf(part))).toMatchObject({ kind: "unproven" });
    expect(judged(court, writ, showing(part, shifted))).toMatchObject({ kind: "unproven" });
    expect(judged(court, writ, showing(part, altered))).toMatchObject({ kind: "unproven" });
    expect(judged(court, writ, showing(part, part))).toMatchObject({ kind: "unproven" });
    expect(judged(court, writ, showing(part, moved))).toMatchObject({ kind: "decided" });
    const other = { ...first, certificate: { ...first.certificate, signatures: [] } };
    expect(judged(court, writ, showing(part, other))).toMatchObject({ kind: "unproven" });
  });

  it("DropUnprovenAnswer: a reference to another key's outcome", () => {
    const court = new SignedCourt(0);
    const first = partOf(court.decide([whole(writOf(1, "x", "a"))]), 0);
    const writ = writOf(2, "a");
    const astray = (event: LedgerEvent): Outcome => ({
      ...accepted(event),
      status: "duplicate",
      first: { height: 1, index: 0 },
    });
    const part = partOf(court.decide([whole(writ)], { outcome: astray }), 0);
    expect(judged(court, writ, showing(part, first))).toMatchObject({ kind: "unproven" });
  });

  it("DropUnprovenAnswer: leaves passed off as fewer cannot put a second use in the first one's place", () => {
    const court = new SignedCourt(0);
    const reuse = (event: LedgerEvent): Outcome =>
      event.id === "a" ? rejected(event, "key_reused") : accepted(event);
    const block = court.decide([whole(writOf(1, "a"))], {
      outcome: reuse,
      system: [canonical(expired), canonical(accepted(eventOf("a")))],
    });
    const [l0 = "", l1 = "", l2 = ""] = block.outcomes.map(leafDigest);
    const fewer = { ...partOf(block, 0), leaves: sha256Node(1, l0, l1) + l2, index: 1 };
    const writ = writOf(2, "a");
    const duplicate = (event: LedgerEvent): Outcome => ({
      ...accepted(event),
      status: "duplicate",
      first: { height: 1, index: 1 },
    });
    const part = partOf(court.decide([whole(writ)], { outcome: duplicate }), 0);
    expect(judged(court, writ, showing(part, fewer))).toMatchObject({ kind: "unproven" });
  });
});

describe("an index", () => {
  it("DropUnprovenAnswer: an inner node passed off as a leaf cannot move an outcome to a lower index", () => {
    const court = new SignedCourt(0);
    const writ = writOf(1, "a");
    const block = court.decide([whole(writ)], {
      system: [canonical(expired), canonical(accepted(eventOf("s")))],
    });
    const part = partOf(block, 0);
    expect(bodies(judged(court, writ, answerOf(part)))[0]).toMatchObject({ receipt: { index: 2 } });
    const [l0 = "", l1 = "", l2 = ""] = block.outcomes.map(leafDigest);
    const moved = { ...part, leaves: sha256Node(1, l0, l1) + l2, index: 1 };
    expect(judged(court, writ, answerOf(moved))).toMatchObject({ kind: "unproven" });
  });
});

describe("a lie", () => {
  type Lie = (part: WritPart, court: SignedCourt) => WritPart | object;
  const flipped = (hex: string): string => (hex.startsWith("0") ? "1" : "0") + hex.slice(1);
  const lies: [string, Lie][] = [
    [
      "the header's time",
      (part) => ({ ...part, header: { ...part.header, time: part.header.time + 1 } }),
    ],
    ["the header's height", (part) => ({ ...part, header: { ...part.header, height: 2 } })],
    ["the header's court", (part) => ({ ...part, header: { ...part.header, court: 1 } })],
    [
      "the header's parent",
      (part) => ({ ...part, header: { ...part.header, parent: flipped(part.header.parent) } }),
    ],
    [
      "the result's root",
      (part) => ({ ...part, result: { ...part.result, root: flipped(part.result.root) } }),
    ],
    [
      "the result's prior",
      (part) => ({ ...part, result: { ...part.result, prior: flipped(part.result.prior) } }),
    ],
    [
      "the certificate's view",
      (part) => ({ ...part, certificate: { ...part.certificate, view: 1 } }),
    ],
    [
      "the certificate's block",
      (part) => ({
        ...part,
        certificate: { ...part.certificate, block: flipped(part.certificate.block) },
      }),
    ],
    ["one signature repeated", (part) => repeatedSignature(part)],
    [
      "too few signatures",
      (part) => ({
        ...part,
        certificate: { ...part.certificate, signatures: part.certificate.signatures.slice(1) },
      }),
    ],
    ["a leaf", (part) => ({ ...part, leaves: flipped(part.leaves) })],
    ["leaves cut short", (part) => ({ ...part, leaves: part.leaves.slice(64) })],
    ["no leaves", (part) => ({ ...part, leaves: "" })],
    ["the index", (part) => ({ ...part, index: part.index + 1 })],
    ["the range", (part) => ({ ...part, first: 1 })],
    [
      "an outcome",
      (part) => ({
        ...part,
        outcomes: part.outcomes.map((text) => text.replace("accepted", "rejected")),
      }),
    ],
    ["outcomes swapped", (part) => ({ ...part, outcomes: part.outcomes.toReversed() })],
    ["an outcome left out", (part) => ({ ...part, outcomes: part.outcomes.slice(1) })],
    ["the last outcome left out", (part) => ({ ...part, outcomes: part.outcomes.slice(0, 1) })],
    ["an outcome that is no text", (part) => ({ ...part, outcomes: [1, 2] })],
    ["no header", (part) => ({ ...part, header: undefined })],
    ["entries that are none", (part) => ({ ...part, header: { ...part.header, entries: 3 } })],
  ];

  function repeatedSignature(part: WritPart): WritPart {
    const [one] = part.certificate.signatures;
    return {
      ...part,
      certificate: { ...part.certificate, signatures: one === undefined ? [] : [one, one, one] },
    };
  }

  it.each(lies)("DropUnprovenAnswer: %s", (_, lie) => {
    const court = new SignedCourt(0);
    const writ = writOf(1, "a", "b");
    const part = partOf(court.decide([whole(writ)]), 0);
    expect(judged(court, writ, answerOf(part))).toMatchObject({ kind: "decided" });
    const answer = JSON.stringify({ view: 0, parts: [lie(part, court)] });
    expect(judged(court, writ, answer)).toMatchObject({ kind: "unproven" });
  });

  it("DropUnprovenAnswer, CertificateOrNothing: what another court agreed, and what q strangers signed", () => {
    const writ = writOf(1, "a");
    const other = new SignedCourt(1);
    expect(judged(other, writ, answerOf(partOf(other.decide([whole(writ)]), 0)))).toMatchObject({
      kind: "unproven",
    });
    const strangers = new SignedCourt(0);
    const answer = answerOf(partOf(strangers.decide([whole(writ)]), 0));
    expect(judged(new SignedCourt(0), writ, answer)).toMatchObject({ kind: "unproven" });
  });

  it("DropUnprovenAnswer, CertificateOrNothing: a block hash that is not made of what it certifies", () => {
    const court = new SignedCourt(0);
    const writ = writOf(1, "a");
    const part = partOf(court.decide([whole(writ)]), 0);
    const certificate = court.certify({ ...part.certificate, block: "22".repeat(32) });
    expect(judged(court, writ, answerOf({ ...part, certificate }))).toMatchObject({
      kind: "unproven",
    });
  });

  it("DropUnprovenAnswer: leaves beside ours that are not the agreed ones", () => {
    const court = new SignedCourt(0);
    const writ = writOf(1, "a");
    const part = partOf(court.decide([whole(writOf(9, "x")), whole(writ)]), 1);
    const leaves = "33".repeat(32) + part.leaves.slice(64);
    expect(judged(court, writ, answerOf({ ...part, leaves }))).toMatchObject({ kind: "unproven" });
  });

  it("DropUnprovenAnswer: a part that goes beyond the writ", () => {
    const court = new SignedCourt(0);
    const writ = writOf(1, "a");
    const part = partOf(court.decide([whole(writOf(1, "a", "b"))]), 0);
    const header = { ...part.header, entries: [[writDigest(writ), 0, 2, null] as const] };
    const { height, result } = part.certificate;
    const batch = batchDigest(header);
    const block = blockDigest(height, header.parent, batch, result);
    const certificate = court.certify({ ...part.certificate, batch, block });
    expect(judged(court, writ, answerOf({ ...part, header, certificate }))).toMatchObject({
      kind: "unproven",
      reason: "the part exceeds the writ",
    });
  });

  it("DropUnprovenAnswer: a block that holds another writ under that number", () => {
    const court = new SignedCourt(0);
    const answer = answerOf(partOf(court.decide([whole(writOf(1, "b"))]), 0));
    expect(judged(court, writOf(1, "a"), answer)).toEqual({ kind: "other-writ" });
  });

  it("DropUnprovenAnswer: a certified outcome of another event", () => {
    const court = new SignedCourt(0);
    const writ = writOf(1, "a");
    const block = court.decide([whole(writ)], { outcome: () => accepted(eventOf("b")) });
    expect(judged(court, writ, answerOf(partOf(block, 0)))).toMatchObject({ kind: "unproven" });
  });

  it("DropUnprovenAnswer: one block in two forms, the first of them proven", () => {
    const court = new SignedCourt(0);
    const writ = writOf(1, "a", "b");
    const block = court.decide([
      { writ, first: 0, count: 1 },
      { writ, first: 1, count: 1 },
    ]);
    const [one, two] = [partOf(block, 0), partOf(block, 1)];
    expect(judged(court, writ, answerOf(one, two))).toMatchObject({ kind: "decided" });
    const forged = { ...two, header: { ...two.header, time: 0 } };
    expect(judged(court, writ, answerOf(one, forged))).toMatchObject({ kind: "unproven" });
    const unsigned: WritAnswer = {
      view: 9,
      parts: [one, { ...two, certificate: { ...two.certificate, view: 9 } }],
    };
    expect(judged(court, writ, JSON.stringify(unsigned))).toMatchObject({
      kind: "decided",
      view: 0,
    });
  });

  it.each(["", "null", "[]", "{}", '{"parts":7}', '{"parts":[null]}', "not json"])(
    "DropUnprovenAnswer: %j is no answer",
    (answer) => {
      const court = new SignedCourt(0);
      expect(judged(court, writOf(1, "a"), answer)).toMatchObject({ kind: "unproven" });
    },
  );

  it("a stranger's keys make no quorum, whatever seat they claim", () => {
    const court = new SignedCourt(0);
    const writ = writOf(1, "a");
    const part = partOf(court.decide([whole(writ)]), 0);
    const keys = court.publicKeys.map((key, seat) => (seat < 2 ? key : drawKeyPair().publicKey));
    const judgement = judge(answerOf(part), writ, court.courtKeys(keys));
    expect(judgement).toMatchObject({ kind: "unproven" });
  });
});
