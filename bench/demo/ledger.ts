// Whether what clients were told is what the ledger holds, each answer where its receipt says.
import { isDeepStrictEqual } from "node:util";

import type { Answer } from "../lib/contract.ts";
import { leafOf } from "../verify/bytes.ts";
import type { Block } from "../verify/shapes.ts";

/** What is read of an outcome. */
interface Outcome {
  readonly id: string;
  readonly status: string;
  readonly reason?: { readonly code: string };
  readonly changes: unknown;
}

/** Answers that the ledger does not hold where their receipt says, and outcomes that nobody was told or that stand twice. */
export function recordFlaws(blocks: readonly Block[], answers: Iterable<Answer>): string[] {
  const recorded = blocks.flatMap(({ outcomes }) =>
    outcomes.map((text) => (JSON.parse(text) as Outcome).id),
  );
  const untold = new Set(recorded);
  const twice = recorded.length - untold.size;
  const flaws = twice === 0 ? [] : [`${twice} outcomes stand more than once`];
  for (const answer of answers) {
    if (answer.status !== "accepted" && answer.status !== "rejected") continue;
    untold.delete(answer.id);
    const { height = 0, index = 0, block, outcome } = answer.receipt ?? {};
    const found = blocks[height - 1];
    const text = found?.outcomes[index];
    const stands =
      found !== undefined &&
      text !== undefined &&
      found.certificate.block === block &&
      leafOf(text) === outcome &&
      saysTheSame(JSON.parse(text) as Outcome, answer);
    if (!stands) flaws.push(`${answer.id} does not stand at ${height}.${index}`);
  }
  return [...flaws, ...[...untold].map((id) => `${id} stands in the ledger and was not answered`)];
}

function saysTheSame(outcome: Outcome, { id, status, reason, changes }: Answer): boolean {
  return (
    outcome.id === id &&
    outcome.status === status &&
    outcome.reason?.code === reason?.code &&
    isDeepStrictEqual(outcome.changes, changes ?? [])
  );
}
