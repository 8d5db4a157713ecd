/** Expressions, by binding strength: what binds least is read first. */
import {
  expect,
  isPascal,
  isSnake,
  list,
  next,
  peek,
  placeOf,
  refuse,
  sees,
  snake,
  takes,
} from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import type { Argument, Expression, LiteralType, Unary } from "./syntax.ts";

const DURATIONS = /^(?:milliseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|years?)$/;

/** Strength of the operators between two operands; the greater binds more. */
const STRENGTH: Record<string, number> = {
  implies: 1,
  or: 2,
  and: 3,
  "=": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  in: 4,
  "not in": 4,
  "??": 5,
  "+": 6,
  "-": 6,
  "*": 7,
  "/": 7,
  "|": 8,
};

export function expression(cursor: Cursor): Expression {
  const place = placeOf(peek(cursor));
  if (isSnake(peek(cursor)) && sees(cursor, "=>", 1)) {
    const parameter = next(cursor).text;
    next(cursor);
    return { ...place, kind: "lambda", parameter, body: expression(cursor) };
  }
  let read = filtered(cursor);
  while (takes(cursor, "->")) {
    read = { ...place, kind: "mapped", of: read, to: binary(cursor, 1) };
  }
  return read;
}

function filtered(cursor: Cursor): Expression {
  let read = binary(cursor, 1);
  for (;;) {
    const word = sees(cursor, "where") ? "where" : sees(cursor, "with") ? "with" : null;
    if (word === null) return read;
    const place = placeOf(next(cursor));
    read = { ...place, kind: "filter", word, of: read, condition: binary(cursor, 1) };
  }
}

/** The operator here, if one may continue what stands before: `not exists x` on a line of its own begins another. */
function operatorHere(cursor: Cursor): string | null {
  const token = peek(cursor);
  if (sees(cursor, "not") && sees(cursor, "in", 1)) return "not in";
  if (token.leads && token.text === "-") return null;
  return token.kind !== "text" && token.module === null && Object.hasOwn(STRENGTH, token.text)
    ? token.text
    : null;
}

function binary(cursor: Cursor, least: number): Expression {
  let left = prefixed(cursor);
  for (;;) {
    const operator = operatorHere(cursor);
    const strength = operator === null ? 0 : (STRENGTH[operator] ?? 0);
    if (operator === null || strength < least) return left;
    const place = placeOf(next(cursor));
    if (operator === "not in") next(cursor);
    left = { ...place, kind: "binary", operator, left, right: binary(cursor, strength + 1) };
  }
}

function prefixed(cursor: Cursor): Expression {
  const token = peek(cursor);
  if (token.kind !== "text" && ["not", "exists", "-"].includes(token.text)) {
    next(cursor);
    return {
      ...placeOf(token),
      kind: "unary",
      operator: token.text as Unary,
      of: prefixed(cursor),
    };
  }
  return postfixed(cursor, primary(cursor));
}

/** What may be assigned to, or called for its effect. */
export const reference = (cursor: Cursor): Expression => postfixed(cursor, primary(cursor));

function postfixed(cursor: Cursor, start: Expression): Expression {
  let read = start;
  for (;;) {
    const token = peek(cursor);
    const place = placeOf(token);
    if (sees(cursor, ".") || sees(cursor, "?.")) {
      next(cursor);
      read = { ...place, kind: "member", of: read, name: next(cursor).text };
    } else if (token.leads) {
      return read;
    } else if (takes(cursor, "(")) {
      read = { ...place, kind: "call", of: read, args: list(cursor, ")", () => argument(cursor)) };
    } else if (sees(cursor, "{") && read.kind === "name" && /^[A-Z]/.test(read.name)) {
      read = { ...place, kind: "lookup", of: read, args: fields(cursor) };
    } else if (sees(cursor, "[")) {
      return refuse(cursor, "there is no indexing: name what is wanted by a black-box function");
    } else {
      return read;
    }
  }
}

/** `{ name: value, name }`; a name alone is the local of that name. */
export function fields(cursor: Cursor): Argument[] {
  expect(cursor, "{");
  return list(cursor, "}", () => {
    const token = snake(cursor, "a field");
    const value: Expression = takes(cursor, ":")
      ? expression(cursor)
      : { ...placeOf(token), kind: "name", module: null, name: token.text };
    return { ...placeOf(token), name: token.text, value };
  });
}

export function argument(cursor: Cursor): Argument {
  const token = peek(cursor);
  const named = isSnake(token) && sees(cursor, ":", 1);
  if (named) cursor.at += 2;
  return { ...placeOf(token), name: named ? token.text : null, value: expression(cursor) };
}

function primary(cursor: Cursor): Expression {
  const token = peek(cursor);
  const place = placeOf(token);
  const literal = (type: LiteralType, text = token.text): Expression => ({
    ...place,
    kind: "literal",
    type,
    text,
  });
  if (token.kind === "number") {
    next(cursor);
    if (sees(cursor, ".") && DURATIONS.test(peek(cursor, 1).text)) {
      cursor.at += 2;
      return literal("Duration", `${token.text}.${peek(cursor, -1).text}`);
    }
    return literal(token.text.includes(".") ? "Decimal" : "Integer");
  }
  if (token.kind === "text") {
    next(cursor);
    return literal("String");
  }
  if (takes(cursor, "true") || takes(cursor, "false")) return literal("Boolean");
  if (takes(cursor, "null")) return literal("null");
  if (takes(cursor, "now")) return literal("Timestamp");
  if (takes(cursor, "(")) {
    const inside = expression(cursor);
    expect(cursor, ")");
    return inside;
  }
  if (sees(cursor, "{")) return braces(cursor);
  if (takes(cursor, "[")) {
    return { ...place, kind: "list", items: list(cursor, "]", () => expression(cursor)) };
  }
  if (takes(cursor, "if")) return conditional(cursor);
  if (takes(cursor, "for")) return forAll(cursor);
  if (sees(cursor, "let") && isSnake(peek(cursor, 1))) return local(cursor);
  if (isPascal(token) || isSnake(token)) {
    next(cursor);
    return { ...place, kind: "name", module: token.module, name: token.text };
  }
  return refuse(cursor, "an expression should stand here");
}

/** `{a, b}` is a set, `{k: v}` an object. */
function braces(cursor: Cursor): Expression {
  const place = placeOf(peek(cursor));
  if (isSnake(peek(cursor, 1)) && sees(cursor, ":", 2)) {
    return { ...place, kind: "object", args: fields(cursor) };
  }
  next(cursor);
  return { ...place, kind: "set", items: list(cursor, "}", () => expression(cursor)) };
}

function conditional(cursor: Cursor): Expression {
  const place = placeOf(peek(cursor, -1));
  const condition = expression(cursor);
  expect(cursor, ":");
  const yes = expression(cursor);
  let no: Expression | null = null;
  if (takes(cursor, "else")) {
    if (takes(cursor, "if")) no = conditional(cursor);
    else {
      expect(cursor, ":");
      no = expression(cursor);
    }
  }
  return { ...place, kind: "if", condition, yes, no };
}

function forAll(cursor: Cursor): Expression {
  const place = placeOf(peek(cursor, -1));
  const { binding, of } = loopHead(cursor);
  return { ...place, kind: "for", binding, of, body: expression(cursor) };
}

/** `x in xs where …:`, after the word `for`. */
export function loopHead(cursor: Cursor): { binding: string; of: Expression } {
  const binding = snake(cursor, "what a loop goes over").text;
  expect(cursor, "in");
  const of = expression(cursor);
  expect(cursor, ":");
  return { binding, of };
}

function local(cursor: Cursor): Expression {
  const place = placeOf(next(cursor));
  const name = snake(cursor, "a local").text;
  expect(cursor, "=");
  const value = expression(cursor);
  return { ...place, kind: "let", name, value, body: expression(cursor) };
}
