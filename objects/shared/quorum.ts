/** Quorum arithmetic: safe iff 2q − n ≥ f + 1, live iff q ≤ n − f. */
import { assert } from "./assert.ts";

export type Mode = "bft" | "detect" | "solo";

export interface Quorum {
  readonly mode: Mode;
  /** Seats. */
  readonly n: number;
  /** Seats that may be faulty in any way. */
  readonly f: number;
  /** Matching signed votes that decide. */
  readonly q: number;
  /** Matching seats that make a read or an audit believable. */
  readonly r: number;
}

const SEATS: Record<Mode, readonly number[]> = { bft: [4, 7], detect: [2], solo: [1] };

export function quorumOf(mode: Mode, n: number): Quorum {
  assert(
    SEATS[mode].includes(n),
    `mode ${mode} is for ${SEATS[mode].join(" or ")} seats, not ${n}`,
  );
  const f = mode === "bft" ? Math.floor((n - 1) / 3) : 0;
  const q = n - f;
  assert(2 * q - n >= f + 1 || mode !== "bft", "two quorums share an honest seat");
  return { mode, n, f, q, r: n === 2 ? 2 : f + 1 };
}

/** The seat that proposes in a view. */
export function leaderOf(view: number, n: number): number {
  return view % n;
}
