/** What the officers hand to one another. Digests, keys and signatures are lower-case hex; times are Unix milliseconds. */
import type { Json } from "./canonical.ts";
import type { Control } from "./control.ts";

export const PROTOCOL_VERSION = 1;

/** An event as it is kept: canonical text of exactly these members, the optional ones left out when absent. */
export interface LedgerEvent {
  readonly tenant: string;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly subject?: string;
  readonly time?: string;
  readonly sentat?: string;
  readonly data: Json;
}

/** A numbered batch of events sealed by one Warden for one court. `events` are canonical texts. */
export interface Writ {
  readonly court: number;
  readonly warden: number;
  readonly number: number;
  readonly events: readonly string[];
  /** The Warden's signature over the writ digest; not part of the digest. */
  readonly seal: string;
}

/** A range of one writ's events, as a block decides them. */
export interface Entry {
  readonly writ: Writ;
  readonly first: number;
  readonly count: number;
  /** Why the event, then alone in its block, is rejected without being evaluated. */
  readonly poison?: Poison | undefined;
}

/**
 * Proof by the seats' own signatures that a court cannot decide an event: `header` is of a batch of that event alone, for the height
 * and parent of the block it is rejected in. Either all n seats prepared that batch and no result has q, or q said that they are
 * unable to evaluate it.
 */
export type Poison =
  | {
      readonly reason: "nondeterministic";
      readonly view: number;
      readonly header: Header;
      readonly prepares: readonly (VoteSignature & { readonly result: string })[];
    }
  | {
      readonly reason: "unable";
      readonly view: number;
      readonly header: Header;
      readonly rejects: readonly VoteSignature[];
    };

/** What a batch digest covers of an entry: writ digest, first, count, digest of the poison proof or null. */
export type EntryDigest = readonly [
  writ: string,
  first: number,
  count: number,
  poison: string | null,
];

export interface Header {
  readonly court: number;
  readonly epoch: number;
  readonly height: number;
  readonly parent: string;
  /** Block time. */
  readonly time: number;
  readonly domainVersion: number;
  /** A block with a control has no entries: it is a block of its own. */
  readonly control: Control | null;
  readonly entries: readonly EntryDigest[];
}

/** What the leader proposes: order and time, never the result. */
export interface Batch {
  readonly header: Header;
  readonly entries: readonly Entry[];
}

export interface VoteSignature {
  readonly seat: number;
  readonly incarnation: number;
  readonly sequence: number;
  readonly signature: string;
}

/** q signed commits: the block and its result are agreed. */
export interface Certificate {
  readonly court: number;
  readonly epoch: number;
  readonly height: number;
  readonly view: number;
  readonly batch: string;
  readonly result: string;
  readonly block: string;
  readonly signatures: readonly VoteSignature[];
}

/** How a block's result digest is made: result = H("result", prior, count, root, state). */
export interface ResultParts {
  readonly prior: string;
  /** Number of outcomes. A root alone does not say: an inner node could be passed off as a leaf, and every index after it moves. */
  readonly count: number;
  /** RFC 6962 root over the outcomes in order. */
  readonly root: string;
  /** State root at every K-th height; null elsewhere. */
  readonly state: string | null;
}

/** A decided block with everything a verifier needs. */
export interface Block {
  readonly header: Header;
  readonly entries: readonly Entry[];
  readonly result: ResultParts;
  /** Canonical outcomes: system events first, then the submitted ones in order. */
  readonly outcomes: readonly string[];
  readonly certificate: Certificate;
}

/** A block without its writs and outcomes. */
export interface Head {
  readonly header: Header;
  readonly result: ResultParts;
  readonly certificate: Certificate;
}

export interface Change {
  /** `type/id`, without the tenant. */
  readonly entity: string;
  readonly version: number;
  readonly state: Json;
}

/** What an event came to. `duplicate` refers a second use of a key, within the seats' window, to the first. */
export interface Outcome {
  readonly tenant: string;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  /** The event's fingerprint: what proves its content to whoever sees this outcome only, not its writ. Absent for effects of the system. */
  readonly fingerprint?: string;
  readonly status: "accepted" | "rejected" | "duplicate";
  readonly reason?: { readonly code: string; readonly detail: string };
  readonly changes: readonly Change[];
  readonly first?: { readonly height: number; readonly index: number };
}

export interface Receipt {
  readonly court: number;
  readonly height: number;
  readonly index: number;
  readonly streamTime: string;
  readonly domainVersion: number;
  readonly block: string;
  readonly outcome: string;
}

/** One entity's row in a seat's state. `key` is `tenant/type/id`; `state` is canonical text. */
export interface EntityRow {
  readonly key: string;
  readonly version: number;
  readonly state: string;
  /** The height that made this version. */
  readonly height: number;
  /** Block time at which the entity expires, or null. */
  readonly expires: number | null;
}

/** A used idempotency key in the seats' own table. `key` is the key digest. */
export interface KeyRow {
  readonly key: string;
  readonly fingerprint: string;
  readonly height: number;
  readonly index: number;
  /** Ended at block times after this one. */
  readonly expires: number;
}

/** How far the writs of a Warden are decided: `next` events of writ `number`; complete when `next` is its length. */
export interface WritProgress {
  readonly warden: number;
  readonly number: number;
  readonly next: number;
  readonly complete: boolean;
}
