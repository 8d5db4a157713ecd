/** What signed statements prove against their senders. Two that no honest seat signs both are equivocation (README.md, "Evidence"). */
import type { Certificate, Entry } from "../../shared/types.ts";
import { contentOf, voteKey } from "./messages.ts";
import type { Commit, Prepare, Proposal, ViewChange } from "./messages.ts";
import type { Turn } from "./turn.ts";

type Vote = Prepare | Commit;

/** Two statements of one (kind, height, view) may differ in nothing of their content (V1, D3); whether they do. */
// Rule: RecordEquivocation.
export function noteEquivocation<S extends Vote | Proposal>(
  turn: Turn,
  first: S,
  second: S,
): boolean {
  if (JSON.stringify(contentOf(first)) === JSON.stringify(contentOf(second))) return false;
  const height = first.kind === "proposal" ? first.batch.header.height : first.height;
  const what = `equivocation/${first.kind}/${height}/${first.view}/${first.from}`;
  turn.accuseOnce(what, { kind: "equivocation", seat: first.from, height, first, second });
  return true;
}

/** A view change is a word given: the prepared certificate is in it, and no vote below its view comes after. */
// Rule: RecordBrokenWord.
export function noteBrokenWord(turn: Turn, from: number): void {
  const { prepares, commits, changes } = turn.seat;
  const change = changes.get(from);
  if (change === undefined) return;
  for (const votes of [prepares, commits]) {
    for (const vote of votes.values()) {
      if (vote.from !== from || vote.view >= change.view) continue;
      if (forgotten(vote, change) || backDated(vote, change)) accuseBroken(turn, vote, change);
    }
  }
}

function accuseBroken(turn: Turn, vote: Vote, change: ViewChange): void {
  const { from: seat, height } = vote;
  const what = `broken/${vote.kind}/${voteKey(vote)}`;
  turn.accuseOnce(what, { kind: "equivocation", seat, height, first: vote, second: change });
}

/** Amnesia: who committed holds a certificate of that view or a later one, and hands it over at that height. */
function forgotten(vote: Vote, change: ViewChange): boolean {
  if (vote.kind !== "commit" || vote.height !== change.height) return false;
  return change.prepared === null || change.prepared.view < vote.view;
}

/** Signed after the word was given. */
function backDated(vote: Vote, change: ViewChange): boolean {
  if (vote.incarnation !== change.incarnation) return vote.incarnation > change.incarnation;
  return vote.sequence > change.sequence;
}

/** A prepare for the decided batch with another result proves its sender's dissent, also when it comes late. */
// Rule: RecordDissent.
export function noteLateDissent(turn: Turn, vote: Vote): void {
  const { tip } = turn.seat;
  if (vote.kind !== "prepare" || tip.certificate === null || vote.height !== tip.height) return;
  if (vote.batch !== tip.batch || vote.result === tip.result) return;
  accuseDissent(turn, vote, tip.certificate);
}

export function accuseDissent(turn: Turn, prepare: Prepare, certificate: Certificate): void {
  const { from: seat, height } = prepare;
  const incident = { kind: "dissent", seat, height, prepare, certificate } as const;
  turn.accuseOnce(`dissent/${height}/${seat}`, incident);
}

/** An event of the block just decided was rejected without being evaluated. */
// Rule: RecordCondemned.
export function noteCondemned(turn: Turn, { writ, first, poison: proof }: Entry): void {
  if (proof === undefined) return;
  const { warden, number } = writ;
  const kind = proof.reason === "unable" ? "unable" : "poison";
  turn.accuse({ kind, height: turn.seat.tip.height, warden, number, first, proof });
}
