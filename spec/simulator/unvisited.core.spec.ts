import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { UNVISITED } from "./unvisited.ts";

const root = join(import.meta.dirname, "../..");
const spec = join(root, "spec");

it("a reason for code that no run comes to is of code that is there, and of a test that is there", () => {
  const tests = readdirSync(spec)
    .filter((name) => name.endsWith(".core.spec.ts"))
    .map((name) => readFileSync(join(spec, name), "utf8"))
    .join("\n");
  const stale = UNVISITED.filter(({ file, source, shown }) => {
    const text = readFileSync(join(root, "objects/clerk/consensus", file), "utf8");
    const times = text.replace(/\s+/g, " ").split(source).length - 1;
    return times < 1 || (shown !== undefined && !tests.includes(shown));
  });
  expect(stale).toEqual([]);
});

it("each has one reason", () => {
  const names = UNVISITED.map(({ file, source }) => `${file} ${source}`);
  expect(new Set(names).size).toBe(names.length);
});
