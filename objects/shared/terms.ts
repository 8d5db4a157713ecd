/**
 * Who holds which key since when, and which version of the domain is active: the genesis, changed by the control events of a
 * court's own chain. Whoever has the genesis can check every change under the keys before it.
 */
import { subjectOf } from "./control.ts";
import type { Control } from "./control.ts";
import { batchDigest } from "./digests.ts";
import { seatKeys, wardenKey } from "./genesis.ts";
import type { GenesisDocument } from "./genesis.ts";
import { LIMITS } from "./limits.ts";
import { known } from "./assert.ts";
import type { Verify } from "./node/crypto.ts";
import type { Quorum } from "./quorum.ts";
import type { Certificate, Header } from "./types.ts";
import { certificateFits, certificateValid } from "./verify.ts";

export interface Term {
  /** Grows with every change of a key; 1 is the genesis'. */
  readonly epoch: number;
  /** First height. It ends where the next term begins. */
  readonly from: number;
  /** Public keys by seat and by Warden. */
  readonly keys: readonly string[];
  readonly wardenKeys: readonly string[];
  readonly domainVersion: number;
}

/** In order of their heights; never empty. */
export type Terms = readonly Term[];

export function firstTerms(document: GenesisDocument, court: number): Terms {
  const { wardens, domainVersion } = document;
  const wardenKeys = Array.from({ length: wardens }, (_, warden) => wardenKey(document, warden));
  return [{ epoch: 1, from: 1, keys: seatKeys(document, court), wardenKeys, domainVersion }];
}

/** The term of a height, as far as is known: of all above the last change, the last one. */
export function termAt(terms: Terms, height: number): Term {
  const term = terms.findLast(({ from }) => from <= height) ?? terms[0];
  return known(term, "there is a first term");
}

/** A term of the epoch, all of which have the same keys; undefined if there is none, as far as is known. */
export function termOf(terms: Terms, epoch: number): Term | undefined {
  return terms.findLast((term) => term.epoch === epoch);
}

/** The last one known. */
export function lastTerm(terms: Terms): Term {
  return termAt(terms, Number.MAX_SAFE_INTEGER);
}

/** The term of a height and those after it: whoever held a key in one of them may have vouched for that height. */
export function termsSince(terms: Terms, height: number): Terms {
  return terms.filter((_, at) => (terms[at + 1]?.from ?? Number.MAX_SAFE_INTEGER) > height);
}

/** Why a control cannot be decided after these terms, or null: alike on every seat. */
export function controlObjection(control: Control, terms: Terms, quorum: Quorum): string | null {
  if (terms.length >= LIMITS.terms) return "there have been too many control events";
  const { keys, wardenKeys, domainVersion } = lastTerm(terms);
  if (control.kind === "version")
    return control.domainVersion === domainVersion ? "the version is the active one" : null;
  if (quorum.f === 0) return `in ${quorum.mode} a lost key means a new generation`;
  const { officer, key } = control;
  const holders = officer.kind === "clerk" ? keys : wardenKeys;
  const place = officer.kind === "clerk" ? officer.seat : officer.warden;
  if (holders[place] === undefined) return `there is no ${subjectOf(control)}`;
  return keys.includes(key) || wardenKeys.includes(key) ? "the key is in use" : null;
}

/** The terms once a control is decided at a height. */
export function termsAfter(terms: Terms, height: number, control: Control): Terms {
  const before = lastTerm(terms);
  const from = height + 1;
  if (control.kind === "version")
    return [...terms, { ...before, from, domainVersion: control.domainVersion }];
  const { officer, key } = control;
  const epoch = before.epoch + 1;
  const changed =
    officer.kind === "clerk"
      ? { keys: before.keys.with(officer.seat, key) }
      : { wardenKeys: before.wardenKeys.with(officer.warden, key) };
  return [...terms, { ...before, ...changed, epoch, from }];
}

/** The terms with what the blocks of one's own chain have brought. */
export function termsWith(
  terms: Terms,
  headers: Iterable<Pick<Header, "height" | "control">>,
): Terms {
  let grown = terms;
  for (const { height, control } of headers)
    if (control !== null) grown = termsAfter(grown, height, control);
  return grown;
}

/** The terms that the headers of all control events make of the first one, be that what was known or not. */
export function termsFrom(
  terms: Terms,
  headers: Iterable<Pick<Header, "height" | "control">>,
): Terms {
  return termsWith(terms.slice(0, 1), headers);
}

/** What shows a change of terms: a block's header with its control, and its certificate. */
export interface TermProof {
  readonly header: Header;
  readonly certificate: Certificate;
}

/** Whether a quorum of the term of its height, as far as is known, signed the certificate. */
export function certifiedIn(
  terms: Terms,
  certificate: Certificate,
  q: number,
  verify: Verify,
): boolean {
  const { epoch, keys } = termAt(terms, certificate.height);
  return certificate.epoch === epoch && certificateValid(certificate, keys, q, verify);
}

/**
 * The terms with those of the proofs that follow them; proofs of what is known already are passed over unseen. Null if one is
 * false, or not above the one before. That none between was left out is not shown: a certificate of a later epoch shows it.
 */
// Rule: ProveTerms.
export function termsProven(
  terms: Terms,
  proofs: readonly TermProof[],
  court: number,
  { quorum, verify }: { readonly quorum: Quorum; readonly verify: Verify },
): Terms | null {
  let grown = terms;
  let below = 0;
  for (const { header, certificate } of proofs) {
    const { control, height, epoch, parent } = header;
    if (height <= below) return null;
    below = height;
    if (height < lastTerm(grown).from) continue;
    const holds =
      control !== null &&
      header.court === court &&
      certificate.court === court &&
      certificate.height === height &&
      certificate.epoch === epoch &&
      batchDigest(header) === certificate.batch &&
      certificateFits(certificate, parent) &&
      certifiedIn(grown, certificate, quorum.q, verify) &&
      controlObjection(control, grown, quorum) === null;
    if (!holds) return null;
    grown = termsAfter(grown, height, control);
  }
  return grown;
}
