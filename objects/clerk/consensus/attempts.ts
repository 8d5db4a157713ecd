/**
 * An event may kill whoever evaluates it, by a loop without end or by its hunger for memory. A careful seat notes in storage what it
 * is about to evaluate: what it does not survive twice, it evaluates no more. Only a seat that has been restarted, and has decided
 * nothing since, is careful: so the hot path pays nothing.
 */
import { batchDigest, digest } from "../../shared/digests.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Batch } from "../../shared/types.ts";
import type { Seat } from "./seat.ts";
import type { Turn } from "./turn.ts";

/** An evaluation of these ranges of writs, and the lives of this seat that ended in it. */
interface Attempt {
  readonly what: string;
  readonly events: number;
  readonly deaths: number;
}

/** As it must survive the seat. */
export interface Attempts {
  readonly height: number;
  readonly tried: readonly Attempt[];
  /** Begun and not known to have been survived. */
  readonly begun: string | null;
}

export type Care = Pick<Seat, "careful" | "tried" | "begun" | "allowed" | "cut">;

/** After a restart: whatever was begun and not survived has cost one life more. */
export function careFrom(stored: Attempts | null, next: number, careful: boolean): Care {
  const { tried, begun } = stored?.height === next ? stored : { tried: [], begun: null };
  const after = tried.map(({ what, events, deaths }) => {
    return { what, events, deaths: what === begun ? deaths + 1 : deaths };
  });
  const halves = after
    .filter(({ deaths, events }) => deaths >= LIMITS.attempts && events > 1)
    .map(({ events }) => Math.floor(events / 2));
  return {
    careful,
    tried: new Map(after.map((attempt) => [attempt.what, attempt])),
    begun: null,
    allowed: false,
    cut: Math.min(LIMITS.blockEvents, ...halves),
  };
}

/** Null where there is nothing to remember. */
export function attemptsOf(seat: Seat): Attempts | null {
  const { begun, tip } = seat;
  const tried = [...seat.tried.values()].filter(({ what, deaths }) => deaths > 0 || what === begun);
  return tried.length === 0 ? null : { height: tip.height + 1, tried, begun };
}

/**
 * Whether the seat may evaluate a batch of the next height now, later, when it is told that its attempt is in storage, or no more.
 * Nothing that runs no domain code for a submitted event is an attempt.
 */
// Rule: RejectUnable.
export function ability(turn: Turn, batch: Batch): "now" | "later" | "unable" {
  const { seat } = turn;
  const [first] = batch.entries;
  if (first === undefined || first.poison !== undefined) return "now";
  if (seat.evaluated?.batch === batchDigest(batch.header)) return "now";
  const what = whatOf(batch);
  const deaths = seat.tried.get(what)?.deaths ?? 0;
  if (deaths >= LIMITS.attempts) return "unable";
  if (!seat.careful || (seat.begun === what && seat.allowed)) return "now";
  // One at a time: two that take turns would write for ever.
  if (seat.begun === null || seat.allowed) begin(turn, { what, events: eventsIn(batch), deaths });
  return "later";
}

// Rule: NoteBeforeEvaluating.
function begin(turn: Turn, attempt: Attempt): void {
  const { seat } = turn;
  seat.begun = attempt.what;
  seat.allowed = false;
  seat.tried.delete(attempt.what);
  seat.tried.set(attempt.what, attempt);
  for (const oldest of seat.tried.keys()) {
    if (seat.tried.size <= LIMITS.attemptsKept) break;
    seat.tried.delete(oldest);
  }
  turn.persist();
  turn.attempt(attempt.what);
}

/** The attempt is in storage. */
export function allow(seat: Seat, what: string): void {
  if (seat.begun === what) seat.allowed = true;
}

/** An evaluation has come back; what is written next says so. */
export function survived(seat: Seat): void {
  seat.begun = null;
  seat.allowed = false;
}

/** A decided height has been survived, and so has the seat. */
export function settleAttempts(seat: Seat): void {
  survived(seat);
  seat.tried.clear();
  seat.careful = false;
}

/** Neither height nor time is in it: proposed again in another view, it is the same. */
function whatOf({ header }: Batch): string {
  return digest("attempt", ...header.entries.map(([writ, first, count]) => [writ, first, count]));
}

function eventsIn({ header }: Batch): number {
  return header.entries.reduce((sum, [, , count]) => sum + count, 0);
}
