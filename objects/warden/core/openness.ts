/** Whether a court can agree on anything now, from what its seats say of themselves. */
import { LIMITS } from "../../shared/limits.ts";
import type { SeatStatus } from "../../shared/rpc.ts";

/** `waking`: not ready, but on its way; `lost`: failed, refused, silent or quarantined. */
export type SeatView = "ready" | "waking" | "lost";
export type Openness = "open" | "wait" | "no-quorum";

export function seatView(status: Pick<SeatStatus, "ready" | "stage">): SeatView {
  if (status.ready) return "ready";
  return status.stage === "quarantined" ? "lost" : "waking";
}

export function openness(seats: readonly SeatView[], q: number): Openness {
  const ready = seats.filter((seat) => seat === "ready").length;
  if (ready >= q) return "open";
  const waking = seats.filter((seat) => seat === "waking").length;
  return ready + waking >= q ? "wait" : "no-quorum";
}

/** What is known of a court; times are Unix milliseconds of the Warden's clock, null for never. */
export interface CourtKnowledge {
  readonly decidedAt: number | null;
  readonly foundOpenAt: number | null;
  /** Since when its oldest undecided writ has been out. */
  readonly undecidedSince: number | null;
}

/** Whether the seats must be asked before a fresh key is reserved. */
export function knowledgeStale(knowledge: CourtKnowledge, now: number): boolean {
  const { decidedAt, foundOpenAt, undecidedSince } = knowledge;
  const silent = undecidedSince !== null && now - undecidedSince > LIMITS.writSilenceMs;
  // While a writ is overdue an earlier decision says nothing any more; what the seats say does.
  const latest = silent ? foundOpenAt : later(decidedAt, foundOpenAt);
  return latest === null || now - latest > LIMITS.courtKnownMs;
}

export function later(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

/** At least one honest seat says that the court's publish backlog is full. */
export function courtOverloaded(claims: readonly boolean[], f: number): boolean {
  return claims.filter(Boolean).length >= f + 1;
}

/** The highest height that `r` seats say is published: one of them is believable. */
export function publishedHeight(claims: readonly number[], r: number): number {
  return claims.toSorted((a, b) => b - a)[r - 1] ?? 0;
}
