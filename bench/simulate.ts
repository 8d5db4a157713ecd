// Runs seeds of the simulator (spec/simulator): npm run simulate -- --seeds N [--seed S] [--ticks T] [--seats 4|7]
// [--mode bft|detect|solo] [--liars K] [--lie NAME] [--flaw NAME] [--fate NAME] [--workers W] [--coverage]; or its directed schedules, by their
// numbers: --directed --seeds N [--seed S]. With --coverage and no kind of run named, a share of every kind follows, and what none of them came to is told.
// Exits with 0 when nothing failed, 1 for wrong arguments, 2 when safety was broken, 3 when something stayed undecided, 4 when an
// honest seat's code threw, 5 when with --coverage some code of the core was never run and no reason is written for it.
// With --plant NAME, or --plant all, it runs planted bugs (spec/simulator/planted) instead; 6 when one of them was not found. --plant first finds each
// once, and writes down by which seed, so that the tests look there first.
import { inAll, judged } from "../spec/simulator/coverage.ts";
import type { Block, Unvisited } from "../spec/simulator/coverage.ts";
import { asked, batchesOf, Usage } from "./simulate/asked.ts";
import type { Asked, Batch } from "./simulate/asked.ts";
import { inWorker, work } from "./simulate/jobs.ts";
import { say, Sums } from "./simulate/sums.ts";

const EXIT = { safety: 2, liveness: 3, crash: 4, coverage: 5, missed: 6 } as const;

/** Over all their seeds, more than it takes to find them. */
async function plant(name: string): Promise<number> {
  const { firstSeeds, tableOf } = await import("../spec/simulator/planted/table.ts");
  const missed = name === "first" ? await firstSeeds(say) : await tableOf(name, say);
  return missed === 0 ? 0 : EXIT.missed;
}

async function main(): Promise<number> {
  const [first, name] = process.argv.slice(2);
  if (first === "--plant") return plant(name ?? "all");
  const all = asked(process.argv.slice(2));
  const unvisited: Unvisited[] = [];
  const kinds = new Set<string | undefined>();
  for (const batch of batchesOf(all)) {
    const { failures } = await ran(batch, all, unvisited);
    for (const { failure } of failures) kinds.add(failure?.kind);
  }
  const covered = !all.coverage || tellCoverage(inAll(unvisited));
  const worst = (["safety", "crash", "liveness"] as const).find((kind) => kinds.has(kind));
  if (worst !== undefined) return EXIT[worst];
  return covered ? 0 : EXIT.coverage;
}

async function ran(batch: Batch, all: Asked, unvisited: Unvisited[]): Promise<Sums> {
  const { options, directed, seed, seeds } = batch;
  const { workers, coverage } = all;
  const sums = new Sums(seeds, batch);
  const jobs = Array.from({ length: Math.min(workers, seeds) }, (_, at) => {
    return { first: seed + at, step: workers, end: seed + seeds, options, directed, coverage };
  });
  // Each counts for itself: what was loaded and run before would not be counted again.
  const run = jobs.length === 1 && !coverage ? work : inWorker;
  await Promise.all(
    jobs.map((job) =>
      run(job, (word) => {
        if (word.kind === "result") sums.add(word.result);
        else unvisited.push(word.unvisited);
      }),
    ),
  );
  sums.print();
  if (seeds === 1) say(`trace digest ${sums.digest}`);
  return sums;
}

/** Whether every piece of the core was run, or has a reason not to be. */
function tellCoverage(unvisited: readonly Block[]): boolean {
  const { unexplained, stale } = judged(unvisited);
  const explained = unvisited.length - unexplained.length;
  say(`the core: ${unexplained.length} pieces never run, ${explained} more with a written reason`);
  for (const { file, line, code, source } of unexplained)
    say(`  ${file}:${line} ${code}${code.startsWith(source) ? "" : ` in: ${source}`}`);
  for (const reason of stale) say(`  run after all: ${reason}`);
  return unexplained.length === 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage =
    error instanceof Usage || (error instanceof TypeError && "code" in error) ? error : null;
  if (usage === null) throw error;
  process.stderr.write(`${usage.message}\n`);
  process.exitCode = 1;
}
