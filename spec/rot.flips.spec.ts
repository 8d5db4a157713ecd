/** `npm run flips`: single bytes of whatever is stored are turned; nobody may be told anything wrong for it. */
import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import { Dice } from "./kit/dice.ts";
import {
  deployment,
  eventually,
  fault,
  received,
  seatStatus,
  settle,
  submit,
} from "./kit/deployment.ts";
import { described, drawFlip, tablesOf, toFlip, toRestore } from "./kit/flips/cells.ts";
import type { Flip } from "./kit/flips/cells.ts";
import { holders } from "./kit/flips/holders.ts";
import type { Holder } from "./kit/flips/holders.ts";
import { readmitted, truths, verdictOf } from "./kit/flips/truths.ts";
import type { Verdict } from "./kit/flips/truths.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

const FLIPS = Number(env.FLIPS);
const SEED = Number(env.FLIP_SEED);

const seats = Array.from({ length: deployment.quorum.n }, (_, seat) => seat);

async function sound(): Promise<void> {
  await eventually(async () => {
    const all = await Promise.all(seats.map((seat) => seatStatus(seat)));
    const height = Math.max(...all.map((status) => status.height));
    const well = all.every(
      (status) => status.ready && status.height === height && status.published === height,
    );
    for (const { ready, seat } of all) if (!ready) await fault(seat, "heal");
    return well;
  });
}

/** What any seat has noted above these ids; moves them. */
async function noted(since: number[]): Promise<string[]> {
  const all = await Promise.all(
    seats.map(async (seat) => {
      const text = await clerkStub(env, deployment, 0, seat)
        .incidents(since[seat] ?? 0)
        .catch(() => "[]");
      const found = JSON.parse(text) as { id: number; kind: string }[];
      since[seat] = Math.max(since[seat] ?? 0, ...found.map(({ id }) => id));
      return found.map(({ kind }) => kind);
    }),
  );
  return all.flat();
}

async function restored(holder: Holder, flip: Flip): Promise<void> {
  try {
    await holder.write([toRestore(flip)]);
  } catch (error) {
    // Its table has been dropped whole.
    if (!String(error).includes("no such table")) throw error;
  }
}

interface Judged {
  readonly holder: Holder;
  readonly flip: Flip;
  readonly wrong: readonly string[];
  readonly refused: number;
  readonly missing: number;
  readonly incidents: readonly string[];
}

it(
  `NoByteAnswersWrong: ${FLIPS} bytes, seed ${SEED}`,
  async () => {
    const dice = new Dice(SEED);
    await readmitted(0);
    const { all, sources, grow } = await truths();
    let last: number | null = null;
    const places = holders();
    const judged: Judged[] = [];
    const since: number[] = [];
    await noted(since);
    while (judged.length < FLIPS) {
      const holder = dice.one(places);
      const flip = await drawFlip(holder, dice.one(await tablesOf(holder)), dice);
      if (flip === null) continue;
      // Another row may have that key.
      const turned = await holder.write([toFlip(flip)]).then(
        () => true,
        () => false,
      );
      if (!turned) continue;
      await holder.evict();
      const verdicts = new Map<string, Verdict>();
      for (const truth of all) verdicts.set(truth.what, await verdictOf(truth));
      const probe = received(`probe-${judged.length}`, "a", 1, dice.one(sources));
      // Whoever finds that it cannot be right may refuse, and must serve again when it is.
      const refusal = (await submit(probe)).status !== 200;
      grow(judged.length + 1);
      await restored(holder, flip);
      await holder.evict();
      const held = (await settle(probe)).changes?.[0]?.state.onHand ?? 0;
      const probed = last === null || held === last + 1;
      last = held;
      await sound();
      const of = (wanted: Verdict): string[] =>
        [...verdicts].filter(([, verdict]) => verdict === wanted).map(([what]) => what);
      judged.push({
        holder,
        flip,
        wrong: [...of("wrong"), ...(probed ? [] : [`a probe came to ${held}`])],
        refused: of("refused").length + (refusal ? 1 : 0),
        missing: of("missing").length,
        incidents: await noted(since),
      });
    }
    report(judged);
    const wrong = judged.filter((each) => each.wrong.length > 0);
    expect(
      wrong.map(({ holder, flip, wrong: what }) => [holder.name, described(flip), what]),
    ).toEqual([]);
    const lost = judged.filter(({ holder, missing }) => missing > 0 && holder.kind !== "ledger");
    expect(lost.map(({ holder, flip }) => [holder.name, described(flip)])).toEqual([]);
  },
  // As many as are asked for.
  60_000 + FLIPS * 10_000,
);

function report(judged: readonly Judged[]): void {
  const groups = Map.groupBy(
    judged,
    ({ holder, flip }) => `${holder.kind} ${flip.table.replace(/_\d+$/, "_N")}.${flip.column}`,
  );
  const lines = [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => {
      const count = (of: (one: Judged) => boolean): number => each.filter(of).length;
      return [
        name.padEnd(40),
        String(each.length).padStart(6),
        String(count(({ incidents }) => incidents.length > 0)).padStart(6),
        String(count(({ refused }) => refused > 0)).padStart(6),
        String(count(({ missing }) => missing > 0)).padStart(6),
        String(count(({ wrong }) => wrong.length > 0)).padStart(6),
        [...new Set(each.flatMap(({ incidents }) => incidents))].join(" "),
      ].join(" ");
    });
  console.log(["flips noted refused missing wrong", ...lines].join("\n"));
}
