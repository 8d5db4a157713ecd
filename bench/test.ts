// All checks, then one closing line with the sums. A check that fails counts as one failed test, so that the line tells;
// so does each obligation of the specification that no test showed.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Report as Ran } from "../spec/reader/trace.ts";
import { findChromium } from "./console/browser.ts";
import { judged } from "./lib/judge.ts";
import { quietEnvironment, root, toolArguments } from "./lib/tools.ts";

interface Sums {
  passed: number;
  failed: number;
}

/** What is used of vitest's json report. */
interface Report extends Ran {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  testResults: (Ran["testResults"][number] & { status: string })[];
}

function succeeds(title: string, args: string[]): Promise<boolean> {
  process.stdout.write(`\n--- ${title}\n`);
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: quietEnvironment,
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code === 0));
  });
}

function reportIn(file: string): Report | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return null;
  }
}

function sumsOf(report: Report | null, succeeded: boolean): Sums {
  if (report === null) return { passed: 0, failed: 1 };
  const passed = report.numPassedTests;
  // A file that fails to load has no tests to count; an error outside any test shows in the exit code only.
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + unloaded;
  return { passed, failed: failed === 0 && !(succeeded && report.success) ? 1 : failed };
}

async function tests(args: string[]): Promise<Sums> {
  const folder = mkdtempSync(join(tmpdir(), "assize-test-"));
  try {
    const file = join(folder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const succeeded = await succeeds(
      "tests",
      toolArguments("vitest", ["run", ...reporters, ...args]),
    );
    const report = reportIn(file);
    const { passed, failed } = sumsOf(report, succeeded);
    const wrong = report === null ? 0 : judged([report], args.length === 0);
    return { passed, failed: failed + wrong };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const checks: [title: string, args: string[]][] = [
  ["types: worker, objects, pool specs", toolArguments("tsc", ["-p", "tsconfig.json"])],
  ["types: bench, configuration, core specs", toolArguments("tsc", ["-p", "tsconfig.node.json"])],
  ["lint", toolArguments("oxlint", ["--deny-warnings"])],
  ["format", toolArguments("oxfmt", ["--check"])],
];

/** Of the whole, with real processes and disks. What they report goes where nobody keeps it. */
const journeys: [title: string, args: string[]][] = [
  [
    "load, a little of each case, for correctness",
    [join(root, "bench/bench.ts"), "--short", "--only", "assize"],
  ],
];

/** The console in a browser, where there is one; part of the tests does without. */
async function consoleHolds(): Promise<boolean> {
  if (findChromium() !== undefined)
    return succeeds("console in a browser", [join(root, "bench/console/test.ts")]);
  process.stdout.write("\n--- console in a browser: left out, there is no Chromium here\n");
  return true;
}

let failedChecks = 0;
for (const [title, args] of checks) {
  if (!(await succeeds(title, args))) failedChecks += 1;
}
const { passed, failed } = await tests(process.argv.slice(2));
if (process.argv.length === 2) {
  if (!(await succeeds("documentation", [join(root, "bench/docs.ts")]))) failedChecks += 1;
  if (!(await consoleHolds())) failedChecks += 1;
  for (const [title, args] of journeys) if (!(await succeeds(title, args))) failedChecks += 1;
}
process.stdout.write(`\n${passed} passed, ${failed + failedChecks} failed\n`);
process.exitCode = failed + failedChecks === 0 ? 0 : 1;
