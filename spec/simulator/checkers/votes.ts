/**
 * OneValue, NeverBack, SameSeatSameValue, KeepVoteOverRestart: what an honest seat signs over all its lives. A statement counts from when
 * it is stored or said, whichever is first.
 */
import type { Message, ViewChange } from "../../../objects/clerk/consensus/messages.ts";
import type { Durable } from "../../../objects/clerk/consensus/seat.ts";
import { canonicalText } from "./bytes.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";
import { contentOf, digestOfGrounds, heightOf, isBinding } from "./statements.ts";
import type { Binding, Signatures } from "./statements.ts";

/** One seat since its key was drawn. */
interface Word {
  /** By kind, height and view. */
  readonly given: Map<string, Binding>;
  /** View stored last, and highest view in which it decided. */
  view: number;
  decidedIn: number;
  height: number;
  change: ViewChange | null;
}

export function votes({ liars }: Options, signatures: Signatures): Part {
  const words = new Map<number, Word>();
  const heard = new WeakSet<Message>();
  const wordOf = (seat: number): Word => {
    const word = words.get(seat) ?? fresh();
    words.set(seat, word);
    return word;
  };
  return {
    on: {
      wiped({ seat }) {
        words.delete(seat);
      },
      agreed({ seat, block }) {
        const word = wordOf(seat);
        word.height = block.header.height;
        word.decidedIn = Math.max(word.decidedIn, block.certificate.view);
      },
      stored({ seat, durable }) {
        if (liars.has(seat)) return;
        const word = wordOf(seat);
        for (const said of statementsIn(durable)) give(word, seat, said);
        must(
          durable.view >= word.view,
          "NeverBack",
          () => `seat ${seat} stored view ${durable.view} after ${word.view}`,
        );
        word.view = durable.view;
      },
      said({ seat, message }) {
        if (liars.has(seat) || heard.has(message)) return;
        heard.add(message);
        if (isBinding(message) && message.from === seat) give(wordOf(seat), seat, message);
        certified(seat, message, signatures);
      },
    },
  };
}

function fresh(): Word {
  return { given: new Map(), view: 0, decidedIn: 0, height: 0, change: null };
}

function statementsIn({ vote, commit, change }: Durable): Binding[] {
  return [vote?.prepare, commit, change].flatMap((said) => said ?? []);
}

function give(word: Word, seat: number, said: Binding): void {
  const height = heightOf(said);
  const place = `${said.kind} of height ${height} and view ${said.view}`;
  const before = word.given.get(place);
  if (before !== undefined) {
    if (before.signature === said.signature) return;
    must(
      canonicalText(contentOf(before)) === canonicalText(contentOf(said)),
      "OneValue",
      () => `seat ${seat} gave two values in a ${place}`,
    );
    must(
      false,
      "KeepVoteOverRestart",
      () => `seat ${seat} signed the ${place} again instead of sending the same bytes`,
    );
  }
  word.given.set(place, said);
  neverBack(word, seat, said, place);
  if (said.kind === "view-change" && said.view >= (word.change?.view ?? 0)) word.change = said;
}

/** Of a statement not seen before. One signed before the last view change is of a view left again in the same step. */
function neverBack(word: Word, seat: number, said: Binding, place: string): void {
  const { change } = word;
  const view = Math.max(word.view, word.decidedIn, change?.view ?? 0);
  const leftAgain = change !== null && said.view < change.view && signedBefore(said, change);
  must(
    said.view >= view || leftAgain,
    "NeverBack",
    () => `seat ${seat} gave a ${place}, but was in view ${view}`,
  );
  // A view change that is left again in the step that decides its height goes out after both; no vote does, and none of a height below.
  const before =
    leftAgain &&
    said.kind === "view-change" &&
    said.height === change.height &&
    said.height === word.height;
  must(
    heightOf(said) > word.height || before,
    "NeverBack",
    () => `seat ${seat} gave a ${place}, but had decided height ${word.height}`,
  );
}

export function signedBefore(one: Binding, other: Binding): boolean {
  return one.incarnation === other.incarnation
    ? one.sequence < other.sequence
    : one.incarnation < other.incarnation;
}

/** What an honest seat hands on as certified is: distinct seats, all over the same. */
function certified(seat: number, message: Message, signatures: Signatures): void {
  const judge = (what: string, flaw: string | null): void =>
    must(flaw === null, "SameSeatSameValue", () => `seat ${seat} said a ${what}: ${flaw}`);
  const change = (said: ViewChange): void => {
    if (said.certificate !== null) judge("certificate", signatures.flawOf(said.certificate));
    if (said.prepared !== null)
      judge("prepared certificate", signatures.flawOfPrepared(said.prepared, said));
  };
  if (message.kind === "decided") judge("certificate", signatures.flawOf(message.certificate));
  if (message.kind === "view-change") change(message);
  if (message.kind !== "proposal") return;
  const why = message.justification;
  const grounds = digestOfGrounds(why) === message.grounds;
  judge("proposal", grounds ? null : "its grounds are not those it signed");
  if (why.by === "changes") why.changes.forEach(change);
  else if (why.certificate !== null) judge("certificate", signatures.flawOf(why.certificate));
}
