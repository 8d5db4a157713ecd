// Runs seeds of the simulator (spec/simulator): npm run simulate -- --seeds N [--seed S] [--ticks T] [--seats 4|7]
// [--mode bft|detect|solo] [--liars K] [--workers W] [--coverage]; or its directed schedules, by their numbers: --directed
// --seeds N [--seed S]. Exits with 0 when nothing failed, 1 for wrong arguments, 2 when safety was broken, 3 when something stayed undecided, 4 when an honest seat's code threw, 5 when with --coverage some code of
// the core was never run and no reason is written for it.
// With --plant NAME, or --plant all, it runs planted bugs (spec/simulator/planted) instead; 6 when one of them was not found.
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Options } from "../spec/simulator/draw.ts";
import { Coverage, inAll, judged } from "../spec/simulator/coverage.ts";
import type { Block } from "../spec/simulator/coverage.ts";
import type { Result } from "../spec/simulator/run.ts";

const EXIT = { safety: 2, liveness: 3, crash: 4, coverage: 5, missed: 6 } as const;
const PROGRESS_MS = 10_000;
/** Failures told in full; of others one line. */
const TOLD = 3;

interface Job {
  readonly first: number;
  readonly step: number;
  readonly end: number;
  readonly options: Options;
  readonly coverage: boolean;
  readonly directed: boolean;
}

type Run = Omit<Result, "drawn">;
type Asked = Pick<Job, "options" | "directed">;

/** What a job says of one run, and once at its end. */
type Word =
  | { readonly kind: "result"; readonly result: Run }
  | { readonly kind: "unvisited"; readonly blocks: readonly Block[] };

class Usage extends Error {}

function whole(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
    throw new Usage(`--${name} is a whole number from ${least}, not ${text}`);
  return value;
}

function optionsFrom(args: string[]) {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      seeds: text,
      seed: text,
      ticks: text,
      seats: text,
      mode: text,
      liars: text,
      workers: text,
      coverage: { type: "boolean" },
      directed: { type: "boolean" },
    },
  });
  const { mode } = values;
  if (mode !== undefined && mode !== "bft" && mode !== "detect" && mode !== "solo")
    throw new Usage("--mode is bft, detect or solo");
  const seats = whole("seats", values.seats, 1);
  if (seats !== undefined && (![4, 7].includes(seats) || (mode ?? "bft") !== "bft"))
    throw new Usage("--seats is 4 or 7, of mode bft");
  const liars = whole("liars", values.liars, 0);
  const most = mode === "solo" ? 1 : mode === "detect" ? 2 : (seats ?? 4);
  if ((liars ?? 0) > most) throw new Usage(`--liars is ${most} at most`);
  const ticks = whole("ticks", values.ticks, 1);
  const given = [mode, seats, liars, ticks].some((value) => value !== undefined);
  if (values.directed === true && given)
    throw new Usage("--directed goes with --seeds, --seed, --workers and --coverage");
  const options: Options = {
    ...(mode === undefined ? {} : { mode }),
    ...(seats === undefined ? {} : { seats }),
    ...(liars === undefined ? {} : { liars }),
    ...(ticks === undefined ? {} : { ticks }),
  };
  return {
    options,
    seed: whole("seed", values.seed, 0) ?? 0,
    seeds: whole("seeds", values.seeds, 1) ?? (values.seed === undefined ? 100 : 1),
    workers: whole("workers", values.workers, 1) ?? 1,
    coverage: values.coverage === true,
    directed: values.directed === true,
  };
}

async function work(job: Job, tell: (word: Word) => void) {
  const { first, step, end, options, directed } = job;
  const watch = job.coverage ? new Coverage() : null;
  await watch?.start();
  // Only now: what is loaded before the counting begins is not counted.
  const run = directed ? await directedRuns() : await seededRuns(options);
  for (let seed = first; seed < end; seed += step)
    tell({ kind: "result", result: await run(seed) });
  if (watch !== null) tell({ kind: "unvisited", blocks: await watch.unvisited() });
}

async function seededRuns(options: Options): Promise<(seed: number) => Promise<Run>> {
  const { runSeed } = await import("../spec/simulator/run.ts");
  return (seed) => runSeed(seed, options);
}

async function directedRuns(): Promise<(index: number) => Promise<Run>> {
  const { directedResult } = await import("../spec/simulator/directed/direct.ts");
  return (index) => Promise.resolve(directedResult(index));
}

/** The one line that runs the same again. */
function again(seed: number, { options, directed }: Asked): string {
  const given = Object.entries(options).map(([name, value]) => ` --${name} ${String(value)}`);
  return `npm run simulate -- --seeds 1 --seed ${seed}${directed ? " --directed" : ""}${given.join("")}`;
}

class Sums {
  runs = 0;
  events = 0;
  readonly failures: Run[] = [];
  /** Of the last run. */
  digest = "";
  readonly #counts = new Map<string, number>();
  readonly #started = performance.now();
  #toldAt = performance.now();
  readonly #of: number;
  readonly #asked: Asked;

  constructor(of: number, asked: Asked) {
    this.#of = of;
    this.#asked = asked;
  }

  add(result: Run): void {
    this.runs += 1;
    this.digest = result.digest;
    this.events += result.events;
    for (const [name, count] of Object.entries(result.counts))
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
    if (result.failure !== null) this.#fail(result);
    if (performance.now() < this.#toldAt + PROGRESS_MS) return;
    this.#toldAt = performance.now();
    say(`${this.runs} of ${this.#of} seeds, ${this.failures.length} failed, ${this.#rate()}`);
  }

  print(): void {
    say("");
    for (const [name, count] of [...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      say(`${String(count).padStart(12)}  ${name}`);
    say("");
    say(`${this.runs} seeds, ${this.failures.length} failed, ${this.events} simulated events`);
    say(this.#rate());
  }

  #rate(): string {
    const seconds = (performance.now() - this.#started) / 1000;
    const events = Math.round(this.events / seconds);
    return `${events} simulated events/s, ${(this.runs / seconds).toFixed(1)} seeds/s`;
  }

  #fail(result: Run): void {
    const { failure, seed, parameters, trace } = result;
    this.failures.push(result);
    say(`\nseed ${seed}: ${failure?.kind ?? ""}: ${failure?.detail ?? ""}`);
    say(`again: ${again(seed, this.#asked)}`);
    if (this.failures.length > TOLD) return;
    for (const line of [...parameters, ...trace]) say(`  ${line}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function inWorker(job: Job, tell: (word: Word) => void): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: job });
  worker.on("message", tell);
  return new Promise((resolve, reject) => {
    worker.on("error", reject);
    worker.on("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker ended with ${code}`));
    });
  });
}

/** Over all their seeds, more than it takes to find them. */
async function plant(name: string): Promise<number> {
  const { tableOf } = await import("../spec/simulator/planted/table.ts");
  return (await tableOf(name, say)) === 0 ? 0 : EXIT.missed;
}

async function main(): Promise<number> {
  const [first, name] = process.argv.slice(2);
  if (first === "--plant") return plant(name ?? "all");
  const asked = optionsFrom(process.argv.slice(2));
  const { options, seed, seeds, workers, coverage, directed } = asked;
  const sums = new Sums(seeds, asked);
  const end = seed + seeds;
  const jobs = Array.from({ length: Math.min(workers, seeds) }, (_, at) => {
    return { first: seed + at, step: workers, end, options, coverage, directed };
  });
  const run = jobs.length === 1 ? work : inWorker;
  const unvisited: (readonly Block[])[] = [];
  await Promise.all(
    jobs.map((job) =>
      run(job, (word) => {
        if (word.kind === "result") sums.add(word.result);
        else unvisited.push(word.blocks);
      }),
    ),
  );
  sums.print();
  const covered = !coverage || tellCoverage(inAll(unvisited));
  if (seeds === 1) say(`trace digest ${sums.digest}`);
  const kinds = new Set(sums.failures.map(({ failure }) => failure?.kind));
  const worst = (["safety", "crash", "liveness"] as const).find((kind) => kinds.has(kind));
  if (worst !== undefined) return EXIT[worst];
  return covered ? 0 : EXIT.coverage;
}

/** Whether every piece of the core was run, or has a reason not to be. */
function tellCoverage(unvisited: readonly Block[]): boolean {
  const { unexplained, stale } = judged(unvisited);
  const explained = unvisited.length - unexplained.length;
  say(`the core: ${unexplained.length} pieces never run, ${explained} more with a written reason`);
  for (const { file, line, code } of unexplained) say(`  ${file}:${line} ${code}`);
  for (const reason of stale) say(`  run after all: ${reason}`);
  return unexplained.length === 0;
}

if (isMainThread) {
  try {
    process.exitCode = await main();
  } catch (error) {
    const usage =
      error instanceof Usage || (error instanceof TypeError && "code" in error) ? error : null;
    if (usage === null) throw error;
    process.stderr.write(`${usage.message}\n`);
    process.exitCode = 1;
  }
} else {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of this process has no origin
  await work(workerData as Job, (word) => parentPort?.postMessage(word));
}
