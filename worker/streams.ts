/** The event streams that one isolate holds open, of all tokens (spec/stream.allium). */
import { LIMITS } from "../objects/shared/limits.ts";

export class Streams {
  readonly #open = new Map<symbol, string>();

  /** Takes a place for a stream of the token; null where there is none. What it returns gives the place back, once. */
  enter(token: string): (() => void) | null {
    const own = [...this.#open.values()].filter((name) => name === token);
    if (this.#open.size >= LIMITS.streams || own.length >= LIMITS.streamsPerToken) return null;
    const place = Symbol(token);
    this.#open.set(place, token);
    return () => {
      this.#open.delete(place);
    };
  }

  get size(): number {
    return this.#open.size;
  }
}
