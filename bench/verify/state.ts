// A court's state as its blocks leave it: entity rows and what is due of them, used keys while they count.
import { canonical } from "../../objects/shared/canonical.ts";
import { sha256 } from "./bytes.ts";

export interface Row {
  /** `tenant/type/id` */
  readonly key: string;
  readonly version: number;
  /** Canonical text. */
  readonly state: string;
  /** Where this version was made, and where the first one. */
  readonly height: number;
  readonly index: number;
  readonly since: number;
  /** Block time at which it lapses, or null. */
  readonly expires: number | null;
  /** Digest over all versions so far: a history is compared by it without being kept. */
  readonly history: string;
}

export type Version = Pick<Row, "version" | "state" | "height" | "index">;

/** A history's digest with one more version. */
export function historyWith(history: string, { version, state, height, index }: Version): string {
  return sha256(history + canonical([version, state, height, index]));
}

export interface Use {
  readonly key: string;
  readonly fingerprint: string;
  readonly height: number;
  readonly index: number;
  /** Ended at block times after this one. */
  readonly expires: number;
}

export class State {
  readonly entities = new Map<string, Row>();
  /** Written since the last root. */
  readonly dirty = new Set<string>();
  readonly #due = new Due();
  readonly #uses = new Map<string, Use>();
  /** Uses in their order, those of one block after those of the one before. */
  #inOrder: Use[] = [];
  #ended = 0;

  write(key: string, version: Version, expires: number | null): void {
    const before = this.entities.get(key);
    const history = historyWith(before?.history ?? "", version);
    const since = before?.since ?? version.height;
    this.entities.set(key, { key, ...version, since, expires, history });
    this.dirty.add(key);
    if (expires !== null && expires !== before?.expires) this.#due.add(expires, key);
  }

  /** Keys of the entities due at a time, by (time due, bytes of the key), at most `limit`. They stay due until their rows say otherwise. */
  due(time: number, limit: number): string[] {
    const isDue = (key: string, expires: number): boolean =>
      this.entities.get(key)?.expires === expires;
    return this.#due.upTo(time, limit, isDue);
  }

  /** The use of a key that still counts at a time. */
  use(key: string, time: number): Use | undefined {
    const use = this.#uses.get(key);
    return use === undefined || use.expires < time ? undefined : use;
  }

  keep(use: Use): void {
    this.#uses.set(use.key, use);
    this.#inOrder.push(use);
  }

  /** Drops what has ended: uses of one window end in the order in which they were made. */
  forget(time: number): void {
    for (;;) {
      const use = this.#inOrder[this.#ended];
      if (use === undefined || use.expires >= time) break;
      if (this.#uses.get(use.key) === use) this.#uses.delete(use.key);
      this.#ended += 1;
    }
    if (this.#ended < 4096) return;
    this.#inOrder = this.#inOrder.slice(this.#ended);
    this.#ended = 0;
  }
}

interface Entry {
  readonly at: number;
  readonly key: string;
}

/** A binary heap whose entries are looked at again when they come up: what has changed since is no longer due. */
class Due {
  readonly #heap: Entry[] = [];

  add(at: number, key: string): void {
    const heap = this.#heap;
    heap.push({ at, key });
    for (let place = heap.length - 1; place > 0;) {
      const above = (place - 1) >> 1;
      if (!this.#swapIfBefore(place, above)) return;
      place = above;
    }
  }

  upTo(time: number, limit: number, isDue: (key: string, at: number) => boolean): string[] {
    const found: Entry[] = [];
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.at > time || found.length === limit) break;
      this.#shift();
      const last = found.at(-1);
      const again = last?.key === first.key && last.at === first.at;
      if (!again && isDue(first.key, first.at)) found.push(first);
    }
    for (const { at, key } of found) this.add(at, key);
    return found.map(({ key }) => key);
  }

  #shift(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let place = 0; ;) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      const [one, other] = [heap[left], heap[right]];
      if (one === undefined) return;
      const below = other !== undefined && isBefore(other, one) ? right : left;
      if (!this.#swapIfBefore(below, place)) return;
      place = below;
    }
  }

  #swapIfBefore(below: number, above: number): boolean {
    const heap = this.#heap;
    const [one, other] = [heap[below], heap[above]];
    if (one === undefined || other === undefined || !isBefore(one, other)) return false;
    heap[above] = one;
    heap[below] = other;
    return true;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at === other.at ? byBytes(one.key, other.key) < 0 : one.at < other.at;
}

/** By UTF-8 bytes, which UTF-16 units do not sort like above U+FFFF. */
export function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
