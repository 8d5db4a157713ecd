/** Seeds of one kind of run, in this thread or in one of their own; what is counted of the core's code ends with the thread. */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Coverage } from "../../spec/simulator/coverage.ts";
import type { Unvisited } from "../../spec/simulator/coverage.ts";
import type { Options } from "../../spec/simulator/draw.ts";
import type { Result } from "../../spec/simulator/run.ts";

/** What is run: the mix with what these options fix, or directed schedules by their numbers. */
export interface Kind {
  readonly options: Options;
  readonly directed: boolean;
}

export interface Job extends Kind {
  readonly first: number;
  readonly step: number;
  readonly end: number;
  readonly coverage: boolean;
}

export type Run = Omit<Result, "drawn">;

/** What a job says of one run, and once at its end. */
export type Word =
  | { readonly kind: "result"; readonly result: Run }
  | { readonly kind: "unvisited"; readonly unvisited: Unvisited };

export async function work(job: Job, tell: (word: Word) => void): Promise<void> {
  const { first, step, end } = job;
  const watch = job.coverage ? new Coverage() : null;
  await watch?.start();
  // Only now: what is loaded before the counting begins is not counted.
  const run = await runsOf(job);
  for (let seed = first; seed < end; seed += step)
    tell({ kind: "result", result: await run(seed) });
  if (watch !== null) tell({ kind: "unvisited", unvisited: await watch.unvisited() });
}

async function runsOf({ options, directed }: Kind): Promise<(seed: number) => Promise<Run>> {
  if (directed) {
    const { directedResult } = await import("../../spec/simulator/directed/direct.ts");
    return (index) => Promise.resolve(directedResult(index));
  }
  const { runSeed } = await import("../../spec/simulator/run.ts");
  return (seed) => runSeed(seed, options);
}

export function inWorker(job: Job, tell: (word: Word) => void): Promise<void> {
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

if (!isMainThread) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of this process has no origin
  await work(workerData as Job, (word) => parentPort?.postMessage(word));
}
