// What is written down of a run: for machines, for people, and what is printed.
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

import { count, table } from "../lib/table.ts";
import { verdict } from "../lib/verdict.ts";
import type { Check } from "../lib/verdict.ts";
import { root } from "../lib/tools.ts";
import type { Findings } from "./audit/auditor.ts";
import type { Figures } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";
import type { Seen } from "./stage.ts";
import { timelineOf } from "./timeline.ts";

/** Of what is wrong, so many are written down of each check. */
const KEPT = 50;

export interface Result {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly figures: Figures;
  readonly findings: Findings;
}

export function holds({ findings }: Result): boolean {
  return findings.checks.every(({ wrong }) => wrong.length === 0);
}

const retriesOf = ({ retries }: Figures): string =>
  Object.entries(retries)
    .map(([why, times]) => `${count(times)} ${why}`)
    .join(", ") || "none";

const counted = (value: number | null): string => (value === null ? "–" : count(value));

const secondsText = (value: number | null): string => (value === null ? "–" : value.toFixed(1));

export function summaryOf(result: Result): string {
  const { scenario, figures, findings, seed } = result;
  const { checks, lost, doubled, diverged, height, stock } = findings;
  const rows = table([
    [
      "events",
      `${count(figures.sent)} sent, ${count(figures.answered)} answered, ${count(figures.resent)} sent again`,
    ],
    ["retries", retriesOf(figures)],
    ["lost, doubled, diverged", `${counted(lost)}, ${counted(doubled)}, ${counted(diverged)}`],
    [
      "ledger",
      `height ${counted(height)}, ${counted(stock)} in stock, ${count(figures.reads)} agreed reads, ${figures.views} views on`,
    ],
    [
      "throughput",
      `${count(figures.eventsPerSecond)} events/s over ${figures.seconds.toFixed(1)} s`,
    ],
  ]);
  const blows = figures.blows.map(
    (each) =>
      `  ${secondsText(each.at).padStart(6)} s  ${each.label}: no answer for ${secondsText(each.unavailableSeconds)} s, ` +
      `level ${secondsText(each.recoveredAfterSeconds)} s after`,
  );
  return `${scenario.name} (seed ${seed})\n${[rows, ...blows, verdict(checks)].join("\n")}\n`;
}

export function writeResult(folder: string, result: Result, seen: Seen): void {
  mkdirSync(folder, { recursive: true });
  const { scenario, seed, figures, findings } = result;
  const { checks, ...counts } = findings;
  const document = {
    scenario: scenario.name,
    seed,
    holds: holds(result),
    ...figures,
    ...counts,
    checks: checks.map(shortened),
  };
  writeFileSync(join(folder, `${scenario.name}.json`), `${JSON.stringify(document, null, 2)}\n`);
  const title = `${scenario.name}: ${count(figures.answered)} events, ${count(figures.eventsPerSecond)} events/s`;
  writeFileSync(join(folder, `${scenario.name}.svg`), timelineOf(title, seen));
}

function shortened({ what, wrong }: Check): object {
  return { what, wrong: wrong.length, first: wrong.slice(0, KEPT) };
}

const most = (values: readonly (number | null)[]): string =>
  secondsText(values.length === 0 ? null : Math.max(...values.map((value) => value ?? 0)));

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** The table of all scenarios, with the command that makes it. */
export function writeTable(folder: string, results: readonly Result[], command: string): void {
  const rows = results.map((result) => {
    const { scenario, seed, figures, findings } = result;
    const { blows } = figures;
    return [
      `[${scenario.name}](${scenario.name}.svg)`,
      count(figures.sent),
      count(figures.answered),
      count(figures.resent),
      counted(findings.lost),
      counted(findings.doubled),
      counted(findings.diverged),
      String(blows.length),
      most(blows.map(({ unavailableSeconds }) => unavailableSeconds)),
      most(blows.map(({ answeredAfterSeconds }) => answeredAfterSeconds)),
      most(blows.map(({ recoveredAfterSeconds }) => recoveredAfterSeconds)),
      count(figures.eventsPerSecond),
      `\`npm run chaos -- --scenario ${scenario.name} --events ${figures.sent} --seed ${seed}\`: ${holds(result) ? "holds" : "**FAILED**"}`,
    ];
  });
  const head = [
    "scenario",
    "sent",
    "answered",
    "sent again",
    "lost",
    "doubled",
    "diverged",
    "blows",
    "no answer (s)",
    "first answer after (s)",
    "all seats level after (s)",
    "events/s",
    "alone",
  ];
  const sum = (of: (result: Result) => number): string =>
    count(results.reduce((all, result) => all + of(result), 0));
  const readme = relative(folder, join(root, "bench/chaos/README.md"));
  const text = `# Chaos: what came of it

\`${command}\`, on ${process.platform} ${process.arch} with Node ${process.versions.node}. Everything (four seats, two Wardens, the
database, the clients) runs on the one machine. Of several blows the longest time is shown. What each column means stands in
the [README](${readme}).

${[line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")}

In all ${sum(({ figures }) => figures.sent)} events, of which ${sum(({ findings }) => findings.lost ?? 0)} lost, ${sum(({ findings }) => findings.doubled ?? 0)} doubled, ${sum(({ findings }) => findings.diverged ?? 0)} diverged.
`;
  writeFileSync(join(folder, "REPORT.md"), text);
}
