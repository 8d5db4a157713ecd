/** The table of this folder's README is the one that the sources make, and nothing in it is without a test. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { obligations, texts } from "../bench/lib/specification.ts";
import { PLACES } from "./kit/places.ts";
import { withTable } from "./reader/table.ts";
import { titled } from "./reader/titles.ts";
import { namesIn } from "./reader/trace.ts";
import { WAIVERS } from "./waivers.ts";

it("the table is as npm run spec -- --table makes it", () => {
  const document = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
  const code = new Map([...texts("objects", ".ts"), ...texts("worker", ".ts")]);
  const made = withTable(document, obligations(), texts("spec", ".ts"), code, PLACES);
  expect(document === made, "run npm run spec -- --table").toBe(true);
});

it("a test is there for every rule, invariant and guarantee, or a waiver", () => {
  const all = obligations();
  const known = new Set(all.map(({ name }) => name));
  const borne = new Set(
    [...texts("spec", ".spec.ts").values()].flatMap((source) =>
      titled(source)
        .filter(({ empty }) => !empty)
        .flatMap(({ titles }) => titles.flatMap((title) => namesIn(title, known))),
    ),
  );
  const without = all
    .filter(({ name }) => !borne.has(name) && !Object.hasOwn(WAIVERS, name))
    .map(({ path, place, name }) => `${path}:${place.line}: write a test of ${name}`);
  expect(without).toEqual([]);
});

it("every rule of clerk.allium, control.allium and warden.allium has its place in the code, and the function is there", () => {
  const read = ["clerk", "control", "warden"].map((name) => `spec/${name}.allium`);
  const rules = obligations().filter(({ kind, path }) => kind === "rule" && read.includes(path));
  expect(rules.filter(({ name }) => !PLACES.has(name)).map(({ name }) => name)).toEqual([]);
  const known = new Set(rules.map(({ name }) => name));
  const code = texts("objects", ".ts");
  const wrong = [...PLACES].flatMap(([rule, { file, name }]) => {
    const defined = new RegExp(`^(?:export )?function ${name}[(<]|^  (?:async )?${name}\\(`, "m");
    if (!known.has(rule)) return [`${rule} is no rule`];
    return defined.test(code.get(file) ?? "") ? [] : [`${rule}: ${file} has no ${name}`];
  });
  expect(wrong).toEqual([]);
});
