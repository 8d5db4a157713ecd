/**
 * Wants sound events rejected: rejects whatever is proposed, and as leader proposes events alone with proofs against them that prove
 * nothing.
 */
import type {
  Message,
  Prepare,
  Proposal,
  Reject,
} from "../../../objects/clerk/consensus/messages.ts";
import { REASONS, voteSignature } from "../../../objects/clerk/consensus/messages.ts";
import { batchDigest, entryDigests } from "../../../objects/shared/digests.ts";
import { sha256 } from "../../../objects/shared/node/crypto.ts";
import type { Batch, Entry, Header, Poison, VoteSignature } from "../../../objects/shared/types.ts";
import { Forge } from "./forge.ts";
import { Hearsay } from "./hearsay.ts";
import { Tongue } from "./mouth.ts";
import type { Mouth, Place, Told } from "./mouth.ts";

type Voted = Pick<Reject, "height" | "view" | "batch">;
type Differing = VoteSignature & Pick<Prepare, "result">;
type Stance = "own" | "alone" | "condemned";

export class Poisoner implements Mouth {
  readonly #tongue: Tongue;
  readonly #hearsay: Hearsay;
  readonly #forge: Forge;
  readonly #share: number;
  readonly #made = new Map<string, Batch | null>();

  constructor(place: Place) {
    this.#tongue = new Tongue(place);
    this.#hearsay = new Hearsay(place.setup.quorum.q);
    this.#forge = new Forge(this.#tongue, this.#hearsay);
    this.#share = place.dice.one([10, 40, 80]);
  }

  instead(to: number, message: Message): readonly Told[] {
    this.#hearsay.note(message);
    const { dice } = this.#tongue.place;
    if (message.kind === "proposal") return [{ to, message: this.#proposal(message) }];
    if (message.kind === "reject" && dice.percent(50))
      return [{ to, message: this.#tongue.otherwise(message, { reason: dice.one(REASONS) }) }];
    return [{ to, message }];
  }

  heard(message: Message): readonly Told[] {
    this.#hearsay.note(message);
    const { dice } = this.#tongue.place;
    if (message.kind !== "proposal" || !dice.percent(this.#share)) return [];
    const { batch, view } = message;
    const reason = dice.percent(60) ? "unable" : dice.one(REASONS);
    const { height } = batch.header;
    const digested = batchDigest(batch.header);
    return this.#tongue.toAll(
      this.#tongue.say({ kind: "reject", height, view, batch: digested, reason }),
    );
  }

  /** The same for all who are told of a (height, view). */
  #proposal(message: Proposal): Proposal {
    const key = `${message.batch.header.height}/${message.view}`;
    const known = this.#made.get(key);
    const batch = known === undefined ? this.#batch(message) : known;
    if (this.#made.size > 100) this.#made.clear();
    this.#made.set(key, batch);
    if (batch === null) return message;
    const why = message.justification;
    const proposal = this.#forge.proposal(message.view, message.from, { batch, why });
    this.#hearsay.note(proposal);
    return proposal;
  }

  /** An event alone first, so that there are votes on it; then again, condemned by them. */
  #batch({ batch: { header, entries }, view }: Proposal): Batch | null {
    const { dice } = this.#tongue.place;
    const [first] = entries;
    const stance = dice.one<Stance>(["own", "alone", "condemned", "condemned"]);
    if (first === undefined || stance === "own") return null;
    const lone: Entry = { writ: first.writ, first: first.first, count: 1 };
    // At an hour that everybody rejects, for that reason and no other.
    const time = header.time + dice.one([0, 3_600_000]);
    const alone = { header: { ...header, time, entries: entryDigests([lone]) }, entries: [lone] };
    if (stance === "alone") return alone;
    const before = this.#aloneBefore(header, first) ?? alone.header;
    const entry = { ...lone, poison: this.#proof(before, view) };
    const others = dice.percent(20) ? entries.slice(1) : [];
    const all = [entry, ...others];
    return { header: { ...header, entries: entryDigests(all) }, entries: all };
  }

  /** Header of a batch that held the event alone, at the same place. */
  #aloneBefore({ height, parent }: Header, { first }: Entry): Header | null {
    const found = this.#hearsay
      .batchesAt(height)
      .find(
        ({ header, entries: [entry, ...others] }) =>
          header.parent === parent &&
          others.length === 0 &&
          entry?.count === 1 &&
          entry.first === first,
      );
    return found?.header ?? null;
  }

  #proof(header: Header, view: number): Poison {
    const { dice } = this.#tongue.place;
    const batch = batchDigest(header);
    const voted = this.#hearsay.messages.findLast(
      (one) => (one.kind === "reject" || one.kind === "prepare") && one.batch === batch,
    );
    const guess = dice.percent(50) ? view : Math.max(0, view - 1);
    const before = voted !== undefined && "view" in voted ? voted.view : guess;
    const said = { height: header.height, view: before, batch };
    return dice.percent(50)
      ? { reason: "unable", view: before, header, rejects: this.#rejects(said) }
      : { reason: "nondeterministic", view: before, header, prepares: this.#prepares(said) };
  }

  /** Its own over and over, or under others' names, or with what others rejected for other reasons. */
  #rejects(said: Voted): VoteSignature[] {
    const { dice, setup } = this.#tongue.place;
    const own = Array.from({ length: setup.quorum.q }, () =>
      voteSignature(this.#tongue.say({ kind: "reject", ...said, reason: "unable" })),
    );
    const heard = this.#hearsay.messages
      .filter((one) => one.kind === "reject")
      .filter(({ batch }) => batch === said.batch)
      .map(voteSignature);
    return dice.one([
      own,
      own.map((one, seat) => ({ ...one, seat })),
      distinct([...own.slice(0, 1), ...heard]).slice(0, setup.quorum.q),
      own.slice(0, 1),
    ]);
  }

  /** Its own wrong ones under all names, or the others' right ones with another result written beside them, or too few. */
  #prepares(said: Voted): Differing[] {
    const { dice, setup } = this.#tongue.place;
    const own = Array.from({ length: setup.quorum.n }, (_, seat) => {
      const result = sha256(`${said.batch} ${seat}`);
      const vote = this.#tongue.say({ kind: "prepare", ...said, result });
      return { ...voteSignature(vote), result };
    });
    const [first] = own;
    const heard = this.#hearsay.messages
      .filter((one) => one.kind === "prepare")
      .filter(({ batch }) => batch === said.batch)
      .map((vote) => ({ ...voteSignature(vote), result: vote.result }));
    const all = distinct(first === undefined ? heard : [first, ...heard]);
    return dice.one([
      own,
      own.map((one, seat) => ({ ...one, seat })),
      all,
      all.map((one, at) => ({ ...one, result: sha256(`${one.result} ${at}`) })),
      all.slice(0, setup.quorum.q - 1),
    ]);
  }
}

/** The first of each seat. */
function distinct<V extends VoteSignature>(votes: readonly V[]): V[] {
  return votes.filter((vote, at) => votes.findIndex((other) => other.seat === vote.seat) === at);
}
