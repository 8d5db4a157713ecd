/**
 * What seats say to one another (the table in README.md), and what each signature is over. Every statement carries court, epoch, sender,
 * incarnation, sequence number and protocol version under its signature; the fields of the table are its content.
 */
import type { Json } from "../../shared/canonical.ts";
import type { Control } from "../../shared/control.ts";
import { batchDigest, digest, writDigest } from "../../shared/digests.ts";
import { commitDigest, statedDigest } from "../../shared/verify.ts";
import type { Cursor, Part, StateRow } from "../../shared/state-root.ts";
import type { TermProof } from "../../shared/terms.ts";
import type { Batch, Block, Certificate, Head, VoteSignature, Writ } from "../../shared/types.ts";

/** A state that a quorum has signed: the block it is the state after, and the one whose result carries its root. */
export interface Offer {
  readonly anchor: Head;
  readonly rooted: Head;
  readonly parts: readonly Part[];
  /** The control events up to the root, each with what proves it. */
  readonly controls: readonly TermProof[];
}

interface Stated {
  readonly court: number;
  /** Of the sender's next height; 0 where the sender holds no key of it, so that nobody can check who says it. */
  readonly epoch: number;
  readonly from: number;
  readonly incarnation: number;
  readonly sequence: number;
  readonly signature: string;
}

/** A batch for (height, view), once, by the leader of the view. */
export interface Proposal extends Stated {
  readonly kind: "proposal";
  readonly view: number;
  readonly batch: Batch;
  readonly justification: Justification;
  /** Digest of the justification: what is not signed, whoever relays a proposal could swap. */
  readonly grounds: string;
}

/** Why the leader may propose: the height before was decided in this view, or q seats moved to it. */
export type Justification =
  | { readonly by: "certificate"; readonly certificate: Certificate | null }
  | { readonly by: "changes"; readonly changes: readonly ViewChange[] };

/** The sender evaluated the batch to this result. */
export interface Prepare extends Stated {
  readonly kind: "prepare";
  readonly height: number;
  readonly view: number;
  readonly batch: string;
  readonly result: string;
}

/** The sender saw q equal prepares that equal its own. */
export interface Commit extends Stated {
  readonly kind: "commit";
  readonly height: number;
  readonly view: number;
  readonly batch: string;
  readonly result: string;
  readonly block: string;
}

/** Why a seat does not prepare a proposal. */
export const REASONS = ["invalid", "time", "version", "unable", "diverged", "control"] as const;
export type Reason = (typeof REASONS)[number];

/** The sender will not prepare this batch in this view, as it now stands. It binds nothing. */
export interface Reject extends Stated {
  readonly kind: "reject";
  readonly height: number;
  readonly view: number;
  readonly batch: string;
  readonly reason: Reason;
}

/** A commit certificate for those who may not have it. */
export interface Decided extends Stated {
  readonly kind: "decided";
  readonly certificate: Certificate;
}

/** q equal prepares: at most one such certificate travels with a view change. */
export interface Prepared {
  readonly height: number;
  readonly view: number;
  readonly batch: string;
  readonly result: string;
  readonly signatures: readonly VoteSignature[];
}

/** The sender votes in no view below `view` any more; `height` is its next undecided one. */
export interface ViewChange extends Stated {
  readonly kind: "view-change";
  readonly view: number;
  readonly height: number;
  /** Certificate of height − 1; null for the genesis. */
  readonly certificate: Certificate | null;
  readonly prepared: Prepared | null;
}

/** Asks for the blocks above a height. */
export interface SyncRequest extends Stated {
  readonly kind: "sync";
  readonly after: number;
}

export interface Blocks extends Stated {
  readonly kind: "blocks";
  readonly blocks: readonly Block[];
  /** The sender's own height: whether there is more. */
  readonly height: number;
  /** The lowest height whose block the sender still has, or the one after its own. */
  readonly lowest: number;
}

/** Asks for rows of a part of the state as of a base, above a row; a base of 0 asks what there is. */
export interface StateRequest extends Stated {
  readonly kind: "state-request";
  readonly base: number;
  /** Index among the offered parts. */
  readonly part: number;
  readonly after: Cursor | null;
}

/** The state as of a base that the sender can give, part by part. */
export interface StateOffer extends Stated, Offer {
  readonly kind: "state-offer";
}

/** Rows of one part, in order. */
export interface StateChunk extends Stated {
  readonly kind: "state-chunk";
  readonly base: number;
  readonly part: number;
  readonly after: Cursor | null;
  readonly rows: readonly StateRow[];
  /** The part ends with them. */
  readonly last: boolean;
}

/** Asks for a batch that a view change names. */
export interface BatchRequest extends Stated {
  readonly kind: "batch-request";
  readonly batch: string;
}

export interface BatchAnswer extends Stated {
  readonly kind: "batch-answer";
  readonly batch: Batch;
}

/** A writ that waits, handed to the leader. */
export interface Forward extends Stated {
  readonly kind: "forward";
  readonly writ: Writ;
}

/** An operator asked the sender itself for this control, and it can be decided. */
export interface Endorse extends Stated {
  readonly kind: "endorse";
  readonly control: Control;
}

export type Message =
  | Proposal
  | Prepare
  | Commit
  | Reject
  | Decided
  | ViewChange
  | SyncRequest
  | Blocks
  | BatchRequest
  | BatchAnswer
  | Forward
  | Endorse
  | StateRequest
  | StateOffer
  | StateChunk;

/** Distributes over the union, where `Omit` would keep only the common members. */
type Unsaid<M> = M extends Message ? Omit<M, keyof Stated> : never;
export type Statement = Unsaid<Message>;

/** The content under the signature; two proposals, prepares or commits of one (height, view) may not differ in it. */
export function contentOf(statement: Statement): readonly Json[] {
  switch (statement.kind) {
    case "proposal":
      return [
        statement.batch.header.height,
        statement.view,
        batchDigest(statement.batch.header),
        statement.grounds,
      ];
    case "prepare":
      return [statement.height, statement.view, statement.batch, statement.result];
    case "commit":
      return [statement.height, statement.view, statement.batch, statement.result, statement.block];
    case "reject":
      return [statement.height, statement.view, statement.batch, statement.reason];
    case "decided":
      return [statement.certificate.height, statement.certificate.block];
    case "view-change":
      return [
        statement.view,
        statement.height,
        statement.certificate?.block ?? null,
        preparedContent(statement.prepared),
      ];
    case "sync":
      return [statement.after];
    case "blocks":
      return [
        statement.height,
        statement.lowest,
        statement.blocks.map((block) => block.certificate.block),
      ];
    case "batch-request":
      return [statement.batch];
    case "batch-answer":
      return [batchDigest(statement.batch.header)];
    case "state-request":
      return [statement.base, statement.part, statement.after];
    case "state-offer":
      // The certified root stands for the parts.
      return [
        statement.anchor.certificate.block,
        statement.rooted.certificate.block,
        statement.controls.map(({ certificate }) => certificate.block),
      ];
    case "state-chunk":
      return [
        statement.base,
        statement.part,
        statement.after,
        statement.last,
        digest("state-chunk", statement.rows),
      ];
    case "forward":
      return [writDigest(statement.writ)];
    case "endorse":
      return [statement.control];
  }
}

export function groundsOf(why: Justification): string {
  if (why.by === "changes")
    return digest("grounds", why.by, ...why.changes.map((change) => change.signature));
  return digest("grounds", why.by, why.certificate?.view ?? 0, why.certificate?.block ?? null);
}

function preparedContent(prepared: Prepared | null): Json {
  return prepared === null
    ? null
    : [prepared.height, prepared.view, prepared.batch, prepared.result];
}

export interface Speaker {
  readonly court: number;
  readonly epoch: number;
  readonly from: number;
  readonly incarnation: number;
  readonly sequence: number;
}

/** The digest under a statement's signature. A commit's is shared: certificates carry it to whoever verifies them. */
export function statementDigest(statement: Statement, by: Speaker): string {
  const { court, epoch, from, incarnation, sequence } = by;
  if (statement.kind === "commit")
    return commitDigest({ ...statement, court, epoch }, { seat: from, incarnation, sequence });
  const content = [court, epoch, ...contentOf(statement)];
  return statedDigest(statement.kind, content, { seat: from, incarnation, sequence });
}

/** A vote's signature as certificates keep it. */
export function voteSignature(vote: Prepare | Commit | Reject): VoteSignature {
  return {
    seat: vote.from,
    incarnation: vote.incarnation,
    sequence: vote.sequence,
    signature: vote.signature,
  };
}

/** Under which a vote is kept: one a (height, view, seat) and kind. */
export function voteKey(vote: Prepare | Commit | Reject): string {
  return `${vote.height}/${vote.view}/${vote.from}`;
}
