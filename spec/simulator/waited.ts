/** Writs that a seat was given and has not seen decided, by what was delivered and not by what its core kept of it. */
import type { Input, Seat } from "../../objects/clerk/consensus/seat.ts";
import { termNow } from "../../objects/clerk/consensus/office.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import type { Writ } from "../../objects/shared/types.ts";

export class Waited {
  /** By Warden: the numbers given in this life and epoch. */
  readonly #given = new Map<number, Set<number>>();
  /** By Warden: the height since which its next writ is left out, and what would end that: a decision on it, or another view. */
  readonly #since = new Map<number, { readonly height: number; readonly until: string }>();

  forget(): void {
    this.#given.clear();
    this.#since.clear();
  }

  gave({ warden, number }: Writ): void {
    const numbers = this.#given.get(warden) ?? new Set();
    this.#given.set(warden, numbers.add(number));
  }

  /** A Warden whose writ is left out for longer than a seat may bear, while others are served; null if there is none. */
  leftOut(core: Seat): number | null {
    const { tip, view, progress } = core;
    const bound = boundOf(core);
    for (const [warden, numbers] of this.#given) {
      const done = progress.get(warden);
      const next = done === undefined ? 1 : done.complete ? done.number + 1 : done.number;
      const until = `${next}/${done?.next ?? 0}/${view}`;
      const before = this.#since.get(warden);
      if (!numbers.has(next)) this.#since.delete(warden);
      else if (before?.until !== until) this.#since.set(warden, { height: tip.height, until });
      else if (tip.height - before.height > bound) return warden;
    }
    return null;
  }
}

/** An honest leader serves each Warden's next writ in turn: none waits for so many heights (CensorshipSuspected of spec/clerk.allium). */
function boundOf(core: Seat): number {
  const inFlight = LIMITS.writsInFlight * termNow(core).wardenKeys.length;
  return Math.max(LIMITS.censoredHeights, inFlight + 1);
}

/** What a Warden or a peer hands in to be decided. */
export function writsIn(input: Input): readonly Writ[] {
  if (input.kind === "writs") return input.writs;
  return input.kind === "message" && input.message.kind === "forward" ? [input.message.writ] : [];
}
