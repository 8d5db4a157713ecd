/** What seats hold of a Warden's writs, and what follows for numbers whose own rows are damaged. */
import { LIMITS } from "../../shared/limits.ts";
import type { Writ } from "../../shared/types.ts";

/** What one seat says. Writs are this Warden's own: who could not seal one cannot show one. */
export interface Held {
  /** The highest number of which it knows anything decided; only its word. */
  readonly decided: number;
  readonly writs: readonly Writ[];
}

/** A court of which some row that says what was sealed is not what was written. */
export interface Doubt {
  readonly court: number;
  /** The last number sealed, or null where that is in doubt as well. */
  readonly last: number | null;
  /** Events are missing here: rows of pending ones are damaged. */
  readonly lost: boolean;
}

/** How the numbers of a court go on. */
export interface Finding {
  readonly court: number;
  readonly last: number;
  /** Asked back: in flight again, as they were. */
  readonly writs: readonly Writ[];
  /** Numbers that a quorum says it was never given: to be sealed again. */
  readonly gaps: readonly number[];
}

interface Judged {
  /** Numbers whose rows are sound. */
  readonly sealed: ReadonlySet<number>;
  readonly q: number;
  readonly f: number;
  /** Whether a writ may be one of those that are missing here. */
  readonly missing: (writ: Writ) => boolean;
}

/** A seat's answer as it can be used; null where it is none. `ours` verifies a seal with this Warden's key. */
export function heldIn(
  text: string,
  { court, warden, ours }: { court: number; warden: number; ours: (writ: Writ) => boolean },
): Held | null {
  try {
    const { decided, writs } = JSON.parse(text) as Held;
    if (!Number.isSafeInteger(decided)) return null;
    const own = writs
      .slice(0, LIMITS.writsShown)
      .filter(
        (writ) => writ.court === court && writ.warden === warden && writ.number >= 1 && ours(writ),
      );
    return { decided, writs: own };
  } catch {
    // Whoever says nonsense has not said that it holds nothing.
    return null;
  }
}

/** AskWritBack, SealAgainUnderSameNumber, PassOverDecided; null while too few seats have said enough. */
// Rules: AskWritBack, SealAgainUnderSameNumber, PassOverDecided.
export function findingOf(
  { court, last }: Doubt,
  held: readonly Held[],
  judged: Judged,
): Finding | null {
  const { sealed, q, f, missing } = judged;
  if (held.length < q) return null;
  const shown = new Map<number, Writ>();
  for (const writ of held.flatMap(({ writs }) => writs)) shown.set(writ.number, writ);
  const claims = held.map(({ decided }) => decided).toSorted((a, b) => b - a);
  const highest = last ?? Math.max(0, claims[f] ?? 0, ...shown.keys(), ...sealed);
  const writs: Writ[] = [];
  const gaps: number[] = [];
  // Two are in flight at most, so what is missing is among the last two.
  for (const number of [highest - 1, highest]) {
    if (number < 1 || sealed.has(number)) continue;
    const writ = shown.get(number);
    if (writ !== undefined) {
      if (missing(writ)) writs.push(writ);
      continue;
    }
    const without = held.filter(({ decided }) => decided < number).length;
    if (without >= q) gaps.push(number);
    // f + 1 say that it is decided, so it is settled; who asks for a key of it asks the seats.
    else if (held.length - without <= f) return null;
  }
  return { court, last: highest, writs, gaps };
}
