/** Callers that wait for outcomes. Memory only: whoever is gone asks again with the same key. */
import type { Entry } from "./core/book.ts";
import type { Clock } from "../shared/clock.ts";

interface Call {
  left: number;
  readonly done: () => void;
}

export class Waiting {
  readonly #clock: Clock;
  readonly #calls = new Map<Entry, Set<Call>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns once every entry is settled, or after `ms`. */
  wait(entries: readonly Entry[], ms: number): Promise<void> {
    const open = new Set(entries.filter((entry) => entry.settlement === null));
    if (open.size === 0 || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, () => {
        this.#leave(call, open);
        resolve();
      });
      const call: Call = {
        left: open.size,
        done: () => {
          cancel();
          resolve();
        },
      };
      for (const entry of open) {
        const calls = this.#calls.get(entry) ?? new Set();
        this.#calls.set(entry, calls.add(call));
      }
    });
  }

  /** Lets go of the calls for which these were the last. */
  settled(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const calls = this.#calls.get(entry) ?? [];
      this.#calls.delete(entry);
      for (const call of calls) {
        call.left -= 1;
        if (call.left === 0) call.done();
      }
    }
  }

  #leave(call: Call, entries: Iterable<Entry>): void {
    for (const entry of entries) {
      const calls = this.#calls.get(entry);
      calls?.delete(call);
      if (calls?.size === 0) this.#calls.delete(entry);
    }
  }
}
