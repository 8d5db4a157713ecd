/** What a seat decided lately, for who watches it: in memory, counted by the second of its clock. */
import { LIMITS } from "../shared/limits.ts";
import type { SecondOfLate } from "../shared/rpc.ts";
import type { Header } from "../shared/types.ts";

export class Lately {
  /** By height. */
  readonly #took = new Map<number, number>();
  #seconds: SecondOfLate[] = [];

  /** A block that is given to a seat long after its time says nothing of how fast the court is. */
  decided(
    { height, time, entries }: Pick<Header, "height" | "time" | "entries">,
    now: number,
  ): void {
    const took = Math.max(now - time, 0);
    if (took > LIMITS.clockBehindMs) return;
    this.#took.set(height, took);
    const [oldest] = this.#took.keys();
    if (this.#took.size > LIMITS.glimpseBlocks && oldest !== undefined) this.#took.delete(oldest);
    const second = Math.floor(now / 1000);
    const last = this.#seconds.at(-1);
    const sum =
      last?.second === second ? last : { second, blocks: 0, events: 0, tookMs: 0, slowestMs: 0 };
    if (sum === last) this.#seconds.pop();
    this.#seconds.push({
      second,
      blocks: sum.blocks + 1,
      events: sum.events + submitted(entries),
      tookMs: sum.tookMs + took,
      slowestMs: Math.max(sum.slowestMs, took),
    });
    this.#seconds = this.seconds(now);
  }

  tookMs(height: number): number | null {
    return this.#took.get(height) ?? null;
  }

  /** Of the last while, oldest first. */
  seconds(now: number): SecondOfLate[] {
    const from = Math.floor(now / 1000) - LIMITS.glimpseSeconds;
    return this.#seconds.filter(({ second }) => second > from);
  }
}

export function submitted(entries: Header["entries"]): number {
  return entries.reduce((sum, [, , count]) => sum + count, 0);
}
