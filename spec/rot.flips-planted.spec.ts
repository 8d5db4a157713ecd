/** That flips bite: with a check of a digest switched off, somebody is told something wrong, and it is seen. */
import { beforeAll, expect, it } from "vitest";
import { Dice } from "./kit/dice.ts";
import { Rounds } from "./kit/flips/round.ts";
import { UNCHECKED } from "./kit/flips/unchecked.ts";
import { migrate, throughHandler } from "./kit/worker.ts";

/** Flips within which it must be seen: what is turned may also be what nobody can read, or nobody asks for. */
const WITHIN = 24;
let rounds: Rounds;

beforeAll(async () => {
  await migrate();
  throughHandler();
  rounds = await Rounds.begun(new Dice(1));
});

it.each(UNCHECKED)(
  "NoByteAnswersWrong is found broken where $kind are not checked",
  async ({ kind }) => {
    const among = (await rounds.tables()).get(kind) ?? [];
    const wrong: string[] = [];
    for (let flips = 0; flips < WITHIN && wrong.length === 0; flips++)
      wrong.push(...((await rounds.judged(kind, among))?.wrong ?? []));
    expect(wrong).not.toEqual([]);
  },
  600_000,
);
