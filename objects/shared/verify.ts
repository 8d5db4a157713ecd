/** Checking what seats and Wardens signed, wherever it appears: believe certificates, never senders. */
import { blockDigest, commitFields, digest, writDigest } from "./digests.ts";
import type { Verify } from "./node/crypto.ts";
import { PROTOCOL_VERSION } from "./types.ts";
import type { Certificate, VoteSignature, Writ } from "./types.ts";

/** What a commit's signature is over. */
export function commitDigest(
  certificate: Omit<Certificate, "signatures">,
  vote: Pick<VoteSignature, "seat" | "incarnation" | "sequence">,
): string {
  return digest(
    "commit",
    ...commitFields(certificate),
    vote.seat,
    vote.incarnation,
    vote.sequence,
    PROTOCOL_VERSION,
  );
}

/** Whether at least q distinct seats of the court validly signed a commit for exactly this block. */
export function certificateValid(
  certificate: Certificate,
  keys: readonly string[],
  q: number,
  verify: Verify,
): boolean {
  const signers = new Set<number>();
  for (const vote of certificate.signatures) {
    const key = keys[vote.seat];
    if (key === undefined || signers.has(vote.seat)) continue;
    if (!verify(key, commitDigest(certificate, vote), vote.signature)) continue;
    signers.add(vote.seat);
    if (signers.size >= q) return true;
  }
  return false;
}

/** Whether the certificate's block hash is made of this parent and its own batch and result. */
export function certificateFits(certificate: Certificate, parent: string): boolean {
  const { height, batch, result, block } = certificate;
  return blockDigest(height, parent, batch, result) === block;
}

/** Whether a Warden sealed exactly this writ. */
export function sealValid(writ: Writ, wardenPublicKey: string, verify: Verify): boolean {
  return verify(wardenPublicKey, writDigest(writ), writ.seal);
}
