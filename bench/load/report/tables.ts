// The results as tables: for the terminal, and in Markdown.
import { count } from "../../lib/table.ts";
import type { Spread } from "../summary.ts";
import { diskOf, linesOf, versionsIn } from "./results.ts";
import type { Line, Results } from "./results.ts";

const HEAD = [
  "contender",
  "events/s",
  "least – most",
  "p50 ms",
  "p99 ms",
  "failed",
  "CPU s/1,000",
  "ours is",
];

const fixed = (value: number): string =>
  value >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(3)));
const median = (spread: Spread | null): string => (spread === null ? "–" : fixed(spread.median));
const range = (spread: Spread | null): string =>
  spread === null ? "–" : `${fixed(spread.least)} – ${fixed(spread.most)}`;

function cellsOf({ contender, rate, p50, p99, failed, cpu, ratio, flaws }: Line): string[] {
  const name = flaws.length === 0 ? contender : `${contender} FAILED`;
  const times = ratio === null ? "" : `${ratio.toFixed(2)} ×`;
  const cells = [median(rate), range(rate), median(p50), median(p99), count(failed), median(cpu)];
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

/** With what it was made on and of, and what each contender does not give. */
export function markdownOf(results: Results): string {
  const { machine, runs } = results;
  const versions = Object.entries(versionsIn(runs)).map(([name, version]) => `${name} ${version}`);
  const disk = diskOf(runs);
  const lines = linesOf(results);
  return [
    "# Load",
    "",
    `\`${results.command}\`${results.commit === null ? "" : `, commit ${results.commit.slice(0, 12)}`}, ${results.at}: ${results.rounds} rounds of ${results.seconds} s, medians of them.`,
    "",
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}; client and contender share it.`,
    `${versions.join(", ")}.`,
    `One synced write of 8 KiB: ${disk === null ? "not measured" : `${range(disk)} ms`}.`,
    "",
    row(["case", ...HEAD]),
    row(["---", "---", ...HEAD.slice(1).map(() => "---:")]),
    ...lines.map((line) => row([line.case, ...cellsOf(line)])),
    "",
    ...lines.flatMap(({ case: name, contender, flaws }) =>
      flaws.map((flaw) => `- ${name}, ${contender}: ${escaped(flaw)}`),
    ),
    ...results.skipped.map(({ contender, why }) => `- skipped ${contender}: ${escaped(why)}`),
    "",
    row(["contender", "", "what it does not give"]),
    row(["---", "---", "---"]),
    ...results.contenders.map(({ name, title, lacks }) => row([name, title, lacks])),
    "",
  ].join("\n");
}
