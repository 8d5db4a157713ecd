// npm run chaos: whatever may break breaks under load, and an audit that trusts nobody follows. bench/chaos/README.md.
// Exit 0: everything holds. 1: wrong arguments. 2: an audit failed. 3: it could not be run.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

import { Arena } from "./chaos/arena.ts";
import { Auditor } from "./chaos/audit/auditor.ts";
import type { Findings } from "./chaos/audit/auditor.ts";
import { figuresOf } from "./chaos/measure.ts";
import { holds, summaryOf, writeResult, writeTable } from "./chaos/report.ts";
import type { Result } from "./chaos/report.ts";
import { SCENARIOS } from "./chaos/scenarios.ts";
import type { Scenario } from "./chaos/scenarios.ts";
import { perform } from "./chaos/stage.ts";
import type { Scale, Seen } from "./chaos/stage.ts";
import { Unmet } from "./chaos/unmet.ts";
import { stopSignal } from "./lib/command.ts";
import { commitOfCode } from "./lib/commit.ts";
import { Progress } from "./lib/progress.ts";
import { linesOf } from "./lib/sample.ts";
import type { InvoiceLine } from "./lib/sample.ts";
import { buildBundle, root } from "./lib/tools.ts";
import { verifyFlaws } from "./lib/verify-flaws.ts";

const EXIT = { usage: 1, failed: 2, unable: 3 } as const;
const sample = join(root, "bench/data/online-retail-sample.csv");
const SHORT_EVENTS = 1_500;
/** Below it requests are smaller and blows fewer, so that each still meets some load. */
const SMALL = 20_000;

interface Options {
  readonly scenarios: readonly Scenario[];
  readonly events: number | undefined;
  readonly seed: number;
  readonly short: boolean;
  readonly report: string;
}

class Usage extends Error {}

function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1)
    throw new Usage(`--${name} is a whole number from 1, not ${text}`);
  return value;
}

/** Null where only a list is wanted. */
function optionsFrom(args: string[]): Options | null {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args,
    options: {
      scenario: text,
      events: text,
      seed: text,
      report: text,
      list: flag,
      all: flag,
      short: flag,
    },
  });
  if (values.list) return null;
  const { scenario, all, short, report = join(root, ".assize/chaos") } = values;
  const named = scenario?.split(",") ?? SCENARIOS.map(({ name }) => name);
  const unknown = named.find((name) => !SCENARIOS.some((one) => one.name === name));
  if (unknown !== undefined) throw new Usage(`there is no scenario ${unknown}: --list names them`);
  const chosen = SCENARIOS.filter(({ name }) => named.includes(name));
  if (scenario === undefined && !all && !short)
    throw new Usage(
      "say which: --scenario NAME[,NAME], --all or --short; --list names the scenarios",
    );
  const [events, seed = 1] = [whole("events", values.events), whole("seed", values.seed)];
  return { scenarios: chosen, events, seed, short, report };
}

function scaleOf({ events: asked, short }: Options, { events }: Scenario): Scale {
  const wanted = asked ?? (short ? SHORT_EVENTS : events);
  return wanted < SMALL
    ? { events: wanted, blows: 2, request: 25, downSeconds: 2 }
    : { events: wanted, blows: 6, request: 100, downSeconds: 8 };
}

interface Bench {
  readonly options: Options;
  readonly bundle: string;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly lines: readonly InvoiceLine[];
}

/**
 * Scenarios one after the other on one deployment, up to the first that does not hold. A short run's seats take roots often, so
 * that state is transferred.
 */
async function runAll(bench: Bench, scenarios: readonly Scenario[]): Promise<Result[]> {
  const { options, bundle, folder, signal, progress } = bench;
  const persist = mkdtempSync(join(folder, "run-"));
  progress.say("starting a server");
  const vars = options.short ? { ROOT_HEIGHTS: "16" } : {};
  const arena = await Arena.open({ persist, bundle, vars, signal });
  const results: Result[] = [];
  let good = true;
  try {
    const auditor = new Auditor(arena);
    const genesis = await arena.genesis();
    for (const scenario of scenarios) {
      const last = scenario === scenarios.at(-1);
      const result = await runOne(bench, arena, auditor, {
        scenario,
        genesis: last ? genesis : null,
      });
      results.push(result);
      good = holds(result);
      if (!good) break;
    }
  } finally {
    await arena.close();
  }
  if (good) rmSync(persist, { recursive: true, force: true });
  else process.stderr.write(`assize chaos: the server's state: ${relative(root, persist)}\n`);
  return results;
}

/** With the genesis, the ledger is verified from there. */
async function runOne(
  { options, progress, lines }: Bench,
  arena: Arena,
  auditor: Auditor,
  { scenario, genesis }: { readonly scenario: Scenario; readonly genesis: string | null },
): Promise<Result> {
  const { seed, report } = options;
  const say = progress.say.bind(progress);
  const scale = scaleOf(options, scenario);
  const seen = await perform({ arena, scenario, scale, seed, lines, say });
  say(`${scenario.name}: audit`);
  const { checks, ...counts } = await audited(auditor, seen);
  const more = [{ what: "what was promised came in its time", wrong: seen.unmet }];
  if (genesis !== null) {
    say(`${scenario.name}: npm run verify`);
    const wrong = await verifyFlaws(arena.access, genesis);
    more.push({ what: "npm run verify finds nothing", wrong });
  }
  const findings = { ...counts, checks: [...checks, ...more] };
  const result = { scenario, seed, figures: figuresOf(seen), findings };
  progress.end();
  process.stdout.write(`\n${summaryOf(result)}`);
  writeResult(report, result, seen, { command: commandLine(), commit: commitOfCode() });
  writeTable(report);
  return result;
}

function commandLine(): string {
  return `npm run chaos -- ${process.argv.slice(2).join(" ")}`;
}

/** An audit that the deployment does not let come to its end is a finding too. */
async function audited(auditor: Auditor, { log }: Seen): Promise<Findings> {
  try {
    return await auditor.audit(log);
  } catch (error) {
    if (!(error instanceof Unmet)) throw error;
    const checks = [{ what: "the ledger can be audited", wrong: [error.message] }];
    return { checks, lost: null, doubled: null, diverged: null, height: null, stock: null };
  }
}

async function run(options: Options): Promise<boolean> {
  const ours = join(root, ".assize");
  mkdirSync(ours, { recursive: true });
  const folder = mkdtempSync(join(ours, "chaos-run-"));
  const progress = new Progress("chaos");
  const signal = stopSignal();
  let good = false;
  try {
    const bundle = join(folder, "bundle");
    progress.say("building");
    await buildBundle(bundle);
    const lines = linesOf(readFileSync(sample, "utf8"));
    const bench = { options, bundle, folder, signal, progress, lines };
    const results: Result[] = [];
    for (let done = 0; done < options.scenarios.length; done = results.length) {
      // A short run shares one deployment: starting one takes longer than most scenarios.
      const next = options.scenarios.slice(done, options.short ? undefined : done + 1);
      results.push(...(await runAll(bench, next)));
    }
    const failed = results.filter((result) => !holds(result));
    for (const { scenario } of failed) process.stdout.write(`FAILED ${scenario.name}\n`);
    process.stdout.write(
      `\n${results.length - failed.length} of ${results.length} scenarios hold\n`,
    );
    good = failed.length === 0;
    return good;
  } finally {
    progress.end();
    if (good || signal.aborted) rmSync(folder, { recursive: true, force: true });
  }
}

function list(): void {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  for (const { name, what } of SCENARIOS)
    process.stdout.write(`  ${name.padEnd(width)}  ${what}\n`);
}

async function main(): Promise<number> {
  let options: Options | null;
  try {
    options = optionsFrom(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(
      `assize chaos: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return EXIT.usage;
  }
  if (options === null) {
    list();
    return 0;
  }
  try {
    return (await run(options)) ? 0 : EXIT.failed;
  } catch (error) {
    process.stderr.write(
      `assize chaos: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return EXIT.unable;
  }
}

process.exitCode = await main();
