/**
 * JustifiedVotes: whatever an honest seat prepares, its leader proposed with a justification that holds. Said here once more, from the
 * document: a liar that is believed without reason is found at the vote, long before two blocks come of it.
 */
import type {
  Prepare,
  Prepared,
  Proposal,
  ViewChange,
} from "../../../objects/clerk/consensus/messages.ts";
import type { Certificate } from "../../../objects/shared/types.ts";
import { digestOfBatch } from "../checkers/bytes.ts";
import { must } from "../checkers/part.ts";
import type { Options, Part } from "../checkers/part.ts";
import type { Signatures } from "../checkers/statements.ts";

const JUSTIFIED = "JustifiedVotes";

export function justified(options: Options, signatures: Signatures): Part {
  const proposals = new Map<string, Proposal[]>();
  const seen = new WeakSet();
  return {
    on: {
      said({ seat, message }) {
        if (seen.has(message)) return;
        seen.add(message);
        if (message.kind === "proposal") {
          const { height } = message.batch.header;
          const key = `${height}/${message.view}/${digestOfBatch(message.batch.header)}`;
          proposals.set(key, [...(proposals.get(key) ?? []), message]);
        }
        if (message.kind !== "prepare" || options.liars.has(seat)) return;
        if (message.from !== seat) return;
        const made = proposals.get(`${message.height}/${message.view}/${message.batch}`) ?? [];
        const flaws = made.map((one) => flawOf(one, message, options, signatures));
        must(
          flaws.includes(null),
          JUSTIFIED,
          () =>
            `seat ${seat} prepared at height ${message.height} in view ${message.view}: ${flaws.join("; ") || "nobody proposed it"}`,
        );
      },
    },
  };
}

/** Why nobody should vote for it, or null. */
function flawOf(
  proposal: Proposal,
  vote: Prepare,
  options: Options,
  signatures: Signatures,
): string | null {
  const { from, view, batch, justification } = proposal;
  if (from !== view % options.n) return "its sender does not lead";
  const { height } = batch.header;
  if (justification.by === "certificate")
    return flawOfCertificate(proposal, justification.certificate, options, signatures);
  const { changes } = justification;
  if (new Set(changes.map((change) => change.from)).size < options.q) return "too few view changes";
  if (changes.some((change) => change.view !== view)) return "a view change for another view";
  if (changes.some((change) => !signatures.ofSender(change))) return "a forged view change";
  if (Math.max(...changes.map((change) => change.height)) !== height) return "not at the maximum";
  if (changes.some((change) => flawOfPrepared(change, signatures) !== null))
    return "a false prepared certificate";
  const highest = highestOf(changes, height);
  if (highest === null) return null;
  if (highest.batch !== vote.batch) return "not the batch of the highest certificate";
  return highest.result === vote.result ? null : "not the result of the highest certificate";
}

function flawOfCertificate(
  { view, batch }: Proposal,
  certificate: Certificate | null,
  { genesis }: Options,
  signatures: Signatures,
): string | null {
  const { height, parent } = batch.header;
  if (certificate === null)
    return height === 1 && view === 0 && parent === genesis.block ? null : "no certificate";
  if (certificate.height !== height - 1 || certificate.block !== parent)
    return "a certificate of another block";
  if (certificate.view !== view) return "a certificate of another view";
  return signatures.flawOf(certificate);
}

function flawOfPrepared(change: ViewChange, signatures: Signatures): string | null {
  const { prepared } = change;
  if (prepared === null) return null;
  if (prepared.height !== change.height || prepared.view >= change.view) return "it cannot be";
  return signatures.flawOfPrepared(prepared, change);
}

function highestOf(changes: readonly ViewChange[], height: number): Prepared | null {
  const certified = changes.flatMap((change) =>
    change.height === height && change.prepared !== null ? [change.prepared] : [],
  );
  return certified.toSorted((a, b) => b.view - a.view)[0] ?? null;
}
