/** How far a seat is on its way to its voice, from what it holds and has verified. */
import type { Progress, Stage } from "../shared/rpc.ts";
import type { Seat } from "./consensus/seat.ts";
import type { Standing } from "./standing.ts";

export interface Whereabouts {
  readonly stage: Stage;
  readonly progress: Progress | null;
}

/** Of a running seat; `verified` are the tables that have been read again after a state was taken. */
// Rule: ShowStage.
export function whereabouts(seat: Seat, standing: Standing, verified: Progress): Whereabouts {
  if (seat.voice) return { stage: "ready", progress: null };
  const { wounds, rebuild, replaying, verify, lasting } = standing;
  if (seat.transfer !== null) {
    const { part, parts } = seat.transfer;
    return { stage: "restoring", progress: { done: part, of: parts.length, what: "parts" } };
  }
  if (seat.rebuilding) return { stage: "restoring", progress: null };
  const behind = Math.max(seat.proven, seat.claimed, standing.reached);
  const height = seat.tip.height;
  if (!lasting && replaying !== null)
    return {
      stage: "replaying",
      progress: { done: height, of: Math.max(behind, height), what: "heights" },
    };
  if (!lasting && wounds.length > 0) {
    const progress = { done: 0, of: wounds.length, what: "damaged rows" } as const;
    return { stage: "restoring", progress };
  }
  if (!lasting && verify && !rebuild) return { stage: "verifying", progress: verified };
  if (behind > height && (standing.quarantine === null || !lasting))
    return { stage: "replaying", progress: { done: height, of: behind, what: "heights" } };
  return { stage: "quarantined", progress: null };
}
