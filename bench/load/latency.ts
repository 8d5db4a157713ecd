// Percentiles of times, from Node's HDR histogram: three digits, up to minutes.
import { createHistogram } from "node:perf_hooks";

/** Microseconds; slower ones count as this. */
const HIGHEST = 600_000_000;

/** Milliseconds. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly mean: number;
}

export class Latencies {
  readonly #histogram = createHistogram({ lowest: 1, highest: HIGHEST, figures: 3 });

  record(ms: number): void {
    this.#histogram.record(Math.min(HIGHEST, Math.max(1, Math.round(ms * 1000))));
  }

  /** All zero where nothing was recorded. */
  summary(): Latency {
    const all = this.#histogram;
    const { count } = all;
    if (count === 0) return { count, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, mean: 0 };
    const at = (percent: number): number => all.percentile(percent) / 1000;
    const [p50, p90, p99, p999] = [at(50), at(90), at(99), at(99.9)];
    return { count, p50, p90, p99, p999, max: all.max / 1000, mean: all.mean / 1000 };
  }
}
