/** What a seat shows of itself to who watches: votes, blocks and incidents of late. Nothing in it says what events hold. */
import { LIMITS } from "../shared/limits.ts";
import type { DecidedOfLate, Glimpse, VotesOfLate } from "../shared/rpc.ts";
import type { Chain } from "./chain.ts";
import type { Seat } from "./consensus/seat.ts";
import type { Incidents } from "./incidents.ts";
import { submitted } from "./lately.ts";
import type { Lately } from "./lately.ts";

export interface Shown {
  readonly seat: Seat;
  readonly chain: Pick<Chain, "head" | "lowest">;
  readonly incidents: Pick<Incidents, "lately">;
  readonly lately: Lately;
}

interface After {
  readonly height: number;
  readonly incident: number;
}

/** Throws `RowDamaged`. */
// Rule: TellWhatSeatSees.
export function glimpseOf(shown: Shown, after: After, now: number): Glimpse {
  return {
    votes: votesOf(shown.seat),
    blocks: blocksOf(shown, after.height),
    seconds: shown.lately.seconds(now),
    incidents: shown.incidents.lately(after.incident, LIMITS.glimpseIncidents),
  };
}

/** Null where nothing is being decided. */
export function votesOf({ tip, view, prepares, commits }: Seat): VotesOfLate | null {
  const height = tip.height + 1;
  const now = (vote: { readonly height: number; readonly view: number }) =>
    vote.height === height && vote.view === view;
  const prepared = [...prepares.values()].filter(now);
  const committed = [...commits.values()].filter(now);
  if (prepared.length + committed.length === 0) return null;
  return {
    height,
    view,
    prepares: prepared.map(({ from: seat, result }) => ({ seat, result })),
    commits: committed.map(({ from }) => from),
  };
}

function blocksOf({ seat, chain, lately }: Shown, after: number): DecidedOfLate[] {
  const from = Math.max(after + 1, chain.lowest(), seat.tip.height - LIMITS.glimpseBlocks + 1);
  const blocks: DecidedOfLate[] = [];
  for (let height = seat.tip.height; height >= from; height--) {
    const { header, result, certificate } = chain.head(height);
    const { parent, time, entries } = header;
    const events = submitted(entries);
    const control = header.control !== null;
    const effects = result.count - events - (control ? 1 : 0);
    const tookMs = lately.tookMs(height);
    blocks.push({ height, parent, time, events, effects, control, certificate, tookMs });
  }
  return blocks;
}
