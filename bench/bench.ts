// npm run bench: what one machine's time buys, with Assize and with what one would write instead. bench/load/README.md.
// Exit 0: what was measured is right. 1: wrong arguments. 2: a contender failed, or its audit did. 3: it could not be run.
// No figure decides it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { stopSignal } from "./lib/command.ts";
import { commitOfCode } from "./lib/commit.ts";
import { Progress } from "./lib/progress.ts";
import { root } from "./lib/tools.ts";
import { sayingOf } from "./load/cases.ts";
import { machine } from "./load/machine.ts";
import { optionsFrom } from "./load/options.ts";
import type { Options } from "./load/options.ts";
import { chartOf } from "./load/report/chart.ts";
import type { Results } from "./load/report/results.ts";
import { markdownOf, textOf } from "./load/report/tables.ts";
import { absent, runAll } from "./load/rounds.ts";
import type { Outcome } from "./load/rounds.ts";

const EXIT = { usage: 1, failed: 2, unable: 3 } as const;

type Head = Omit<Results, keyof Outcome>;

async function headOf(options: Options): Promise<Head> {
  const asked = process.argv.slice(2).join(" ");
  const { short, rounds, limits, cases, contenders } = options;
  return {
    command: `npm run bench${asked === "" ? "" : ` -- ${asked}`}`,
    commit: commitOfCode(),
    at: new Date().toISOString(),
    machine: machine(),
    short,
    rounds,
    seconds: limits.seconds,
    cases: cases.map((one) => ({
      name: one.name,
      what: sayingOf(one),
      ...(one.regions === undefined ? {} : { regions: one.regions }),
    })),
    contenders: contenders.map(({ name, title, semantics, lacks }) => ({
      name,
      title,
      semantics,
      lacks,
    })),
    skipped: await absent(contenders),
  };
}

async function run(options: Options): Promise<boolean> {
  const ours = join(root, ".assize");
  mkdirSync(ours, { recursive: true });
  const folder = mkdtempSync(join(ours, "bench-run-"));
  const progress = new Progress("bench");
  const signal = stopSignal();
  try {
    const head = await headOf(options);
    const outcome = await runAll({
      options,
      contenders: options.contenders.filter(
        ({ name }) => !head.skipped.some(({ contender }) => contender === name),
      ),
      folder,
      signal,
      say: (step) => progress.say(step),
      told: (sofar) => writeReport(options.report, { ...head, ...sofar }),
      sampled: (contender, { name }, profile) => {
        mkdirSync(options.report, { recursive: true });
        const file = `${contender}-${name.replaceAll("/", "-")}.cpuprofile`;
        writeFileSync(join(options.report, file), JSON.stringify(profile));
      },
    });
    progress.end();
    process.stdout.write(`\n${textOf({ ...head, ...outcome })}`);
    return isRight(outcome);
  } finally {
    progress.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function isRight({ runs, failures }: Outcome): boolean {
  const flaws = runs.flatMap(({ checks }) => checks.filter(({ wrong }) => wrong.length > 0));
  return failures.length === 0 && flaws.length === 0;
}

/** Anew after every life: what was measured is kept if the rest never is. */
function writeReport(folder: string, results: Results): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "results.json"), `${JSON.stringify(results, undefined, 1)}\n`);
  writeFileSync(join(folder, "REPORT.md"), markdownOf(results));
  writeFileSync(join(folder, "chart.svg"), chartOf(results));
}

function complain(error: unknown): void {
  process.stderr.write(`assize bench: ${error instanceof Error ? error.message : String(error)}\n`);
}

async function main(): Promise<number> {
  let options: Options | string;
  try {
    options = optionsFrom(process.argv.slice(2));
  } catch (error) {
    complain(error);
    return EXIT.usage;
  }
  if (typeof options === "string") {
    process.stdout.write(options);
    return 0;
  }
  try {
    return (await run(options)) ? 0 : EXIT.failed;
  } catch (error) {
    complain(error);
    return EXIT.unable;
  }
}

process.exitCode = await main();
