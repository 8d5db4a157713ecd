// One life of a contender: started, filled, warmed, measured and audited, case after case, and ended.
import { mkdirSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import type { Check } from "../lib/verdict.ts";
import { audit, settle } from "./audit.ts";
import { Book } from "./book.ts";
import type { Case, Mode } from "./cases.ts";
import { Client, Source } from "./client.ts";
import { between } from "./counters.ts";
import type { Counters } from "./counters.ts";
import type { Bundles, Contender, Running } from "./contenders/contender.ts";
import { probe } from "./disk.ts";
import { Inspector, sharesOf } from "./profile.ts";
import type { CpuProfile, Shares } from "./profile.ts";
import type { Disk } from "./disk.ts";
import { closedLoop, openLoop } from "./loops.ts";
import type { Loop, Measured } from "./loops.ts";
import { scheduleOf } from "./schedule.ts";
import { soak } from "./soak.ts";
import type { Slice } from "./soak.ts";
import { highestOf, nextRate } from "./search.ts";
import type { Search } from "./search.ts";
import { Spending } from "./usage.ts";
import type { Spent } from "./usage.ts";
import { preparationOf, workloadOf } from "./workloads.ts";
import type { Scale, Workload } from "./workloads.ts";

/** What a rate must keep to be one that holds: a quiet tail, no error, and the rate itself. */
const P99_MS = 100;
const KEPT = 0.98;
/** Requests under way while a contender is filled, by whether it takes many movements at once. */
const FILLING = { many: 4, single: 64 };
const TRIES = 40;
const PAUSE_MS = 250;
/** Of a profile, the most that a run tells. */
const FUNCTIONS = 60;
/** Movements of a request of the audit, at least; with the longest notes still one that everybody takes. */
const AUDITED = 50;
/** Connections where arrivals wait for nobody. */
const CONNECTIONS = 64;
/** … and where more arrives than is answered. */
const MANY_CONNECTIONS = 1_024;

export interface Limits {
  /** Of a closed loop, which ends with the first of these. */
  readonly seconds: number;
  readonly events: number;
  /** Of an open one, and of each step of a search. */
  readonly openSeconds: number;
  /** Of too much, before it is measured. */
  readonly noticeSeconds: number;
  readonly warmSeconds: number;
  readonly warmEvents: number;
  readonly fillSeconds: number;
  readonly search: Omit<Search, "least">;
  /** Synced writes that tell how fast the disk is. */
  readonly probes: number;
}

/** A rate that was tried. */
export interface Tried {
  readonly rate: number;
  readonly holds: boolean;
  readonly measured: Measured;
}

/** What V8 tells of the isolate that holds every object. */
export interface Profiled extends Shares {
  /** In use after a full collection, when the load has ended. */
  readonly heapBytes: number;
}

export interface Run {
  readonly contender: string;
  readonly case: string;
  readonly round: number;
  readonly at: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly disk: Disk;
  /** Items that were there. */
  readonly items: number;
  /** Of a soak, one after the other; what is measured is the last. Null otherwise. */
  readonly slices: readonly Slice[] | null;
  /** Events a second that were offered where that was so many times what it can do; null otherwise. */
  readonly offered: number | null;
  /** Of a search, at the highest rate that holds; null if none does. */
  readonly measured: Measured | null;
  readonly tried: readonly Tried[];
  /** While it was measured; null where it cannot be told. */
  readonly usage: Spent | null;
  /** What its seats counted meanwhile; null where none do. */
  readonly counters: Counters | null;
  /** What ran in its isolate meanwhile; null where nobody looked. */
  readonly profile: Profiled | null;
  readonly checks: readonly Check[];
}

export interface Life {
  readonly contender: Contender;
  readonly cases: readonly Case[];
  readonly round: number;
  /** Made, and removed in the end. */
  readonly folder: string;
  readonly bundles: Bundles;
  readonly scale: Scale;
  readonly limits: Limits;
  readonly profiled: boolean;
  /** Told of each profile, of which a run keeps the shares only. */
  readonly sampled: (one: Case, profile: CpuProfile) => void;
  readonly signal: AbortSignal;
  readonly say: (step: string) => void;
}

/** `done` is told of each run as it ends. Throws when the contender fails. */
export async function live(life: Life, done: (run: Run) => void): Promise<void> {
  const { contender, cases, folder, bundles, signal, say } = life;
  mkdirSync(folder, { recursive: true });
  say(`${contender.name}: starting`);
  // Cases of one life have the same.
  const regions = cases[0]?.regions ?? [];
  const soaked = cases.some(({ mode }) => mode.kind === "soak");
  const inspected = life.profiled || soaked;
  const place = { folder, bundles, signal, regions, inspected };
  const running = await contender.start(place);
  try {
    for (const [index, one] of cases.entries()) {
      say(`${contender.name}: ${one.name}`);
      done(await runOf(life, running, one, index));
    }
  } finally {
    await running.stop();
  }
  rmSync(folder, { recursive: true, force: true });
}

async function runOf(life: Life, running: Running, one: Case, index: number): Promise<Run> {
  const { contender, round, limits, signal } = life;
  const { semantics, most } = contender;
  const workload = await filled(life, running, one, `c${index}`);
  // Before there are connections: it holds this process up, and servers close what is idle.
  const disk = probe(life.folder, limits.probes);
  const book = new Book({ strict: semantics.nonNegative });
  const connections = connectionsOf(one.mode);
  const client = new Client(running, book, connections);
  try {
    const loop = { client, source: new Source(workload.draw), size: one.size, signal };
    const { warmSeconds, warmEvents } = limits;
    await closedLoop(loop, Math.min(connections, 16), { seconds: warmSeconds, events: warmEvents });
    const at = new Date().toISOString();
    const size = Math.min(most, Math.max(one.size, AUDITED));
    const audited = { running, semantics, size, book, workload };
    const look = await lookInto(life.profiled ? running : {});
    const counted = await running.counters?.();
    const spending = new Spending(running.pid);
    const given = { running, filled: workload.items, settled: () => settle(audited) };
    const { measured, tried, offered, slices } = await measuredIn(
      one.mode,
      loop,
      limits,
      given,
    ).finally(() => spending.end());
    const profile = await look((raw) => life.sampled(one, raw));
    const { usage } = spending;
    const counters = await countedSince(running, counted);
    const checks = await audit(audited);
    if (running.verify !== undefined && one.mode.kind === "over")
      checks.push({ what: "npm run verify finds nothing", wrong: await running.verify() });
    const names = { contender: contender.name, case: one.name, round, at };
    const { versions } = running;
    const { items } = workload;
    const found = { slices, offered, measured, tried, usage, counters, profile, checks };
    return { ...names, versions, disk, items, ...found };
  } finally {
    await client.close();
  }
}

async function countedSince(
  { counters }: Running,
  before: Counters | undefined,
): Promise<Counters | null> {
  return counters === undefined || before === undefined ? null : between(before, await counters());
}

type Raw = (profile: CpuProfile) => void;

/** Begins to look into the isolate; what is returned ends it. */
async function lookInto({
  inspector: port,
}: Pick<Running, "inspector">): Promise<(raw: Raw) => Promise<Profiled | null>> {
  if (port === undefined) return () => Promise.resolve(null);
  const inspector = await Inspector.open(port);
  await inspector.start();
  return async (raw) => {
    const profile = await inspector.stop();
    raw(profile);
    const heapBytes = await inspector.heap();
    inspector.close();
    const { functions, ...times } = sharesOf(profile);
    return { ...times, functions: functions.slice(0, FUNCTIONS), heapBytes };
  };
}

interface Given {
  readonly running: Running;
  /** Events that it has decided. */
  readonly filled: number;
  readonly settled: () => Promise<unknown>;
}

async function measuredIn(
  mode: Mode,
  loop: Loop,
  limits: Limits,
  { running, filled: before, settled }: Given,
): Promise<Pick<Run, "measured" | "tried" | "offered" | "slices">> {
  const { seconds, events, openSeconds, search } = limits;
  const only = { tried: [], offered: null, slices: null };
  if (mode.kind === "closed")
    return { ...only, measured: await closedLoop(loop, mode.inFlight, { seconds, events }) };
  if (mode.kind === "open")
    return {
      ...only,
      measured: await openLoop(loop, scheduleOf(mode.rate, loop.size, openSeconds)),
    };
  if (mode.kind === "soak") {
    const slices = await soak(running, loop, { ...mode, filled: before }, limits);
    return { ...only, slices, measured: slices.at(-1)?.measured ?? null };
  }
  if (mode.kind === "over") return { ...only, ...(await overloaded(mode, loop, limits)) };
  const tried: Tried[] = [];
  // Less than a request a second tells nothing.
  const given = { ...search, from: Math.max(search.from, loop.size), least: loop.size };
  for (let rate = nextRate(tried, given); rate !== null; rate = nextRate(tried, given)) {
    const measured = await openLoop(loop, scheduleOf(rate, loop.size, openSeconds));
    tried.push({ rate, holds: holds(measured, rate), measured });
    // The next rate finds no one still busy with this one.
    await settled();
  }
  const best = highestOf(tried);
  const measured = tried.find(({ rate }) => rate === best)?.measured ?? null;
  return { measured, tried, offered: null, slices: null };
}

/** More than it can do, first for long enough that it can know. */
async function overloaded(
  { factor, inFlight }: Extract<Mode, { kind: "over" }>,
  loop: Loop,
  { seconds, events, openSeconds, noticeSeconds }: Limits,
): Promise<Pick<Run, "measured" | "offered">> {
  const able = await closedLoop(loop, inFlight, { seconds, events });
  const offered = Math.max(loop.size, Math.round((able.events / able.seconds) * factor));
  await openLoop(loop, scheduleOf(offered, loop.size, noticeSeconds));
  const measured = await openLoop(loop, scheduleOf(offered, loop.size, openSeconds));
  return { measured, offered };
}

function connectionsOf(mode: Mode): number {
  if (mode.kind === "closed" || mode.kind === "soak") return mode.inFlight;
  return mode.kind === "over" ? MANY_CONNECTIONS : CONNECTIONS;
}

/** Whether a contender kept up with what it was offered. */
export function holds(
  { failed, refused, latency, events, seconds }: Measured,
  rate: number,
): boolean {
  return failed + refused === 0 && latency.p99 < P99_MS && events / seconds >= rate * KEPT;
}

/** The workload, with as many of its items as could be given their stock in the time there is for it. */
async function filled(life: Life, running: Running, one: Case, run: string): Promise<Workload> {
  const { contender, scale, limits, signal } = life;
  const wanted = workloadOf(one.workload, run, scale, one.size);
  const size = Math.min(contender.most, 1000);
  const end = performance.now() + limits.fillSeconds * 1000;
  let filledTo = 0;
  const lane = async (): Promise<void> => {
    while (filledTo < wanted.items && performance.now() < end) {
      const from = filledTo;
      filledTo = Math.min(wanted.items, from + size);
      await fill(running, preparationOf(wanted, from, filledTo), signal);
    }
  };
  const lanes = size === 1 ? FILLING.single : FILLING.many;
  await Promise.all(Array.from({ length: lanes }, lane));
  return workloadOf(one.workload, run, { items: filledTo, entities: filledTo }, one.size);
}

async function fill(
  running: Running,
  movements: ReturnType<typeof preparationOf>,
  signal: AbortSignal,
): Promise<void> {
  const { path, headers, body } = running.posted(movements);
  for (let tries = 1; ; tries += 1) {
    try {
      const sent = { method: "POST", headers: { ...headers }, body, signal };
      const reply = await fetch(running.url + path, sent);
      const answers = running.answers(reply.status, await reply.text(), movements);
      const odd = answers.find(({ status }) => status !== "accepted");
      if (odd !== undefined) throw new Error(`${odd.id} is ${odd.status}`);
      return;
    } catch (error) {
      if (signal.aborted || tries === TRIES) throw error;
      await sleep(PAUSE_MS, undefined, { signal });
    }
  }
}
