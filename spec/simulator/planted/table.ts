/** What the net catches, as a table: bug | first seed that fails | failures / runs | found as. */
import { bugs } from "./bugs.ts";
import { runPlanted, taken } from "./harness.ts";
import { remember, seedsOf } from "./seeds.ts";

/** Runs the bug of that name, or `all`, over all its seeds; how many were missed. Throws for a name that no bug bears. */
export async function tableOf(name: string, say: (line: string) => void): Promise<number> {
  const chosen = bugs.filter((bug) => name === "all" || bug.name === name);
  if (chosen.length === 0) throw new Error(`there is no planted bug "${name}"`);
  say("| bug | first seed that fails | failures / runs | found as |");
  say("|---|---|---|---|");
  let missed = 0;
  await taken(chosen, 2, async (bug) => {
    const { how, within, found } = bug;
    const seeds = Array.from({ length: within }, (_, seed) => seed);
    const { first, failures, runs, as } = await runPlanted(bug.name, {
      how,
      seeds,
      found,
      first: false,
    });
    if (first === null) missed += 1;
    const kinds = Object.entries(as).map(([property, times]) => `${property} ${times}`);
    say(`| ${bug.name} | ${first?.seed ?? "—"} | ${failures}/${runs} | ${kinds.join(", ")} |`);
  });
  return missed;
}

/** Finds each once, and keeps by which seed: where to look first. How many were missed. */
export async function firstSeeds(say: (line: string) => void): Promise<number> {
  const found = new Map<string, number>();
  await taken(bugs, 2, async (bug) => {
    const { name, how, found: counts } = bug;
    const job = { how, seeds: seedsOf(bug), found: counts, first: true };
    const { first, runs } = await runPlanted(name, job);
    if (first !== null) found.set(name, first.seed);
    say(`${name}: ${first === null ? "not found" : `seed ${first.seed}`}, ${runs} run`);
  });
  remember(found);
  return bugs.length - found.size;
}
