/** Virtual time: everything that happens in a run happens in one queue, in the order of (time, place in the queue). */
import type { Dice } from "../kit/dice.ts";
import { History } from "./history.ts";
import type { Fact } from "./history.ts";

export const START = 1_750_000_000_000;

interface Task {
  readonly at: number;
  readonly place: number;
  readonly work: () => void;
  cancelled: boolean;
}

export class World {
  /** Unix milliseconds. */
  now = START;
  readonly dice: Dice;
  readonly history = new History();
  /** Tasks done so far. */
  events = 0;
  #places = 0;
  readonly #heap: Task[] = [];
  #awaited = false;
  #broken: unknown = null;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  /** Throws what a checker throws; should whoever calls this swallow it, the run throws it after the task. */
  note(fact: Fact): void {
    try {
      this.history.add(this.now, fact);
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /** The run throws it after the task, whoever swallows it before. */
  fail(error: unknown): void {
    this.#broken ??= error;
  }

  /** Does the work at that time, or now if it is past; the returned function calls it off. */
  at(time: number, work: () => void): () => void {
    const task = { at: Math.max(time, this.now), place: this.#places++, work, cancelled: false };
    this.#push(task);
    return () => {
      task.cancelled = true;
    };
  }

  after(ms: number, work: () => void): () => void {
    return this.at(this.now + ms, work);
  }

  /** A promise was settled in this task: what awaits it goes on before the next task. */
  awaited(): void {
    this.#awaited = true;
  }

  /** Runs until then, or until nothing is left to do, or `done` says so after a task. */
  async run(until: number, done: () => boolean = () => false): Promise<void> {
    for (;;) {
      const task = this.#heap[0];
      if (task === undefined || task.at > until) break;
      this.#pop();
      if (task.cancelled) continue;
      this.now = task.at;
      this.events += 1;
      task.work();
      if (this.#awaited) {
        this.#awaited = false;
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
      if (this.#broken !== null) throw this.#broken;
      if (done()) return;
    }
    this.now = Math.max(this.now, until);
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(task);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || before(parent, task)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = task;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = left;
      const [one, other] = [heap[left], heap[right]];
      if (one === undefined) break;
      if (other !== undefined && before(other, one)) least = right;
      const child = heap[least];
      if (child === undefined || before(last, child)) break;
      heap[at] = child;
      at = least;
    }
    heap[at] = last;
  }
}

function before(one: Task, other: Task): boolean {
  return one.at < other.at || (one.at === other.at && one.place < other.place);
}
