// Figures of one scenario, out of what was seen of it.
import type { Log, Wanting } from "./load/log.ts";
import type { Seen, Struck } from "./stage.ts";

export interface Around {
  readonly label: string;
  /** Seconds from the beginning of the load. */
  readonly at: number;
  readonly over: number;
  readonly recovered: number;
  /** The longest time in which clients wanted answers and none came, from the blow to the recovery. */
  readonly unavailableSeconds: number;
  /** From the blow's end to the first answer after it, and to the vote of all seats at one height. */
  readonly answeredAfterSeconds: number | null;
  readonly recoveredAfterSeconds: number;
}

export interface Figures {
  readonly sent: number;
  readonly answered: number;
  /** Events that were sent more than once, and how often that was in all. */
  readonly resent: number;
  readonly retries: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly reads: number;
  readonly views: number;
  readonly blows: readonly Around[];
}

const seconds = (ms: number): number => Math.round(ms) / 1000;

export function figuresOf({ log, sent, from, to, struck, samples }: Seen): Figures {
  const views = samples.flatMap(({ court }) => (court === null ? [] : [court.view]));
  const wanted = merged(log.wanting);
  const working = wanted.reduce((sum, span) => sum + span.to - span.from, 0);
  const attempts = [...log.entries.values()].map((entry) => entry.attempts);
  return {
    sent,
    answered: log.answered,
    resent: attempts.filter((tries) => tries > 1).length,
    retries: Object.fromEntries(log.retries),
    seconds: seconds(to - from),
    eventsPerSecond: Math.round((log.answered * 1000) / Math.max(working, 1)),
    reads: log.reads.length,
    views: (views.at(-1) ?? 0) - (views[0] ?? 0),
    blows: struck.map((each) => around(each, log, wanted, from)),
  };
}

function around(
  { label, at, over, recovered }: Struck,
  { arrivals }: Log,
  wanted: readonly Wanting[],
  from: number,
): Around {
  const next = arrivals.find((arrival) => arrival.at > over);
  return {
    label,
    at: seconds(at - from),
    over: seconds(over - from),
    recovered: seconds(recovered - from),
    unavailableSeconds: seconds(longestGap(arrivals, wanted, at, recovered)),
    answeredAfterSeconds: next === undefined ? null : seconds(next.at - over),
    recoveredAfterSeconds: seconds(recovered - over),
  };
}

/** Milliseconds; of the time between two answers, what clients wanted any in. */
export function longestGap(
  arrivals: readonly { readonly at: number }[],
  wanted: readonly Wanting[],
  from: number,
  to: number,
): number {
  const last = arrivals.find(({ at }) => at >= to)?.at ?? to;
  const times = arrivals.map(({ at }) => at).filter((at) => at > from && at <= last);
  const gaps = [...times, last].map((at, index) => overlap(wanted, times[index - 1] ?? from, at));
  return Math.max(0, ...gaps);
}

function overlap(spans: readonly Wanting[], from: number, to: number): number {
  let sum = 0;
  for (const span of spans) sum += Math.max(0, Math.min(span.to, to) - Math.max(span.from, from));
  return sum;
}

/** The times in which any client wanted anything, apart from one another. */
export function merged(spans: readonly Wanting[]): Wanting[] {
  const apart: Wanting[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = apart.at(-1);
    if (last !== undefined && span.from <= last.to)
      apart[apart.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    else apart.push(span);
  }
  return apart;
}
