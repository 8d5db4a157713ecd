// What seats and Wardens signed: certificates, seals, and proofs that an event could not be decided.
import { sha256, tagged } from "./bytes.ts";
import { canonical } from "../../objects/shared/canonical.ts";
import type { Quorum } from "./genesis.ts";
import type { Certificate, Header, Poison, Vote, Writ } from "./shapes.ts";
import type { Signatures } from "./signatures.ts";

const PROTOCOL = 1;

export function batchDigest(header: Header): string {
  const { court, epoch, height, parent, time, domainVersion, control, entries } = header;
  return tagged("batch", [court, epoch, height, parent, time, domainVersion, control, entries]);
}

export function writDigest({ court, warden, number, events }: Omit<Writ, "seal">): string {
  const head = canonical(["assize/1/writ", court, warden, number, events.length]);
  return sha256([head, ...events].join("\n"));
}

export function poisonDigest(poison: Poison): string {
  const { reason, view, header } = poison;
  const votes: readonly (Vote & { readonly result?: string })[] =
    poison.reason === "unable" ? poison.rejects : poison.prepares;
  const said = votes.map(({ seat, incarnation, sequence, signature, result }) => {
    const vote = [seat, incarnation, sequence, signature];
    return result === undefined ? vote : [...vote, result];
  });
  return tagged("poison", [reason, view, batchDigest(header), said]);
}

/** What a seat signs: what it says, and where that stands among what it says. */
function stated(kind: string, said: readonly unknown[], by: Vote): string {
  return tagged(kind, [...said, by.seat, by.incarnation, by.sequence, PROTOCOL]);
}

export interface Seats extends Quorum {
  /** Public keys by seat, of the height in question. */
  readonly keys: readonly string[];
}

/** The distinct seats of which a commit for exactly this stands under a certificate. */
export function signersOf(
  certificate: Certificate,
  { keys }: Seats,
  signatures: Signatures,
): Set<number> {
  const { court, epoch, height, view, batch, result, block } = certificate;
  const said = [court, epoch, height, view, batch, result, block];
  const signers = new Set<number>();
  for (const vote of certificate.signatures) {
    if (signers.has(vote.seat)) continue;
    if (signatures.isBy(keys[vote.seat], stated("commit", said, vote), vote.signature))
      signers.add(vote.seat);
  }
  return signers;
}

/** Why a proof does not condemn the one event of a block, or null. */
export function poisonFlaw(
  poison: Poison,
  block: Header,
  seats: Seats,
  signatures: Signatures,
): string | null {
  const { header, view } = poison;
  const { court, epoch, height, parent } = block;
  if (!sameLoneEvent(header, block)) return "it is about another event, or more than one";
  if (
    canonical([header.court, header.epoch, header.height, header.parent]) !==
    canonical([court, epoch, height, parent])
  )
    return "it is of another place in the chain";
  const said = [court, epoch, height, view, batchDigest(header)];
  const unsigned = (kind: string, vote: Vote, what: string): boolean =>
    !signatures.isBy(seats.keys[vote.seat], stated(kind, [...said, what], vote), vote.signature);
  if (poison.reason === "unable") {
    const { rejects } = poison;
    if (rejects.some((vote) => unsigned("reject", vote, "unable")))
      return "a reject is not its seat's";
    return distinct(rejects) >= seats.q ? null : `too few seats say so, ${rejects.length}`;
  }
  const { prepares } = poison;
  if (seats.f === 0) return "with no faulty seat to spare nothing is nondeterministic";
  if (prepares.some((vote) => unsigned("prepare", vote, vote.result)))
    return "a prepare is not its seat's";
  if (distinct(prepares) !== seats.n) return `not all seats are heard, but ${prepares.length}`;
  const most = Math.max(
    ...[...Map.groupBy(prepares, ({ result }) => result).values()].map((of) => of.length),
  );
  return most < seats.q ? null : `${most} seats came to the same`;
}

/** 0 if one speaks twice. */
function distinct(votes: readonly Vote[]): number {
  const { size } = new Set(votes.map(({ seat }) => seat));
  return size === votes.length ? size : 0;
}

function sameLoneEvent(first: Header, block: Header): boolean {
  const [one] = first.entries;
  const [other] = block.entries;
  if (one === undefined || other === undefined) return false;
  const lone = first.entries.length === 1 && block.entries.length === 1;
  return (
    lone &&
    one[0] === other[0] &&
    one[1] === other[1] &&
    one[2] === 1 &&
    other[2] === 1 &&
    one[3] === null
  );
}
