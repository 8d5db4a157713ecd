/** Wants the court changed by nobody's order: endorses and proposes controls that no operator asked for, in and out of their epoch. */
import type { Message, Proposal } from "../../../objects/clerk/consensus/messages.ts";
import type { Control } from "../../../objects/shared/control.ts";
import { sha256 } from "../../../objects/shared/node/crypto.ts";
import type { Batch } from "../../../objects/shared/types.ts";
import { blockOf, Forge } from "./forge.ts";
import { Hearsay } from "./hearsay.ts";
import { Tongue } from "./mouth.ts";
import type { Mouth, Place, Told } from "./mouth.ts";

export class Petitioner implements Mouth {
  readonly #tongue: Tongue;
  readonly #hearsay: Hearsay;
  readonly #forge: Forge;
  #control: Control;
  readonly #share: number;
  readonly #made = new Map<string, Batch>();
  #endorsed = 0;

  constructor(place: Place) {
    this.#tongue = new Tongue(place);
    this.#hearsay = new Hearsay(place.setup.quorum.q);
    this.#forge = new Forge(this.#tongue, this.#hearsay);
    this.#control = this.#wish();
    this.#share = place.dice.one([30, 70]);
  }

  instead(to: number, message: Message): readonly Told[] {
    this.#hearsay.note(message);
    return [{ to, message: message.kind === "proposal" ? this.#proposal(message) : message }];
  }

  heard(message: Message): readonly Told[] {
    this.#hearsay.note(message);
    const { dice } = this.#tongue.place;
    if (message.kind === "prepare") return this.#votes(message);
    // What some seat was asked for it may want as well.
    if (message.kind === "endorse" && dice.percent(20)) this.#control = message.control;
    // Somebody else's endorsement under its own name, and its own over and over.
    if (message.kind === "endorse" && dice.percent(50))
      return this.#tongue.toAll(this.#tongue.say({ kind: "endorse", control: message.control }));
    if (!dice.percent(10) || this.#endorsed > 200) return [];
    this.#endorsed += 1;
    const control = dice.percent(80) ? this.#control : this.#wish();
    const said = this.#tongue.say({ kind: "endorse", control });
    const epoch = Math.max(0, said.epoch + dice.one([-1, 1]));
    return this.#tongue.toAll(dice.percent(80) ? said : this.#tongue.otherwise(said, { epoch }));
  }

  #wish(): Control {
    const { dice, seat, setup, liars } = this.#tongue.place;
    const others = Array.from({ length: setup.quorum.n }, (_, at) => at);
    const key = dice.percent(50) ? setup.key : sha256(`key ${dice.below(4)}`);
    return dice.one<Control>([
      { kind: "key", officer: { kind: "clerk", seat: dice.one(others) }, key },
      { kind: "key", officer: { kind: "clerk", seat: liars[0] ?? seat }, key },
      { kind: "key", officer: { kind: "warden", warden: 0 }, key },
      { kind: "version", domainVersion: 1 + dice.below(3) },
    ]);
  }

  #votes({ height, view, batch, result }: Message & { kind: "prepare" }): Told[] {
    const known = this.#hearsay.batches.get(batch);
    if (known === undefined || known.header.control === null) return [];
    const block = blockOf(known, result);
    return this.#tongue.toAll(
      this.#tongue.say({ kind: "prepare", height, view, batch, result }),
      this.#tongue.say({ kind: "commit", height, view, batch, result, block }),
    );
  }

  /** A block of the control alone, or beside writs. */
  #proposal(message: Proposal): Proposal {
    const { dice } = this.#tongue.place;
    const { header, entries } = message.batch;
    const key = `${header.height}/${message.view}`;
    const alone = dice.percent(75);
    const made =
      this.#made.get(key) ??
      (dice.percent(this.#share)
        ? {
            header: { ...header, control: this.#control, entries: alone ? [] : header.entries },
            entries: alone ? [] : entries,
          }
        : message.batch);
    if (this.#made.size > 100) this.#made.clear();
    this.#made.set(key, made);
    if (made === message.batch) return message;
    const proposal = this.#forge.proposal(message.view, message.from, {
      batch: made,
      why: message.justification,
    });
    this.#hearsay.note(proposal);
    return proposal;
  }
}
