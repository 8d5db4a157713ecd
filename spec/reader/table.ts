/** The table of spec/README.md: each obligation, the tests that bear its name, and the code that these reach for. */
import type { Obligation } from "./obligations.ts";
import { placesOf } from "./places.ts";
import { titled } from "./titles.ts";
import { namesIn } from "./trace.ts";

type Texts = ReadonlyMap<string, string>;

const BEGIN = "<!-- Made by npm run spec -- --table: do not edit by hand. -->";
const END = "<!-- End of the table. -->";

/** The document with its table as it should be. `specs`: all sources under spec/, helpers too; `elsewhere`: who carries out what no code does. */
export function withTable(
  document: string,
  obligations: readonly Obligation[],
  specs: Texts,
  code: Texts,
  elsewhere: Readonly<Record<string, string>> = {},
): string {
  const [before] = document.split(BEGIN);
  const after = document.split(END)[1] ?? "\n";
  return `${before ?? ""}${BEGIN}\n\n${table(obligations, specs, code, elsewhere)}\n\n${END}${after}`;
}

interface Shown {
  readonly tests: Set<string>;
  readonly code: Set<string>;
}

function table(
  obligations: readonly Obligation[],
  helpers: Texts,
  code: Texts,
  elsewhere: Readonly<Record<string, string>>,
): string {
  const known = new Set(obligations.map(({ name }) => name));
  const shown = new Map<string, Shown>(
    obligations.map(({ name }) => [name, { tests: new Set(), code: new Set() }]),
  );
  for (const [path, text] of helpers) {
    if (!path.endsWith(".spec.ts")) continue;
    const imported = importsOf(path, text);
    for (const { titles, body } of titled(text)) {
      const reached = reachedBy(body, imported, helpers);
      for (const name of titles.flatMap((title) => namesIn(title, known))) {
        const entry = shown.get(name);
        entry?.tests.add(path.slice("spec/".length));
        for (const file of reached) entry?.code.add(file);
      }
    }
  }
  const places = placesOf(code);
  for (const [name, entry] of shown) {
    const other = elsewhere[name];
    if (other !== undefined) {
      shown.set(name, { tests: entry.tests, code: new Set([`(${other})`]) });
      continue;
    }
    const said = places.get(name);
    if (said !== undefined) {
      const at = said.map((place) => `${place.file}: ${place.name ?? "?"}`);
      shown.set(name, { tests: entry.tests, code: new Set(at) });
      continue;
    }
    // Where code names an obligation otherwise, that is the place.
    const own = [...code]
      .filter(([, text]) => new RegExp(`\\b${name}\\b`).test(text))
      .map(([path]) => path);
    if (own.length > 0) shown.set(name, { tests: entry.tests, code: new Set(own) });
  }
  const paths = [...new Set(obligations.map(({ path }) => path))];
  return paths
    .map((path) =>
      section(
        path,
        obligations.filter((each) => each.path === path),
        shown,
      ),
    )
    .join("\n\n");
}

function section(
  path: string,
  obligations: readonly Obligation[],
  shown: ReadonlyMap<string, Shown>,
): string {
  const rows = obligations.map(({ kind, name }) => {
    const entry = shown.get(name);
    const cell = (all: Iterable<string>): string => [...all].toSorted().join(", ") || "–";
    const label = kind === "rule" ? name : `*${name}*`;
    return `| ${label} | ${cell(entry?.tests ?? [])} | ${cell(gathered(entry?.code ?? []))} |`;
  });
  return [
    `**${path.slice("spec/".length)}**`,
    "",
    "| rule | tests | code |",
    "|---|---|---|",
    ...rows,
  ].join("\n");
}

/** Names that a file imports as values, and where from. */
function importsOf(path: string, text: string): Map<string, string> {
  const found = new Map<string, string>();
  const statements = text.matchAll(/^import (?!type\b)(?:(\w+)|\{([^}]*)\}) from "(\.[^"]+)";/gm);
  for (const [, one, several = "", from = ""] of statements) {
    const names = several.split(",").map((name) => name.trim().split(" as ").at(-1) ?? "");
    for (const name of [one ?? "", ...names])
      if (name !== "") found.set(name, resolved(path, from));
  }
  return found;
}

function resolved(path: string, from: string): string {
  const parts = path.split("/").slice(0, -1);
  for (const step of from.split("/")) {
    if (step === "..") parts.pop();
    else if (step !== ".") parts.push(step);
  }
  return parts.join("/");
}

/** An officer's code; what all share tells no place. */
const isPlace = (file: string): boolean => /^(?:objects\/(?!shared\/)|worker\/)/.test(file);

/** What a test's own text speaks of; where that is helpers only, what these import. */
function reachedBy(body: string, imported: ReadonlyMap<string, string>, helpers: Texts): string[] {
  const words = new Set(body.match(/\w+/g));
  const spoken = [...imported].filter(([name]) => words.has(name)).map(([, file]) => file);
  const reached = placesIn(spoken, helpers);
  return reached.length > 0 ? reached : placesIn([...imported.values()], helpers);
}

function placesIn(files: readonly string[], helpers: Texts): string[] {
  const own = files.filter(isPlace);
  if (own.length > 0) return own;
  const seen = new Set(files);
  for (const file of seen) {
    for (const next of importsOf(file, helpers.get(file) ?? "").values()) seen.add(next);
  }
  return [...seen].filter(isPlace);
}

const MOST_FILES = 3;

/** More than a few files of code of one folder are told as the folder. */
function gathered(files: Iterable<string>): string[] {
  const folders = new Map<string, string[]>();
  for (const file of files) {
    const folder = file.slice(0, file.lastIndexOf("/") + 1);
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return [...folders].flatMap(([folder, all]) => (all.length > MOST_FILES ? [folder] : all));
}
