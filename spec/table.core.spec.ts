/** The table of this folder's README is the one that the sources make, and nothing in it is without a test. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { obligations, texts } from "../bench/lib/specification.ts";
import { withTable } from "./reader/table.ts";
import { titled } from "./reader/titles.ts";
import { namesIn } from "./reader/trace.ts";
import { WAIVERS } from "./waivers.ts";

it("the table is as npm run spec -- --table makes it", () => {
  const document = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
  const code = new Map([...texts("objects", ".ts"), ...texts("worker", ".ts")]);
  const made = withTable(document, obligations(), texts("spec", ".ts"), code);
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
