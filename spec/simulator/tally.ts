/** How often what happened, from the facts alone: whether a run met what it was to meet. */
import type { Noted } from "./history.ts";

export class Tally {
  readonly #counts = new Map<string, number>();
  #highest = 0;

  add({ fact }: Noted): void {
    if (fact.kind === "said") {
      this.#one(`said ${fact.message.kind}`);
      if (fact.lie) this.#one(`lie ${fact.message.kind}`);
    } else if (fact.kind === "agreed") {
      this.#one("blocks agreed");
      const { height } = fact.block.header;
      if (height > this.#highest) this.#one("heights");
      this.#highest = Math.max(height, this.#highest);
    } else if (fact.kind === "accused") {
      const { incident } = fact;
      const because = incident.kind === "view-change" ? ` ${incident.because}` : "";
      this.#one(`noted ${incident.kind}${because}`);
    } else if (fact.kind === "answered") {
      this.#one(`answered ${fact.told.kind}`);
    } else {
      this.#one(fact.kind);
    }
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  #one(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}
