import { expect, it } from "vitest";
import { LIES } from "./kit/liars.ts";
import { Soak } from "./kit/soak.ts";

const SEEDS = 320;

/** Runs a seed; what it decided, or what went wrong. */
function outcomeOf(seed: number): {
  heights: number;
  steps: number;
  views: number;
  wrong: string | null;
} {
  const soak = new Soak(seed);
  const { court, liar } = soak;
  let wrong: string | null = null;
  try {
    soak.run();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    wrong = `seed ${seed} (${court.n} seats, seat ${liar.seat} ${liar.lie}): ${detail}`;
  }
  const [heights, views] = [court.heights(), court.views()].map((of) => Math.max(...of));
  return { heights: heights ?? 0, views: views ?? 0, steps: soak.steps, wrong };
}

it.each(LIES)(
  "a court with one seat %s agrees, frames nobody, and decides everything once the faults end",
  (lie) => {
    const seeds = Array.from({ length: SEEDS }, (_, seed) => seed).filter(
      (seed) => LIES[seed % LIES.length] === lie,
    );
    const outcomes = seeds.map(outcomeOf);
    expect(outcomes.flatMap(({ wrong }) => wrong ?? [])).toEqual([]);
    const most = Math.max(...outcomes.map(({ heights }) => heights));
    expect(most).toBeGreaterThan(5);
  },
);
