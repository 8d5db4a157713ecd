/** How long fresh events of each court wait here, and whether more may. Memory only: a later life learns it again. */
import type { Entry } from "./core/book.ts";
import { mostWaiting, NO_CROWD, noted, refused } from "./core/crowd.ts";
import type { Crowd } from "./core/crowd.ts";

interface Arrival {
  readonly at: number;
  readonly ahead: number;
}

export class Crowding {
  readonly #targetMs: number;
  readonly #crowds = new Map<number, Crowd>();
  /** One of each call and court, until it is decided. */
  readonly #arrivals = new Map<Entry, Arrival>();

  constructor(targetMs: number) {
    this.#targetMs = targetMs;
  }

  /** A call's fresh entries; `ahead` are the undecided events of a court, these among them. */
  came(entries: readonly Entry[], at: number, ahead: (court: number) => number): void {
    for (const [court, [first]] of Map.groupBy(entries, (entry) => entry.court)) {
      if (first !== undefined) this.#arrivals.set(first, { at, ahead: ahead(court) });
    }
  }

  decided(court: number, entries: readonly Entry[], now: number): void {
    for (const entry of entries) {
      const arrival = this.#arrivals.get(entry);
      if (arrival === undefined) continue;
      this.#arrivals.delete(entry);
      const wait = { waitedMs: now - arrival.at, ahead: arrival.ahead };
      const crowd = noted(this.#of(court), wait, { now, targetMs: this.#targetMs });
      this.#crowds.set(court, crowd);
    }
  }

  /** Whether a court takes no fresh events for now, with so many undecided. */
  full(court: number, undecided: number, now: number): boolean {
    return undecided >= mostWaiting(this.#of(court), now);
  }

  /** Fresh events of a court were refused. */
  refused(court: number, now: number): void {
    this.#crowds.set(court, refused(this.#of(court), now));
  }

  #of(court: number): Crowd {
    return this.#crowds.get(court) ?? NO_CROWD;
  }
}
