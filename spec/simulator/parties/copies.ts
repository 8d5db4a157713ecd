/** A Registrar's copies in memory: what CopyStore does over SQLite. A key stands in one bucket. */
import type { Bucket, Copy, Effect, Opened } from "../../../objects/registrar/core/cache.ts";
import { utf8Length } from "../../../objects/shared/canonical.ts";

interface Held {
  readonly id: number;
  readonly period: number;
  readonly copies: Map<string, Copy>;
}

export class MemoryCopies {
  #height = 0;
  #buckets: Held[] = [];

  height(): number {
    return this.#height;
  }

  buckets(): Bucket[] {
    return this.#buckets.map(({ id, period, copies }) => {
      let bytes = 0;
      for (const { key, state } of copies.values())
        bytes += utf8Length(key) + utf8Length(state ?? "");
      return { id, period, entries: copies.size, bytes };
    });
  }

  get(key: string): { readonly copy: Copy; readonly bucket: Bucket } | undefined {
    const at = this.#buckets.findLastIndex(({ copies }) => copies.has(key));
    const copy = this.#buckets[at]?.copies.get(key);
    const bucket = this.buckets()[at];
    return copy === undefined || bucket === undefined ? undefined : { copy, bucket };
  }

  versions(keys: readonly string[]): Map<string, number> {
    const held = new Map<string, number>();
    for (const { copies } of this.#buckets) {
      for (const key of keys) {
        const copy = copies.get(key);
        if (copy !== undefined) held.set(key, copy.version);
      }
    }
    return held;
  }

  run(effects: readonly Effect[]): void {
    for (const effect of effects) this.#run(effect);
  }

  #run(effect: Effect): void {
    switch (effect.kind) {
      case "empty":
        this.#buckets = [];
        break;
      case "drop":
        this.#buckets = this.#buckets.filter(({ id }) => id !== effect.bucket);
        break;
      case "write":
        for (const copy of effect.copies) this.#put(effect.into, copy);
        break;
      case "carry": {
        const found = effect.keys.flatMap((key) => this.#before(effect.into, key) ?? []);
        const into = this.#in(effect.into);
        for (const copy of found) if (!into.has(copy.key)) this.#put(effect.into, copy);
        break;
      }
      case "follow":
        this.#height = effect.height;
    }
  }

  #put(into: Opened, copy: Copy): void {
    for (const { copies } of this.#buckets) copies.delete(copy.key);
    this.#in(into).set(copy.key, copy);
  }

  #before({ id }: Opened, key: string): Copy | undefined {
    return this.#buckets
      .filter((bucket) => bucket.id < id)
      .findLast(({ copies }) => copies.has(key))
      ?.copies.get(key);
  }

  #in({ id, period }: Opened): Map<string, Copy> {
    const there = this.#buckets.find((bucket) => bucket.id === id);
    if (there !== undefined) return there.copies;
    const made = { id, period, copies: new Map<string, Copy>() };
    this.#buckets = [...this.#buckets, made].toSorted((a, b) => a.id - b.id);
    return made.copies;
  }
}
