// All checks, then one closing line with the sums. A check that fails counts as one failed test, so that the line
// tells; so does each obligation of the specification that no test showed.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { counted, testsOf, trace } from "../spec/reader/trace.ts";
import type { Report as Ran } from "../spec/reader/trace.ts";
import { WAIVERS } from "../spec/waivers.ts";
import { obligations } from "./lib/specification.ts";
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

function succeeds(title: string, tool: string, args: string[]): Promise<boolean> {
  process.stdout.write(`\n--- ${title}\n`);
  const child = spawn(process.execPath, toolArguments(tool, args), {
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

/** What of the specification the run showed. Part of the tests shows a part of it, which tells nothing. */
function judged(report: Report | null, whole: boolean): number {
  if (report === null || !whole) return 0;
  const traced = trace(obligations(), testsOf(report), WAIVERS);
  process.stdout.write(`\n--- specification: ${counted(traced)}\n`);
  for (const fault of traced.faults) process.stdout.write(`${fault}\n`);
  return traced.faults.length;
}

async function tests(args: string[]): Promise<Sums> {
  const folder = mkdtempSync(join(tmpdir(), "assize-test-"));
  try {
    const file = join(folder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const succeeded = await succeeds("tests", "vitest", ["run", ...reporters, ...args]);
    const report = reportIn(file);
    const { passed, failed } = sumsOf(report, succeeded);
    return { passed, failed: failed + judged(report, args.length === 0) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const checks: [title: string, tool: string, args: string[]][] = [
  ["types: worker, objects, pool specs", "tsc", ["-p", "tsconfig.json"]],
  ["types: bench, configuration, core specs", "tsc", ["-p", "tsconfig.node.json"]],
  ["lint", "oxlint", ["--deny-warnings"]],
  ["format", "oxfmt", ["--check"]],
];

let failedChecks = 0;
for (const [title, tool, args] of checks) {
  if (!(await succeeds(title, tool, args))) failedChecks += 1;
}
const { passed, failed } = await tests(process.argv.slice(2));
process.stdout.write(`\n${passed} passed, ${failed + failedChecks} failed\n`);
process.exitCode = failed + failedChecks === 0 ? 0 : 1;
