/** TakenIsAgreed: a state that a seat takes from others is the agreed one as of the height it names, row by row. */
import type { Fact } from "../history.ts";
import type { Model } from "./model.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";

type Took = Extract<Fact, { kind: "took" }>;

export function taken({ liars }: Options, model: Model): Part {
  const early: Took[] = [];
  const judge = ({ seat, height, entities }: Took): void => {
    const agreed = model.keysAt(height);
    for (const { key, version, state } of entities) {
      const held = model.at(key, height);
      must(
        version === held?.version && state === held.text,
        "TakenIsAgreed",
        () =>
          `seat ${seat} took ${key} as of height ${height} as version ${version} ${state}, not ${held?.version} ${held?.text}`,
      );
    }
    const keys = new Set(entities.map(({ key }) => key));
    const lacking = agreed.find((key) => !keys.has(key));
    must(
      lacking === undefined && keys.size === entities.length,
      "TakenIsAgreed",
      () =>
        `seat ${seat} took a state as of height ${height} without ${lacking}, or with a row twice`,
    );
  };
  const waiting = (took: Took): void => {
    if (took.height <= model.height) judge(took);
    else early.push(took);
  };
  return {
    on: {
      took(took) {
        if (!liars.has(took.seat)) waiting(took);
      },
    },
    block() {
      for (const took of early.splice(0)) waiting(took);
    },
    end() {
      const [took] = early;
      must(
        took === undefined,
        "TakenIsAgreed",
        () => `seat ${took?.seat} took a state as of height ${took?.height}, which nobody agreed`,
      );
    },
  };
}
