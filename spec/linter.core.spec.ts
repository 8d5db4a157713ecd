/** The linter, by faults planted in the real files: each is flagged, and the text as it stands is not. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { REMEDIES, told } from "./reader/finding.ts";
import type { Code, Finding } from "./reader/finding.ts";
import { PLANTS, counting } from "./kit/plants.ts";
import type { Plant } from "./kit/plants.ts";
import { lint } from "./reader/linter.ts";
import type { Sources } from "./reader/linter.ts";

const folder = import.meta.dirname;
const sources: Sources = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith(".allium"))
    .map((name) => [`spec/${name}`, readFileSync(join(folder, name), "utf8")]),
);
const asItIs = lint(sources);

function planted([, file, , from, to]: Plant): Finding[] {
  const path = `spec/${file}.allium`;
  const before = sources.get(path) ?? "";
  const text = to.includes("Counting") ? before.replace("entity Stock {", counting) : before;
  expect(text.includes(from), `${path} no longer has "${from}": plant this fault elsewhere`).toBe(
    true,
  );
  return lint(new Map([...sources, [path, text.replace(from, to)]]));
}

describe("the linter", () => {
  it("finds nothing in the specification as it is", () => {
    expect(asItIs.map(told)).toEqual([]);
  });

  const plants = PLANTS.map((plant) => {
    const [code, file, problem, , , place = file] = plant;
    return { plant, code, file, problem, place };
  });
  it.each(plants)("flags a planted $code in $file: $problem", ({ plant, code, problem, place }) => {
    const fresh = planted(plant);
    const found = fresh.filter(
      (finding) => finding.code === code && finding.problem.includes(problem),
    );
    expect(found, fresh.map(told).join("\n")).not.toEqual([]);
    expect(found.some(({ path }) => path === `spec/${place}.allium`)).toBe(true);
  });

  it("has a planted fault for everything it can say", () => {
    const shown = new Set(PLANTS.map(([code]) => code));
    const unshown = (Object.keys(REMEDIES) as Code[]).filter((code) => !shown.has(code));
    expect(unshown, "plant one of these").toEqual([]);
  });

  it("tells the place, the problem and what to do", () => {
    const [finding] = lint(
      new Map([["spec/x.allium", "-- allium: 3\n\nvalue Idle { size: Integer }\n"]]),
    );
    expect(finding === undefined ? "" : told(finding)).toBe(
      "spec/x.allium:3: nobody speaks of the value Idle: say where it matters, or take it out [unused]",
    );
  });
});
