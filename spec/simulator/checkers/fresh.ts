/**
 * ShownIsAgreed, ShownIsFresh: what a reader is shown of the seats together or of the Ledger is the agreed state at the height it names,
 * and what seats show is no older than any outcome that a client had been told when the read began.
 */
import type { Fact } from "../history.ts";
import type { Model } from "./model.ts";
import { must } from "./part.ts";
import type { Part } from "./part.ts";

type Shown = Extract<Fact, { kind: "shown" }>;

export function fresh(model: Model): Part {
  let told = 0;
  /** By read under way. */
  const floors = new Map<number, number>();
  let early: Shown[] = [];
  const judge = ({ of, key, version, state, height }: Shown): void => {
    const held = model.at(key, height);
    must(
      version === (held?.version ?? 0) && state === (held?.text ?? null),
      "ShownIsAgreed",
      () =>
        `the ${of} showed ${key} at height ${height} as version ${version} ${state}, not ${held?.version} ${held?.text}`,
    );
  };
  return {
    on: {
      answered({ told: { kind, ...answer } }) {
        if (kind === "outcome" && "height" in answer) told = Math.max(told, answer.height);
      },
      asked({ read, of }) {
        floors.set(read, of === "seats" ? told : 0);
      },
      shown(shown) {
        const { read, of, key, height } = shown;
        const floor = floors.get(read) ?? 0;
        floors.delete(read);
        must(
          height >= floor,
          "ShownIsFresh",
          () => `the ${of} showed ${key} at height ${height} after one was told of ${floor}`,
        );
        if (height <= model.height) judge(shown);
        else early.push(shown);
      },
    },
    block() {
      const waiting = early;
      early = [];
      for (const shown of waiting) {
        if (shown.height <= model.height) judge(shown);
        else early.push(shown);
      }
    },
    end(settled) {
      const [shown] = early;
      must(
        !settled || shown === undefined,
        "ShownIsAgreed",
        () => `${shown?.key} was shown at height ${shown?.height}, which nobody agreed`,
      );
    },
  };
}
