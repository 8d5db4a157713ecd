/**
 * What happened in a run, as anybody outside could have seen it: the only thing that checkers look at. Whoever runs a part of the
 * system adds to it; nothing in it is read back by the system.
 */
import type { Message } from "../../objects/clerk/consensus/messages.ts";
import type { Durable, Incident } from "../../objects/clerk/consensus/seat.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import type { Block, EntityRow } from "../../objects/shared/types.ts";

/**
 * What a client was told. `refused` means that nothing was kept of this attempt (an earlier one with an unknown answer may have
 * been; of `key-reused`, a rejection without effect may stand in the chain); `unknown` that it has to ask again.
 */
export type Told =
  | {
      readonly kind: "outcome";
      /** Leaf hash of the outcome, as the receipt has it; the other places are the receipt's too. */
      readonly outcome: string;
      /** The whole text of the answer: SettledBody. */
      readonly body: string;
      readonly height: number;
      readonly index: number;
      readonly block: string;
    }
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "unknown" };

export type Fact =
  /** A client sends an event (canonical text), once more or for the first time. */
  | { readonly kind: "submitted"; readonly client: number; readonly event: string }
  | {
      readonly kind: "answered";
      readonly client: number;
      readonly event: string;
      readonly told: Told;
    }
  /** A Warden gives a writ to a seat, for the first time or again. */
  | {
      readonly kind: "sealed";
      readonly warden: number;
      readonly number: number;
      readonly events: readonly string[];
    }
  /** A Warden lost its tables of answers, or everything and its key with it: then it answers nobody any more. */
  | {
      readonly kind: "forgot";
      readonly warden: number;
      readonly what: "answers" | "a row" | "everything";
    }
  /** A Warden drops answers that it needs no more, as it believes. */
  | {
      readonly kind: "dropped";
      readonly warden: number;
      readonly answers: readonly { readonly event: string; readonly height: number }[];
    }
  /** A seat says that enough seats attest the Ledger up to a height. */
  | { readonly kind: "published"; readonly seat: number; readonly height: number }
  /** All rows of the Ledger as they stand, of a run that has one. */
  | { readonly kind: "ledger"; readonly tables: LedgerTables }
  /** A seat begins a life; without a voice nothing it says counts. */
  | {
      readonly kind: "started";
      readonly seat: number;
      readonly incarnation: number;
      readonly voice: boolean;
    }
  | { readonly kind: "stopped"; readonly seat: number; readonly how: string }
  /** Its storage is gone, and its key with it. */
  | { readonly kind: "wiped"; readonly seat: number }
  /** The Registrar beside a seat has lost its copies, and how far it had followed. */
  | { readonly kind: "emptied"; readonly seat: number }
  /** Rows of its storage are not what it wrote, and will show it when they are read. */
  | { readonly kind: "damaged"; readonly seat: number }
  /** It has put one right from what its own chain says. */
  | { readonly kind: "repaired"; readonly seat: number }
  /** It has taken its state anew from others, as of a height, in place of its own. */
  | {
      readonly kind: "took";
      readonly seat: number;
      readonly height: number;
      readonly entities: readonly EntityRow[];
    }
  /** Votes and view as they now stand on the seat's disk. */
  | { readonly kind: "stored"; readonly seat: number; readonly durable: Durable }
  /** Put on the network; `lie` tells what a liar says from what its core says. */
  | {
      readonly kind: "said";
      readonly seat: number;
      readonly to: number;
      readonly message: Message;
      readonly lie: boolean;
    }
  | {
      readonly kind: "agreed";
      readonly seat: number;
      readonly block: Block;
      readonly evaluation: Evaluation;
    }
  /** Blocks that the Ledger gave a seat whose peers gave none, as many as it believed. */
  | { readonly kind: "found"; readonly seat: number; readonly blocks: number }
  /** A liar takes no note of a writ that it was given. */
  | { readonly kind: "left out"; readonly seat: number }
  | { readonly kind: "silenced"; readonly seat: number; readonly reason: string }
  | { readonly kind: "accused"; readonly seat: number; readonly incident: Incident }
  /** A seat's copy of an entity, as a reader beside it was given it; `state` null: it never existed. */
  | {
      readonly kind: "read";
      readonly seat: number;
      readonly key: string;
      readonly version: number;
      readonly state: string | null;
      readonly height: number;
      /** When the reader asked for it. */
      readonly asked: number;
    }
  /** A read begins, of the agreed state at the seats or of what the Ledger has published. */
  | {
      readonly kind: "asked";
      readonly read: number;
      readonly of: "seats" | "ledger";
      readonly key: string;
    }
  /** What that read came to: the entity as of a height. */
  | {
      readonly kind: "shown";
      readonly read: number;
      readonly of: "seats" | "ledger";
      readonly key: string;
      readonly version: number;
      readonly state: string | null;
      readonly height: number;
    }
  /** So long nothing was decided that no key is in use any more, to the seats or to a Warden. */
  | { readonly kind: "forgotten" }
  /** The faults end here: from now on everything must come to a decision. */
  | { readonly kind: "calm" };

type Cells = { readonly [column: string]: string | number | null };

/** By table of objects/ledger/migrations, in the order of its key. */
export interface LedgerTables {
  readonly genesis: readonly Cells[];
  readonly blocks: readonly Cells[];
  readonly writs: readonly Cells[];
  readonly events: readonly Cells[];
  readonly entity_versions: readonly Cells[];
  readonly attestations: readonly Cells[];
}

export interface Noted {
  /** Virtual time. */
  readonly at: number;
  readonly fact: Fact;
}

/** Throws {@link Violation}. */
export type Checker = (noted: Noted) => void;

/** Something that must never be. */
export class Violation extends Error {
  override readonly name = "Violation";
  /** Name of the property. */
  readonly property: string;
  constructor(property: string, detail: string) {
    super(`${property}: ${detail}`);
    this.property = property;
  }
}

export class History {
  readonly #checkers: Checker[] = [];

  /** Shown everything from now on, in order, at once. */
  watch(checker: Checker): void {
    this.#checkers.push(checker);
  }

  add(at: number, fact: Fact): void {
    const noted = { at, fact };
    for (const check of this.#checkers) check(noted);
  }
}
