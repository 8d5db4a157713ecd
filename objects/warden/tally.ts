/** What a Warden did in this life of the object, counted for who watches it. */
import type { AnsweredKind, WardenAnswer } from "../shared/rpc.ts";

export class Tally {
  readonly #answers: Record<AnsweredKind, number> = {
    settled: 0,
    replayed: 0,
    "key-reused": 0,
    "too-old": 0,
    "no-quorum": 0,
    overloaded: 0,
    pending: 0,
  };
  /** Answers of seats that proved nothing. */
  dropped = 0;

  get answers(): Readonly<Record<AnsweredKind, number>> {
    return { ...this.#answers };
  }

  /** Hands the answers on. */
  counted(answers: readonly WardenAnswer[]): readonly WardenAnswer[] {
    for (const answer of answers) {
      const again = answer.kind === "settled" && answer.replayed;
      this.#answers[again ? "replayed" : answer.kind] += 1;
    }
    return answers;
  }
}
