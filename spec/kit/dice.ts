/** Chance that a seed decides: xorshift over 32 bits, integers only, the same on every machine. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    // Zero would stay zero; near seeds are drawn apart.
    this.#state = (Math.imul(seed + 1, 0x9e3779b1) >>> 0) | 1;
    for (let round = 0; round < 8; round++) this.#next();
  }

  /** An integer from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return this.#next() % limit;
  }

  /** True so many times in a hundred. */
  percent(share: number): boolean {
    return this.below(100) < share;
  }

  one<T>(of: readonly T[]): T {
    const drawn = of[this.below(of.length)];
    if (drawn === undefined) throw new Error("nothing to draw from");
    return drawn;
  }

  #next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state;
  }
}
