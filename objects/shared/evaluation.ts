/** What a seat's evaluation of one block comes to. */
import type { EntityRow, KeyRow } from "./types.ts";

export interface Evaluation {
  /** Canonical outcomes: `system` expiries first, then one per submitted event in order. */
  readonly outcomes: readonly string[];
  readonly system: number;
  /**
   * How many of the submitted events, from the first, have outcomes that together with the system ones stay within
   * `LIMITS.outcomesBytes`; at least one of any. A leader proposes no more, and a batch of more is no valid one: so no
   * event's outcome depends on its neighbours' size.
   */
  readonly fits: number;
  readonly leaves: readonly string[];
  /** RFC 6962 root of the leaves. */
  readonly root: string;
  /** Rows after the block, each key once, sorted by key. */
  readonly entities: readonly EntityRow[];
  readonly keys: readonly KeyRow[];
}
