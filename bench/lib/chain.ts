// Verifying blocks from outside: digests made again, signatures checked.
import {
  batchDigest,
  entryDigests,
  leafDigest,
  merkleRoot,
  resultDigest,
} from "../../objects/shared/digests.ts";
import type { Verify } from "../../objects/shared/node/crypto.ts";
import type { Block } from "../../objects/shared/types.ts";
import { certificateFits, certificateValid } from "../../objects/shared/verify.ts";

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
