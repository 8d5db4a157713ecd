/** A leader that proposes what nobody submitted: false seals, altered events, writs repeated, out of order or cut anew. */
import type { Message, Proposal } from "../../../objects/clerk/consensus/messages.ts";
import { entryDigests } from "../../../objects/shared/digests.ts";
import { sha256 } from "../../../objects/shared/node/crypto.ts";
import type { Entry, Writ } from "../../../objects/shared/types.ts";
import { blockOf, Forge } from "./forge.ts";
import { Hearsay } from "./hearsay.ts";
import { Tongue } from "./mouth.ts";
import type { Mouth, Place, Told } from "./mouth.ts";

export class Inventor implements Mouth {
  readonly #tongue: Tongue;
  readonly #hearsay: Hearsay;
  readonly #forge: Forge;
  readonly #share: number;
  readonly #made = new Map<string, readonly Entry[] | null>();

  constructor(place: Place) {
    this.#tongue = new Tongue(place);
    this.#hearsay = new Hearsay(place.setup.quorum.q);
    this.#forge = new Forge(this.#tongue, this.#hearsay);
    this.#share = place.dice.one([30, 60, 90]);
  }

  instead(to: number, message: Message): readonly Told[] {
    this.#hearsay.note(message);
    return [{ to, message: message.kind === "proposal" ? this.#proposal(message) : message }];
  }

  heard(message: Message): readonly Told[] {
    this.#hearsay.note(message);
    const { dice } = this.#tongue.place;
    if (message.kind === "prepare")
      return this.#tongue.isStale(message) ? [] : this.#votes(message);
    if (!dice.percent(5)) return [];
    const known = [...this.#hearsay.writs.values()];
    if (known.length === 0) return [];
    return this.#tongue.toAll(
      this.#tongue.say({ kind: "forward", writ: this.#falsified(dice.one(known)) }),
    );
  }

  /** What it invented it votes for as well. */
  #votes({ height, view, batch, result }: Message & { kind: "prepare" }): Told[] {
    const known = this.#hearsay.batches.get(batch);
    if (known === undefined) return [];
    const block = blockOf(known, result);
    return this.#tongue.toAll(
      this.#tongue.say({ kind: "prepare", height, view, batch, result }),
      this.#tongue.say({ kind: "commit", height, view, batch, result, block }),
    );
  }

  #proposal(message: Proposal): Proposal {
    const { header } = message.batch;
    const key = `${header.height}/${message.view}`;
    const made = this.#made.get(key) ?? this.#entries(message);
    if (this.#made.size > 100) this.#made.clear();
    this.#made.set(key, made);
    if (made === null) return message;
    const batch = { header: { ...header, entries: entryDigests(made) }, entries: made };
    const why = message.justification;
    const proposal = this.#forge.proposal(message.view, message.from, { batch, why });
    this.#hearsay.note(proposal);
    return proposal;
  }

  /** Once for a (height, view), so that all are told the same. */
  #entries({ batch: { entries } }: Proposal): readonly Entry[] | null {
    const { dice } = this.#tongue.place;
    if (!dice.percent(this.#share)) return null;
    const old = [...this.#hearsay.writs.values()];
    const whole = (writ: Writ): Entry => ({ writ, first: 0, count: writ.events.length });
    const [first, ...others] = entries;
    const drawn = old.length === 0 ? [] : [whole(dice.one(old))];
    if (first === undefined) return drawn;
    const { writ, count } = first;
    return dice.one<readonly Entry[]>([
      [{ ...first, writ: this.#falsified(writ) }, ...others],
      [{ ...first, writ: this.#falsified(writ) }, ...others],
      [...entries, first],
      [...drawn, ...entries],
      [...entries, ...drawn],
      drawn,
      entries.toReversed(),
      others,
      [{ ...first, first: 1, count: Math.max(1, count - 1) }, ...others],
      [{ ...first, count: Math.max(1, count - 1) }, ...others],
      [{ ...first, count: 1 }, { ...first, first: 1, count: Math.max(1, count - 1) }, ...others],
      [{ ...first, count: count + 1 }, ...others],
      [{ ...first, count: 0 }, ...others],
    ]);
  }

  #falsified(writ: Writ): Writ {
    const { dice } = this.#tongue.place;
    const [event = "", ...others] = writ.events;
    const altered = event.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));
    const renamed = event.replace(/"id":"/, '"id":"x');
    return dice.one<Writ>([
      { ...writ, events: [altered, ...others] },
      { ...writ, events: [renamed, ...others] },
      { ...writ, events: [...writ.events, renamed] },
      { ...writ, events: [renamed], seal: sha256(writ.seal).repeat(2) },
      // Number and Warden are under the seal as much as the events.
      { ...writ, number: writ.number + 1 },
      { ...writ, number: writ.number + 1, events: [renamed] },
      { ...writ, warden: writ.warden + 1 },
    ]);
  }
}
