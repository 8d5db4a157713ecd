/**
 * The one rule whose loss only slows a court down, so that no outcome shows it: who has heard f + 1 others move to higher views
 * has moved as well. Looked at after each step, by what was delivered and not by what the core kept of it.
 */
import type { VirtualCourt } from "./court.ts";
import { Violation } from "./history.ts";
import type { Setting } from "./party.ts";

export function joinsInTime(court: VirtualCourt, { faulty }: Setting): void {
  court.stepped = (replica) => {
    if (faulty.has(replica.seat)) return;
    const { view, voice, setup } = replica.core();
    if (!voice || replica.heardViews.size <= setup.quorum.f) return;
    let higher = 0;
    for (const heard of replica.heardViews.values()) if (heard > view) higher += 1;
    if (higher > setup.quorum.f)
      throw new Violation(
        "f + 1 pull others along",
        `seat ${replica.seat} stays in view ${view} with ${higher} others in higher ones`,
      );
  };
}
