/** CurrentAsOfItsHeight, HeightNeverFalls: a Registrar's copy is the agreed state of its key at the height it names, and no reader ever sees an older one again. */
import type { Fact } from "../history.ts";
import type { Model } from "./model.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";

type Read = Extract<Fact, { kind: "read" }>;

export function reads({ liars }: Options, model: Model): Part {
  const early: Read[] = [];
  /** What each seat's readers were shown and when, by seat and key; of several the highest is enough. */
  const seen = new Map<string, { read: Read; at: number }[]>();
  const forget = (seat: number): void => {
    for (const place of seen.keys()) if (place.startsWith(`${seat} `)) seen.delete(place);
  };
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
      read(read, at) {
        const { seat, key, version, height, asked } = read;
        if (liars.has(seat)) return;
        const place = `${seat} ${key}`;
        const shown = seen.get(place) ?? [];
        // Answers to readers that ask at once may cross on their way.
        const newer = shown.find(
          (one) => one.at < asked && (one.read.height > height || one.read.version > version),
        )?.read;
        must(
          newer === undefined,
          "HeightNeverFalls",
          () =>
            `seat ${seat} showed ${key} at height ${newer?.height}, version ${newer?.version}, then at ${height}, version ${version}`,
        );
        seen.set(place, [...shown.filter((one) => one.read.height > height), { read, at }]);
        if (height <= model.height) judge(read);
        else early.push(read);
      },
      wiped: ({ seat }) => forget(seat),
      emptied: ({ seat }) => forget(seat),
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
