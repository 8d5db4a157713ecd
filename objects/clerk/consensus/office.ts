/** Whether a seat holds the office of its place at the next height, and what its term there is. */
import { termAt } from "../../shared/terms.ts";
import type { Term } from "../../shared/terms.ts";
import type { Seat } from "./seat.ts";

/** The term of the next height. */
export function termNow({ setup, tip }: Pick<Seat, "setup" | "tip">): Term {
  return termAt(setup.terms, tip.height + 1);
}

/** Whether the seat's own key is the one of its place in that term; a seat that lost its storage has another. */
// Rules: FollowWithoutKey, RefuseLostKey.
export function holdsKey(seat: Pick<Seat, "setup" | "tip">): boolean {
  return termNow(seat).keys[seat.setup.seat] === seat.setup.key;
}

/** Whether it may have a voice there: a seat that lacks the active version is silent, not dissenting. */
// Rules: SilentWithoutVersion, RegainVoice.
export function mayVote(seat: Pick<Seat, "setup" | "tip" | "world">): boolean {
  return holdsKey(seat) && seat.world.supports(termNow(seat).domainVersion);
}
