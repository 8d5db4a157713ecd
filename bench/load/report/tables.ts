// The results as tables: for the terminal, and in Markdown.
import { count } from "../../lib/table.ts";
import type { Spread } from "../summary.ts";
import {
  countedIn,
  diskOf,
  distancesIn,
  linesOf,
  oversIn,
  roundsOf,
  versionsIn,
} from "./results.ts";
import type { Line, Results } from "./results.ts";

const HEAD = [
  "contender",
  "events/s",
  "least – most",
  "p50 ms",
  "p99 ms",
  "failed",
  "refused",
  "CPU s/1,000",
  "disk ms",
  "ours is",
];

const fixed = (value: number): string =>
  value >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(3)));
const median = (spread: Spread | null): string => (spread === null ? "–" : fixed(spread.median));
const range = (spread: Spread | null): string =>
  spread === null ? "–" : `${fixed(spread.least)} – ${fixed(spread.most)}`;

function cellsOf({
  contender,
  rate,
  p50,
  p99,
  failed,
  refused,
  cpu,
  disk,
  ratio,
  flaws,
}: Line): string[] {
  const name = flaws.length === 0 ? contender : `${contender} FAILED`;
  const times = ratio === null ? "" : `${ratio.toFixed(2)} ×`;
  const cells = [
    median(rate),
    range(rate),
    median(p50),
    median(p99),
    count(failed),
    count(refused),
    median(cpu),
    median(disk),
  ];
  return [name, ...cells, times];
}

/** A table a case, with what went wrong under it. */
export function textOf(results: Results): string {
  const lines = linesOf(results);
  const parts = results.cases.flatMap(({ name, what }) => {
    const own = lines.filter((line) => line.case === name);
    if (own.length === 0) return [];
    const flaws = own.flatMap(({ contender, flaws: all }) =>
      all.map((flaw) => `    ${contender}: ${flaw}`),
    );
    return [[`${name}: ${what}`, aligned([HEAD, ...own.map(cellsOf)]), ...flaws].join("\n")];
  });
  const skipped = results.skipped.map(({ contender, why }) => `  skipped  ${contender}: ${why}`);
  return `${[...parts, ...(skipped.length > 0 ? [skipped.join("\n")] : [])].join("\n\n")}\n`;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      });
      return `  ${cells.join("  ")}`.trimEnd();
    })
    .join("\n");
}

const escaped = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const row = (cells: readonly string[]): string => `| ${cells.map(escaped).join(" | ")} |`;

const yes = (flag: boolean): string => (flag ? "yes" : "no");
const rule = (columns: number): string => row(["---", ...Array<string>(columns).fill("---:")]);

/** With what it was made on and of, and what each contender does not give: first a row a case, then all of it. */
export function markdownOf(results: Results): string {
  const lines = linesOf(results);
  const flaws = lines.flatMap(({ case: name, contender, flaws: all }) =>
    all.map((flaw) => `- ${name}, ${contender}: ${escaped(flaw)}`),
  );
  const skipped = results.skipped.map(
    ({ contender, why }) => `- skipped ${contender}: ${escaped(why)}`,
  );
  const parts = [
    ["# Load", "", ...preambleOf(results)],
    compact(results, lines),
    [...flaws, ...skipped],
    [
      row(["case", ...HEAD]),
      rule(HEAD.length),
      ...lines.map((line) => row([line.case, ...cellsOf(line)])),
    ],
    over(results),
    soaked(results),
    far(results),
    counted(results),
    semantics(results),
  ];
  return `${parts
    .filter(({ length }) => length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`;
}

function preambleOf(results: Results): string[] {
  const { command, commit, at, machine, runs } = results;
  const versions = Object.entries(versionsIn(runs)).map(([name, version]) => `${name} ${version}`);
  const disk = diskOf(runs);
  const of = commit === null ? "" : `, commit ${commit.slice(0, 12)}`;
  return [
    `\`${command}\`${of}, ${at}: ${roundsOf(results)}.`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}; client and contender share it.`,
    `${versions.join(", ")}.`,
    `One synced write of 8 KiB took ${disk === null ? "–" : `${range(disk)} ms`}.`,
  ];
}

/** Events a second, and p99. */
function compact({ cases, contenders }: Results, lines: readonly Line[]): string[] {
  const names = contenders.map(({ name }) => name);
  const cell = (name: string, contender: string): string => {
    const line = lines.find((one) => one.case === name && one.contender === contender);
    if (line === undefined) return "–";
    const wrong = line.flaws.length + line.failed + line.refused > 0 ? " (!)" : "";
    return `${median(line.rate)}/s · ${median(line.p99)} ms${wrong}`;
  };
  return [
    row(["case: events/s · p99", ...names]),
    rule(names.length),
    ...cases.map(({ name }) => row([name, ...names.map((contender) => cell(name, contender))])),
    "",
    "–: not measured. (!): some events failed or were refused, or the contender failed.",
  ];
}

/** Where more was offered than it can do. */
function over(results: Results): string[] {
  const all = oversIn(results);
  if (all.length === 0) return [];
  return [
    row([
      "case: events/s",
      "contender",
      "offered",
      "taken",
      "refused with `Retry-After`",
      "failed",
      "p99 of those taken, ms",
    ]),
    rule(6),
    ...all.map(({ case: name, contender, offered, taken, refused, failed, p99 }) =>
      row([name, contender, ...[offered, taken, refused, failed, p99].map(median)]),
    ),
  ];
}

/** What went on for long. */
function soaked({ runs }: Results): string[] {
  const all = runs.filter(({ slices }) => slices !== null);
  if (all.length === 0) return [];
  return [
    row([
      "case: slice by slice",
      "contender",
      "events before",
      "events/s",
      "p99 ms",
      "failed or refused",
      "CPU s/1,000",
      "memory MiB",
      "heap in use MiB",
    ]),
    rule(8),
    ...all.flatMap((run) =>
      (run.slices ?? []).map(({ before, measured, cpuPerThousand, memoryMiB, heapMiB }) =>
        row([
          run.case,
          run.contender,
          count(before),
          fixed(measured.events / measured.seconds),
          fixed(measured.latency.p99),
          count(measured.failed + measured.refused),
          ...[cpuPerThousand, memoryMiB, heapMiB].map((value) =>
            value === null ? "–" : fixed(value),
          ),
        ]),
      ),
    ),
  ];
}

/** Latency by where the seats are. */
function far(results: Results): string[] {
  const all = distancesIn(results);
  if (all.length === 0) return [];
  const here = all.find(({ regions }) => regions.length === 0)?.p50?.median;
  return [
    row(["ours, seats in", "p50 ms", "p99 ms", "p50 above one place, ms", "by the formula, ms"]),
    rule(4),
    ...all.map(({ regions, p50, p99, added }) => {
      const above = p50 === null || here === undefined ? "–" : fixed(p50.median - here);
      return row([
        regions.join(", ") || "one place",
        median(p50),
        median(p99),
        above,
        fixed(added),
      ]);
    }),
  ];
}

/** What agreement took, as our seats count it. */
function counted(results: Results): string[] {
  const all = countedIn(results);
  if (all.length === 0) return [];
  return [
    row([
      "case: ours, all four seats",
      "blocks/s",
      "events a block",
      "calls between seats a block",
      "synced transactions of seats a block",
      "UTF-16 units between seats an event",
    ]),
    rule(5),
    ...all.map(({ case: name, blocksPerSecond, events, calls, commits, sentPerEvent }) =>
      row([name, ...[blocksPerSecond, events, calls, commits, sentPerEvent].map(fixed)]),
    ),
  ];
}

function semantics({ contenders }: Results): string[] {
  return [
    row([
      "contender",
      "",
      "an id counts once",
      "never below zero",
      "on disk before the answer",
      "replicas that agree",
      "what it does not give",
    ]),
    row(Array<string>(7).fill("---")),
    ...contenders.map(({ name, title, semantics: claims, lacks }) => {
      const flags = [claims.idempotent, claims.nonNegative, claims.durable].map(yes);
      return row([name, title, ...flags, String(claims.replicas), lacks]);
    }),
  ];
}
