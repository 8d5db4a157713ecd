/** What a seat has heard from others in this life: taken from what was delivered, not from what its core kept of it. */
import type { Message } from "../../objects/clerk/consensus/messages.ts";

export class Heard {
  /** A peer whose key it knows was heard in this life. */
  anybody = false;
  /** Highest view that each other seat was heard to move to, in this life and the epoch. */
  readonly views = new Map<number, number>();
  #epoch = 0;

  forget(): void {
    this.anybody = false;
    this.views.clear();
  }

  /** Whether another epoch has begun: what was heard before says nothing any more, for a key may have changed hands. */
  inEpoch(epoch: number): boolean {
    const another = epoch !== this.#epoch;
    if (another) this.views.clear();
    this.#epoch = epoch;
    return another;
  }

  take(message: Message, known: boolean): void {
    this.anybody ||= known;
    if (message.kind !== "view-change" || message.epoch !== this.#epoch) return;
    const { from, view } = message;
    this.views.set(from, Math.max(view, this.views.get(from) ?? 0));
  }
}
