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
import { RowDamaged, damage } from "./rows.ts";

export interface Restoring {
  readonly bench: Bench;
  readonly genesis: Genesis;
  readonly setup: Setup;
  readonly world: World;
}

/** Begins a new incarnation: it is in storage before anything is said in it. */
// Rule: KeepSilentWithoutVotes.
export function restoredSeat(from: Restoring, now: number): Seat {
  const { bench } = from;
  return bench.atomic(() => {
    bench.stand(now);
    const { quarantine, rebuild, replaying, verify } = bench.standing.now;
    if (quarantine !== null || rebuild || replaying !== null || verify) return follower(from, now);
    try {
      return voter(from, now);
    } catch (error) {
      if (error instanceof RowDamaged) bench.hurt(error, now);
      else if (error instanceof BrokenInvariant) bench.lostBlocks(error.message, now);
      else throw error;
      return follower(from, now);
    }
  });
}

// Rule: RecoverAlone.
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
    rebuiltAt: bench.standing.now.rebuiltAt,
  });
  notes.put("incarnation", String(incarnation));
  if (incarnation === 1) keepVotes(notes, null);
  // Being put to sleep and woken is nothing; being cut off in the middle of a vote is.
  if (seat.vote !== null)
    incidents.record({ kind: "recovery", height: seat.tip.height, incarnation }, now);
  return seat;
}

/** Without votes of its own: it casts none, and leaves those in storage as they are. */
// Rule: BeginAgainFromStorage.
function follower(from: Restoring, now: number): Seat {
  const { bench, world } = from;
  const { notes, chain, state } = bench;
  const incarnation = whole(bench, now, () => incarnationIn(notes) + 1, 0);
  if (incarnation > 1) notes.put("incarnation", String(incarnation));
  // A state that was taken may end below the own chain.
  let height = bench.states.replaying ?? chain.height();
  let tip = whole(bench, now, () => tipAt(from, height), null);
  while (tip === null) {
    height = Math.min(height - 1, chain.height());
    tip = whole(bench, now, () => tipAt(from, height), null);
  }
  const { wardens } = bench.deployment;
  return seatFrom({
    setup: whole(bench, now, () => setupAt(from, height), from.setup),
    world,
    incarnation,
    tip,
    progress: whole(bench, now, () => chain.progress(wardens, height), []),
    nextExpiry: state.nextExpiry(),
    durable: null,
    batchOf: (header) => chain.batch(header),
    voice: false,
    rebuiltAt: bench.standing.now.rebuiltAt,
  });
}

/** With the terms that its chain up to there has brought. */
// Rule: RestartAtBoundary.
function setupAt({ bench, setup }: Restoring, height: number): Setup {
  const controls = bench.chain.controls(height).map(({ header }) => header);
  return { ...setup, terms: termsWith(setup.terms, controls) };
}

/** What was read, or something else where it is damaged, which is noted. */
function whole<T>(bench: Bench, now: number, read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RowDamaged)) throw error;
    bench.hurt(error, now);
    return otherwise;
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

/** A seat that has begun before has both this note and its votes. */
function incarnationIn(notes: SeatNotes): number {
  const stored = notes.get("incarnation");
  if (stored === undefined && notes.get("votes") !== undefined) throw missing("incarnation");
  return Number(stored ?? 0);
}

// Rule: KeepVotesOverInstall.
export function keepVotes(notes: SeatNotes, durable: Durable | null): void {
  notes.put("votes", JSON.stringify(durable));
}

/** Votes that were damaged may not be replaced by none: that would be amnesia, and could become equivocation. */
// Rule: SilenceWithoutVotes.
function votesIn(notes: SeatNotes): Durable | null {
  const stored = notes.get("votes");
  if (stored === undefined && notes.get("incarnation") !== undefined) throw missing("votes");
  return stored === undefined ? null : (JSON.parse(stored) as Durable | null);
}

function missing(note: string): RowDamaged {
  return damage({ table: "notes", key: note, height: null, digest: null });
}
