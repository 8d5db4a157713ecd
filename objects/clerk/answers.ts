/** Answers about entities, and for writs, from the chain: the part of each block that decided it, with everything the Warden needs to believe it. */
import { leafDigest } from "../shared/digests.ts";
import { LIMITS } from "../shared/limits.ts";
import type { EntityAnswer, FirstUse, WritPart } from "../shared/rpc.ts";
import type { EntityRow, Head, Outcome, Writ } from "../shared/types.ts";
import type { Chain } from "./chain.ts";
import type { DecidedRange } from "./decided.ts";

/** A block as answers need it. */
interface Read extends Head {
  readonly outcomes: readonly string[];
  /** Leaf hashes of all outcomes, concatenated hex. */
  readonly leaves: string;
}

interface Range {
  readonly height: number;
  readonly index: number;
  readonly first: number;
  readonly count: number;
}

/** What of a chain answers are made of. */
type Decided = Pick<Chain, "decided" | "head" | "outcomes" | "lowest">;

export class Answers {
  readonly #chain: Decided;
  /** The block last read: the writs of one block are asked for together. */
  #last: { readonly height: number; readonly read: Read } | null = null;

  constructor(chain: Decided) {
    this.#chain = chain;
  }

  /**
   * The parts that decided a writ's number, or none while it is not wholly decided. How long that one was the chain knows: it need not be
   * the writ that is asked for.
   */
  of({ warden, number }: Pick<Writ, "warden" | "number">): WritPart[] {
    const ranges = this.#chain.decided(warden, number);
    const whole = ranges[0]?.first === 0 && ranges.at(-1)?.complete === true;
    return whole ? ranges.map((range) => this.#decided(range)) : [];
  }

  #decided(range: DecidedRange): WritPart {
    const part = this.#part(range);
    return { ...part, firsts: this.#firstsOf(part.outcomes) };
  }

  #part({ height, index, first, count }: Range): WritPart {
    const { header, result, certificate, leaves, outcomes: all } = this.#read(height);
    const outcomes = all.slice(index, index + count);
    return { header, result, certificate, leaves, index, first, outcomes, firsts: [] };
  }

  #read(height: number): Read {
    if (this.#last?.height === height) return this.#last.read;
    const head = this.#chain.head(height);
    const outcomes = this.#chain.outcomes(height, head.result.count);
    const read = { ...head, outcomes, leaves: outcomes.map(leafDigest).join("") };
    this.#last = { height, read };
    return read;
  }

  /**
   * The first uses that duplicates among the outcomes refer to: one part of each block that holds any, with all it holds. Not of
   * blocks below a state that was taken, which are not here: a Warden has those from another seat.
   */
  #firstsOf(outcomes: readonly string[]): FirstUse[] {
    const uses = outcomes.flatMap((text, of) => {
      const first = firstIn(text);
      return first === null || first.height < this.#chain.lowest() ? [] : [{ of, ...first }];
    });
    return [...Map.groupBy(uses, ({ height }) => height)].map(([height, held]) => {
      const places = held.map(({ index }) => index);
      const index = Math.min(...places);
      const count = Math.max(...places) - index + 1;
      return { of: held[0]?.of ?? 0, part: this.#part({ height, index, first: 0, count }) };
    });
  }
}

function firstIn(text: string): NonNullable<Outcome["first"]> | null {
  // The text is searched before it is parsed: duplicates are rare, outcomes many.
  if (!text.includes('"status":"duplicate"')) return null;
  const { status, first } = JSON.parse(text) as Outcome;
  return status === "duplicate" ? (first ?? null) : null;
}

/** Of an entity that never existed too. */
export function entityAnswer(
  row: EntityRow | undefined,
  height: number,
  certificate: EntityAnswer["certificate"],
): EntityAnswer {
  const { version = 0, state = null, height: since = 0 } = row ?? {};
  return { height, certificate, version, state, since };
}

/** Callers that wait for a decision. */
export class Waiters {
  readonly #waiting = new Set<{ readonly ready: () => boolean; readonly wake: () => void }>();

  /** Resolves when `ready` holds, or after `ms`; at once when too many wait already. */
  async until(ready: () => boolean, ms: number): Promise<void> {
    if (ready() || ms <= 0 || this.#waiting.size >= LIMITS.waitersPerSeat) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { ready, wake: resolve };
    const timer = setTimeout(resolve, ms);
    this.#waiting.add(waiter);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(waiter);
  }

  /** To be called when anything a waiter may look at has changed. */
  check(): void {
    for (const waiter of this.#waiting) if (waiter.ready()) waiter.wake();
  }
}
