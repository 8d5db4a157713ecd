/** Says again what it or others said before, as it was, under other names, or with a signature that does not hold; and speaks for all. */
import type { Message, Statement } from "../../../objects/clerk/consensus/messages.ts";
import { sha256 } from "../../../objects/shared/node/crypto.ts";
import { Hearsay } from "./hearsay.ts";
import { Tongue } from "./mouth.ts";
import type { Mouth, Place, Told } from "./mouth.ts";

export class Replayer implements Mouth {
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
    const { dice } = this.#tongue.place;
    if (dice.percent(2)) return this.#inAllNames();
    if (!dice.percent(15)) return [];
    const old = dice.one(this.#hearsay.messages);
    const said = dice.percent(50) ? old : this.#forged(old);
    return dice.percent(50)
      ? this.#tongue.toAll(said)
      : [{ to: dice.one(this.#tongue.peers()), message: said }];
  }

  /** What is taken of those whose key nobody here can know: blocks, questions, and that it has dropped what others need. */
  #inAllNames(): Told[] {
    const { dice } = this.#tongue.place;
    const [known] = [...this.#hearsay.blocks.values()].slice(-1);
    const blocks = known === undefined || dice.percent(50) ? [] : [known];
    const far = 2 ** 40;
    const statement = dice.one<Statement>([
      { kind: "blocks", blocks, height: far, lowest: far },
      { kind: "blocks", blocks, height: far, lowest: far },
      { kind: "sync", after: 0 },
      { kind: "state-request", base: 0, part: 0, after: null },
    ]);
    const epoch = dice.one([0, far]);
    const names = this.#tongue.peers();
    return names.flatMap((from) => {
      const message = { ...this.#tongue.say(statement), epoch, from };
      return names.filter((to) => to !== from).map((to) => ({ to, message }));
    });
  }

  #forged(old: Message): Message {
    const { dice, seat, setup } = this.#tongue.place;
    const other = dice.one(this.#tongue.peers());
    const { incarnation, sequence } = old;
    return dice.one<Message>([
      // Another's words under its own name and signature, and its own under another's.
      this.#tongue.otherwise(old, { from: seat }),
      { ...old, from: other },
      { ...this.#tongue.otherwise(old, { from: seat }), from: other },
      { ...old, from: setup.quorum.n + dice.below(3) },
      { ...old, signature: sha256(old.signature).repeat(2) },
      { ...old, incarnation: incarnation + 1 },
      { ...old, sequence: sequence + 1 },
    ]);
  }
}
