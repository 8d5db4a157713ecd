// Verifying the ledger from outside: digests made again, signatures checked, every answer looked up where its receipt says.
import { isDeepStrictEqual } from "node:util";

import {
  batchDigest,
  entryDigests,
  leafDigest,
  merkleRoot,
  resultDigest,
} from "../../objects/shared/digests.ts";
import type { Verify } from "../../objects/shared/node/crypto.ts";
import type { Block, Outcome } from "../../objects/shared/types.ts";
import { certificateFits, certificateValid } from "../../objects/shared/verify.ts";
import type { Answer } from "../lib/contract.ts";

export interface Seats {
  /** Public keys, by seat. */
  readonly keys: readonly string[];
  readonly quorum: number;
  readonly verify: Verify;
}

/** Whether a quorum of distinct seats signed exactly this block and what it came to. */
export function isCertified(block: Block, { keys, quorum, verify }: Seats): boolean {
  const { header, entries, result, outcomes, certificate } = block;
  return (
    certificate.height === header.height &&
    batchDigest({ ...header, entries: entryDigests(entries) }) === certificate.batch &&
    resultDigest(result) === certificate.result &&
    result.count === outcomes.length &&
    merkleRoot(outcomes.map(leafDigest)) === result.root &&
    certificateFits(certificate, header.parent) &&
    certificateValid(certificate, keys, quorum, verify)
  );
}

/** What is wrong with the blocks of heights 1, 2, … */
export function chainFlaws(blocks: readonly Block[], seats: Seats): string[] {
  return blocks.flatMap((block, index) => {
    const before = blocks[index - 1]?.certificate;
    const follows =
      block.header.height === index + 1 &&
      (before === undefined ||
        (block.header.parent === before.block && block.result.prior === before.result));
    const flaws = follows ? [] : [`block ${index + 1} does not follow block ${index}`];
    return isCertified(block, seats) ? flaws : [...flaws, `block ${index + 1} is not certified`];
  });
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
      leafDigest(text) === outcome &&
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
