/**
 * What a leader takes up together. A block costs the same whether it has one writ or all that wait, so while blocks follow one another
 * the leader waits for about as long as the last one took, for whoever was answered by it to come back. One client alone never waits. Pure.
 */
import { LIMITS } from "../shared/limits.ts";
import type { Writ } from "../shared/types.ts";

export class Gather {
  #held: Writ[] = [];
  /** When the oldest of them came. */
  #since = 0;
  /** Whether a writ came while the block was being agreed. */
  #crowded = false;
  /** Until when they are waited for, Unix milliseconds. */
  #until = 0;

  /** What is to be taken up now: all that is held and this, or nothing. `agreeing`: whether this seat's own proposal is undecided. */
  // Rule: GatherWrits.
  add(writ: Writ, now: number, agreeing: boolean): readonly Writ[] {
    if (agreeing) this.#crowded = true;
    if (this.#held.length === 0) {
      if (!agreeing && now >= this.#until) return [writ];
      this.#since = now;
    }
    this.#held.push(writ);
    return this.#held.length > LIMITS.gatherWrits ? this.take() : [];
  }

  /** A block of so many entries is decided, which was proposed so long ago. */
  // Rule: WaitForThoseAnswered.
  decided(now: number, tookMs: number, entries: number): void {
    const several = this.#crowded || entries > 1;
    this.#until = several ? now + Math.min(tookMs, LIMITS.gatherMs) : 0;
    this.#crowded = false;
  }

  /** When what is held is to be taken up whatever comes; null while nothing is. */
  dueAt(agreeing: boolean): number | null {
    if (this.#held.length === 0) return null;
    const latest = this.#since + LIMITS.gatherMs;
    return agreeing ? latest : Math.min(latest, this.#until);
  }

  take(): readonly Writ[] {
    const taken = this.#held;
    this.#held = [];
    return taken;
  }
}
