// What our seats count of themselves, from GET /metrics: how much agreement costs for each block and event.

/** Of all seats together, over one measurement. */
export interface Counters {
  readonly seats: number;
  readonly blocks: number;
  readonly events: number;
  readonly calls: number;
  readonly sent: number;
  readonly commits: number;
}

/** What one of the blocks came to, all seats together. */
export interface PerBlock {
  readonly events: number;
  readonly calls: number;
  readonly commits: number;
  /** UTF-16 units between seats for each event. */
  readonly sentPerEvent: number;
}

const SAMPLE = /^assize_seat_(blocks|events|calls|sent|commits)_total\{[^}]*\} (\d+)$/gm;

/** From an OpenMetrics text. */
export function countersIn(text: string): Counters {
  const sums = { blocks: 0, events: 0, calls: 0, sent: 0, commits: 0 };
  let seats = 0;
  for (const [, name, value] of text.matchAll(SAMPLE)) {
    sums[name as keyof typeof sums] += Number(value);
    if (name === "blocks") seats += 1;
  }
  return { seats, ...sums };
}

/** Null where a seat began a new life meanwhile, which counts from nothing. */
export function between(before: Counters, after: Counters): Counters | null {
  const since = {
    seats: after.seats,
    blocks: after.blocks - before.blocks,
    events: after.events - before.events,
    calls: after.calls - before.calls,
    sent: after.sent - before.sent,
    commits: after.commits - before.commits,
  };
  return Object.values(since).some((value) => value < 0) ? null : since;
}

/** Null where no block was decided. A seat that was given a block counts it as one that voted does. */
export function perBlock({
  seats,
  blocks,
  events,
  calls,
  sent,
  commits,
}: Counters): PerBlock | null {
  if (blocks === 0 || seats === 0 || events === 0) return null;
  const decided = blocks / seats;
  return {
    events: events / blocks,
    calls: calls / decided,
    commits: commits / decided,
    sentPerEvent: (sent * seats) / events,
  };
}
