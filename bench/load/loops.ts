// The two ways of putting load on a contender.
import { setTimeout as sleep } from "node:timers/promises";

import type { Client, Outcome, Source } from "./client.ts";
import { Latencies } from "./latency.ts";
import type { Latency } from "./latency.ts";
import { dueBy, instantOf } from "./schedule.ts";
import type { Schedule } from "./schedule.ts";

/** Timers are no finer; a request is sent so much late at the most while the client keeps up. */
const TICK_MS = 1;
/** Requests and movements under way; a contender so far behind will not catch up, and the rest is not sent. */
const MOST_REQUESTS = 8_192;
const MOST_MOVEMENTS = 65_536;
const REASONS = 8;

export interface Measured {
  readonly seconds: number;
  readonly requests: number;
  /** Events that were answered as they must be, those that were not, and the latter's reasons with their number. */
  readonly events: number;
  readonly failed: number;
  /** Events that were turned away for now; they count as neither. */
  readonly refused: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** Of requests answered as they must be, not of those turned away; in an open loop from the instant they were scheduled for. */
  readonly latency: Latency;
  /** How late the client itself was in sending; null in a closed loop. */
  readonly lag: Latency | null;
}

class Tally {
  readonly latencies = new Latencies();
  readonly #reasons = new Map<string, number>();
  #requests = 0;
  #events = 0;
  #failed = 0;
  #refused = 0;

  count(sent: number, { right, refused, failure }: Outcome, ms: number): void {
    const failed = sent - right - refused;
    this.#requests += 1;
    this.#events += right;
    this.#refused += refused;
    this.#failed += failed;
    if (failure === null) {
      if (right > 0) this.latencies.record(ms);
    } else if (this.#reasons.has(failure) || this.#reasons.size < REASONS)
      this.#reasons.set(failure, (this.#reasons.get(failure) ?? 0) + failed);
  }

  measured(ms: number, lag: Latency | null): Measured {
    return {
      seconds: ms / 1000,
      requests: this.#requests,
      events: this.#events,
      failed: this.#failed,
      refused: this.#refused,
      reasons: Object.fromEntries(this.#reasons),
      latency: this.latencies.summary(),
      lag,
    };
  }
}

export interface Loop {
  readonly client: Pick<Client, "send">;
  readonly source: Source;
  /** Movements of a request. */
  readonly size: number;
  readonly signal: AbortSignal;
}

/** For so many seconds, or for so many events if that is sooner. */
export async function closedLoop(
  { client, source, size, signal }: Loop,
  inFlight: number,
  { seconds, events }: { readonly seconds: number; readonly events: number },
): Promise<Measured> {
  const tally = new Tally();
  const from = performance.now();
  const end = from + seconds * 1000;
  let left = events;
  const lane = async (): Promise<void> => {
    while (left > 0 && performance.now() < end && !signal.aborted) {
      left -= size;
      const drawn = source.take(size);
      const sent = performance.now();
      const outcome = await client.send(drawn);
      tally.count(size, outcome, performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  signal.throwIfAborted();
  return tally.measured(performance.now() - from, null);
}

/** Sends when it is time, whatever is still under way, and waits for all of it in the end. */
export async function openLoop(
  { client, source, size, signal }: Loop,
  schedule: Schedule,
): Promise<Measured> {
  const tally = new Tally();
  const lags = new Latencies();
  const pending = new Set<Promise<void>>();
  const from = performance.now();
  const fire = (index: number): void => {
    const at = from + instantOf(schedule, index);
    lags.record(performance.now() - at);
    const sending = client.send(source.take(size)).then((outcome) => {
      tally.count(size, outcome, performance.now() - at);
      pending.delete(sending);
    });
    pending.add(sending);
  };
  const most = Math.min(MOST_REQUESTS, Math.ceil(MOST_MOVEMENTS / size));
  let sent = 0;
  for (let behind = false; sent < schedule.count && !behind && !signal.aborted;) {
    const due = dueBy(schedule, performance.now() - from);
    for (; sent < due && pending.size < most; sent += 1) fire(sent);
    behind = sent < due;
    await sleep(TICK_MS);
  }
  await Promise.all(pending);
  signal.throwIfAborted();
  // The last interval belongs to the schedule, though nothing arrives at its end.
  const to = Math.max(performance.now(), from + instantOf(schedule, sent));
  const unsent = (schedule.count - sent) * size;
  if (unsent > 0)
    tally.count(unsent, { right: 0, refused: 0, failure: "not sent: too far behind" }, 0);
  return tally.measured(to - from, lags.summary());
}
