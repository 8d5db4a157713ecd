/** What stands at the top level of a file, apart from rules and surfaces. */
import {
  expect,
  isPascal,
  isSnake,
  list,
  next,
  pascal,
  peek,
  placeOf,
  refuse,
  sees,
  snake,
  takes,
} from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { expression, fields } from "./expressions.ts";
import { note, parameter, typeName } from "./rules.ts";
import type {
  Declaration,
  Invariant,
  Lifecycle,
  Member,
  Note,
  Of,
  Operation,
  Setting,
} from "./syntax.ts";
import { Unreadable } from "./tokens.ts";
import type { Place } from "./tokens.ts";

/** A field of such a name would be read as a clause, and vanish. */
export const CLAUSE_WORDS = new Set(
  "when requires ensures facing context exposes provides related timeout contracts identified_by within".split(
    " ",
  ),
);

export function record(
  cursor: Cursor,
  place: Place,
  kind: "entity" | "external entity" | "value" | "variant",
): Declaration {
  const name = pascal(cursor, `this ${kind}`).text;
  const base = kind === "variant" && expect(cursor, ":") ? typeName(cursor) : null;
  const members: Member[] = [];
  const lifecycles: Lifecycle[] = [];
  const invariants: Invariant[] = [];
  expect(cursor, "{");
  while (!takes(cursor, "}")) {
    if (sees(cursor, "invariant") && isPascal(peek(cursor, 1))) {
      invariants.push(invariant(cursor, next(cursor)));
    } else if (sees(cursor, "transitions") && isSnake(peek(cursor, 1))) {
      lifecycles.push(lifecycle(cursor, next(cursor)));
    } else {
      members.push(member(cursor));
      takes(cursor, ",");
    }
  }
  return { ...placeOf(place), kind, name, base, members, lifecycles, invariants };
}

function member(cursor: Cursor): Member {
  const token = snake(cursor, "a field");
  const at = { ...placeOf(token), name: token.text };
  if (CLAUSE_WORDS.has(at.name))
    throw new Unreadable(at, `a field named ${at.name} would be read as a clause`);
  if (takes(cursor, "(")) {
    const parameters = list(cursor, ")", () => snake(cursor, "a parameter").text);
    expect(cursor, ":");
    return { ...at, kind: "derived", parameters, value: expression(cursor) };
  }
  expect(cursor, ":");
  if (sees(cursor, "|", 1) || sees(cursor, "|"))
    return { ...at, kind: "choice", literals: literals(cursor) };
  if (!isPascal(peek(cursor)) || sees(cursor, "{", 1)) {
    return { ...at, kind: "derived", parameters: [], value: expression(cursor) };
  }
  const type = typeName(cursor);
  if (takes(cursor, "with"))
    return { ...at, kind: "relation", type, condition: expression(cursor) };
  const when = takes(cursor, "when") ? expression(cursor) : null;
  return { ...at, kind: "field", type, when };
}

/** `a | b`, also one a line. */
function literals(cursor: Cursor): string[] {
  takes(cursor, "|");
  const found = [next(cursor).text];
  while (takes(cursor, "|")) found.push(next(cursor).text);
  return found;
}

function lifecycle(cursor: Cursor, place: Place): Lifecycle {
  const field = snake(cursor, "a lifecycle").text;
  const edges: (Place & { from: string; to: string })[] = [];
  const terminal: string[] = [];
  expect(cursor, "{");
  while (!takes(cursor, "}")) {
    if (takes(cursor, "terminal")) {
      expect(cursor, ":");
      do terminal.push(snake(cursor, "a state").text);
      while (takes(cursor, ","));
    } else {
      const from = snake(cursor, "a state");
      expect(cursor, "->");
      edges.push({ ...placeOf(from), from: from.text, to: snake(cursor, "a state").text });
    }
  }
  return { ...placeOf(place), field, edges, terminal };
}

export function invariant(cursor: Cursor, place: Place): Of<"invariant"> {
  const name = pascal(cursor, "an invariant").text;
  expect(cursor, "{");
  const body = expression(cursor);
  expect(cursor, "}");
  return { ...placeOf(place), kind: "invariant", name, body };
}

export function enumeration(cursor: Cursor, place: Place): Declaration {
  const name = pascal(cursor, "an enum").text;
  expect(cursor, "{");
  const found = literals(cursor);
  expect(cursor, "}");
  return { ...placeOf(place), kind: "enum", name, literals: found };
}

export function contract(cursor: Cursor, place: Place): Declaration {
  const name = pascal(cursor, "a contract").text;
  const operations: Operation[] = [];
  const notes: Note[] = [];
  expect(cursor, "{");
  while (!takes(cursor, "}")) {
    if (sees(cursor, "@")) notes.push(note(cursor));
    else operations.push(operation(cursor));
  }
  return { ...placeOf(place), kind: "contract", name, operations, notes };
}

function operation(cursor: Cursor): Operation {
  const token = snake(cursor, "an operation");
  expect(cursor, ":");
  expect(cursor, "(");
  const parameters = list(cursor, ")", () => parameter(cursor));
  const untyped = parameters.find(({ type }) => type === null);
  if (untyped !== undefined)
    throw new Unreadable(untyped, `the parameter ${untyped.name} has no type`);
  expect(cursor, "->");
  return { ...placeOf(token), name: token.text, parameters, result: typeName(cursor) };
}

export function actor(cursor: Cursor, place: Place): Declaration {
  const name = pascal(cursor, "an actor").text;
  expect(cursor, "{");
  const within = takes(cursor, "within") && expect(cursor, ":") ? typeName(cursor) : null;
  const identified =
    takes(cursor, "identified_by") && expect(cursor, ":") ? expression(cursor) : null;
  expect(cursor, "}");
  return { ...placeOf(place), kind: "actor", name, within, identified };
}

/** `default Type name = { … }` */
export function standing(cursor: Cursor, place: Place): Declaration {
  const type = typeName(cursor);
  const name = snake(cursor, "a default").text;
  expect(cursor, "=");
  return { ...placeOf(place), kind: "default", name, type, args: fields(cursor) };
}

/** Entries of `given` and `config`: `name: Type = value`; of an override `name: value`. */
export function settings(cursor: Cursor, typed: boolean): Setting[] {
  expect(cursor, "{");
  return list(cursor, "}", () => {
    const token = snake(cursor, "a setting");
    expect(cursor, ":");
    const type = typed ? typeName(cursor) : null;
    const value = !typed || takes(cursor, "=") ? expression(cursor) : null;
    return { ...placeOf(token), name: token.text, type, value };
  });
}

/** `deferred Name.part`, whose place is told in a comment behind it. */
export function deferral(cursor: Cursor, place: Place): Declaration {
  let name = next(cursor).text;
  while (takes(cursor, ".")) name += `.${next(cursor).text}`;
  const told = cursor.comments.some(
    ({ line, text }) => line === place.line && text.startsWith("see:"),
  );
  if (!told && peek(cursor).kind !== "text")
    refuse(cursor, `where ${name} is told should stand behind it: -- see: file`);
  if (peek(cursor).kind === "text") next(cursor);
  return { ...placeOf(place), kind: "deferred", name };
}
