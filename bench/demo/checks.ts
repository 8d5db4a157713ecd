// What must hold at the end.
import { slugOf } from "../lib/contract.ts";
import type { Answer, Stock } from "../lib/contract.ts";
import type { Expected, Recount } from "./recount.ts";

/** What came of an event, in the recount's words. */
export function seen(answer: Answer): Expected {
  const { status, reason, changes } = answer;
  if (status === "accepted") return { status, onHand: changes?.[0]?.state.onHand ?? Number.NaN };
  if (status === "rejected") return { status, reason: reason?.code ?? "" };
  return { status: "invalid", reason: slugOf(answer) };
}

const describe = ({ status, reason, onHand }: Expected): string =>
  `${status} (${reason ?? `${onHand} on hand`})`;

export function outcomesDiffer(
  answers: ReadonlyMap<string, Answer>,
  { expected }: Recount,
): string[] {
  return [...expected].flatMap(([id, wanted]) => {
    const answer = answers.get(id);
    if (answer === undefined) return [`${id} was never answered`];
    const came = describe(seen(answer));
    return came === describe(wanted) ? [] : [`${id} is ${came}, recounted ${describe(wanted)}`];
  });
}

/** `read` has null for an item that has no stock entity. */
export function stockDiffers(
  read: ReadonlyMap<string, Stock | null>,
  { onHand }: Recount,
): string[] {
  return [...read].flatMap(([item, stock]) => {
    const wanted = onHand.get(item);
    if (stock === null) return wanted === undefined ? [] : [`${item} is gone, recounted ${wanted}`];
    if (stock.onHand === wanted && stock.reserved === 0) return [];
    return [`${item} has ${JSON.stringify(stock)}, recounted ${wanted ?? "nothing"}`];
  });
}

/** A replay is the first answer and says that it is one; what was invalid is judged again and says nothing. */
export function replaysDiffer(
  first: ReadonlyMap<string, Answer>,
  again: readonly Answer[],
): string[] {
  return again.flatMap((answer) => {
    const before = first.get(answer.id);
    const settled = answer.status === "accepted" || answer.status === "rejected";
    if (settled && answer.replayed !== true) return [`${answer.id} was not replayed`];
    return comparable(answer) === comparable(before) ? [] : [`${answer.id} came out differently`];
  });
}

/** The instance tells the place in the array, which a replay has another of. */
function comparable(answer: Answer | undefined): string {
  if (answer === undefined) return "";
  const { replayed: _, problem, ...rest } = answer;
  return JSON.stringify(problem === undefined ? rest : { ...rest, problem: problem.type });
}

/** How many of each, most first. */
export function tally(words: readonly string[]): Map<string, number> {
  const counts = [...Map.groupBy(words, (word) => word)].map(
    ([word, all]) => [word, all.length] as const,
  );
  return new Map(counts.toSorted(([, a], [, b]) => b - a));
}
