// From what was found to what is printed and whether it holds.
import { count } from "../lib/table.ts";
import type { Row } from "../lib/table.ts";
import type { Check } from "../lib/verdict.ts";
import { flawLine } from "../verify/flaws.ts";
import { outcomesDiffer, replaysDiffer, seen, stockDiffers, tally } from "./checks.ts";
import { recordFlaws } from "./ledger.ts";
import { sumOf } from "./recount.ts";
import type { Recount } from "./recount.ts";
import { isBack } from "./run.ts";
import type { Findings } from "./run.ts";
import { itemTable, reasons } from "./summary.ts";

export function checksOf(findings: Findings, recounted: Recount): Check[] {
  const { answers, replays, stock, blocks, verified, last } = findings;
  return [
    { what: "every kind of answer occurred", wrong: kindsMissing(findings) },
    {
      what: "every event came to what the recount says",
      wrong: outcomesDiffer(answers, recounted),
    },
    { what: "every item has the stock of the recount", wrong: stockDiffers(stock, recounted) },
    { what: "what was sent again was replayed", wrong: replaysDiffer(answers, replays) },
    { what: "the killed leader stayed down, and another leads", wrong: killFlaws(findings) },
    { what: "every block is certified and follows", wrong: verified.flaws.listed.map(flawLine) },
    {
      what: "every answer stands in the ledger, once",
      wrong: recordFlaws(blocks, answers.values()),
    },
    {
      what: "everything is published",
      wrong:
        last.published === last.height ? [] : [`${last.published} of ${last.height} blocks are`],
    },
    { what: "the killed seat is back at the others' height", wrong: returnFlaws(findings) },
  ];
}

/** The sample is made to have all of them: without one, its check would hold for nothing. */
function kindsMissing({ answers, replays }: Findings): string[] {
  const kinds = new Set([...answers.values()].map((answer) => answer.status));
  const wanted = (["accepted", "rejected", "invalid"] as const).filter((kind) => !kinds.has(kind));
  const missing = wanted.map((kind) => `nothing was ${kind}`);
  return replays.length > 0 ? missing : [...missing, "nothing was sent again"];
}

function killFlaws({ before, after, down, killed }: Findings): string[] {
  const flaws = down.members[killed]?.ready ? [`seat ${killed} did not stay down`] : [];
  if (after.view <= before.view || after.leader === killed) {
    flaws.push(`the view is ${after.view} after ${before.view}, led by seat ${after.leader}`);
  }
  return flaws;
}

function returnFlaws({ last, killed }: Findings): string[] {
  if (isBack(last, killed)) return [];
  const seat = JSON.stringify(last.members[killed]);
  return [`seat ${killed} is ${seat}, the court at ${last.height}`];
}

export function rowsOf(
  findings: Findings,
  recounted: Recount,
  retries: ReadonlyMap<string, number>,
): Row[] {
  const { answers, submittedMs, gapMs, replays, killed, before, after, last } = findings;
  const outcomes = [...answers.values()].map(seen);
  const of = (status: string): string[] =>
    outcomes.flatMap((each) => (each.status === status ? [each.reason ?? status] : []));
  const replayed = replays.filter((answer) => answer.replayed === true).length;
  const certified = findings.verified.courts.reduce((sum, each) => sum + each.certificates, 0);
  const stock = [...findings.stock.values()].map((each) => each?.onHand ?? 0);
  const onHand = stock.reduce((sum, each) => sum + each, 0);
  return [
    ["events", count(answers.size)],
    ["  accepted", count(of("accepted").length)],
    ["  rejected", reasons(tally(of("rejected"))) || "0"],
    ["  refused", reasons(tally(of("invalid"))) || "0"],
    ["sent again on purpose", `${count(replays.length)}, of which ${count(replayed)} were replays`],
    ["retries", reasons(retries) || "0"],
    ["submission", `${(submittedMs / 1000).toFixed(1)} s`],
    ["throughput", `${count(Math.round((answers.size * 1000) / submittedMs))} events/s`],
    ["leader killed", `seat ${killed}, kept down to the end`],
    ["longest gap between answers", `${count(Math.round(gapMs))} ms`],
    [
      "view before, after",
      `${before.view} (seat ${before.leader}), ${after.view} (seat ${after.leader})`,
    ],
    ["ledger", `height ${count(last.height)}, published ${count(last.published)}`],
    ["certificates", `${count(certified)} of ${before.quorum} or more signatures that verify`],
    ["on hand in all", `${count(onHand)}, recounted ${count(sumOf(recounted.onHand))}`],
  ];
}

const text = (value: number | undefined): string => (value === undefined ? "–" : count(value));

/** The items in the order of the sample; `shown` of them. */
export function itemsOf({ stock }: Findings, { onHand }: Recount, shown: number): string {
  const all = [...onHand.keys()];
  const rows = all.slice(0, shown).map((item) => ({
    item,
    ledger: text(stock.get(item)?.onHand),
    recount: text(onHand.get(item)),
  }));
  const rest = all.length - rows.length;
  const more = rest === 0 ? "" : `\n  … and ${count(rest)} more: npm run demo -- --items shows all`;
  return itemTable(rows) + more;
}
