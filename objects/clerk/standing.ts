/**
 * How a seat stands: whether it has its voice, why not, and what is left to do until it has. One note, there from the first start
 * on: where it is missing or damaged the seat trusts nothing that it would have said.
 */
import type { SeatNotes } from "./notes.ts";
import { RowDamaged } from "./rows.ts";
import type { Place } from "./rows.ts";

/** A damaged row, whose block is to be had again. */
export interface Wound extends Place {
  readonly height: number;
}

export interface Standing {
  /** Why the seat has no voice; null when it has. The first reason stands. */
  readonly quarantine: string | null;
  /** Nothing that the seat can do itself gives the voice back: an operator must look. */
  readonly lasting: boolean;
  /** The state is to be taken anew, and not before `retryAt` (Unix milliseconds). */
  readonly rebuild: boolean;
  readonly retryAt: number;
  /** Times in a row that the seat has ordered that itself, each soon after the last. */
  readonly tries: number;
  /** Height at which the state was last taken; null when never, or an operator has looked since. */
  readonly rebuiltAt: number | null;
  /** Height of the state, where it lies below the chain's: the blocks between are to be applied again. */
  readonly replaying: number | null;
  /** The highest height that this seat has decided, where a state was taken below it without its blocks. */
  readonly reached: number;
  /** What was taken is to be read once more before the voice comes back. */
  readonly verify: boolean;
  readonly wounds: readonly Wound[];
}

const SOUND: Standing = {
  quarantine: null,
  lasting: false,
  rebuild: false,
  retryAt: 0,
  tries: 0,
  rebuiltAt: null,
  replaying: null,
  reached: 0,
  verify: false,
  wounds: [],
};

const NOTE = "standing";

export class StandingNote {
  readonly #notes: SeatNotes;
  #now: Standing | null = null;

  constructor(notes: SeatNotes) {
    this.#notes = notes;
  }

  get now(): Standing {
    this.#now ??= this.#read();
    return this.#now;
  }

  /** Whether the note is one that was written; false for a seat that begins, too. */
  get kept(): boolean {
    try {
      return this.#notes.get(NOTE) !== undefined;
    } catch (error) {
      if (error instanceof RowDamaged) return false;
      throw error;
    }
  }

  change(changed: Partial<Standing>): void {
    this.#keep({ ...this.now, ...changed });
  }

  /** To be called when a transaction that changed it was rolled back, too. */
  forget(): void {
    this.#now = null;
  }

  #keep(standing: Standing): void {
    this.#notes.put(NOTE, JSON.stringify(standing));
    this.#now = standing;
  }

  /** Of a seat that has begun before, a missing note is a lost one: it may have said that the state is half taken. */
  #read(): Standing {
    let detail = "is missing";
    try {
      const text = this.#notes.get(NOTE);
      if (text !== undefined) return JSON.parse(text) as Standing;
      if (this.#notes.get("incarnation") === undefined) return SOUND;
    } catch (error) {
      if (!(error instanceof RowDamaged)) throw error;
      detail = error.message;
    }
    return { ...SOUND, quarantine: `damaged storage: notes: ${detail}`, rebuild: true };
  }
}

/** Whether nothing is left to do that withholds the voice. */
export function isMended({ lasting, rebuild, replaying, verify, wounds }: Standing): boolean {
  return !lasting && !rebuild && replaying === null && !verify && wounds.length === 0;
}
