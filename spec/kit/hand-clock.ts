/** A clock moved by hand: nothing happens by itself, and nothing is waited for. */
import type { Clock } from "../../objects/shared/clock.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class HandClock implements Clock {
  #now: number;
  #timers: Timer[] = [];

  constructor(now = Date.UTC(2026, 10, 22, 10)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, then: () => void): () => void {
    const timer = { at: this.#now + ms, run: then };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Runs what falls due, in order, letting promises settle after each. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let due = this.#next(until); due !== undefined; due = this.#next(until)) {
      const timer = due;
      this.#timers = this.#timers.filter((other) => other !== timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
      await settle();
    }
    this.#now = until;
  }

  #next(until: number): Timer | undefined {
    return this.#timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
  }
}

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
