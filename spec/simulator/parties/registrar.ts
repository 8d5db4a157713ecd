/** The Registrar of a seat: the real cache's decisions, carried out as registrar.ts does, over copies in memory. */
import * as cache from "../../../objects/registrar/core/cache.ts";
import { LIMITS } from "../../../objects/shared/limits.ts";
import { Refused } from "../../../objects/shared/rpc.ts";
import type { EntityAnswer } from "../../../objects/shared/rpc.ts";
import type { World } from "../world.ts";
import { MemoryCopies } from "./copies.ts";

interface Filling extends cache.Fill {
  readonly answer: Promise<EntityAnswer>;
}

/** The seat's own row of a key, with the height it is of; rejects when the seat does not answer. */
export type RowOf = (key: string) => Promise<EntityAnswer>;

export class VirtualRegistrar {
  readonly counts = { reads: 0, hits: 0, pushes: 0, gaps: 0 };
  readonly #world: World;
  readonly #rowOf: RowOf;
  #store = new MemoryCopies();
  #reads = cache.noReads(0);
  #fills = new Map<string, Filling>();
  /** What its life in memory has begun; grows with each crash. */
  #life = 0;

  constructor(world: World, rowOf: RowOf) {
    this.#world = world;
    this.#rowOf = rowOf;
  }

  async read(key: string): Promise<EntityAnswer> {
    const store = this.#store;
    this.counts.reads += 1;
    this.#sweep();
    const found = store.get(key);
    if (found !== undefined) {
      this.counts.hits += 1;
      cache.noteRead(this.#reads, key, found.bucket, this.#world.now);
      return cache.answerOf(found.copy, store.height());
    }
    const shared = this.#fills.get(key);
    if (shared !== undefined) return shared.answer;
    if (this.#fills.size >= LIMITS.registrarFills) throw new Refused("not-ready", "many misses");
    const fill = { watchedFrom: store.height(), changedAt: 0 };
    const filling = Object.assign(fill, { answer: this.#filled(key, fill) });
    const fills = this.#fills.set(key, filling);
    try {
      return await filling.answer;
    } finally {
      fills.delete(key);
    }
  }

  push(after: number, height: number, rows: string): void {
    this.counts.pushes += 1;
    const store = this.#store;
    const push = cache.pushOf(after, height, rows);
    this.#sweep();
    const followed = store.height();
    if (push.after > followed) this.counts.gaps += 1;
    cache.noticePush(followed, push, this.#fills);
    const held = store.versions(push.rows.map(({ key }) => key));
    const into = cache.openedIn(cache.periodOf(this.#world.now), store.buckets());
    this.#run(cache.applyPush(followed, push, held, into));
  }

  /** Memory goes; the copies stay where the object has them, unless its storage goes too. */
  crash(withStorage: boolean): void {
    this.#life += 1;
    this.#fills = new Map();
    this.#reads = cache.noReads(0);
    if (withStorage) this.#store = new MemoryCopies();
  }

  async #filled(key: string, fill: cache.Fill): Promise<EntityAnswer> {
    const life = this.#life;
    const { version, state, since, height } = await this.#rowOf(key);
    if (life !== this.#life) throw new Error("the object went away");
    const store = this.#store;
    const copy = { key, version, state, since, height };
    const { answer, keep } = cache.endFill(store.height(), fill, copy, store.get(key)?.copy);
    if (keep !== null) {
      const into = cache.openedIn(cache.periodOf(this.#world.now), store.buckets());
      this.#run([{ kind: "write", into, copies: [keep] }]);
    }
    return answer;
  }

  #sweep(): void {
    const { now } = this.#world;
    const effects = cache.sweep(now, this.#store.buckets(), this.#reads);
    const period = cache.periodOf(now);
    if (this.#reads.period < period) this.#reads = cache.noReads(period);
    this.#run(effects);
  }

  #run(effects: readonly cache.Effect[]): void {
    if (effects.length === 0) return;
    this.#store.run(effects);
    this.#store.run(cache.crowdedOut(this.#store.buckets()));
  }
}
