/** What a seat says a writ came to, believed only as far as certificates prove it: every byte of it may be a lie. */
import {
  batchDigest,
  leafDigest,
  merkleRoot,
  resultDigest,
  writDigest,
} from "../../shared/digests.ts";
import type { Verify } from "../../shared/node/crypto.ts";
import type { WritAnswer, WritPart } from "../../shared/rpc.ts";
import { receiptOf, settledBody } from "../../shared/settled.ts";
import type { LedgerEvent, Outcome, Writ } from "../../shared/types.ts";
import { certifiedIn, lastTerm } from "../../shared/terms.ts";
import type { Terms } from "../../shared/terms.ts";
import { certificateFits } from "../../shared/verify.ts";

/** Whose signatures decide in a court. */
export interface CourtKeys {
  readonly court: number;
  /** As far as they are known. */
  readonly terms: () => Terms;
  /** Its seats, and how many of them decide. */
  readonly n: number;
  readonly q: number;
  readonly verify: Verify;
}

/** What one event came to. `replayed`: the seats knew its key and refer to the first use. */
export type Settlement =
  | {
      readonly kind: "settled";
      readonly body: string;
      readonly height: number;
      readonly replayed: boolean;
    }
  | { readonly kind: "key-reused" };

export type Judgement =
  | { readonly kind: "decided"; readonly view: number; readonly settlements: readonly Settlement[] }
  | { readonly kind: "undecided" }
  /** It was decided under keys that are not known here: whoever shows it can prove them. */
  | { readonly kind: "later-epoch" }
  /** A certified block is shown that does not hold the writ: of its number the court may have decided another. */
  | { readonly kind: "other-writ" }
  | { readonly kind: "unproven"; readonly reason: string };

/** What has been proven of one block, by its hash: repetitions of many keys refer to few blocks. */
interface Proven {
  readonly batch: string;
  readonly view: number;
  /** Leaf hashes of all its outcomes. */
  readonly leaves: readonly string[];
}

interface Judging {
  readonly court: CourtKeys;
  readonly proven: Map<string, Proven>;
}

class Unproven extends Error {}
class LaterEpoch extends Error {}
class OtherWrit extends Error {}

function prove(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new Unproven(reason);
}

/**
 * Judges a seat's WritAnswer about a writ of ours. SettleByCertificate: decided only when proven parts cover the whole writ;
 * DropUnprovenAnswer: anything else counts for nothing. Never throws.
 */
// Rules: SettleByCertificate, DropUnprovenAnswer.
export function judge(answer: string, writ: Writ, court: CourtKeys): Judgement {
  try {
    const { parts } = JSON.parse(answer) as WritAnswer;
    const digest = writDigest(writ);
    const judging = { court, proven: new Map<string, Proven>() };
    const settlements: Settlement[] = [];
    let view = 0;
    for (const part of parts) {
      prove(part.first === settlements.length, "the parts leave a gap or overlap");
      const block = provenBlock(part, judging);
      for (const settlement of settledIn(part, writ, digest, judging)) settlements.push(settlement);
      view = Math.max(view, block.view);
    }
    return settlements.length < writ.events.length
      ? { kind: "undecided" }
      : { kind: "decided", view, settlements };
  } catch (error) {
    if (error instanceof LaterEpoch) return { kind: "later-epoch" };
    if (error instanceof OtherWrit) return { kind: "other-writ" };
    // A liar chooses the shape too, so whatever reading it throws is one more way of not proving anything.
    return { kind: "unproven", reason: error instanceof Error ? error.message : "unreadable" };
  }
}

function settledIn(part: WritPart, writ: Writ, digest: string, judging: Judging): Settlement[] {
  const { leaves } = provenBlock(part, judging);
  const counts = part.header.entries.map(([, , count]) => count);
  const position = part.header.entries.findIndex(
    ([of, first]) => of === digest && first === part.first,
  );
  if (position < 0) throw new OtherWrit();
  prove(part.outcomes.length === counts[position], "an outcome is missing or too many");
  const index = leaves.length - sum(counts) + sum(counts.slice(0, position));
  prove(part.index === index, "the part stands at another index");
  return part.outcomes.map((text, offset) => {
    const leaf = leafDigest(text);
    prove(leaf === leaves[index + offset], "an outcome is not the agreed one");
    const submitted = writ.events[part.first + offset];
    prove(submitted !== undefined, "the part exceeds the writ");
    const event = JSON.parse(submitted) as LedgerEvent;
    const outcome = JSON.parse(text) as Outcome;
    prove(sameKey(outcome, event), "an outcome is of another event");
    if (isReuse(outcome)) return { kind: "key-reused" };
    if (outcome.status === "duplicate") return settledByFirst(outcome, part, judging);
    const receipt = receiptOf(part.header, part.certificate, index + offset, leaf);
    return {
      kind: "settled",
      body: settledBody(outcome, receipt),
      height: receipt.height,
      replayed: false,
    };
  });
}

/** The part's block, once a quorum signed exactly this header and these leaves for a block of this court. */
function provenBlock(part: WritPart, { court, proven }: Judging): Proven {
  const { header, result, certificate } = part;
  const batch = batchDigest(header);
  const before = proven.get(certificate.block);
  if (before !== undefined) {
    prove(before.batch === batch, "a block is shown with another header");
    return before;
  }
  prove(
    certificate.court === court.court && header.court === court.court,
    "the block is of another court",
  );
  prove(
    header.height === certificate.height && header.epoch === certificate.epoch,
    "header and certificate differ",
  );
  prove(batch === certificate.batch, "the header is not the certified one");
  prove(resultDigest(result) === certificate.result, "the result is not the certified one");
  prove(certificateFits(certificate, header.parent), "the block hash is not the certified one");
  prove(/^(?:[0-9a-f]{64})*$/.test(part.leaves), "the leaves are not hashes");
  const leaves = part.leaves.match(/.{64}/g) ?? [];
  prove(leaves.length === result.count, "the leaves are fewer or more than the certified ones");
  prove(merkleRoot(leaves) === result.root, "the leaves are not the certified ones");
  prove(leaves.length >= sum(header.entries.map(([, , count]) => count)), "a leaf is missing");
  const terms = court.terms();
  if (certificate.epoch > lastTerm(terms).epoch) throw new LaterEpoch();
  prove(certifiedIn(terms, certificate, court.q, court.verify), "the certificate has no quorum");
  const block = { batch, view: certificate.view, leaves };
  proven.set(certificate.block, block);
  return block;
}

/** The outcome of the first use that a `duplicate` refers to, proven like any other. */
function settledByFirst(duplicate: Outcome, of: WritPart, judging: Judging): Settlement {
  const { first } = duplicate;
  prove(first !== undefined, "a repetition names no first use");
  // Found by what the agreed outcome names, whatever the seat says its place in the list is.
  const found = of.firsts.find(
    ({ part }) => part.header.height === first.height && holds(part, first.index),
  );
  prove(found !== undefined, "the first use is not shown");
  const { part } = found;
  const text = part.outcomes[first.index - part.index] ?? "";
  const leaf = leafDigest(text);
  prove(
    provenBlock(part, judging).leaves[first.index] === leaf,
    "the first outcome is not the agreed one",
  );
  const outcome = JSON.parse(text) as Outcome;
  prove(sameKey(outcome, duplicate), "the first use is of another key");
  // In a block that holds a key twice, leaves passed off as fewer could move the second use to the first one's place.
  prove(
    outcome.status !== "duplicate" && !isReuse(outcome),
    "the first use is itself a repetition",
  );
  const receipt = receiptOf(part.header, part.certificate, first.index, leaf);
  return {
    kind: "settled",
    body: settledBody(outcome, receipt),
    height: receipt.height,
    replayed: true,
  };
}

function holds(part: WritPart, index: number): boolean {
  return index >= part.index && index < part.index + part.outcomes.length;
}

type Key = Pick<LedgerEvent, "tenant" | "source" | "id">;

function sameKey(a: Key, b: Key): boolean {
  return a.tenant === b.tenant && a.source === b.source && a.id === b.id;
}

/** The seats know another event of this key: it has had its effect, this one has none. */
function isReuse(outcome: Outcome): boolean {
  return outcome.status === "rejected" && outcome.reason?.code === "key_reused";
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
