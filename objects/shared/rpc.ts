/**
 * What the objects offer one another. Documents cross as JSON text (the runtime's structural types do not follow `unknown`,
 * and text is cloned once); each text's type stands in the comment.
 */
import type { Certificate, Header, ResultParts, VoteSignature } from "./types.ts";

/** An object refuses because of what it is or is not; `code` crosses the call where the class does not. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly code: RefusalCode;
  constructor(code: RefusalCode, detail: string) {
    super(detail);
    this.code = code;
  }
}
export type RefusalCode =
  | "wrong-name"
  | "misconfigured"
  | "no-genesis"
  | "seat-down"
  | "not-ready"
  | "behind"
  | "malformed";

/** Of what a seat must do before it has its voice. */
export interface Progress {
  readonly done: number;
  readonly of: number;
  readonly what: "parts" | "heights" | "damaged rows" | "tables";
}

export type Stage = "starting" | "restoring" | "replaying" | "verifying" | "ready" | "quarantined";

export interface SeatStatus {
  readonly court: number;
  readonly seat: number;
  readonly region: string;
  readonly publicKey: string;
  readonly stage: Stage;
  /** How far it is with that stage; null where there is nothing to count. */
  readonly progress: Progress | null;
  /** Why it is not ready, or what keeps it from publishing, for people. */
  readonly reason: string | null;
  readonly ready: boolean;
  readonly view: number;
  readonly leader: number;
  readonly height: number;
  /** Highest height that enough seats attest in the Ledger, as this seat last saw it. */
  readonly published: number;
  /** Its publish backlog is full: the court is overloaded. */
  readonly overloaded: boolean;
  readonly genesis: string | null;
  /** Dissents this seat has recorded, by the seat that dissented. */
  readonly dissents: readonly number[];
  /** Unix milliseconds at which each peer was last heard, 0 if never since this seat's start. */
  readonly heard: readonly number[];
  /** Messages and writs that were malformed, forged or not for it, in this life of the seat. */
  readonly dropped: number;
  /** Null while it is not seated. */
  readonly work: SeatWork | null;
  /** Its life's number. */
  readonly incarnation: number;
  /** Incidents that it keeps, by kind. */
  readonly incidents: Readonly<Record<string, number>>;
  /** This seat's clock when it answered. */
  readonly now: number;
}

/** What a seat has done in this life. */
export interface SeatWork {
  /** Decided here, and the submitted events in them. */
  readonly blocks: number;
  readonly events: number;
  /** To other seats, and the UTF-16 units of the messages in them. */
  readonly calls: number;
  readonly sent: number;
  /** Transactions that it wrote, each of which is synced. */
  readonly commits: number;
}

/** What a seat answers for a writ: where each part of it was decided and what it came to. */
export interface WritAnswer {
  readonly view: number;
  /** In order; together they cover the writ when it is decided. Empty: undecided within the wait. */
  readonly parts: readonly WritPart[];
}
export interface WritPart {
  readonly header: Header;
  readonly result: ResultParts;
  readonly certificate: Certificate;
  /** Leaf hashes of all outcomes of the block, concatenated hex. */
  readonly leaves: string;
  /** Index in the block of the part's first outcome, and the part's range in the writ. */
  readonly index: number;
  readonly first: number;
  readonly outcomes: readonly string[];
  /** For each outcome that is a `duplicate`: the first use's outcome text and its receipt, proven the same way. */
  readonly firsts: readonly FirstUse[];
}
export interface FirstUse {
  readonly of: number;
  readonly part: WritPart;
}

export interface EntityAnswer {
  readonly height: number;
  /** Certificate of that height; null at height 0. */
  readonly certificate: Certificate | null;
  readonly version: number;
  /** Canonical text; null if the entity never existed. */
  readonly state: string | null;
  /** Height that made the version. */
  readonly since: number;
}

/** A block of late, as a seat decided it: its certificate proves it. */
export interface DecidedOfLate {
  readonly height: number;
  readonly parent: string;
  /** Block time. */
  readonly time: number;
  /** Submitted events, and effects of the system beside them. */
  readonly events: number;
  readonly effects: number;
  readonly control: boolean;
  readonly certificate: Certificate;
  /** From block time to this seat's decision by its clock, in ms; null where it did not take part, or has forgotten. */
  readonly tookMs: number | null;
}

/** What was decided within one second of a seat's clock. */
export interface SecondOfLate {
  /** Unix seconds. */
  readonly second: number;
  readonly blocks: number;
  readonly events: number;
  /** Of all blocks together, and of the slowest, from block time to decision. */
  readonly tookMs: number;
  readonly slowestMs: number;
}

/** Votes for the height that is being decided, in the seat's view, as far as the seat has heard. */
export interface VotesOfLate {
  readonly height: number;
  readonly view: number;
  readonly prepares: readonly { readonly seat: number; readonly result: string }[];
  readonly commits: readonly number[];
}

/** An incident without the weight of its evidence. */
export interface IncidentOfLate {
  readonly id: number;
  /** RFC 3339, by the seat's clock. */
  readonly at: string;
  readonly kind: string;
  readonly height: number;
  /** The seat it is about, if it is about one. */
  readonly seat: number | null;
  /** What it says of itself, for people. */
  readonly detail: string | null;
  /** Of a dissent: what the other signed, and what the court agreed on. */
  readonly dissent: {
    readonly vote: VoteSignature & Pick<Certificate, "view" | "batch" | "result">;
    readonly certificate: Certificate;
  } | null;
}

/** What a seat shows to who watches: nothing of what events hold, and its own word only. */
export interface Glimpse {
  readonly votes: VotesOfLate | null;
  /** Newest first. */
  readonly blocks: readonly DecidedOfLate[];
  /** Oldest first; seconds in which nothing was decided are left out. */
  readonly seconds: readonly SecondOfLate[];
  /** Newest first. */
  readonly incidents: readonly IncidentOfLate[];
}

export interface ClerkApi {
  /** Peers. Message[] → Message[] (clerk/consensus/messages.ts). */
  deliver(messages: string): Promise<string>;
  /** Wardens. Writ → WritAnswer; waits up to `waitMs` for the decision. */
  submit(writ: string, waitMs: number): Promise<string>;
  /** Wardens. `{ decided, writs }` (warden/core/held.ts): what this seat holds of a Warden's writs, from a number on. */
  writs(warden: number, from: number): Promise<string>;
  /** SeatStatus. Never waits for anybody else. */
  status(): Promise<string>;
  /** EntityAnswer of `tenant/type/id` at a height of at least `atLeast`; the fresh form waits out a signed commit. */
  entity(key: string, atLeast: number): Promise<string>;
  /** EntityAnswer[] for a Registrar's miss: this seat's own rows as they are. */
  rows(keys: readonly string[]): Promise<string>;
  /** Block or null. */
  block(height: number): Promise<string>;
  /** Incident[] after that id. */
  incidents(after: number): Promise<string>;
  /** Glimpse: blocks above that height and incidents after that id, the latest ones. */
  glimpse(height: number, incident: number): Promise<string>;
  identity(): Promise<KeyHolder>;
  /** Genesis, composed on the way if this is seat 0 of court 0. */
  genesis(): Promise<string>;
  /** Signs at most one genesis document, after fetching every key itself. */
  signGenesis(document: string): Promise<string>;
  /** ControlRequest → ControlAnswer; the seat fetches a key from the named object itself. */
  control(request: string): Promise<string>;
  /** TermProof[]: the control events of the court, in order. */
  terms(): Promise<string>;
  fault(kind: string, ms: number): Promise<void>;
  /** A reader met rows of the Ledger at this height that are not what was agreed: they are looked at now. */
  reread(height: number): Promise<void>;
  /** Takes its entity state anew; refuses (`not-ready`) unless a quorum of others is ready. */
  rebuild(): Promise<void>;
}

export interface ControlAnswer {
  /** Why the seat does not endorse it, or null. */
  readonly refused: string | null;
  /** The key it fetched, or null. */
  readonly key: string | null;
}

export interface KeyHolder {
  readonly name: string;
  readonly publicKey: string;
}

/** One event for the Warden. The Usher has validated it and found its court. */
export interface Submission {
  readonly key: string;
  readonly fingerprint: string;
  readonly court: number;
  /** Unix milliseconds, or null. */
  readonly sentAt: number | null;
  /** Canonical text of the LedgerEvent. */
  readonly event: string;
}

/** The disjoint answers to a submission (`core/admission.ts`). `body` is canonical text of {@link SettledBody}. */
export type WardenAnswer =
  | { readonly kind: "settled"; readonly body: string; readonly replayed: boolean }
  | { readonly kind: "key-reused" }
  | { readonly kind: "too-old" }
  | { readonly kind: "no-quorum"; readonly detail: string }
  | { readonly kind: "overloaded"; readonly detail: string }
  | { readonly kind: "pending" };

export interface WardenStatus {
  readonly warden: number;
  /** Events kept and undecided. */
  readonly pending: number;
  /** Writs sealed and undecided, by court. */
  readonly sealed: readonly number[];
  /** Courts of which it is not known what they were given: nothing is taken for them. */
  readonly halted: readonly number[];
  /** Answers given in this life of the object, by kind; a settled one that was told before counts as replayed. */
  readonly answers: Readonly<Record<AnsweredKind, number>>;
  /** Answers of seats that did not prove what they said, in this life. */
  readonly dropped: number;
}
export type AnsweredKind = WardenAnswer["kind"] | "replayed";

export interface WardenApi {
  identity(): Promise<KeyHolder>;
  /** Submission[] → WardenAnswer[] in order; waits up to `waitMs` for outcomes (0: answers `pending` once durable). */
  admit(submissions: string, waitMs: number): Promise<string>;
  /** Lookup | null. */
  lookup(key: string): Promise<string>;
  /** WardenStatus. Never waits for anybody else. */
  status(): Promise<string>;
  fault(kind: string, ms: number): Promise<void>;
}

export type Lookup =
  | { readonly status: "pending"; readonly event: string }
  | { readonly status: "settled"; readonly event: string; readonly body: string };

export interface RegistrarApi {
  /** EntityAnswer without certificate, from the copy or filled from the seat. */
  read(key: string): Promise<string>;
  /** Changes of the heights (after, height], as EntityRow[]; a gap before `after` empties the copies. */
  push(after: number, height: number, rows: string): Promise<void>;
}
