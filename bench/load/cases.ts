// What is measured: a way of sending, a workload, and how many movements a request has.

import { REGION_SETS } from "./distance.ts";

export type Mode =
  /** So many requests are under way, each followed by the next. */
  | { readonly kind: "closed"; readonly inFlight: number }
  /** Arrivals by schedule, in events a second. */
  | { readonly kind: "open"; readonly rate: number }
  /** The highest rate that holds. */
  | { readonly kind: "search" }
  /** So many times what a closed loop of so many requests came to, just before. */
  | { readonly kind: "over"; readonly factor: number; readonly inFlight: number }
  /** A closed loop that goes on for so many times as long, looked at each time. */
  | { readonly kind: "soak"; readonly slices: number; readonly inFlight: number };

export interface Case {
  readonly name: string;
  readonly mode: Mode;
  readonly workload: string;
  readonly size: number;
  /** Where the seats are, as far as calls take time; only ours has any. */
  readonly regions?: readonly string[];
}

/** Requests under way, by movements of a request: a queue in front of every contender, and no longer than needed. */
const IN_FLIGHT: Readonly<Record<number, number>> = { 1: 64, 10: 16, 100: 8, 1000: 4 };

const closed = (workload: string, size: number): Case => ({
  name: `closed/${workload}/${size}`,
  mode: { kind: "closed", inFlight: IN_FLIGHT[size] ?? 8 },
  workload,
  size,
});
const open = (workload: string, size: number, rate: number): Case => ({
  name: `open/${workload}/${size}@${rate}`,
  mode: { kind: "open", rate },
  workload,
  size,
});
const search = (workload: string, size: number): Case => ({
  name: `search/${workload}/${size}`,
  mode: { kind: "search" },
  workload,
  size,
});

const over = (workload: string, size: number, factor = 2): Case => ({
  name: `over/${workload}/${size}`,
  mode: { kind: "over", factor, inFlight: IN_FLIGHT[size] ?? 8 },
  workload,
  size,
});

const soak = (workload: string, size: number, slices = 10): Case => ({
  name: `soak/${workload}/${size}`,
  mode: { kind: "soak", slices, inFlight: IN_FLIGHT[size] ?? 8 },
  workload,
  size,
});

/** One request after the other: nothing but the way it goes. */
const distance = (name: string, size: number): Case => ({
  name: `distance/${name}/${size}`,
  mode: { kind: "closed", inFlight: 1 },
  workload: "distinct",
  size,
  regions: REGION_SETS[name] ?? [],
});

export const CASES: readonly Case[] = [
  ...[1, 10, 100, 1000].map((size) => closed("distinct", size)),
  ...[1, 100, 1000].map((size) => closed("hot", size)),
  ...["replays", "payload-200", "payload-8k"].flatMap((workload) =>
    [1, 100].map((size) => closed(workload, size)),
  ),
  ...[1, 100].map((size) => closed("entities", size)),
  ...[10_000, 20_000].map((rate) => open("distinct", 100, rate)),
  ...[1, 10, 100, 1000].map((size) => search("distinct", size)),
  ...[1, 100].map((size) => over("distinct", size)),
  ...Object.keys(REGION_SETS).map((name) => distance(name, 1)),
  ...["distinct", "new"].map((workload) => soak(workload, 100)),
];

/** Of a short run: every kind once, and stock that runs out. */
export const SHORT_CASES: readonly Case[] = [
  closed("distinct", 1),
  closed("distinct", 10),
  closed("hot", 100),
  closed("replays", 1),
  closed("replays", 10),
  closed("payload-8k", 10),
  closed("scarce", 1),
  closed("scarce", 10),
  open("distinct", 10, 200),
  search("distinct", 1),
  over("distinct", 10),
  distance("europe", 1),
  soak("new", 10, 2),
];

/** For people. */
export function sayingOf({ mode, workload, size, regions }: Case): string {
  const requests = size === 1 ? "single movements" : `requests of ${size}`;
  if (regions !== undefined)
    return `${requests}, one at a time, seats in ${regions.join(", ") || "one place"}`;
  if (mode.kind === "closed") return `${workload}, ${requests}, ${mode.inFlight} under way`;
  if (mode.kind === "open") return `${workload}, ${requests}, ${mode.rate} events/s offered`;
  if (mode.kind === "over")
    return `${workload}, ${requests}, ${mode.factor} times as much offered as it can do`;
  if (mode.kind === "soak") return `${workload}, ${requests}, ${mode.slices} times as long`;
  return `${workload}, ${requests}, the highest rate that holds`;
}
