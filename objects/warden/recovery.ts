/** Asks a court's seats what they hold of this Warden's writs, until enough have said. */
import { fingerprintOf, keyDigest } from "../shared/digests.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Quorum } from "../shared/quorum.ts";
import type { Submission } from "../shared/rpc.ts";
import { findingOf, heldIn } from "./core/held.ts";
import type { Doubt, Finding, Held } from "./core/held.ts";
import type { LedgerEvent, Writ } from "../shared/types.ts";
import { pause, within } from "../shared/clock.ts";
import type { Clock } from "../shared/clock.ts";
import type { Court } from "./ports.ts";

export interface Lost {
  readonly warden: number;
  readonly quorum: Quorum;
  /** Whether this Warden sealed it. */
  readonly ours: (writ: Writ) => boolean;
  /** Numbers of the court whose rows are sound. */
  readonly sealed: () => ReadonlySet<number>;
  readonly missing: (writ: Writ) => boolean;
}

export async function askedBack(
  seats: Court,
  clock: Clock,
  doubt: Doubt,
  { warden, quorum, ours, sealed, missing }: Lost,
): Promise<Finding> {
  const { court, last } = doubt;
  const from = last === null ? Number.MAX_SAFE_INTEGER : Math.max(1, last - 1);
  for (let round = 0; ; round++) {
    const asked = Array.from({ length: quorum.n }, async (_, seat) => {
      const text = await within(clock, LIMITS.statusMs, seats.writs(seat, warden, from));
      return text === undefined ? null : heldIn(text, { court, warden, ours });
    });
    const held = (await Promise.all(asked)).filter((said): said is Held => said !== null);
    const found = findingOf(doubt, held, { sealed: sealed(), q: quorum.q, f: quorum.f, missing });
    if (found !== null) return found;
    await pause(clock, Math.min(LIMITS.redriveMs * 2 ** Math.min(round, 10), LIMITS.redriveCapMs));
  }
}

/** An event that a writ of ours holds, as the Usher once handed it over. */
export function submissionOf(court: number, event: string): Submission {
  const parsed = JSON.parse(event) as LedgerEvent;
  const sentAt = parsed.sentat === undefined ? null : Date.parse(parsed.sentat);
  return { key: keyDigest(parsed), fingerprint: fingerprintOf(parsed), court, sentAt, event };
}
