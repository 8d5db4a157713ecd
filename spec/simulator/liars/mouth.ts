/** Where a liar stands, and what it may do with its mouth. Its core goes on following the rules; what goes out is the mouth's. */
import { statementDigest } from "../../../objects/clerk/consensus/messages.ts";
import type { Message, Statement } from "../../../objects/clerk/consensus/messages.ts";
import { termNow } from "../../../objects/clerk/consensus/office.ts";
import type { Seat, Setup } from "../../../objects/clerk/consensus/seat.ts";
import type { Dice } from "../../kit/dice.ts";
import type { Told } from "../court.ts";

export type { Mouth, Told } from "../court.ts";

/** What a liar has: its core, chance, a clock, and the keys of all who lie with it. */
export interface Place {
  readonly seat: number;
  readonly setup: Setup;
  readonly dice: Dice;
  /** Every seat whose key it has, its own among them. */
  readonly liars: readonly number[];
  core(): Seat;
  now(): number;
  /** Says something after so many milliseconds. */
  later(ms: number, told: Told): void;
  sign(seat: number, digest: string): string;
}

const ECHOES = 4;

export type Of<K extends Message["kind"]> = Extract<Message, { kind: K }>;

/** Signs whatever it is told to, as any seat that it has the key of. */
export class Tongue {
  readonly place: Place;
  // Far above what its core uses: a later statement of a lie is not older than an honest one.
  #sequence = 1_000_000;
  readonly #answers = new Map<string, number>();

  constructor(place: Place) {
    this.place = place;
  }

  say<S extends Statement>(statement: S, from = this.place.seat): Of<S["kind"]> {
    const { court } = this.place.setup;
    const core = this.place.core();
    const { epoch } = termNow(core);
    const { incarnation } = core;
    const by = { court, epoch, from, incarnation, sequence: ++this.#sequence };
    const signature = this.place.sign(from, statementDigest(statement, by));
    return { ...statement, ...by, signature } as unknown as Of<S["kind"]>;
  }

  /** The same statement with other fields, under a signature that holds. */
  otherwise<M extends Message>(message: M, fields: Partial<M>): M {
    const other = { ...message, ...fields };
    return { ...other, signature: this.place.sign(other.from, statementDigest(other, other)) };
  }

  /** Whether a vote was answered often enough: two liars that echo each other would never end. */
  isStale({ from, height, view, batch, result }: Of<"prepare">): boolean {
    const vote = JSON.stringify([from, height, view, batch, result]);
    const answers = this.#answers.get(vote) ?? 0;
    if (this.#answers.size > 1_000) this.#answers.clear();
    this.#answers.set(vote, answers + 1);
    return answers >= ECHOES;
  }

  /** Everybody who is not a liar. */
  honest(): number[] {
    const { setup, liars } = this.place;
    return seatsOf(setup).filter((seat) => !liars.includes(seat));
  }

  peers(): number[] {
    return seatsOf(this.place.setup).filter((seat) => seat !== this.place.seat);
  }

  toAll(...messages: readonly Message[]): Told[] {
    return messages.flatMap((message) => this.peers().map((to) => ({ to, message })));
  }
}

export function seatsOf({ quorum }: Setup): number[] {
  return Array.from({ length: quorum.n }, (_, seat) => seat);
}
