/** The table of this folder's README is the one that the sources make, and nothing in it is without a test. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { codeTexts, obligations, texts } from "../bench/lib/specification.ts";
import { ELSEWHERE } from "./elsewhere.ts";
import { placesOf } from "./reader/places.ts";
import { withTable } from "./reader/table.ts";
import { titled } from "./reader/titles.ts";
import { namesIn } from "./reader/trace.ts";
import { WAIVERS } from "./waivers.ts";

it("the table is as npm run spec -- --table makes it", () => {
  const document = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
  const made = withTable(document, obligations(), texts("spec", ".ts"), codeTexts(), ELSEWHERE);
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

it("every rule stands above the function that carries it out, or somebody else does", () => {
  const rules = obligations().filter(({ kind }) => kind === "rule");
  const places = placesOf(codeTexts());
  const without = rules.filter(({ name }) => !places.has(name) && !Object.hasOwn(ELSEWHERE, name));
  expect(without.map(({ path, name }) => `${path}: ${name}`)).toEqual([]);
  const known = new Set(rules.map(({ name }) => name));
  const stale = Object.keys(ELSEWHERE).filter((name) => !known.has(name) || places.has(name));
  expect(stale).toEqual([]);
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

it("a rule is found above a function, a method, a trigger, and over several lines", () => {
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
  const schema = "-- Rules: Sixth,\n-- Seventh.\nCREATE TRIGGER six BEFORE INSERT ON one BEGIN\n";
  const found = placesOf(
    new Map([
      ["a.ts", text],
      ["b.sql", schema],
    ]),
  );
  expect([...found]).toEqual([
    ["First", [{ file: "a.ts", name: "one" }]],
    ["Second", [{ file: "a.ts", name: "#two" }]],
    ["Third", [{ file: "a.ts", name: "#two" }]],
    ["Fourth", [{ file: "a.ts", name: "#two" }]],
    ["Fifth", [{ file: "a.ts", name: null }]],
    ["Sixth", [{ file: "b.sql", name: "six" }]],
    ["Seventh", [{ file: "b.sql", name: "six" }]],
  ]);
});

it.each([
  ["a keyword", "  if (settled) return null;"],
  ["a keyword before a call", "  await store(row);"],
  ["a call", "  take(turn, input);"],
  ["a call over several lines", "  take(\n    turn,\n    input,\n  );"],
  ["a call of a member", "  this.#store.put(row);"],
])("a rule above %s stands above no function", (_, statement) => {
  const text = `function one(): void {\n  // Rule: First.\n${statement}\n}\n`;
  expect([...placesOf(new Map([["a.ts", text]]))]).toEqual([
    ["First", [{ file: "a.ts", name: null }]],
  ]);
});

it("a rule above a method of several lines stands above it", () => {
  const text =
    "class Desk {\n  // Rule: First.\n  put(\n    row: Row,\n  ): void {\n    a();\n  }\n}\n";
  expect(placesOf(new Map([["a.ts", text]])).get("First")).toEqual([{ file: "a.ts", name: "put" }]);
});
