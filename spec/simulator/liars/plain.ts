/** Liars that need no cunning: silence, two faces, votes for everything, wrong outcomes, steps aside. */
import { contentOf } from "../../../objects/clerk/consensus/messages.ts";
import type { Message, Prepare, Proposal } from "../../../objects/clerk/consensus/messages.ts";
import { sha256 } from "../../../objects/shared/node/crypto.ts";
import type { Batch } from "../../../objects/shared/types.ts";
import { blockOf, Forge } from "./forge.ts";
import { Hearsay } from "./hearsay.ts";
import { seatsOf, Tongue } from "./mouth.ts";
import type { Mouth, Place, Told } from "./mouth.ts";

/** Says nothing at all, or nothing of some kinds to some. */
export class Silent implements Mouth {
  readonly #deaf: ReadonlySet<number>;
  readonly #kinds: ReadonlySet<Message["kind"]> | null;

  constructor(place: Place, partly: boolean) {
    const { dice } = place;
    const seats = seatsOf(place.setup);
    this.#deaf = new Set(partly ? seats.filter(() => dice.percent(50)) : seats);
    const kinds = ["proposal", "prepare", "commit", "decided", "view-change", "blocks"] as const;
    this.#kinds = partly && dice.percent(50) ? new Set(kinds.filter(() => dice.percent(50))) : null;
  }

  instead(to: number, message: Message): readonly Told[] {
    const kept = this.#deaf.has(to) && (this.#kinds === null || this.#kinds.has(message.kind));
    return kept ? [] : [{ to, message }];
  }

  heard(): readonly Told[] {
    return [];
  }
}

/** Gives different seats different batches, two or three, and votes for each with those who got it. */
export class Equivocator implements Mouth {
  readonly #tongue: Tongue;
  readonly #forge: Forge;
  readonly #hearsay: Hearsay;
  readonly #faces: number;
  readonly #made = new Map<string, Batch>();

  constructor(place: Place) {
    this.#tongue = new Tongue(place);
    this.#hearsay = new Hearsay(place.setup.quorum.q);
    this.#forge = new Forge(this.#tongue, this.#hearsay);
    this.#faces = 2 + place.dice.below(2);
  }

  instead(to: number, message: Message): readonly Told[] {
    this.#hearsay.note(message);
    if (message.kind !== "proposal") return [{ to, message }];
    return [{ to, message: this.#face(to % this.#faces, message) }];
  }

  heard(message: Message): readonly Told[] {
    this.#hearsay.note(message);
    if (message.kind !== "prepare") return [];
    return votesFor(this.#tongue, this.#hearsay, message).map((vote) => ({
      to: message.from,
      message: vote,
    }));
  }

  #face(face: number, message: Proposal): Proposal {
    if (face === 0) return message;
    const { height } = message.batch.header;
    const key = `${height}/${message.view}/${face}`;
    const batch = this.#made.get(key) ?? this.#forge.retimed(message.batch);
    if (this.#made.size > 100) this.#made.clear();
    this.#made.set(key, batch);
    const proposal = this.#forge.proposal(message.view, message.from, {
      batch,
      why: message.justification,
    });
    this.#hearsay.note(proposal);
    return proposal;
  }
}

/** Votes for everything that anybody votes for, over and over. */
export class Yes implements Mouth {
  readonly #tongue: Tongue;
  readonly #hearsay: Hearsay;

  constructor(place: Place) {
    this.#tongue = new Tongue(place);
    this.#hearsay = new Hearsay(place.setup.quorum.q);
  }

  instead(to: number, message: Message): readonly Told[] {
    this.#hearsay.note(message);
    return [{ to, message }];
  }

  heard(message: Message): readonly Told[] {
    this.#hearsay.note(message);
    if (message.kind !== "prepare" || this.#tongue.isStale(message)) return [];
    return this.#tongue.toAll(...votesFor(this.#tongue, this.#hearsay, message));
  }
}

function votesFor(tongue: Tongue, hearsay: Hearsay, heard: Prepare): Message[] {
  const { height, view, batch, result } = heard;
  const known = hearsay.batches.get(batch);
  const prepare = tongue.say({ kind: "prepare", height, view, batch, result });
  if (known === undefined) return [prepare];
  const block = blockOf(known, result);
  return [prepare, tongue.say({ kind: "commit", height, view, batch, result, block })];
}

/** Prepares and commits another result than everybody's: always the same one, or another for each receiver. */
export class WrongOutcome implements Mouth {
  readonly #tongue: Tongue;
  readonly #faces: number;
  readonly #share: number;

  constructor(place: Place) {
    this.#tongue = new Tongue(place);
    this.#faces = place.dice.one([1, 1, 2, 4]);
    this.#share = place.dice.one([20, 50, 100]);
  }

  instead(to: number, message: Message): readonly Told[] {
    if (message.kind !== "prepare" && message.kind !== "commit") return [{ to, message }];
    const place = JSON.stringify(contentOf(message).slice(0, 2));
    const drawn = Number.parseInt(sha256(place).slice(0, 6), 16) % 100;
    if (drawn >= this.#share) return [{ to, message }];
    const result = sha256(`wrong ${to % this.#faces} ${place}`);
    return [{ to, message: this.#tongue.otherwise(message, { result }) }];
  }

  heard(): readonly Told[] {
    return [];
  }
}

/** Steps aside for no reason, and says it has gone far ahead. */
export class Resigner implements Mouth {
  readonly #tongue: Tongue;
  readonly #forge: Forge;
  readonly #hearsay: Hearsay;

  constructor(place: Place) {
    this.#tongue = new Tongue(place);
    this.#hearsay = new Hearsay(place.setup.quorum.q);
    this.#forge = new Forge(this.#tongue, this.#hearsay);
  }

  instead(to: number, message: Message): readonly Told[] {
    this.#hearsay.note(message);
    return [{ to, message }];
  }

  heard(message: Message): readonly Told[] {
    this.#hearsay.note(message);
    const { dice, seat, setup } = this.#tongue.place;
    if (!dice.percent(4)) return [];
    const core = this.#tongue.place.core();
    const { n } = setup.quorum;
    const view = core.view + dice.one([1, 1, 1, 2, n, 16, 17, 1_000, 2 ** 40]);
    const { height, certificate } = core.tip;
    const prepared =
      this.#hearsay.preparedAt(height + 1).findLast((one) => one.view < view) ?? null;
    const change = this.#tongue.say({
      kind: "view-change",
      view,
      height: height + 1,
      certificate,
      prepared: dice.percent(50) ? prepared : null,
    });
    if (dice.percent(70)) return this.#tongue.toAll(change);
    const ahead = this.#forge.conflicting(height + 1);
    const led = view - ((view - seat + n) % n);
    const why = ahead === null ? null : this.#forge.excuse("certificate", led, ahead);
    if (why === null) return this.#tongue.toAll(change);
    return this.#tongue.toAll(change, this.#forge.proposal(led, seat, why));
  }
}
