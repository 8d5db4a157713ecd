/** Text → tree. What cannot be read is told, and reading goes on at the next line that begins at the margin. */
import { expect, next, peek, placeOf, refuse, sees, takes } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import {
  actor,
  contract,
  deferral,
  enumeration,
  invariant,
  record,
  settings,
  standing,
} from "./declarations.ts";
import type { Finding } from "./finding.ts";
import { rule } from "./rules.ts";
import { surface } from "./surfaces.ts";
import type { Declaration, Module, Setting, Use } from "./syntax.ts";
import { Unreadable, scan } from "./tokens.ts";
import type { Place, Scanned } from "./tokens.ts";

export interface Read {
  readonly module: Module;
  readonly findings: readonly Finding[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** `path` is only repeated, in the tree and in findings. */
export function read(path: string, source: string): Read {
  const findings: Finding[] = [];
  const report = ({ line, column }: Place, problem: string): void => {
    findings.push({
      code: "unreadable",
      path,
      line,
      column,
      problem,
    });
  };
  if (!source.startsWith("-- allium: 3\n")) {
    report({ line: 1, column: 1 }, 'the first line is not "-- allium: 3"');
  }
  const module: Mutable<Module> = {
    path,
    uses: [],
    given: [],
    config: [],
    overrides: [],
    declarations: [],
    questions: [],
    comments: [],
  };
  const scanned = scanning(source, report);
  const cursor: Cursor = { ...scanned, at: 0 };
  module.comments.push(...scanned.comments);
  while (peek(cursor).kind !== "end") {
    try {
      item(cursor, module);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      report(error.place, error.message);
      do next(cursor);
      while (peek(cursor).kind !== "end" && (peek(cursor).column > 1 || sees(cursor, "}")));
    }
  }
  return { module, findings };
}

function scanning(source: string, report: (place: Place, problem: string) => void): Scanned {
  try {
    return scan(source);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    report(error.place, error.message);
    return scan("");
  }
}

function item(cursor: Cursor, module: Mutable<Module>): void {
  const word = next(cursor);
  const place = placeOf(word);
  if (word.module !== null && word.text === "config") {
    const from = word.module;
    const all = settings(cursor, false);
    module.overrides.push(...all.map((setting: Setting) => ({ ...setting, module: from })));
    return;
  }
  switch (word.text) {
    case "use":
      module.uses.push(use(cursor, place));
      return;
    case "given":
      module.given.push(...settings(cursor, true));
      return;
    case "config":
      module.config.push(...settings(cursor, true));
      return;
    case "open":
      expect(cursor, "question");
      next(cursor);
      module.questions.push(place);
      return;
    default:
      module.declarations.push(declaration(cursor, word.text, place));
  }
}

function declaration(cursor: Cursor, word: string, place: Place): Declaration {
  switch (word) {
    case "external":
      expect(cursor, "entity");
      return record(cursor, place, "external entity");
    case "entity":
    case "value":
    case "variant":
      return record(cursor, place, word);
    case "enum":
      return enumeration(cursor, place);
    case "rule":
      return rule(cursor, place);
    case "invariant":
      return invariant(cursor, place);
    case "contract":
      return contract(cursor, place);
    case "actor":
      return actor(cursor, place);
    case "surface":
      return surface(cursor, place);
    case "default":
      return standing(cursor, place);
    case "deferred":
      return deferral(cursor, place);
    default:
      cursor.at -= 1;
      return refuse(cursor, "a declaration should stand here");
  }
}

function use(cursor: Cursor, place: Place): Use {
  const path = next(cursor).text;
  if (!takes(cursor, "as")) refuse(cursor, '"as" and an alias should follow');
  return { ...place, path, alias: next(cursor).text };
}
