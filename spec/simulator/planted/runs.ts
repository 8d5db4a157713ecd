/** One seed of one kind of run; what it reported first, or null. */
import { Soak } from "../../kit/soak.ts";
import type { How } from "./how.ts";
import { joinedInTime } from "./joining.ts";
import type { Finding } from "./plant.ts";

export function findingOf(seed: number, how: How): Finding | null {
  switch (how.run) {
    case "soak":
      return soaked(seed);
    case "nothing":
      return null;
  }
}

const PROPERTIES: readonly (readonly [said: RegExp, property: string])[] = [
  [/^two blocks at height|is on another block/, "agreement"],
  [/ framed by /, "framing"],
  [/ lost its voice$/, "lost voice"],
  [/had not stored$/, "stored first"],
  [/ said two things at /, "one vote"],
  [/^undecided|^it never rests/, "liveness"],
  [/ decided .* for /, "exactly once"],
  [/^seat \d+ did not join/, "joins"],
];

function soaked(seed: number): Finding | null {
  const soak = new Soak(seed);
  joinedInTime(soak.court, soak.liar.seat);
  try {
    soak.run();
    return null;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const known = PROPERTIES.find(([said]) => said.test(detail));
    return { property: known?.[1] ?? "crash", detail };
  }
}
