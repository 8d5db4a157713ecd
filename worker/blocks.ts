/** Blocks that the ledger does not have yet, from any seat that can prove one. */
import { inclusionOf } from "../objects/ledger/proof.ts";
import type { Inclusion } from "../objects/ledger/proof.ts";
import type { Ledger } from "../objects/ledger/ledger.ts";
import { certified } from "../objects/ledger/ledger.ts";
import {
  batchDigest,
  entryDigests,
  leafDigest,
  merkleRoot,
  resultDigest,
} from "../objects/shared/digests.ts";
import { lastTerm } from "../objects/shared/terms.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import type { Block } from "../objects/shared/types.ts";
import { certificateFits } from "../objects/shared/verify.ts";
import { unlessSilent } from "./calls.ts";
import type { Context } from "./context.ts";

/** The first proven answer of a seat, or null if none has the block. */
export async function blockOfSeats(
  context: Context,
  ledger: Ledger,
  court: number,
  height: number,
): Promise<Block | null> {
  const { env, deployment, seats } = context;
  const asked = seats.map(async (seat) => {
    const text = await unlessSilent(
      clerkStub(env, deployment, court, seat).block(height),
      LIMITS.readMs,
    );
    const block = text === null ? null : (JSON.parse(text) as Block | null);
    const known = lastTerm(ledger.terms.of(court)).epoch;
    if (block !== null && block.certificate.epoch > known) await context.learnTerms(court, seat);
    if (block === null || !isProven(block, ledger, court, height))
      throw new Error("no proven block");
    return block;
  });
  try {
    return await Promise.any(asked);
  } catch {
    return null;
  }
}

function isProven(block: Block, ledger: Ledger, court: number, height: number): boolean {
  const { header, entries, result, outcomes, certificate } = block;
  if (certificate.court !== court || certificate.height !== height) return false;
  return (
    certificateFits(certificate, header.parent) &&
    batchDigest({ ...header, entries: entryDigests(entries) }) === certificate.batch &&
    resultDigest(result) === certificate.result &&
    outcomes.length === result.count &&
    merkleRoot(outcomes.map(leafDigest)) === result.root &&
    certified(ledger, certificate)
  );
}

/** As the ledger gives it for what is published. */
export function inclusionIn(block: Block, index: number): Inclusion {
  const leaves = block.outcomes.map(leafDigest);
  return inclusionOf({ ...block, leaves }, index, block.outcomes[index] ?? "");
}
