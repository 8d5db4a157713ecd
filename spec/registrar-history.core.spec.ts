/** The copies of one seat under any order of pushes, fills, losses and time, against the seat's whole history. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  answerOf,
  applyPush,
  endFill,
  noReads,
  noteRead,
  noticePush,
  openedIn,
  periodOf,
  pushOf,
  sweep,
} from "../objects/registrar/core/cache.ts";
import type { Bucket, Copy, Effect, Fill, Opened } from "../objects/registrar/core/cache.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { EntityAnswer } from "../objects/shared/rpc.ts";
import type { EntityRow } from "../objects/shared/types.ts";

/** Copies as a shell keeps them, in memory: buckets of maps, the newest bucket of a key counts. */
class Shelf {
  height = 0;
  now = 0;
  emptied = false;
  reads = noReads(0);
  readonly fills = new Map<string, Fill>();
  readonly #buckets = new Map<number, { period: number; copies: Map<string, Copy> }>();

  buckets(): Bucket[] {
    return [...this.#buckets].map(([id, { period, copies }]) => ({
      id,
      period,
      entries: copies.size,
      bytes: 0,
    }));
  }
  find(key: string): { copy: Copy; bucket: Bucket } | undefined {
    for (const found of this.buckets().toReversed()) {
      const kept = this.#buckets.get(found.id)?.copies.get(key);
      if (kept !== undefined) return { copy: kept, bucket: found };
    }
    return undefined;
  }
  opened(): Opened {
    return openedIn(periodOf(this.now), this.buckets());
  }
  tick(): void {
    this.run(sweep(this.now, this.buckets(), this.reads));
    if (this.reads.period < periodOf(this.now)) this.reads = noReads(periodOf(this.now));
  }
  run(effects: readonly Effect[]): void {
    for (const effect of effects) this.#run(effect);
  }
  #run(effect: Effect): void {
    if (effect.kind === "empty") {
      this.#buckets.clear();
      this.emptied = true;
    }
    if (effect.kind === "drop") this.#buckets.delete(effect.bucket);
    if (effect.kind === "follow") this.height = effect.height;
    if (effect.kind === "write") for (const kept of effect.copies) this.#put(effect.into, kept);
    if (effect.kind === "carry") {
      for (const key of effect.keys) {
        const found = this.find(key);
        if (found !== undefined) this.#put(effect.into, found.copy);
      }
    }
  }
  #put({ id, period }: Opened, kept: Copy): void {
    const target = this.#buckets.get(id) ?? { period, copies: new Map<string, Copy>() };
    this.#buckets.set(id, target);
    target.copies.set(kept.key, kept);
  }
}

/** The seat: every version of every key, by the height that made it. */
class Seat {
  height = 0;
  readonly rows: EntityRow[] = [];

  decide(changed: readonly string[]): void {
    this.height++;
    for (const name of changed) {
      const version = this.at(name, this.height).version + 1;
      this.rows.push({ key: name, version, state: "{}", height: this.height, expires: null });
    }
  }
  at(name: string, height: number): Copy {
    const last = this.rows.findLast((made) => made.key === name && made.height <= height);
    if (last === undefined) return { key: name, version: 0, state: null, since: 0, height };
    return { key: name, version: last.version, state: last.state, since: last.height, height };
  }
}

const keys = ["a", "b", "c"];
const key = fc.constantFrom(...keys);
const lag = fc.nat(3);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("decide" as const), keys: fc.subarray(keys) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("push" as const),
      lag,
      slip: fc.integer({ min: -2, max: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("ask" as const), key, lag }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("answer" as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("read" as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.nat(2 * LIMITS.registrarBucketMs),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crowd" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Taken> ? Taken : never;

/** One seat, its Registrar's copies, and the rows on their way between them. */
class Pair {
  readonly seat = new Seat();
  readonly shelf = new Shelf();
  readonly #asked = new Map<string, Copy>();

  /** What readers were told in this step, by key. */
  take(taken: Step): [string, EntityAnswer][] {
    const { seat, shelf } = this;
    shelf.tick();
    switch (taken.do) {
      case "wait":
        shelf.now += taken.ms;
        return [];
      case "crowd":
        shelf.run(
          shelf
            .buckets()
            .slice(0, 1)
            .map(({ id }) => ({ kind: "drop", bucket: id })),
        );
        return [];
      case "decide":
        seat.decide(taken.keys);
        return [];
      case "push":
        this.#push(taken.lag, taken.slip);
        return [];
      case "ask":
        if (shelf.fills.has(taken.key)) return [];
        shelf.fills.set(taken.key, { watchedFrom: shelf.height, changedAt: 0 });
        this.#asked.set(taken.key, seat.at(taken.key, Math.max(0, seat.height - taken.lag)));
        return [];
      case "answer":
        return this.#answer(taken.key);
      case "read": {
        const found = shelf.find(taken.key);
        if (found === undefined) return [];
        noteRead(shelf.reads, taken.key, found.bucket, shelf.now);
        return [[taken.key, answerOf(found.copy, shelf.height)]];
      }
    }
  }

  #push(behind: number, slip: number): void {
    const { seat, shelf } = this;
    const height = Math.max(0, seat.height - behind);
    const after = Math.max(0, Math.min(height, shelf.height + slip));
    const rows = seat.rows.filter((made) => made.height > after && made.height <= height);
    const given = pushOf(after, height, JSON.stringify(rows));
    noticePush(shelf.height, given, shelf.fills);
    const versions = rows.flatMap((made): [string, number][] => {
      const found = shelf.find(made.key);
      return found === undefined ? [] : [[made.key, found.copy.version]];
    });
    shelf.run(applyPush(shelf.height, given, new Map(versions), shelf.opened()));
  }

  #answer(asked: string): [string, EntityAnswer][] {
    const { shelf } = this;
    const fill = shelf.fills.get(asked);
    const given = this.#asked.get(asked);
    if (fill === undefined || given === undefined) return [];
    shelf.fills.delete(asked);
    const { answer, keep } = endFill(shelf.height, fill, given, shelf.find(asked)?.copy);
    if (keep !== null) shelf.run([{ kind: "write", into: shelf.opened(), copies: [keep] }]);
    return [[asked, answer]];
  }
}

describe("copies of a seat", () => {
  it("NeverGoBack, OneCopyPerKey, StateIffExists, NotFromTheFuture: whatever the order of pushes, fills, losses and time, an answer is the seat's state at its height", () => {
    const steps = fc.array(step, { minLength: 20, maxLength: 80, size: "max" });
    fc.assert(
      fc.property(steps, (all) => {
        const pair = new Pair();
        const kept = new Map<string, number>();
        for (const taken of all) {
          for (const [asked, told] of pair.take(taken)) {
            expect(told.version).toBe(pair.seat.at(asked, told.height).version);
          }
          // A gap starts the copies over: the seat may tell less by then, never something false.
          if (pair.shelf.emptied) kept.clear();
          pair.shelf.emptied = false;
          for (const name of keys) {
            const copied = pair.shelf.find(name)?.copy;
            if (copied === undefined) {
              kept.delete(name);
              continue;
            }
            const told = answerOf(copied, pair.shelf.height);
            expect(told.version).toBe(pair.seat.at(name, told.height).version);
            expect(copied.state === null).toBe(copied.version === 0);
            expect(copied.since).toBeLessThanOrEqual(copied.height);
            expect(copied.version).toBeGreaterThanOrEqual(kept.get(name) ?? 0);
            kept.set(name, copied.version);
          }
        }
      }),
      { seed: 20261122, numRuns: 1500 },
    );
  });
});
