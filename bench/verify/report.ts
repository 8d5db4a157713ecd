// What is told at the end: to people as text, to programs as one JSON text.
import { count, table } from "../lib/table.ts";
import type { Row } from "../lib/table.ts";
import { flawLine } from "./flaws.ts";
import type { Flaw } from "./flaws.ts";
import type { Report } from "./verifier.ts";

/** Flaws that people are told in full. */
const TOLD = 20;

export function reportText(report: Report): string {
  const { flaws } = report;
  const holds = flaws.total === 0;
  const verdict = holds ? "  ok      everything holds" : `  FAILED  ${count(flaws.total)} flaws`;
  const told = flaws.listed.slice(0, TOLD).map(flawText);
  const more = flaws.total - told.length;
  const rest =
    more === 0
      ? []
      : [`  … and ${count(more)} more; what follows from a flaw is one too: begin with the first`];
  return [table(rowsOf(report)), "", verdict, ...told, ...rest, ""].join("\n");
}

function rowsOf({ genesis, tenant, courts, served, signatures }: Report): Row[] {
  const sum = (of: (tally: Report["courts"][number]) => number): string =>
    count(courts.reduce((all, tally) => all + of(tally), 0));
  const heights = courts.map(({ court, height, published }): Row => [
    `court ${court}`,
    `height ${count(height)}, published ${count(published)}`,
  ]);
  return [
    ["genesis", genesis.digest],
    [
      "",
      genesis.pinned
        ? "as given"
        : "not pinned: nobody vouches for it but who showed it (--genesis)",
    ],
    ...heights,
    ["certificates", sum(({ certificates }) => certificates)],
    ["signatures", count(signatures)],
    ["events", sum(({ events }) => events)],
    ["  accepted", sum(({ accepted }) => accepted)],
    ["  rejected", sum(({ rejected }) => rejected)],
    ["  duplicate", sum(({ duplicates }) => duplicates)],
    ["expiries", sum(({ expiries }) => expiries)],
    ["control events", sum(({ controls }) => controls)],
    ["undecidable", sum(({ poison }) => poison)],
    ["entities", sum(({ entities }) => entities)],
    ["state roots", sum(({ roots }) => roots)],
    [
      `served to ${tenant}`,
      `${count(served.events)} events, ${count(served.entities)} entities, ${count(served.histories)} histories`,
    ],
  ];
}

function flawText(flaw: Flaw): string {
  const { expected, found } = flaw;
  const lines = [`          ${flawLine(flaw)}`];
  if (expected !== undefined) lines.push(`            expected  ${expected}`);
  if (found !== undefined) lines.push(`            found     ${found}`);
  return lines.join("\n");
}
