/**
 * CondemnedWithProof: an event is rejected unevaluated only if the seats whose signatures stand in its proof did say so. Looked up among
 * what honest seats said, not verified: no code is shared with whoever checks proofs.
 */
import type { Prepare, Reject } from "../../../objects/clerk/consensus/messages.ts";
import type { Poison, VoteSignature } from "../../../objects/shared/types.ts";
import { digestOfBatch } from "../checkers/bytes.ts";
import { must } from "../checkers/part.ts";
import type { Options, Part } from "../checkers/part.ts";

export function condemned(options: Options): Part {
  const said = new Map<string, Prepare | Reject>();
  return {
    on: {
      said({ seat, message }) {
        if (options.liars.has(seat) || message.from !== seat) return;
        if (message.kind === "prepare" || message.kind === "reject")
          said.set(message.signature, message);
      },
      agreed({ seat, block: { header, entries } }) {
        for (const { poison } of options.liars.has(seat) ? [] : entries) {
          const flaw = poison === undefined ? null : flawOf(poison, options, said);
          must(flaw === null, "CondemnedWithProof", () => `height ${header.height}: ${flaw}`);
        }
      },
    },
  };
}

function flawOf(
  poison: Poison,
  { n, q, liars }: Options,
  said: ReadonlyMap<string, Prepare | Reject>,
): string | null {
  const { view, header } = poison;
  const batch = digestOfBatch(header);
  const unable = poison.reason === "unable";
  const votes: readonly VoteSignature[] = unable ? poison.rejects : poison.prepares;
  const seats = new Set(votes.map(({ seat }) => seat));
  if (seats.size !== votes.length) return "one seat speaks twice";
  if (seats.size < (unable ? q : n)) return `only ${seats.size} seats speak`;
  const liar = votes.find((vote) => {
    const own = said.get(vote.signature);
    if (liars.has(vote.seat)) return false;
    if (own?.from !== vote.seat || own.view !== view || own.batch !== batch) return true;
    if (own.kind === "reject") return !unable || own.reason !== "unable";
    return unable || !("result" in vote) || vote.result !== own.result;
  });
  if (liar !== undefined) return `seat ${liar.seat} did not say so`;
  if (unable) return null;
  const results = Map.groupBy(poison.prepares, ({ result }) => result);
  return [...results.values()].some(({ length }) => length >= q) ? "a quorum agrees" : null;
}
