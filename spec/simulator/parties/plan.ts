/** What a seed means for everybody around the court: drawn before a run begins. */
import { LIMITS } from "../../../objects/shared/limits.ts";
import type { Dice } from "../../kit/dice.ts";
import type { Habits } from "./client.ts";
import type { LedgerWeather } from "./d1.ts";
import { CLEAR } from "./d1.ts";
import type { Nearby } from "./office.ts";
import type { Way } from "./reach.ts";

export const MISHAPS = [
  "nothing",
  "warden crashes",
  "warden is doomed",
  "warden forgets",
  "warden is wiped",
  "warden row damaged",
  "slow disk",
  "ways change",
  "ledger away",
  "ledger weather",
  "ledger defaced",
  "registrar crashes",
  "registrar is wiped",
  "near ways change",
] as const;
export type Mishap = (typeof MISHAPS)[number];

export interface PartiesPlan {
  readonly windowMs: number;
  readonly clients: readonly Habits[];
  readonly sources: number;
  /** Milliseconds by which each Warden's clock is off. */
  readonly wardenSkews: readonly number[];
  /** Whether there is a Ledger in this run. */
  readonly ledger: boolean;
  /** The longest pause between two reads of a Registrar; null for none. */
  readonly reads: number | null;
  readonly way: Way;
  /** How the ways between seats and their Registrars are. */
  readonly near: Nearby;
  readonly ledgerWeather: LedgerWeather;
  /** Weights, and the longest pause between two. */
  readonly mishaps: Readonly<Record<Mishap, number>>;
  readonly pace: number;
  /** Milliseconds that a Warden's write takes to be durable, at most, until something slows it. */
  readonly slowness: number;
  /** In the calm clients ask when no Warden has anything pending: until then it must get there by itself. */
  readonly quiet: boolean;
  /** Agreed and unpublished blocks beyond which a seat says that its court is overloaded. */
  readonly backlogBlocks: number;
  /** Whether an operator has a wiped Warden taken in again. */
  readonly readmits: boolean;
  /** Storage of a Warden is lost once in the run, whatever else befalls it. */
  readonly wardenLost: boolean;
  /** Share of rows that a seat which lacks blocks reads falsely. */
  readonly misreads: number;
  /** Share of writs that somebody gives a seat garbled. */
  readonly garbling: number;
}

/** What was thought of later, from chances of its own. */
export type LaterPlan = Pick<
  PartiesPlan,
  "backlogBlocks" | "readmits" | "wardenLost" | "misreads" | "garbling"
>;
export type EarlyPlan = Omit<PartiesPlan, keyof LaterPlan>;

export function laterPlanOf(later: Dice): Omit<LaterPlan, "backlogBlocks" | "garbling"> {
  return {
    readmits: later.percent(75),
    wardenLost: later.percent(10),
    misreads: later.one([0, 5, 20]),
  };
}

export function planOf(dice: Dice, wardens: number): EarlyPlan {
  const windowMs = dice.one([1_000, 4_000, 15_000, 60_000, 300_000, 300_000]);
  const way = wayOf(dice);
  const weight = (most: number) => (dice.percent(60) ? dice.below(most + 1) : 0);
  return {
    windowMs,
    clients: Array.from({ length: dice.one([1, 2, 3, 5]) }, () => habitsOf(dice, windowMs)),
    sources: dice.one([1, 2, 2]),
    wardenSkews: Array.from({ length: wardens }, () => skewOf(dice)),
    ledger: dice.percent(30),
    reads: dice.percent(50) ? dice.one([50, 300]) : null,
    way,
    near: nearOf(dice),
    ledgerWeather: weatherOf(dice),
    mishaps: {
      nothing: 10,
      "warden crashes": weight(12),
      "warden is doomed": weight(25),
      "warden forgets": weight(5),
      "warden is wiped": dice.percent(4) ? 2 : 0,
      "warden row damaged": weight(4),
      "slow disk": weight(4),
      "ways change": weight(8),
      "ledger away": weight(8),
      "ledger weather": weight(8),
      "ledger defaced": weight(30),
      "registrar crashes": weight(5),
      "registrar is wiped": weight(5),
      "near ways change": weight(5),
    },
    pace: dice.one([150, 400, 1_000]),
    slowness: dice.one([2, 2, 30, 200]),
    quiet: dice.percent(40),
  };
}

export function wayOf(dice: Dice): Way {
  return {
    lost: dice.one([0, 0, 5, 25]),
    mute: dice.one([0, 0, 2, 10]),
    delay: dice.one([1, 1, 20, 100]),
    jitter: dice.one([4, 50, 400]),
  };
}

export function nearOf(dice: Dice): Nearby {
  return { lost: dice.one([0, 0, 10, 40]), jitter: dice.one([3, 3, 100, 900]) };
}

export function weatherOf(dice: Dice): LedgerWeather {
  return {
    refused: dice.one([0, 0, 10, 40]),
    unheard: dice.one([0, 0, 10, 40]),
    delay: dice.one([CLEAR.delay, 20, 200]),
    jitter: dice.one([CLEAR.jitter, 60, 2_000]),
  };
}

function habitsOf(dice: Dice, windowMs: number): Habits {
  const short = windowMs < 60_000;
  return {
    events: 4 + dice.below(12),
    pace: dice.one([100, 400, 1_500]),
    batch: dice.one([1, 1, 3, 8]),
    waitMs: dice.one([0, 300, 5_000, 5_000]),
    deadlineMs: dice.one([500, 6_000, 6_000]),
    skewMs: skewOf(dice),
    sentAt: short || dice.percent(70),
    again: dice.one([0, 20, 60]),
    late: windowMs <= 4_000 ? dice.one([0, 10, 30]) : 0,
    reuse: dice.one([0, 5, 15]),
    way: { ...wayOf(dice), mute: 0 },
  };
}

/** Two clocks that meet may differ by the bound in all. */
function skewOf(dice: Dice): number {
  const most = dice.one([0, 20, 500, LIMITS.clockBoundMs / 6]);
  return dice.below(2 * most + 1) - most;
}

export function printedPlan(plan: PartiesPlan): string[] {
  const { windowMs, clients, sources, ledger, reads, way, pace, mishaps } = plan;
  const weighed = Object.entries(mishaps).filter(([, weight]) => weight > 0);
  return [
    `window ${windowMs} ms; ${clients.length} clients of ${sources} sources each; Ledger: ${ledger}; reads: ${reads ?? "none"}`,
    ...clients.map((habits, at) => `client ${at}: ${JSON.stringify(habits)}`),
    `Wardens' clocks: ${plan.wardenSkews.join(", ")} ms; ways: ${JSON.stringify(way)}, near: ${JSON.stringify(plan.near)}; D1: ${JSON.stringify(plan.ledgerWeather)}`,
    `wiped Wardens are ${plan.readmits ? "taken in again" : "left out"}${plan.wardenLost ? ", one of them surely" : ""}; the Ledger misread: ${plan.misreads} %`,
    `disks: ${plan.slowness} ms; ${plan.quiet ? "a quiet calm; " : ""}backlog: ${plan.backlogBlocks} blocks; mishaps, one in ${pace} ms at most: ${weighed.map((each) => each.join(" ")).join(", ")}`,
  ];
}
