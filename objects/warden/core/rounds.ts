/** Which seats a writ is given to, and when again. */
import { LIMITS } from "../../shared/limits.ts";
import { leaderOf } from "../../shared/quorum.ts";

export interface Round {
  readonly seats: readonly number[];
  /** Pause after a round in which nobody answered. */
  readonly pauseMs: number;
}

/** What is believed of a court's leader. */
export interface LeaderBelief {
  /** Highest view in a certificate seen: a seat's own word for it could send every writ astray. */
  readonly view: number;
  /** View whose leader failed to answer, or null. */
  readonly failedView: number | null;
}

/** Round 0 goes to the believed leader, the others to every seat (GiveSilentWritToEverySeat), its successor first. */
// Rule: GiveSilentWritToEverySeat.
export function roundOf(round: number, n: number, belief: LeaderBelief): Round {
  const leader = leaderOf(belief.view, n);
  if (round === 0 && belief.failedView !== belief.view) return { seats: [leader], pauseMs: 0 };
  const doubled = LIMITS.redriveMs * 2 ** Math.min(round, 10);
  return {
    seats: Array.from({ length: n }, (_, step) => (leader + 1 + step) % n),
    pauseMs: Math.min(doubled, LIMITS.redriveCapMs),
  };
}
