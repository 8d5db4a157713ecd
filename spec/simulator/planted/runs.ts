/** One seed of one kind of run; what it reported first, or null. */
import { runDirected } from "../directed/direct.ts";
import { runSeed } from "../run.ts";
import type { How } from "./how.ts";
import type { Finding } from "./plant.ts";

export async function findingOf(seed: number, how: How): Promise<Finding | null> {
  switch (how.run) {
    case "mix": {
      const { failure } = await runSeed(seed, how.options);
      if (failure === null) return null;
      const { kind, property, detail } = failure;
      return { property: kind === "crash" ? "crash" : property, detail };
    }
    case "directed":
      return runDirected(seed, { watched: how.watched }).violation;
    case "nothing":
      return null;
  }
}
