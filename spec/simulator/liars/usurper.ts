/** Proposes before its turn: for the height after each that somebody proposes, in the next view that it leads, so that seats find two to choose from. */
import { groundsOf } from "../../../objects/clerk/consensus/messages.ts";
import type { Message } from "../../../objects/clerk/consensus/messages.ts";
import { Tongue } from "./mouth.ts";
import type { Mouth, Place, Told } from "./mouth.ts";

export class Usurper implements Mouth {
  readonly #tongue: Tongue;

  constructor(place: Place) {
    this.#tongue = new Tongue(place);
  }

  instead(to: number, message: Message): readonly Told[] {
    return [{ to, message }];
  }

  heard(message: Message): readonly Told[] {
    if (message.kind !== "proposal" || message.justification.by !== "certificate") return [];
    const { seat, setup } = this.#tongue.place;
    const { n } = setup.quorum;
    const { batch, justification } = message;
    const header = { ...batch.header, height: batch.header.height + 1 };
    const ahead = (seat + n - 1 - (message.view % n)) % n;
    const proposal = this.#tongue.say({
      kind: "proposal",
      view: message.view + 1 + ahead,
      batch: { ...batch, header },
      justification,
      grounds: groundsOf(justification),
    });
    return this.#tongue.toAll(proposal);
  }
}
