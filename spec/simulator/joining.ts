/**
 * The rules whose loss only slows a court down, so that no outcome shows it: who has heard f + 1 others move to higher views, or the
 * leader of its own to the next one, has moved as well, and says so anew for each height it goes on to there; so has who sees a Warden's
 * writs left out for too long; and nobody believes of another what that one has not said. Looked at after each step, by what was delivered
 * and not by what the core kept of it.
 */
import type { VirtualCourt } from "./court.ts";
import { Violation } from "./history.ts";
import type { Setting } from "./party.ts";

export function joinsInTime(court: VirtualCourt, { faulty, lying }: Setting): void {
  court.stepped = (replica) => {
    if (faulty.has(replica.seat)) return;
    const { view, voice, setup, change, tip, lacking } = replica.core();
    // All chains of a run begin with the first block.
    for (const peer of lacking)
      if (!lying.has(peer))
        throw new Violation(
          "nobody speaks for another",
          `seat ${replica.seat} believes that seat ${peer} has dropped blocks`,
        );
    if (!voice) return;
    const warden = replica.waited.leftOut(replica.core());
    if (warden !== null)
      throw new Violation(
        "nobody is left out",
        `seat ${replica.seat} stays in view ${view} at height ${tip.height}, where Warden ${warden} is not served`,
      );
    const leader = view % setup.quorum.n;
    // What a liar says of it may be void for another reason.
    if (!lying.has(leader) && replica.heard.views.get(leader) === view + 1)
      throw new Violation(
        "a resignation is joined",
        `seat ${replica.seat} stays in view ${view}, whose leader has left it`,
      );
    const decidedIn = tip.certificate?.view ?? 0;
    if (change?.view === view && change.height <= tip.height && decidedIn < view)
      throw new Violation(
        "a view change is for the next height",
        `seat ${replica.seat} at height ${tip.height} has moved to view ${view} for ${change.height}`,
      );
    if (replica.heard.views.size <= setup.quorum.f) return;
    let higher = 0;
    for (const heard of replica.heard.views.values()) if (heard > view) higher += 1;
    if (higher > setup.quorum.f)
      throw new Violation(
        "f + 1 pull others along",
        `seat ${replica.seat} stays in view ${view} with ${higher} others in higher ones`,
      );
  };
}
