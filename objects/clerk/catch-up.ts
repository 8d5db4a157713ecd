/**
 * Blocks from the Ledger for a seat that lacks some and is given none: its peers are down, or mute to it. It runs beside the
 * agreement, never within a step; the sender counts for nothing, and whoever wrote the rows is one.
 */
import type { StoredRun } from "../ledger/stored.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Block } from "../shared/types.ts";
import type { Clock } from "./publisher.ts";

/** The seat and the Ledger as catching up needs them. */
export interface Search {
  /** Of the last decided block. */
  readonly height: () => number;
  /** Others have blocks that this seat lacks. */
  readonly lacking: () => boolean;
  /** It has heard nobody, so it cannot know. */
  readonly alone: () => boolean;
  /** The Ledger's blocks above a height; rejects when it cannot be read. */
  readonly above: (height: number) => Promise<StoredRun>;
  /** Checked once more and taken in one synchronous piece. */
  readonly found: (blocks: readonly Block[]) => void;
  /** A row is not what its certificate says. */
  readonly damaged: (wrong: NonNullable<StoredRun["wrong"]>) => void;
  readonly clock: Pick<Clock, "wait">;
}

export class CatchUp {
  readonly #search: Search;
  #running = false;
  /** A seat that hears nobody has seen the Ledger's end in this life, or has given up. */
  #satisfied = false;

  constructor(search: Search) {
    this.#search = search;
  }

  /** Goes on while blocks are missing; harmless when it already runs. */
  // Rules: CatchUpFromLedger, LeaveLedgerUnread.
  wake(): void {
    if (this.#running || !this.#wanting()) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
    });
  }

  #wanting(): boolean {
    const { lacking, alone } = this.#search;
    return lacking() || (alone() && !this.#satisfied);
  }

  // Rule: EndLonelySearch.
  async #run(): Promise<void> {
    const { height, lacking, clock } = this.#search;
    let tries = 0;
    while (this.#wanting()) {
      const before = height();
      await clock.wait(Math.min(LIMITS.catchUpPatienceMs * 2 ** tries, LIMITS.alarmMs));
      if (height() === before && this.#wanting()) await this.#rounds();
      tries = height() === before ? tries + 1 : 0;
      if (tries >= LIMITS.catchUpTries && !lacking()) this.#satisfied = true;
      tries = Math.min(tries, LIMITS.catchUpTries);
    }
  }

  /** One run after another, as long as each moves the seat on. */
  // Rules: CatchUpFromLedger, EndLonelySearch.
  async #rounds(): Promise<void> {
    const { height, above, found, damaged } = this.#search;
    for (;;) {
      const before = height();
      let run: StoredRun;
      try {
        run = await above(before);
      } catch {
        // D1 is away: that delays this and nothing else.
        return;
      }
      const { blocks, wrong } = run;
      if (wrong !== null) damaged(wrong);
      if (blocks.length === 0) {
        this.#satisfied ||= wrong === null;
        return;
      }
      found(blocks);
      if (wrong !== null || height() === before) return;
    }
  }
}
