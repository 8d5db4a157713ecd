/** What the net catches, as a table: bug | first seed that fails | failures / runs | found as. */
import { bugs } from "./bugs.ts";
import { runPlanted, taken } from "./harness.ts";

/** Runs the bug of that name, or `all`, over all its seeds; how many were missed. Throws for a name that no bug bears. */
export async function tableOf(name: string, say: (line: string) => void): Promise<number> {
  const chosen = bugs.filter((bug) => name === "all" || bug.name === name);
  if (chosen.length === 0) throw new Error(`there is no planted bug "${name}"`);
  say("| bug | first seed that fails | failures / runs | found as |");
  say("|---|---|---|---|");
  let missed = 0;
  await taken(chosen, 2, async (bug) => {
    const { how, within: seeds, found } = bug;
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
