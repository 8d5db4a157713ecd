/**
 * OnlyPoisonCondemned: an event is rejected unevaluated only alone in its block, and with proof by the seats' own signatures, for this very
 * place, that they do not decide it alike or at all.
 */
import type { Poison, VoteSignature } from "../../../objects/shared/types.ts";
import { digestOfBatch, tagged } from "./bytes.ts";
import type { Decided } from "./decided.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";
import type { Signatures } from "./statements.ts";
import type { Terms } from "./terms.ts";

const CONDEMNED = "OnlyPoisonCondemned";

export function poison(options: Options, { terms }: Signatures): Part {
  return {
    block(decided) {
      const { block, height, lines } = decided;
      for (const { submitted: event, index, condemned } of lines)
        must(
          condemned === null || options.poisonous?.(event ?? "") === true,
          CONDEMNED,
          () => `the seats evaluate ${height}/${index} alike, and rejected it as ${condemned}`,
        );
      for (const { poison: proof } of block.entries) {
        if (proof === undefined) continue;
        const flaw = flawOf(proof, decided, options, terms);
        must(flaw === null, CONDEMNED, () => `the proof of poison at height ${height}: ${flaw}`);
      }
    },
  };
}

/** What stands for it under the batch digest. */
export function digestOfPoison(proof: Poison): string {
  const { reason, view, header } = proof;
  const votes: readonly (VoteSignature & { readonly result?: string })[] =
    proof.reason === "unable" ? proof.rejects : proof.prepares;
  const said = votes.map(({ seat, incarnation, sequence, signature, result }) => {
    const vote = [seat, incarnation, sequence, signature];
    return result === undefined ? vote : [...vote, result];
  });
  return tagged("poison", [reason, view, digestOfBatch(header), said]);
}

/** Why the proof proves nothing, or null. */
function flawOf(
  proof: Poison,
  { block }: Decided,
  { n, q, f, verify }: Options,
  terms: Terms,
): string | null {
  const { header, view } = proof;
  const [first, second] = [header, block.header];
  const [entry] = first.entries;
  const [condemned] = second.entries;
  if (first.entries.length !== 1 || second.entries.length !== 1) return "the event is not alone";
  if (entry?.[2] !== 1 || entry[3] !== null) return "it is not of one event to be evaluated";
  if (entry[0] !== condemned?.[0] || entry[1] !== condemned[1] || condemned[2] !== 1)
    return "it is of another event";
  if (first.height !== second.height || first.parent !== second.parent)
    return "it is of another place";
  if (first.court !== second.court || first.epoch !== second.epoch)
    return "it is of another court or epoch";
  const place = [first.court, first.epoch, first.height, view, digestOfBatch(first)];
  const votes: readonly VoteSignature[] =
    proof.reason === "unable" ? proof.rejects : proof.prepares;
  const seats = new Set(votes.map(({ seat }) => seat));
  if (seats.size !== votes.length) return "one seat speaks twice";
  const kind = proof.reason === "unable" ? "reject" : "prepare";
  const said = proof.reason === "unable" ? null : proof.prepares.map(({ result }) => result);
  const forged = votes.find(({ seat, incarnation, sequence, signature }, at) => {
    const content = [...place, said?.[at] ?? "unable", seat, incarnation, sequence, 1];
    return !verify(terms.seatKey(first.epoch, seat) ?? "", tagged(kind, content), signature);
  });
  if (forged !== undefined) return `the signature of seat ${forged.seat} is not over it`;
  if (said === null) return seats.size >= q ? null : "no quorum is unable";
  if (f === 0 || seats.size !== n) return "not every seat is in it";
  const most = Math.max(...said.map((one) => said.filter((other) => other === one).length));
  return most < q ? null : "a quorum agrees";
}
