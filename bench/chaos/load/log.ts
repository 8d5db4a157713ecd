// What the clients sent, were told and read, and when.
import { keyOf } from "../check/types.ts";
import type { Sent } from "../check/types.ts";
import type { Read } from "../check/history.ts";
import type { Told } from "../check/record.ts";

export interface Entry extends Told {
  readonly event: Sent;
  /** When it was first sent; milliseconds of the monotonic clock, like all times of a run. */
  readonly invoked: number;
  /** When it was first answered for good. */
  answered: number | null;
  /** How often it was sent. */
  attempts: number;
  readonly answers: string[];
}

/** A time in which a client wanted an answer: from the first try to the last event's answer. */
export interface Wanting {
  readonly from: number;
  readonly to: number;
}

/** Answers that came together. */
export interface Arrival {
  readonly at: number;
  readonly events: number;
}

export class Log {
  readonly entries = new Map<string, Entry>();
  readonly reads: Read[] = [];
  readonly wanting: Wanting[] = [];
  readonly arrivals: Arrival[] = [];
  /** How often something was sent again, by the reason. */
  readonly retries = new Map<string, number>();
  /** Events with a final answer. */
  answered = 0;

  sending(events: readonly Sent[]): void {
    const invoked = performance.now();
    for (const event of events) {
      const key = keyOf(event);
      const known = this.entries.get(key);
      if (known !== undefined) known.attempts += 1;
      else this.entries.set(key, { event, invoked, answered: null, attempts: 1, answers: [] });
    }
  }

  /** Returns whether it was the first answer. */
  told(event: Sent, text: string): boolean {
    const entry = this.entries.get(keyOf(event));
    if (entry === undefined) throw new Error(`${keyOf(event)} was answered and never sent`);
    const first = entry.answered === null;
    if (first) {
      entry.answered = performance.now();
      this.answered += 1;
    }
    if (!entry.answers.includes(text)) entry.answers.push(text);
    return first;
  }

  again(reason: string): void {
    this.retries.set(reason, (this.retries.get(reason) ?? 0) + 1);
  }
}
