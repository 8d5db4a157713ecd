// The order of every Warden's writs: numbers without gap or repeat, each from where it was left.
import type { Entry } from "./shapes.ts";

/** How far a Warden's writs are decided: `next` events of writ `number`. */
export interface Progress {
  readonly warden: number;
  readonly number: number;
  readonly next: number;
  readonly complete: boolean;
}

export class Writs {
  readonly #last = new Map<number, Progress>();

  /** By Warden. */
  get progress(): Progress[] {
    return [...this.#last.values()].toSorted((a, b) => a.warden - b.warden);
  }

  /** Why an entry does not come next, or null; it is taken as decided either way. */
  take({ writ, first, count }: Entry): string | null {
    const { warden, number, events } = writ;
    const last = this.#last.get(warden) ?? { warden, number: 0, next: 0, complete: true };
    const next = last.complete ? [last.number + 1, 0] : [last.number, last.next];
    const end = first + count;
    this.#last.set(warden, { warden, number, next: end, complete: end === events.length });
    if (number !== next[0] || first !== next[1])
      return `writ ${number} of Warden ${warden} from event ${first} where ${next[0]} from ${next[1]} comes next`;
    if (count < 1 || end > events.length)
      return `writ ${number} of Warden ${warden} has ${events.length} events, not ${count} from ${first}`;
    return null;
  }

  /** A Warden has another key, under which it has used no number. */
  restart(warden: number): void {
    this.#last.delete(warden);
  }
}
