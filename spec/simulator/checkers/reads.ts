/** CurrentAsOfItsHeight, HeightNeverFalls: a Registrar's copy is the agreed state of its key at the height it names, and no reader ever sees an older one again. */
import type { Fact } from "../history.ts";
import type { Model } from "./model.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";

type Read = Extract<Fact, { kind: "read" }>;

export function reads({ liars }: Options, model: Model): Part {
  const early: Read[] = [];
  /** Latest of each seat's readers, by seat and key. */
  const seen = new Map<string, Read>();
  const judge = (read: Read): void => {
    const { seat, key, version, state, height } = read;
    const held = model.at(key, height);
    must(
      version === (held?.version ?? 0) && state === (held?.text ?? null),
      "CurrentAsOfItsHeight",
      () =>
        `seat ${seat}'s copy of ${key} at height ${height} is version ${version} ${state}, not ${held?.version} ${held?.text}`,
    );
  };
  return {
    on: {
      read(read) {
        const { seat, key, version, height } = read;
        if (liars.has(seat)) return;
        const place = `${seat} ${key}`;
        const last = seen.get(place);
        must(
          last === undefined || (last.height <= height && last.version <= version),
          "HeightNeverFalls",
          () =>
            `seat ${seat} showed ${key} at height ${last?.height}, version ${last?.version}, then at ${height}, version ${version}`,
        );
        seen.set(place, read);
        if (height <= model.height) judge(read);
        else early.push(read);
      },
      wiped({ seat }) {
        for (const place of seen.keys()) if (place.startsWith(`${seat} `)) seen.delete(place);
      },
    },
    block() {
      const waiting = early.splice(0);
      for (const read of waiting) {
        if (read.height <= model.height) judge(read);
        else early.push(read);
      }
    },
    end() {
      const [read] = early;
      must(
        read === undefined,
        "CurrentAsOfItsHeight",
        () =>
          `seat ${read?.seat} showed ${read?.key} at height ${read?.height}, which nobody agreed`,
      );
    },
  };
}
