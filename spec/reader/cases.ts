/**
 * What the conditions of a trigger's rules tell apart. Every comparison and every black box in them is a question with a few
 * answers; a case answers all of them, and shows which of the rules apply. Nothing is known of what a black box means.
 */
import { of, records } from "./names.ts";
import type { Expression, Module, Rule } from "./syntax.ts";

/** One thing that conditions ask, and what it may come to. */
export interface Question {
  readonly about: string;
  readonly answers: readonly string[];
}
export type Answers = ReadonlyMap<string, string>;

interface Asked {
  readonly kind: "flag" | "value" | "order";
  readonly about: string;
  readonly constants: Set<string>;
}

/** Evaluates conditions: with no answers, it only takes note of what they ask. */
interface Reading {
  readonly asked: Map<string, Asked>;
  readonly answers: Answers | null;
  readonly names: ReadonlySet<string>;
  readonly lets: ReadonlyMap<string, Expression>;
}

/** The rules of each trigger of a file, by what fires it: `Name`, `alias/Name`, `Entity.created`. */
export function triggersOf(module: Module): Map<string, Rule[]> {
  const found = new Map<string, Rule[]>();
  for (const rule of of(module, "rule")) {
    for (const trigger of firedBy(rule)) found.set(trigger, [...(found.get(trigger) ?? []), rule]);
  }
  return found;
}

function firedBy({ when }: Rule): string[] {
  if (when?.kind === "created") return [`${when.subject.type.name}.created`];
  return when?.kind === "calls"
    ? when.calls.map((call) => (call.module === null ? call.name : `${call.module}/${call.name}`))
    : [];
}

/** All that the rules ask, with every answer there is. */
export function questionsOf(
  modules: readonly Module[],
  module: Module,
  rules: readonly Rule[],
): Question[] {
  const asked = new Map<string, Asked>();
  const common = commonTo(module, rules);
  for (const rule of rules) applies(module, rule, asked, null, common);
  return [...asked.values()].map((each) => ({
    about: each.about,
    answers: answersTo(each, modules),
  }));
}

/** Conditions that every one of the rules has: what the trigger is refused without. */
export function commonTo(module: Module, rules: readonly Rule[]): ReadonlySet<string> {
  const all = rules.map((rule) => new Set(conditionsOf(module, rule).map(({ text }) => text)));
  const [first, ...others] = all;
  return new Set([...(first ?? [])].filter((text) => others.every((other) => other.has(text))));
}

/** The rules that apply where all that they have in common is given. */
export function applyingIn(module: Module, rules: readonly Rule[], answers: Answers): Rule[] {
  const common = commonTo(module, rules);
  return rules.filter((rule) => applies(module, rule, new Map(), answers, common));
}

function answersTo({ kind, about, constants }: Asked, modules: readonly Module[]): string[] {
  if (kind === "flag") return ["no", "yes"];
  // Nothing has fewer elements than none.
  if (kind === "order") return about.endsWith(".count ~ 0") ? ["=", ">"] : ["<", "=", ">"];
  const literals = [...constants].filter((text) => text !== "null");
  const field = about.split(".").at(-1) ?? "";
  const closed = modules
    .flatMap((module) => literalsNamed(module, field))
    .find((all) => literals.length > 0 && literals.every((text) => all.includes(text)));
  return [...new Set([...constants, ...(closed ?? ["something else"])])];
}

/** The enums that fields of a name have. */
function literalsNamed(module: Module, field: string): (readonly string[])[] {
  return records(module)
    .flatMap(({ members }) => members)
    .filter(({ name }) => name === field)
    .flatMap((member) => {
      if (member.kind === "choice") return [member.literals];
      if (member.kind !== "field") return [];
      const { type } = member;
      return of(module, "enum")
        .filter(({ name }) => name === type.name)
        .map(({ literals }) => literals);
    });
}

function readingOf(
  module: Module,
  rule: Rule,
  asked: Map<string, Asked>,
  answers: Answers | null,
): Reading {
  const parameters =
    rule.when?.kind === "calls"
      ? rule.when.calls.flatMap((call) => call.parameters.map(({ name }) => name))
      : rule.when?.kind === "created"
        ? [rule.when.subject.binding]
        : [];
  const names = new Set([...parameters, ...module.given.map(({ name }) => name)]);
  const lets = new Map(
    rule.clauses.flatMap((clause): [string, Expression][] =>
      clause.kind === "let" ? [[clause.name, clause.value]] : [],
    ),
  );
  return { asked, answers, names, lets };
}

function conditionsOf(module: Module, rule: Rule): { text: string; condition: Expression }[] {
  const reading = readingOf(module, rule, new Map(), null);
  return rule.clauses.flatMap((clause) =>
    clause.kind === "requires"
      ? [{ text: textOf(clause.condition, reading), condition: clause.condition }]
      : [],
  );
}

/** Whether all its conditions hold, but for those that do not matter. */
function applies(
  module: Module,
  rule: Rule,
  asked: Map<string, Asked>,
  answers: Answers | null,
  but: ReadonlySet<string> = new Set(),
): boolean {
  const reading = readingOf(module, rule, asked, answers);
  return conditionsOf(module, rule)
    .filter(({ text }) => !but.has(text))
    .map(({ condition }) => holds(condition, reading))
    .every((held) => held);
}

function holds(node: Expression, reading: Reading): boolean {
  if (node.kind === "literal") return node.text === "true";
  if (node.kind === "unary" && node.operator === "not") return !holds(node.of, reading);
  if (node.kind === "unary" && node.operator === "exists") {
    const came = compared("value", textOf(node.of, reading), "null", reading);
    return came !== null && came !== "null";
  }
  if (node.kind === "if") {
    const [condition, yes, no] = [node.condition, node.yes, node.no].map((part) =>
      part === null ? false : holds(part, reading),
    );
    return condition === true ? yes === true : no === true;
  }
  if (node.kind === "binary") return binary(node, reading);
  if (node.kind === "name" && reading.lets.has(node.name)) {
    const value = reading.lets.get(node.name);
    if (value !== undefined) return holds(value, reading);
  }
  return compared("flag", textOf(node, reading), null, reading) === "yes";
}

function binary(node: Extract<Expression, { readonly kind: "binary" }>, reading: Reading): boolean {
  const { operator, left, right } = node;
  const both = (): [boolean, boolean] => [holds(left, reading), holds(right, reading)];
  switch (operator) {
    case "and":
      return both().every((side) => side);
    case "or":
      return both().some((side) => side);
    case "implies": {
      const [first, second] = both();
      return !first || second;
    }
    case "=":
      return equal(left, right, reading);
    case "!=":
      return !equal(left, right, reading);
    case "in":
      return among(left, right, reading);
    case "not in":
      return !among(left, right, reading);
    default:
      return ordered(operator, left, right, reading);
  }
}

const isCondition = (node: Expression): boolean =>
  (node.kind === "unary" && node.operator !== "-") ||
  (node.kind === "binary" &&
    ["and", "or", "=", "!=", "<", "<=", ">", ">="].includes(node.operator));

function constantOf(node: Expression, { names, lets }: Reading): string | null {
  if (node.kind === "literal")
    return ["String", "Boolean", "null"].includes(node.type) ? node.text : null;
  return node.kind === "name" &&
    node.module === null &&
    !names.has(node.name) &&
    !lets.has(node.name)
    ? node.name
    : null;
}

function equal(left: Expression, right: Expression, reading: Reading): boolean {
  if (isCondition(left) && isCondition(right))
    return holds(left, reading) === holds(right, reading);
  const [first, second] = [constantOf(left, reading), constantOf(right, reading)];
  if (first !== null && second !== null) return first === second;
  const constant = first ?? second;
  if (constant === null) return ordered("=", left, right, reading);
  const about = textOf(first === null ? left : right, reading);
  return compared("value", about, constant, reading) === constant;
}

function among(left: Expression, right: Expression, reading: Reading): boolean {
  if (right.kind !== "set")
    return (
      compared("flag", `${textOf(left, reading)} in ${textOf(right, reading)}`, null, reading) ===
      "yes"
    );
  return right.items.map((item) => equal(left, item, reading)).some((side) => side);
}

const TURNED: Readonly<Record<string, string>> = { "<": ">", ">": "<", "=": "=" };

function ordered(operator: string, left: Expression, right: Expression, reading: Reading): boolean {
  const [one, other] = [textOf(left, reading), textOf(right, reading)];
  // Numbers stand second, else the sides are sorted: one question, however it is put.
  const turned = right.kind !== "literal" && (left.kind === "literal" || one > other);
  const about = turned ? `${other} ~ ${one}` : `${one} ~ ${other}`;
  const came = compared("order", about, null, reading);
  const is = turned ? (TURNED[came ?? ""] ?? null) : came;
  if (is === null) return false;
  switch (operator) {
    case "=":
      return is === "=";
    case "<":
      return is === "<";
    case ">":
      return is === ">";
    case "<=":
      return is !== ">";
    case ">=":
      return is !== "<";
    default:
      throw new Error(`${operator} is no condition`);
  }
}

/** The answer to a question; null where what it is about is not there. */
function compared(
  kind: Asked["kind"],
  about: string,
  constant: string | null,
  { asked, answers }: Reading,
): string | null {
  const known = asked.get(about) ?? { kind, about, constants: new Set<string>() };
  asked.set(about, known);
  if (constant !== null) known.constants.add(constant);
  if (answers === null) return null;
  for (const [other, answer] of answers) {
    if (answer === "null" && about !== other && speaksOf(about, other)) return null;
  }
  return answers.get(about) ?? null;
}

/** Of a member of it, or, where things are ordered, of it. */
const speaksOf = (about: string, absent: string): boolean =>
  about.split(" ~ ").some((side) => side === absent || side.startsWith(`${absent}.`));

/** An expression as one text, with locals put in. */
function textOf(node: Expression, reading: Reading): string {
  const text = (inner: Expression): string => textOf(inner, reading);
  const listed = (
    args: readonly { readonly name: string | null; readonly value: Expression }[],
  ): string =>
    args
      .map(({ name, value }) => (name === null ? text(value) : `${name}: ${text(value)}`))
      .join(", ");
  switch (node.kind) {
    case "name": {
      const local = reading.lets.get(node.name);
      return local === undefined ? node.name : text(local);
    }
    case "literal":
      return node.text;
    case "member":
      return `${text(node.of)}.${node.name}`;
    case "call":
      return `${text(node.of)}(${listed(node.args)})`;
    case "lookup":
      return `${text(node.of)}{${listed(node.args)}}`;
    case "unary":
      return `${node.operator} ${text(node.of)}`;
    case "binary":
      return `(${text(node.left)} ${node.operator} ${text(node.right)})`;
    case "filter":
      return `(${text(node.of)} ${node.word} ${text(node.condition)})`;
    case "set":
    case "list":
      return `{${node.items.map(text).join(", ")}}`;
    case "mapped":
    case "object":
    case "lambda":
    case "if":
    case "for":
    case "let":
      return JSON.stringify(node, (name, value: unknown) =>
        name === "line" || name === "column" ? undefined : value,
      );
  }
}
