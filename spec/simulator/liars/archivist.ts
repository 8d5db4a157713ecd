/**
 * Lies to those who take its state or its blocks, where the librarian does not: it gives rows one by one and as late as it may, leaves out
 * the controls that end no epoch, puts roots where none belong, and fills its answers with what it has given already.
 */
import { LIMITS } from "../../../objects/shared/limits.ts";
import type { Message } from "../../../objects/clerk/consensus/messages.ts";
import { resultDigest } from "../../../objects/shared/digests.ts";
import { sha256 } from "../../../objects/shared/node/crypto.ts";
import type { Block } from "../../../objects/shared/types.ts";
import { blockOf } from "./forge.ts";
import { Tongue } from "./mouth.ts";
import type { Mouth, Of, Place, Told } from "./mouth.ts";

/** Just soon enough for whoever asked. */
const LATE_MS = LIMITS.stateAnswerMs - 200;

export class Archivist implements Mouth {
  readonly #tongue: Tongue;
  readonly #slow: boolean;

  constructor(place: Place) {
    this.#tongue = new Tongue(place);
    this.#slow = place.dice.percent(50);
  }

  instead(to: number, message: Message): readonly Told[] {
    const { dice } = this.#tongue.place;
    if (message.kind === "state-chunk" && this.#slow) return this.#later(to, message);
    if (message.kind === "state-offer" && dice.percent(80))
      return [{ to, message: this.#fewer(message) }];
    if (message.kind === "blocks" && dice.percent(60))
      return [
        { to, message: dice.percent(50) ? this.#misplaced(message) : this.#repeated(message) },
      ];
    return [{ to, message }];
  }

  heard(): readonly Told[] {
    return this.#tongue.place.dice.percent(2) ? this.#request() : [];
  }

  #later(to: number, chunk: Of<"state-chunk">): readonly Told[] {
    const rows = chunk.rows.slice(0, 1);
    const one =
      chunk.rows.length < 2 ? chunk : this.#tongue.otherwise(chunk, { rows, last: false });
    this.#tongue.place.later(LATE_MS, { to, message: one });
    return [];
  }

  /** With every epoch in it, so that its certificates hold. */
  #fewer(offer: Of<"state-offer">): Of<"state-offer"> {
    const controls = offer.controls.filter(({ header }) => header.control?.kind === "key");
    return controls.length === offer.controls.length
      ? offer
      : this.#tongue.otherwise(offer, { controls });
  }

  /** A certificate of just that, but for its signatures. */
  #misplaced(answer: Of<"blocks">): Of<"blocks"> {
    const [block, ...others] = answer.blocks;
    if (block === undefined) return answer;
    const state = block.result.state === null ? sha256("no state") : null;
    const result = { ...block.result, state };
    const digested = resultDigest(result);
    const { header, entries } = block;
    const altered: Block = {
      ...block,
      result,
      certificate: {
        ...block.certificate,
        result: digested,
        block: blockOf({ header, entries }, digested),
      },
    };
    return this.#tongue.otherwise(answer, { blocks: [altered, ...others] });
  }

  #repeated(answer: Of<"blocks">): Of<"blocks"> {
    const { blocks } = answer;
    if (blocks.length === 0) return answer;
    const full = Array.from({ length: LIMITS.syncBlocks }, (_, at) => blocks[at % blocks.length]);
    return this.#tongue.otherwise(answer, { blocks: full.filter((one) => one !== undefined) });
  }

  /** For a state that there may not be yet. */
  #request(): readonly Told[] {
    return this.#tongue.toAll(
      this.#tongue.say({ kind: "state-request", base: 0, part: 0, after: null }),
    );
  }
}
