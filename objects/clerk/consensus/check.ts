/**
 * What a peer or a Warden sent, checked before the core sees it: shape, then every signature and certificate wherever it appears
 * (V4). Whatever fails is dropped and counted by the shell; nothing here throws, because a liar chooses the input.
 */
import {
  batchDigest,
  entryDigests,
  leafDigest,
  merkleRoot,
  resultDigest,
} from "../../shared/digests.ts";
import { utf8Length } from "../../shared/canonical.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Verify } from "../../shared/node/crypto.ts";
import { partsInOrder, stateRoot } from "../../shared/state-root.ts";
import { lastTerm, termAt, termOf, termsFrom, termsProven } from "../../shared/terms.ts";
import type { Term, Terms } from "../../shared/terms.ts";
import type { Batch, Block, Certificate, Head, Writ } from "../../shared/types.ts";
import { certificateFits, certificateValid, poisonValid, sealValid } from "../../shared/verify.ts";
import { carriesRoot } from "./evaluate.ts";
import { groundsOf, statementDigest } from "./messages.ts";
import type { Message, Offer, Prepared, ViewChange } from "./messages.ts";
import type { Setup } from "./seat.ts";
import { block, message, writ } from "./shapes.ts";

/** The messages of one call that have the right shape, and how many had not. */
// Rule: RefuseMalformedMessage.
export function parseMessages(text: string): {
  readonly messages: Message[];
  readonly dropped: number;
} {
  let raw: unknown;
  try {
    raw = text.length > LIMITS.deliveredSize ? null : JSON.parse(text);
  } catch {
    return { messages: [], dropped: 1 };
  }
  if (!Array.isArray(raw) || raw.length > LIMITS.messagesPerCall)
    return { messages: [], dropped: 1 };
  const messages: Message[] = [];
  for (const item of raw) {
    const parsed = message.safeParse(item);
    if (parsed.success) messages.push(parsed.data);
  }
  return { messages, dropped: raw.length - messages.length };
}

/** A block as another seat answers with it, of the right shape; null for anything else. */
export function blockIn(text: string): Block | null {
  try {
    const parsed = block.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

export function parseWrit(text: string): Writ | null {
  try {
    const parsed = writ.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Why a message must be dropped, or null. */
export function objection(said: Message, setup: Setup, verify: Verify): string | null {
  if (said.court !== setup.court) return "another court";
  if (said.from === setup.seat) return "own seat";
  if (said.from >= setup.quorum.n) return "unknown seat";
  if (termOf(setup.terms, said.epoch) === undefined) return strangerObjection(said, setup, verify);
  return statedObjection(said, setup, verify);
}

/** Of a sender whose key is known. */
// Rule: CertifyUnderTermOfHeight.
function statedObjection(said: Message, setup: Setup, verify: Verify): string | null {
  const term = termOf(setup.terms, said.epoch);
  if (term === undefined) return "another epoch";
  if (termAt(setup.terms, heightOf(said, setup)).epoch !== said.epoch)
    return "a height of another epoch";
  return signatureObjection(said, term, verify) ?? bodyObjection(said, setup, verify);
}

/** The height that a statement's epoch must be that of; of those which prove themselves, any of the epoch. */
function heightOf(said: Message, { terms }: Setup): number {
  switch (said.kind) {
    case "proposal":
      return said.batch.header.height;
    case "prepare":
    case "commit":
    case "reject":
    case "view-change":
      return said.height;
    case "decided":
    case "sync":
    case "blocks":
    case "batch-request":
    case "batch-answer":
    case "forward":
    case "endorse":
    case "state-request":
    case "state-offer":
    case "state-chunk":
      return termOf(terms, said.epoch)?.from ?? 0;
  }
}

/** Whose signature nobody here can check: what proves itself is checked, the rest comes to nothing. */
function strangerObjection(said: Message, setup: Setup, verify: Verify): string | null {
  const { kind, epoch } = said;
  if (kind === "sync" || kind === "state-request") return null;
  // That it has no blocks is its word alone: one liar could else say so in the name of all.
  if (kind === "blocks" && said.blocks.length === 0)
    return signatureObjection(said, lastTerm(setup.terms), verify);
  // Who gives state must be who was asked for it: an offer shows the keys of its sender, and those of the rows after it.
  if (kind === "state-offer")
    return (
      bodyObjection(said, setup, verify) ??
      signatureObjection(said, lastTerm(offeredTerms(said, setup)), verify)
    );
  if (kind === "state-chunk")
    return signatureObjection(said, lastTerm(setup.shown ?? setup.terms), verify);
  const proves = kind === "decided" && termOf(setup.terms, said.certificate.epoch) !== undefined;
  if (proves || kind === "blocks" || kind === "batch-answer")
    return bodyObjection(said, setup, verify);
  return epoch === 0 ? "a sender without a key" : null;
}

// Rule: RefuseForgedMessage.
function signatureObjection(said: Message, { keys }: Term, verify: Verify): string | null {
  const digested = statementDigest(said, said);
  return verify(keys[said.from] ?? "", digested, said.signature) ? null : "bad signature";
}

function bodyObjection(said: Message, setup: Setup, verify: Verify): string | null {
  switch (said.kind) {
    case "proposal":
      return (
        batchObjection(said.batch, setup, verify) ?? justificationObjection(said, setup, verify)
      );
    case "decided":
      return certificateObjection(said.certificate, setup, verify);
    case "view-change":
      return changeObjection(said, setup, verify);
    case "blocks":
      return first(said.blocks, (item) => blockObjection(item, setup, verify));
    case "batch-answer":
      return batchObjection(said.batch, setup, verify);
    case "forward":
      return writObjection(said.writ, setup, verify);
    case "state-offer":
      return offerObjection(said, setup, verify);
    case "prepare":
    case "commit":
    case "reject":
    case "sync":
    case "batch-request":
    case "endorse":
    case "state-request":
    case "state-chunk":
      return null;
  }
}

/** A writ that waits: its seal must be of the latest term known. */
// Rule: RefuseUnsealedWrit.
export function writObjection(candidate: Writ, setup: Setup, verify: Verify): string | null {
  return sealObjection(candidate, Number.MAX_SAFE_INTEGER, setup, verify);
}

function sealObjection(
  candidate: Writ,
  height: number,
  setup: Setup,
  verify: Verify,
): string | null {
  if (candidate.court !== setup.court) return "a writ of another court";
  const key = termAt(setup.terms, height).wardenKeys[candidate.warden];
  if (key === undefined) return "a writ of an unknown Warden";
  if (!candidate.events.every(oneText))
    return "a writ of texts that its digest does not tell apart";
  if (bytesOf(candidate.events) > LIMITS.writBytes) return "a writ over its limit";
  return sealValid(candidate, key, verify) ? null : "a writ without its seal";
}

/**
 * A writ's digest joins its events by line feeds, in UTF-8, where every lone surrogate is the same: other texts of the same
 * digest would pass for what was sealed, and seats would evaluate different things under one name.
 */
function oneText(text: string): boolean {
  return !text.includes("\n") && text.isWellFormed();
}

function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + utf8Length(text), 0);
}

/** Own consistency of a batch; whether it continues the chain is the core's to say. */
// Rules: RefuseAlteredBatch, RefuseFalseProof.
function batchObjection(candidate: Batch, setup: Setup, verify: Verify): string | null {
  const { header: head, entries: parts } = candidate;
  if (head.court !== setup.court || head.epoch !== termAt(setup.terms, head.height).epoch)
    return "a batch of another court or epoch";
  if (head.control !== null && parts.length > 0) return "a control that is not alone";
  if (JSON.stringify(entryDigests(parts)) !== JSON.stringify(head.entries))
    return "a header that is not of its entries";
  const { quorum, terms } = setup;
  const court = { keys: termAt(terms, head.height).keys, quorum };
  for (const { writ: part, first: from, count, poison: proof } of parts) {
    if (from + count > part.events.length) return "an entry beyond its writ";
    const objected = sealObjection(part, head.height, setup, verify);
    if (objected !== null) return objected;
    if (proof !== undefined && !poisonValid(proof, head, court, verify))
      return "a false poison proof";
  }
  return null;
}

// Rule: RefuseSwappedJustification.
function justificationObjection(
  said: Message & { kind: "proposal" },
  setup: Setup,
  verify: Verify,
): string | null {
  const why = said.justification;
  if (groundsOf(why) !== said.grounds) return "another justification than was signed";
  if (why.by === "certificate") {
    return why.certificate === null ? null : certificateObjection(why.certificate, setup, verify);
  }
  if (why.changes.some((change) => change.view !== said.view))
    return "a view change for another view";
  const movers = new Set(why.changes.map((change) => change.from));
  if (movers.size < why.changes.length) return "two view changes of one seat";
  if (movers.size < setup.quorum.q) return "too few view changes";
  return first(why.changes, (change) => {
    // A word given in another epoch may have been another key's: it is given anew.
    if (change.court !== said.court || change.epoch !== said.epoch)
      return "a view change of another court or epoch";
    return statedObjection(change, setup, verify);
  });
}

function changeObjection(change: ViewChange, setup: Setup, verify: Verify): string | null {
  const below = change.certificate;
  if ((below?.height ?? 0) !== change.height - 1)
    return "a view change without the certificate below its height";
  if (below !== null) {
    const objected = certificateObjection(below, setup, verify);
    if (objected !== null) return objected;
  }
  if (change.prepared === null) return null;
  if (change.prepared.height !== change.height || change.prepared.view >= change.view)
    return "a prepared certificate that cannot be";
  return preparedValid(change.prepared, setup, verify) ? null : "a false prepared certificate";
}

// Rule: RefuseFalseCertificate.
function certificateObjection(candidate: Certificate, setup: Setup, verify: Verify): string | null {
  const { epoch, keys } = termAt(setup.terms, candidate.height);
  if (candidate.court !== setup.court || candidate.epoch !== epoch)
    return "a certificate of another court or epoch";
  // Every signature must hold, not only q: what others may add to a certificate is kept and handed on.
  const all = Math.max(setup.quorum.q, candidate.signatures.length);
  return certificateValid(candidate, keys, all, verify) ? null : "a false certificate";
}

/** Whether q distinct seats, and nobody else, validly prepared exactly this. */
function preparedValid(candidate: Prepared, setup: Setup, verify: Verify): boolean {
  const { height, view, batch: ofBatch, result } = candidate;
  const { epoch, keys } = termAt(setup.terms, height);
  const signers = new Set<number>();
  for (const { seat, incarnation, sequence, signature: signed } of candidate.signatures) {
    const key = keys[seat];
    const by = { court: setup.court, epoch, from: seat, incarnation, sequence };
    const digested = statementDigest({ kind: "prepare", height, view, batch: ofBatch, result }, by);
    if (key === undefined || signers.has(seat) || !verify(key, digested, signed)) return false;
    signers.add(seat);
  }
  return signers.size >= setup.quorum.q;
}

/** A block is believed for its certificate alone; that it continues our chain is the core's to say. */
// Rule: RefuseAlteredBlock.
export function blockObjection(candidate: Block, setup: Setup, verify: Verify): string | null {
  const { result, outcomes } = candidate;
  const objected = headObjection(candidate, setup);
  if (objected !== null) return objected;
  if (outcomes.length !== result.count) return "outcomes that are not as many as the result's";
  if (!outcomes.every(oneText) || merkleRoot(outcomes.map(leafDigest)) !== result.root)
    return "outcomes that are not the result's";
  return (
    batchObjection(candidate, setup, verify) ??
    certificateObjection(candidate.certificate, setup, verify)
  );
}

/** Blocks from elsewhere than a peer, up to the first that is not believed: whoever gave them counts for nothing. */
export function believed(blocks: readonly Block[], setup: Setup, verify: Verify): readonly Block[] {
  const wrong = blocks.findIndex((one) => blockObjection(one, setup, verify) !== null);
  return wrong < 0 ? blocks : blocks.slice(0, wrong);
}

/** Whether header, result and certificate are of one block; the certificate's signatures are another matter. */
// Rule: RefuseMisplacedRoot.
function headObjection({ header, certificate, result }: Head, setup: Setup): string | null {
  if (certificate.height !== header.height) return "a certificate of another height";
  if (batchDigest(header) !== certificate.batch) return "a certificate of another batch";
  if (!certificateFits(certificate, header.parent)) return "a certificate of another parent";
  if (resultDigest(result) !== certificate.result) return "a certificate of another result";
  return (result.state !== null) === carriesRoot(header.height, setup)
    ? null
    : "a state root at another height than every K-th";
}

/** A state is believed for two certificates: of the block it is the state after, and of the one whose result carries its root. */
// Rule: RefuseFalseOffer.
function offerObjection(offer: Offer, setup: Setup, verify: Verify): string | null {
  const { anchor, rooted, parts, controls } = offer;
  const { court, quorum, rootEvery } = setup;
  const base = anchor.header.height;
  if (!carriesRoot(base, setup)) return "a state as of no base";
  if (rooted.header.height !== base + rootEvery) return "a root of another base";
  if (!partsInOrder(parts) || stateRoot(parts) !== rooted.result.state)
    return "parts that are not under the root";
  // Who lacks the blocks lacks the keys too that were changed in them. All are kept with the state, so all are checked.
  const terms = termsProven(setup.terms.slice(0, 1), controls, court, { quorum, verify });
  if (terms === null) return "control events that are not certified";
  const known = setup.terms.filter(({ from }) => from <= rooted.header.height);
  if (JSON.stringify(known) !== JSON.stringify(terms.slice(0, known.length)))
    return "other control events than are known";
  return first([anchor, rooted], (head) => {
    const objected = headObjection(head, setup);
    return objected ?? certificateObjection(head.certificate, { ...setup, terms }, verify);
  });
}

/** Of an offer whose control events are proven. */
function offeredTerms({ controls }: Offer, { terms }: Setup): Terms {
  const headers = controls.map(({ header }) => header);
  return termsFrom(terms, headers);
}

function first<T>(items: readonly T[], object: (item: T) => string | null): string | null {
  for (const item of items) {
    const objected = object(item);
    if (objected !== null) return objected;
  }
  return null;
}
