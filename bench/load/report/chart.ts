// A picture of the results: a panel a case, a bar a contender, the spread over rounds as a whisker.
import { count } from "../../lib/table.ts";
import { linesOf, roundsOf } from "./results.ts";
import type { Line, Results } from "./results.ts";

const WIDTH = 1000;
const LEFT = 120;
const RIGHT = 330;
const BAR = 14;
const GAP = 5;
const HEAD = 40;
const PANEL_HEAD = 26;
const PANEL_GAP = 18;
const COLOURS = ["#c4501b", "#9aa5b1", "#1b6ca8", "#2e7d32", "#7b3fa0", "#8a6d1d", "#4a5568"];

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const fixed = (value: number): string => String(Math.round(value * 10) / 10);

/** Self-contained SVG. Bars of a panel share a scale, those of two panels do not. */
export function chartOf(results: Results): string {
  const lines = linesOf(results);
  const parts: string[] = [];
  let top = HEAD;
  for (const { name, what } of results.cases) {
    const own = lines.filter((line) => line.case === name);
    if (own.length === 0) continue;
    parts.push(
      `<text x="10" y="${top + 14}" font-size="13" font-weight="bold">${escaped(`${name}: ${what}`)}</text>`,
    );
    parts.push(panel(own, top + PANEL_HEAD, results));
    top += PANEL_HEAD + own.length * (BAR + GAP) + PANEL_GAP;
  }
  const title = `<text x="10" y="22" font-size="15" font-weight="bold">Events a second, ${roundsOf(results)}; line: least to most</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" font-family="sans-serif" fill="#222"><rect width="100%" height="100%" fill="#fff"/>${[title, ...parts].join("\n")}</svg>\n`;
}

function panel(lines: readonly Line[], top: number, { contenders }: Results): string {
  const most = Math.max(1, ...lines.map(({ rate }) => rate?.most ?? 0));
  const x = (value: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * value) / most;
  return lines
    .map((line, index) => {
      const y = top + index * (BAR + GAP);
      const colour =
        COLOURS[contenders.findIndex(({ name }) => name === line.contender) % COLOURS.length];
      const [baseline, middle] = [y + BAR - 3, y + BAR / 2];
      const name = `<text x="${LEFT - 8}" y="${baseline}" font-size="11" text-anchor="end">${escaped(line.contender)}</text>`;
      const says = `<text x="${fixed(x(line.rate?.most ?? 0) + 8)}" y="${baseline}" font-size="11">${escaped(sayingOf(line))}</text>`;
      if (line.rate === null) return name + says;
      const { median, least, most: highest } = line.rate;
      const bar = `<rect x="${LEFT}" y="${y}" width="${fixed(x(median) - LEFT)}" height="${BAR}" fill="${colour}"/>`;
      const whisker = `<line x1="${fixed(x(least))}" x2="${fixed(x(highest))}" y1="${middle}" y2="${middle}" stroke="#222"/>`;
      return name + bar + whisker + says;
    })
    .join("\n");
}

function sayingOf({ rate, p99, failed, refused, flaws }: Line): string {
  const parts = [
    rate === null ? "no result" : `${count(Math.round(rate.median))}/s`,
    ...(p99 === null ? [] : [`p99 ${fixed(p99.median)} ms`]),
    ...(failed === 0 ? [] : [`${count(failed)} failed`]),
    ...(refused === 0 ? [] : [`${count(refused)} refused`]),
    ...(flaws.length === 0 ? [] : ["FAILED"]),
  ];
  return parts.join(" · ");
}
