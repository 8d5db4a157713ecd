/** Checking what seats and Wardens signed, wherever it appears: believe certificates, never senders. */
import type { Json } from "./canonical.ts";
import { batchDigest, blockDigest, commitFields, digest, writDigest } from "./digests.ts";
import type { Verify } from "./node/crypto.ts";
import type { Quorum } from "./quorum.ts";
import { PROTOCOL_VERSION } from "./types.ts";
import type { Certificate, Header, Poison, VoteSignature, Writ } from "./types.ts";

type Place = Pick<VoteSignature, "seat" | "incarnation" | "sequence">;

/** What any statement's signature is over: its kind, court and epoch, its content, and its place among its seat's statements. */
export function statedDigest(
  kind: string,
  content: readonly Json[],
  { seat, incarnation, sequence }: Place,
): string {
  return digest(kind, ...content, seat, incarnation, sequence, PROTOCOL_VERSION);
}

/** What a commit's signature is over. */
export function commitDigest(certificate: Omit<Certificate, "signatures">, vote: Place): string {
  return statedDigest("commit", commitFields(certificate), vote);
}

/** Whether at least q distinct seats of the court validly signed a commit for exactly this block. */
export function certificateValid(
  certificate: Certificate,
  keys: readonly string[],
  q: number,
  verify: Verify,
): boolean {
  // Nobody honest has more, and each would cost a verification.
  if (certificate.signatures.length > keys.length) return false;
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

/** Who may speak for a court, and how many of them it takes. */
export interface Seats {
  readonly keys: readonly string[];
  readonly quorum: Quorum;
}

/** Whether the seats' signatures condemn exactly the one event of this header, at its place in the chain. */
export function poisonValid(
  poison: Poison,
  block: Header,
  { keys, quorum }: Seats,
  verify: Verify,
): boolean {
  const { header, view } = poison;
  if (!sameLoneEvent(header, block)) return false;
  const { court, epoch, height } = header;
  const batch = batchDigest(header);
  const validly = (kind: string, vote: VoteSignature, said: string) => {
    const key = keys[vote.seat];
    const content = [court, epoch, height, view, batch, said];
    return key !== undefined && verify(key, statedDigest(kind, content, vote), vote.signature);
  };
  if (poison.reason === "unable") {
    const { rejects } = poison;
    return (
      distinct(rejects) >= quorum.q && rejects.every((vote) => validly("reject", vote, "unable"))
    );
  }
  const { prepares } = poison;
  const agreeing = [...Map.groupBy(prepares, ({ result }) => result).values()];
  return (
    quorum.f > 0 &&
    distinct(prepares) === quorum.n &&
    agreeing.every(({ length }) => length < quorum.q) &&
    prepares.every((vote) => validly("prepare", vote, vote.result))
  );
}

/** The number of their seats; 0 if one speaks twice. */
function distinct(votes: readonly VoteSignature[]): number {
  const { size } = new Set(votes.map(({ seat }) => seat));
  return size === votes.length ? size : 0;
}

/** One event each, the same one, at one place of one chain; and of the first it was not yet known that it is condemned. */
function sameLoneEvent(first: Header, block: Header): boolean {
  const [[writ, event, count, poison] = []] = first.entries;
  const [entry = []] = block.entries;
  return (
    first.entries.length === 1 &&
    block.entries.length === 1 &&
    count === 1 &&
    entry[2] === 1 &&
    poison === null &&
    writ === entry[0] &&
    event === entry[1] &&
    placeOf(first) === placeOf(block)
  );
}

function placeOf({ court, epoch, height, parent }: Header): string {
  return [court, epoch, height, parent].join();
}
