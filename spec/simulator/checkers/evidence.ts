/**
 * NobodyFramed: no honest seat is accused by an honest one, outvoted or silenced; and what an honest seat holds against a liar proves it to
 * anybody.
 */
import type { Message, ViewChange } from "../../../objects/clerk/consensus/messages.ts";
import type { Incident } from "../../../objects/clerk/consensus/seat.ts";
import { canonicalText } from "./bytes.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";
import { contentOf, heightOf, isBinding, isVote } from "./statements.ts";
import type { Binding, Signatures } from "./statements.ts";
import { signedBefore } from "./votes.ts";

const FRAMED = "NobodyFramed";

export function evidence(options: Options, signatures: Signatures): Part {
  const { liars, mode } = options;
  const damaged = new Set<number>();
  return {
    on: {
      damaged({ seat }) {
        damaged.add(seat);
      },
      silenced({ seat, reason }) {
        // Two seats alone cannot tell which of them is wrong.
        const told = mode === "detect" && liars.size > 0;
        const found = told || damaged.has(seat);
        must(liars.has(seat) || found, FRAMED, () => `honest seat ${seat} was silenced: ${reason}`);
      },
      accused({ seat, incident }) {
        if (liars.has(seat)) return;
        const { kind } = incident;
        // Who has lost rows, or has died of this before, follows by what is certified, and says that it came to nothing itself.
        const other = kind === "outvoted" && incident.own !== null;
        const outvoted = other && !damaged.has(seat) ? seat : null;
        const named = "seat" in incident ? incident.seat : outvoted;
        must(
          named === null || liars.has(named),
          FRAMED,
          () => `honest seat ${named} is accused of ${kind} by seat ${seat}`,
        );
        const flaw = flawOf(incident, options, signatures);
        must(flaw === null, FRAMED, () => `seat ${seat}'s evidence of ${kind}: ${flaw}`);
      },
    },
  };
}

/** Why the evidence proves nothing, or null. */
function flawOf(incident: Incident, { n, q }: Options, signatures: Signatures): string | null {
  if (incident.kind === "equivocation") {
    const { seat, first, second } = incident;
    return flawOfPair(seat, first, second, signatures);
  }
  if (incident.kind === "dissent") {
    const { seat, prepare, certificate } = incident;
    if (prepare.from !== seat || !signatures.ofSender(prepare)) return "the prepare is not its own";
    const same =
      prepare.epoch === certificate.epoch &&
      prepare.height === certificate.height &&
      prepare.batch === certificate.batch;
    if (!same) return "the certificate is of another batch";
    if (prepare.result === certificate.result) return "the result is the certified one";
    return signatures.flawOf(certificate);
  }
  if (incident.kind === "no-majority") {
    const { prepares, height, view } = incident;
    const results = new Map<string, Set<number>>();
    for (const prepare of prepares) {
      if (prepare.height !== height || prepare.view !== view) return "a prepare is of another view";
      if (prepare.batch !== prepares[0]?.batch) return "the prepares are of two batches";
      if (!signatures.ofSender(prepare)) return `the prepare of seat ${prepare.from} is forged`;
      const { result, from } = prepare;
      results.set(result, (results.get(result) ?? new Set<number>()).add(from));
    }
    if (new Set(prepares.map(({ from }) => from)).size !== n) return "not all seats are in it";
    return [...results.values()].some((seats) => seats.size >= q) ? "a quorum agrees" : null;
  }
  return null;
}

function flawOfPair(
  seat: number,
  first: Message,
  second: Message,
  signatures: Signatures,
): string | null {
  if (!isBinding(first) || !isBinding(second)) return "such statements bind nobody";
  if (first.from !== seat || second.from !== seat) return "they are not both its own";
  if (!signatures.ofSender(first) || !signatures.ofSender(second)) return "a signature is not its";
  if (first.court !== second.court || first.epoch !== second.epoch)
    return "they are of two courts or epochs";
  return contradict(first, second) || contradict(second, first)
    ? null
    : "an honest seat may say both";
}

/** Whether no honest seat says both, by the definitions of the protocol (1.3, "Evidence"). */
function contradict(one: Binding, other: Binding): boolean {
  if (other.kind === "view-change") return isVote(one) && breaks(one, other);
  if (one.kind !== other.kind) return false;
  if (heightOf(one) !== heightOf(other) || one.view !== other.view) return false;
  return canonicalText(contentOf(one)) !== canonicalText(contentOf(other));
}

/** Amnesia, or a vote dated back. */
function breaks(vote: Binding, change: ViewChange): boolean {
  if (vote.view >= change.view) return false;
  if (!signedBefore(vote, change)) return true;
  const { prepared } = change;
  const forgets = prepared === null || prepared.view < vote.view;
  return vote.kind === "commit" && vote.height === change.height && forgets;
}
