import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { bugs } from "./bugs.ts";
import type { Report } from "./child.ts";
import { runPlanted, taken } from "./harness.ts";
import { byFile, planted } from "./plant.ts";
import { seedsOf } from "./seeds.ts";

const root = join(import.meta.dirname, "../../..");
/** Under whatever else the machine does; by themselves they take some minutes. */
const LONG = 2_400_000;
const patch = { file: "f.ts", find: "a < b", replace: "a <= b" };

describe("a patch", () => {
  it("replaces what it names, and nothing else", () => {
    expect(planted("if (a < b) $&", [patch])).toBe("if (a <= b) $&");
  });

  it.each([
    ["nowhere", "if (b > a)"],
    ["twice", "a < b && a < b"],
  ])("fails loudly when its text is there %s", (_, text) => {
    expect(() => planted(text, [patch])).toThrow("the patch of f.ts applies");
  });

  it("of every bug applies to the source as it is", () => {
    for (const bug of bugs) {
      for (const [file, of] of byFile(bug.patches)) {
        const text = readFileSync(join(root, file), "utf8");
        expect(() => planted(text, of), bug.name).not.toThrow();
      }
    }
  });

  it("that no run loads is an error, like a bug that nobody knows", async () => {
    const job = { how: { run: "nothing" }, seeds: [], found: null, first: true } as const;
    await expect(runPlanted("sent-before-written", job)).rejects.toThrow("the bug was never there");
    await expect(runPlanted("unheard of", job)).rejects.toThrow("there is no planted bug");
  });
});

describe("the planted bugs", () => {
  const reports = new Map<string, Report>();

  beforeAll(async () => {
    await taken(bugs, 2, async (bug) => {
      const { name, how, found } = bug;
      reports.set(name, await runPlanted(name, { how, seeds: seedsOf(bug), found, first: true }));
    });
  }, LONG);

  it("bear names of their own", () => {
    expect(new Set(bugs.map(({ name }) => name)).size).toBe(bugs.length);
  });

  it.each(bugs)("$name: found within $within seeds", ({ name, within }) => {
    const report = reports.get(name);
    const otherwise = JSON.stringify(report?.otherwise);
    expect(report?.first, `not found within ${within} seeds, only ${otherwise}`).toBeTruthy();
  });

  it(
    "are what was found: the same seeds without them are clean",
    async () => {
      const kinds = Map.groupBy(bugs, ({ how }) => JSON.stringify(how));
      await taken([...kinds], 2, async ([kind, of]) => {
        const how = JSON.parse(kind) as (typeof bugs)[number]["how"];
        const found = of.flatMap(({ name }) => reports.get(name)?.first?.seed ?? []);
        const seeds = [...new Set(found)];
        const report = await runPlanted(null, { how, seeds, found: null, first: true });
        expect(report.first, kind).toBeNull();
      });
    },
    LONG,
  );
});
