// What is written down of a run: for machines, for people, and what is printed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

import { count, table } from "../lib/table.ts";
import { verdict } from "../lib/verdict.ts";
import type { Check } from "../lib/verdict.ts";
import { root } from "../lib/tools.ts";
import type { Findings } from "./audit/auditor.ts";
import type { Figures } from "./measure.ts";
import { SCENARIOS } from "./scenarios.ts";
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

/** What is kept of a scenario, whichever run it was of. */
interface Kept extends Figures, Omit<Findings, "checks"> {
  readonly scenario: string;
  readonly seed: number;
  readonly holds: boolean;
  readonly command: string;
  /** Of the repository; null outside of one. */
  readonly commit: string | null;
  readonly checks: readonly object[];
}

/** What made it. */
export interface Origin {
  readonly command: string;
  readonly commit: string | null;
}

export function writeResult(folder: string, result: Result, seen: Seen, origin: Origin): void {
  mkdirSync(folder, { recursive: true });
  const { scenario, seed, figures, findings } = result;
  const { checks, ...counts } = findings;
  const document: Kept = {
    scenario: scenario.name,
    seed,
    holds: holds(result),
    ...origin,
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

function rowOf(kept: Kept): readonly string[] {
  const { scenario, seed, sent, blows } = kept;
  return [
    `[${scenario}](${scenario}.svg)`,
    count(sent),
    count(kept.answered),
    count(kept.resent),
    counted(kept.lost),
    counted(kept.doubled),
    counted(kept.diverged),
    String(blows.length),
    most(blows.map(({ unavailableSeconds }) => unavailableSeconds)),
    most(blows.map(({ answeredAfterSeconds }) => answeredAfterSeconds)),
    most(blows.map(({ recoveredAfterSeconds }) => recoveredAfterSeconds)),
    count(kept.eventsPerSecond),
    `\`npm run chaos -- --scenario ${scenario} --events ${sent} --seed ${seed}\`: ${kept.holds ? "holds" : "**FAILED**"}`,
  ];
}

/** The last result of each scenario that stands in the folder, also of earlier runs: all of them take hours. */
function keptIn(folder: string): Kept[] {
  return SCENARIOS.flatMap(({ name }) => {
    const path = join(folder, `${name}.json`);
    return existsSync(path) ? [JSON.parse(readFileSync(path, "utf8")) as Kept] : [];
  });
}

/** The table of all scenarios, with the commands that make it. */
export function writeTable(folder: string): void {
  const kept = keptIn(folder);
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
  const sum = (of: (one: Kept) => number | null): string =>
    count(kept.reduce((all, one) => all + (of(one) ?? 0), 0));
  const origins = kept.map(({ command, commit }) =>
    [`\`${command}\``, ...(commit === null ? [] : [`commit ${commit.slice(0, 12)}`])].join(", "),
  );
  const readme = relative(folder, join(root, "bench/chaos/README.md"));
  const text = `# Chaos: what came of it

${[...new Set(origins)].join("; ")}. On ${process.platform} ${process.arch} with Node ${process.versions.node}. Everything (four seats, two Wardens, the
database, the clients) runs on the one machine. Of several blows the longest time is shown. What each column means stands in
the [README](${readme}).

${[line(head), line(head.map(() => "---")), ...kept.map((one) => line(rowOf(one)))].join("\n")}

In all ${sum(({ sent }) => sent)} events, of which ${sum(({ lost }) => lost)} lost, ${sum(({ doubled }) => doubled)} doubled, ${sum(({ diverged }) => diverged)} diverged.
`;
  writeFileSync(join(folder, "REPORT.md"), text);
}
