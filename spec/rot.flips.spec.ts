/** `npm run flips`: single bytes of whatever is stored are turned; nobody may be told anything wrong for it. */
import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { Dice } from "./kit/dice.ts";
import { described } from "./kit/flips/cells.ts";
import { countOf, lineOf, summedUp, tableOf } from "./kit/flips/counts.ts";
import type { Fate } from "./kit/flips/counts.ts";
import { kindOf, Rounds } from "./kit/flips/round.ts";
import type { Judged } from "./kit/flips/round.ts";
import { migrate, throughHandler } from "./kit/worker.ts";

beforeAll(async () => {
  await migrate();
  throughHandler();
});

const FLIPS = Number(env.FLIPS);
const SEED = Number(env.FLIP_SEED);
/** Rows of a kind of table that are drawn in vain before it counts as empty for this turn. */
const TRIES = 8;

it(
  `NoByteAnswersWrong: ${FLIPS} bytes, seed ${SEED}`,
  async () => {
    const rounds = await Rounds.begun(new Dice(SEED));
    const judged: Judged[] = [];
    const kinds = new Set<string>();
    try {
      while (judged.length < FLIPS) await everyKind(rounds, kinds, judged);
    } finally {
      report(judged, kinds);
    }
    const wrong = judged.filter((each) => each.wrong.length > 0);
    expect(
      wrong.map(({ holder, flip, wrong: what }) => [holder.name, described(flip), what]),
    ).toEqual([]);
    expect(await rounds.flaws()).toEqual([]);
  },
  // As many as are asked for.
  60_000 + FLIPS * 10_000,
);

/** All kinds of tables in turn: each is given its share, however few rows it has. */
async function everyKind(rounds: Rounds, kinds: Set<string>, judged: Judged[]): Promise<void> {
  for (const [kind, among] of await rounds.tables()) {
    kinds.add(kind);
    for (let tries = 0; tries < TRIES && judged.length < FLIPS; tries++) {
      const one = await rounds.judged(kind, among);
      if (one === null) continue;
      judged.push(one);
      told(one, judged.length);
      break;
    }
  }
}

/** As it goes on: who asks for many wants to see them, and what is wrong at once. */
function told({ holder, flip, wrong }: Judged, count: number): void {
  if (wrong.length > 0)
    console.log(`WRONG: ${holder.name}, ${described(flip)}: ${wrong.join("; ")}`);
  if (count % 50 === 0) console.log(`${count} of ${FLIPS}`);
}

/** By what was seen of it, the worst first. */
function fateOf({ wrong, incidents, refused, less, replaced }: Judged): Fate {
  if (wrong.length > 0) return "WRONG";
  if (incidents.length > 0) return "noted";
  if (refused > 0) return "refused";
  if (less > 0) return "less";
  return replaced ? "replaced" : "harmless";
}

function report(judged: readonly Judged[], kinds: ReadonlySet<string>): void {
  const groups = Map.groupBy(judged, ({ holder, flip }) => kindOf(holder, flip.table));
  const counts = summedUp(
    [...kinds].map((kind) => {
      const flips = (groups.get(kind) ?? []).map((one) => {
        return { fate: fateOf(one), noted: one.incidents };
      });
      return { [kind]: countOf(flips) };
    }),
  );
  console.log(tableOf(counts));
  console.log(lineOf(counts));
}
