/**
 * A seat as its storage has it. What fails its digest, or does not fit together, costs the seat its voice: it then follows by
 * certificates from the highest block it can read, and is given again what was damaged above it.
 */
import { BrokenInvariant } from "../shared/assert.ts";
import { resultDigest } from "../shared/digests.ts";
import { genesisDigest } from "../shared/genesis.ts";
import { termsWith } from "../shared/terms.ts";
import type { Genesis } from "../shared/genesis.ts";
import type { Bench } from "./bench.ts";
import { seatFrom } from "./consensus/seat.ts";
import type { Durable, Seat, Setup, Tip, World } from "./consensus/seat.ts";
import type { SeatNotes } from "./notes.ts";
import { RowDamaged } from "./rows.ts";

export interface Restoring {
  readonly bench: Bench;
  readonly genesis: Genesis;
  readonly setup: Setup;
  readonly world: World;
}

/** Begins a new incarnation: it is in storage before anything is said in it. */
export function restoredSeat(from: Restoring, now: number): Seat {
  const { bench } = from;
  return bench.atomic(() => {
    const { rebuilding, replaying } = bench.states;
    if (bench.quarantine !== null || rebuilding || replaying !== null) return follower(from);
    try {
      return voter(from, now);
    } catch (error) {
      if (!(error instanceof RowDamaged || error instanceof BrokenInvariant)) throw error;
      bench.silence(`damaged storage: ${error.message}`, now);
      return follower(from);
    }
  });
}

function voter(from: Restoring, now: number): Seat {
  const { bench, world } = from;
  const { notes, chain, state, incidents } = bench;
  const height = chain.height();
  const setup = setupAt(from, height);
  const incarnation = incarnationIn(notes) + 1;
  const seat = seatFrom({
    setup,
    world,
    incarnation,
    tip: tipAt(from, height),
    progress: chain.progress(bench.deployment.wardens),
    nextExpiry: state.nextExpiry(),
    durable: votesIn(notes),
    batchOf: (header) => chain.batch(header),
    voice: true,
  });
  notes.put("incarnation", String(incarnation));
  // Being put to sleep and woken is nothing; being cut off in the middle of a vote is.
  if (seat.vote !== null)
    incidents.record({ kind: "recovery", height: seat.tip.height, incarnation }, now);
  return seat;
}

/** Without votes of its own: it casts none, and leaves those in storage as they are. */
function follower(from: Restoring): Seat {
  const { bench, world } = from;
  const { notes, chain, state } = bench;
  const incarnation = whole(() => incarnationIn(notes) + 1, 0);
  if (incarnation > 0) notes.put("incarnation", String(incarnation));
  // A state that was taken may end below the own chain.
  let height = bench.states.replaying ?? chain.height();
  const progress = whole(() => chain.progress(bench.deployment.wardens, height), []);
  let tip = whole(() => tipAt(from, height), null);
  while (tip === null) {
    height -= 1;
    tip = whole(() => tipAt(from, height), null);
  }
  return seatFrom({
    setup: whole(() => setupAt(from, height), from.setup),
    world,
    incarnation,
    tip,
    progress,
    nextExpiry: state.nextExpiry(),
    durable: null,
    batchOf: (header) => chain.batch(header),
    voice: false,
  });
}

/** With the terms that its chain up to there has brought. */
function setupAt({ bench, setup }: Restoring, height: number): Setup {
  const controls = bench.chain.controls(height).map(({ header }) => header);
  return { ...setup, terms: termsWith(setup.terms, controls) };
}

/** What was read, or something else where it is damaged. */
function whole<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RowDamaged) return otherwise;
    throw error;
  }
}

function tipAt({ bench, genesis }: Restoring, height: number): Tip {
  if (height === 0) return genesisTip(genesis);
  const { header, certificate } = bench.chain.head(height);
  const { block, batch, result } = certificate;
  return { height, block, batch, result, time: header.time, certificate };
}

function genesisTip({ document }: Genesis): Tip {
  const block = genesisDigest(document);
  const result = resultDigest({ prior: block, count: 0, root: "", state: null });
  return { height: 0, block, batch: "", result, time: document.time, certificate: null };
}

function incarnationIn(notes: SeatNotes): number {
  return Number(notes.get("incarnation") ?? 0);
}

export function keepVotes(notes: SeatNotes, durable: Durable): void {
  notes.put("votes", JSON.stringify(durable));
}

/** Votes that were damaged may not be replaced by none: that would be amnesia, and could become equivocation. */
function votesIn(notes: SeatNotes): Durable | null {
  const stored = notes.get("votes");
  return stored === undefined ? null : (JSON.parse(stored) as Durable);
}
