/** Answers for writs, from the chain: the part of each block that decided it, with everything the Warden needs to believe it. */
import { known } from "../shared/assert.ts";
import { leafDigest } from "../shared/digests.ts";
import { LIMITS } from "../shared/limits.ts";
import type { FirstUse, WritPart } from "../shared/rpc.ts";
import type { Outcome, Writ } from "../shared/types.ts";
import type { Chain } from "./chain.ts";

/** The parts that decided a writ, or none while it is not wholly decided. */
export function partsOf(chain: Chain, writ: Writ): WritPart[] {
  const ranges = chain.decided(writ.warden, writ.number);
  const covered = ranges.reduce((sum, range) => sum + range.count, 0);
  if (covered < writ.events.length) return [];
  return ranges.map(({ height, index, first, count }) =>
    part(chain, { height, index, first, count }, true),
  );
}

interface Range {
  readonly height: number;
  readonly index: number;
  readonly first: number;
  readonly count: number;
}

function part(chain: Chain, range: Range, withFirsts: boolean): WritPart {
  const { height, index, first, count } = range;
  const { header, result, certificate } = known(
    chain.head(height),
    "a decided range has its block",
  );
  const all = chain.outcomes(height);
  const outcomes = all.slice(index, index + count);
  return {
    header,
    result,
    certificate,
    leaves: all.map(leafDigest).join(""),
    index,
    first,
    outcomes,
    firsts: withFirsts ? firstsOf(chain, outcomes) : [],
  };
}

/** For each duplicate among the outcomes, the first use of its key. */
function firstsOf(chain: Chain, outcomes: readonly string[]): FirstUse[] {
  const firsts: FirstUse[] = [];
  outcomes.forEach((text, of) => {
    // The text is searched before it is parsed: duplicates are rare, outcomes many.
    if (!text.includes('"status":"duplicate"')) return;
    const { status, first } = JSON.parse(text) as Outcome;
    if (status !== "duplicate" || first === undefined) return;
    const range = { height: first.height, index: first.index, first: 0, count: 1 };
    firsts.push({ of, part: part(chain, range, false) });
  });
  return firsts;
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
