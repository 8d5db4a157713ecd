// All checks, then one closing line with the sums. A check that fails counts as one failed test, so that the line tells.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { quietEnvironment, root, toolArguments } from "./lib/tools.ts";

interface Sums {
  passed: number;
  failed: number;
}

/** What is used of vitest's json report. */
interface Report {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
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

function sumsOf(reportFile: string, succeeded: boolean): Sums {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  } catch {
    return { passed: 0, failed: 1 };
  }
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
    return sumsOf(file, succeeded);
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

let failedChecks = 0;
for (const [title, args] of checks) {
  if (!(await succeeds(title, args))) failedChecks += 1;
}
const asked = process.argv.slice(2);
const { passed, failed } = await tests(asked);
// Who asks for some tests only does not ask for this.
const short = ["bench/bench.ts", "--short"];
if (asked.length === 0 && !(await succeeds("bench: a short run", short))) failedChecks += 1;
process.stdout.write(`\n${passed} passed, ${failed + failedChecks} failed\n`);
process.exitCode = failed + failedChecks === 0 ? 0 : 1;
