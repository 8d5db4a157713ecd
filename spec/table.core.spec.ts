/** The table of this folder's README is the one that the sources make, and nothing in it is without a test. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { obligations, texts } from "../bench/lib/specification.ts";
import { placesOf } from "./reader/places.ts";
import { withTable } from "./reader/table.ts";
import { titled } from "./reader/titles.ts";
import { namesIn } from "./reader/trace.ts";
import { WAIVERS } from "./waivers.ts";

it("the table is as npm run spec -- --table makes it", () => {
  const document = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
  const made = withTable(document, obligations(), texts("spec", ".ts"), codeTexts());
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

const codeTexts = (): Map<string, string> =>
  new Map(["objects", "worker", "client", "cli"].flatMap((folder) => [...texts(folder, ".ts")]));

it("every rule of clerk.allium, client.allium, control.allium and warden.allium stands above the function that carries it out", () => {
  const read = ["clerk", "client", "control", "warden"].map((name) => `spec/${name}.allium`);
  const rules = obligations().filter(({ kind, path }) => kind === "rule" && read.includes(path));
  const places = placesOf(codeTexts());
  expect(rules.filter(({ name }) => !places.has(name)).map(({ name }) => name)).toEqual([]);
});

it("what stands above a function is a rule, and of a function", () => {
  const known = new Set(obligations().map(({ name }) => name));
  const wrong = [...placesOf(codeTexts())].flatMap(([rule, places]) =>
    places.flatMap(({ file, name }) => {
      if (!known.has(rule)) return [`${file}: ${rule} is no rule`];
      return name === null ? [`${file}: ${rule} stands above nothing`] : [];
    }),
  );
  expect(wrong).toEqual([]);
});

it("a rule is found above a function, a method and over several lines", () => {
  const text = [
    "/** One. */",
    "// Rule: First.",
    "export function one(): void {}",
    "class Desk {",
    "  // Rules: Second, Third,",
    "  // Fourth.",
    "  async #two(): Promise<void> {}",
    "}",
    "// Rule: Fifth.",
    "",
  ].join("\n");
  expect([...placesOf(new Map([["a.ts", text]]))]).toEqual([
    ["First", [{ file: "a.ts", name: "one" }]],
    ["Second", [{ file: "a.ts", name: "#two" }]],
    ["Third", [{ file: "a.ts", name: "#two" }]],
    ["Fourth", [{ file: "a.ts", name: "#two" }]],
    ["Fifth", [{ file: "a.ts", name: null }]],
  ]);
});
