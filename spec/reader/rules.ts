/** Rules: their trigger, their clauses, what they bring about, and the notes at their end. */
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
import { argument, expression, loopHead, reference } from "./expressions.ts";
import type {
  Call,
  Clause,
  Effect,
  Expression,
  Note,
  Parameter,
  Rule,
  Subject,
  Trigger,
  TypeName,
} from "./syntax.ts";
import { Unreadable } from "./tokens.ts";
import type { Place } from "./tokens.ts";

/** `Set<core/Digest>?` */
export function typeName(cursor: Cursor): TypeName {
  const token = pascal(cursor, "a type");
  const args: TypeName[] = [];
  if (!peek(cursor).leads && takes(cursor, "<"))
    args.push(...list(cursor, ">", () => typeName(cursor)));
  const optional = !peek(cursor).leads && takes(cursor, "?");
  return { ...placeOf(token), module: token.module, name: token.text, args, optional };
}

export function parameter(cursor: Cursor): Parameter {
  const token = snake(cursor, "a parameter");
  const optional = takes(cursor, "?");
  const type = takes(cursor, ":") ? typeName(cursor) : null;
  return { ...placeOf(token), name: token.text, optional, type };
}

/** `Name(a, b?)`, `alias/Name(a)`. */
export function call(cursor: Cursor): Call {
  const token = pascal(cursor, "a trigger");
  expect(cursor, "(");
  const parameters = list(cursor, ")", () => parameter(cursor));
  return { ...placeOf(token), module: token.module, name: token.text, parameters };
}

export function rule(cursor: Cursor, place: Place): Rule {
  const name = pascal(cursor, "a rule").text;
  expect(cursor, "{");
  const read = { when: null as Trigger | null, clauses: [] as Clause[], notes: [] as Note[] };
  while (!takes(cursor, "}")) {
    if (sees(cursor, "@")) read.notes.push(note(cursor));
    else if (sees(cursor, "when")) {
      next(cursor);
      expect(cursor, ":");
      read.when = trigger(cursor);
    } else read.clauses.push(clause(cursor));
  }
  return { ...placeOf(place), kind: "rule", name, ...read };
}

function trigger(cursor: Cursor): Trigger {
  const place = placeOf(peek(cursor));
  if (isPascal(peek(cursor))) {
    const calls = [triggering(cursor)];
    while (takes(cursor, "or")) calls.push(triggering(cursor));
    return { ...place, kind: "calls", calls };
  }
  const binding = snake(cursor, "a binding").text;
  expect(cursor, ":");
  const type = typeName(cursor);
  const subject: Subject = { ...place, binding, type };
  if (!sees(cursor, ".")) {
    throw new Unreadable(
      place,
      `a ${type.name} by itself triggers nothing: say which change of it does`,
    );
  }
  const field = peek(cursor, 1).text;
  const word = peek(cursor, 2).text;
  if (["transitions_to", "becomes"].includes(word)) {
    cursor.at += 3;
    return { ...place, kind: "moves", subject, field, word, to: snake(cursor, "a state").text };
  }
  if (field === "created") {
    cursor.at += 2;
    return { ...place, kind: "created", subject };
  }
  return { ...place, kind: "holds", subject, condition: watched(cursor, binding) };
}

/** What is watched is written of the type, and meant of the subject. */
function watched(cursor: Cursor, binding: string): Expression {
  cursor.at -= 1;
  return rebound(expression(cursor), binding);
}

function rebound(read: Expression, binding: string): Expression {
  if (read.kind === "name") return { ...read, module: null, name: binding };
  if (read.kind === "member") return { ...read, of: rebound(read.of, binding) };
  return read.kind === "binary" ? { ...read, left: rebound(read.left, binding) } : read;
}

function triggering(cursor: Cursor): Call {
  const read = call(cursor);
  const typed = read.parameters.find(({ type }) => type !== null);
  if (typed !== undefined) {
    throw new Unreadable(
      typed,
      `${typed.name} has a type: a trigger names its parameters only, their types stand in provides`,
    );
  }
  return read;
}

function clause(cursor: Cursor): Clause {
  const token = peek(cursor);
  const place = placeOf(token);
  if (takes(cursor, "let")) return { ...place, kind: "let", ...local(cursor) };
  if (takes(cursor, "requires")) {
    expect(cursor, ":");
    return { ...place, kind: "requires", condition: expression(cursor) };
  }
  if (takes(cursor, "ensures")) {
    expect(cursor, ":");
    return { ...place, kind: "ensures", effects: block(cursor, place, effect) };
  }
  if (takes(cursor, "for")) {
    const head = loopHead(cursor);
    return { ...place, kind: "for", ...head, clauses: block(cursor, place, clause) };
  }
  return refuse(cursor, "when, let, requires, ensures, for or @guidance should stand here");
}

function local(cursor: Cursor): { name: string; value: Expression } {
  const name = snake(cursor, "a local").text;
  expect(cursor, "=");
  return { name, value: expression(cursor) };
}

/** What stands on the same line, or deeper than the word that it belongs to. */
function block<T>(cursor: Cursor, owner: Place, item: (cursor: Cursor) => T): T[] {
  const items: T[] = [];
  const inside = (): boolean => {
    const token = peek(cursor);
    if (token.kind === "end" || sees(cursor, "}") || sees(cursor, "@")) return false;
    return token.line === owner.line ? items.length === 0 : token.column > owner.column;
  };
  while (inside()) items.push(item(cursor));
  if (items.length === 0) refuse(cursor, "something should follow the colon");
  return items;
}

function effect(cursor: Cursor): Effect {
  const token = peek(cursor);
  const place = placeOf(token);
  if (takes(cursor, "let")) return { ...place, kind: "let", ...local(cursor) };
  if (takes(cursor, "for")) {
    const head = loopHead(cursor);
    return { ...place, kind: "for", ...head, effects: block(cursor, place, effect) };
  }
  if (takes(cursor, "if")) return branches(cursor, place);
  if (sees(cursor, "not") && sees(cursor, "exists", 1)) {
    cursor.at += 2;
    return { ...place, kind: "remove", of: expression(cursor) };
  }
  if (isPascal(token)) return made(cursor);
  const target = reference(cursor);
  if (takes(cursor, "=")) return { ...place, kind: "assign", target, value: expression(cursor) };
  return { ...place, kind: "other", of: target };
}

function branches(cursor: Cursor, place: Place): Effect {
  const arms: { condition: Expression | null; effects: Effect[] }[] = [];
  const arm = (condition: Expression | null): void => {
    expect(cursor, ":");
    arms.push({ condition, effects: block(cursor, place, effect) });
  };
  arm(expression(cursor));
  while (sees(cursor, "else") && peek(cursor).column === place.column) {
    next(cursor);
    arm(takes(cursor, "if") ? expression(cursor) : null);
  }
  return { ...place, kind: "if", arms };
}

/** `Entity.created(…)`, an emission `Name(…)`, or a deferred call `Name.part(…)`. */
function made(cursor: Cursor): Effect {
  const token = peek(cursor);
  const place = placeOf(token);
  if (sees(cursor, ".", 1) && sees(cursor, "created", 2)) {
    const type = typeName(cursor);
    cursor.at += 2;
    expect(cursor, "(");
    return { ...place, kind: "create", type, args: list(cursor, ")", () => argument(cursor)) };
  }
  if (!sees(cursor, "(", 1)) return { ...place, kind: "other", of: expression(cursor) };
  cursor.at += 2;
  const args = list(cursor, ")", () => argument(cursor));
  const bare = args.find(({ name }) => name === null);
  if (bare !== undefined)
    throw new Unreadable(bare, `${token.text} names its arguments where it is emitted`);
  return { ...place, kind: "emit", module: token.module, name: token.text, args };
}

/** A note is prose: comment lines, deeper than its `@`. */
export function note(cursor: Cursor): Note {
  const at = expect(cursor, "@");
  const word = next(cursor).text;
  if (!["guidance", "invariant", "guarantee"].includes(word)) {
    throw new Unreadable(placeOf(at), `@${word} is none of @guidance, @invariant and @guarantee`);
  }
  const name = word === "guidance" ? null : pascal(cursor, `@${word}`).text;
  if (name === null && (sees(cursor, ":") || (isSnake(peek(cursor)) && !peek(cursor).leads)))
    refuse(cursor, "nothing follows @guidance on its line");
  const until = peek(cursor).line;
  const lines: string[] = [];
  for (const comment of cursor.comments) {
    if (!comment.alone || comment.line !== at.line + 1 + lines.length || comment.line >= until)
      continue;
    if (comment.column > at.column) lines.push(comment.text);
  }
  if (lines.length === 0)
    throw new Unreadable(placeOf(at), `@${word} says nothing: give it a deeper line of comment`);
  return { ...placeOf(at), word, name, lines };
}
