/** Walks an expression: every name must be known, every field and literal belong to what it is said of. */
import { keyOf, report } from "./lint.ts";
import type { Lint } from "./lint.ts";
import {
  bookOf,
  collected,
  declaredType,
  literalsIn,
  memberOf,
  plain,
  shown,
  typeOf,
} from "./names.ts";
import type { Book, Type } from "./names.ts";
import { amid, family, inside, isOpaque, operationOf, quiet, sum } from "./scope.ts";
import type { Scope } from "./scope.ts";
import type { Argument, Expression, Member, Record } from "./syntax.ts";
import type { Place } from "./tokens.ts";

const METHODS = new Set("count any all first last unique add remove".split(" "));
const INTEGER = plain("Integer");
const BOOLEAN = plain("Boolean");

export const elementOf = (type: Type): Type => (type?.kind === "many" ? type.of : null);
const many = (type: Type): Type => ({ kind: "many", of: type });

export function memberType(member: Member, record: Record, book: Book, lint: Lint): Type {
  switch (member.kind) {
    case "field":
      return typeOf(member.type, book);
    case "choice":
      return { kind: "choice", literals: member.literals, name: `${record.name}.${member.name}` };
    case "relation":
      return many(typeOf(member.type, book));
    case "derived": {
      // Only its type is wanted: what is wrong in it is told where the record is checked.
      const silent = { ...lint, findings: [], used: new Set<string>() };
      return infer(recordScope(silent, book, record, member.parameters), member.value);
    }
  }
}

export function recordScope(
  lint: Lint,
  book: Book,
  record: Record,
  parameters: readonly string[],
): Scope {
  const self: Type = { kind: "record", book, record };
  const names = new Map<string, Type>([
    ["this", self],
    ...parameters.map((name): [string, Type] => [name, null]),
  ]);
  return { lint, book, names, self, outer: null };
}

function find(scope: Scope, name: string): { type: Type } | undefined {
  for (let at: Scope | null = scope; at !== null; at = at.outer) {
    if (at.names.has(name)) return { type: at.names.get(name) ?? null };
    if (at.self?.kind === "record") {
      const { record, book } = at.self;
      const member = memberOf(record, book, name);
      if (member !== undefined) return { type: memberType(member, record, book, scope.lint) };
    }
  }
  return global(scope, name);
}

function global({ lint, book }: Scope, name: string): { type: Type } | undefined {
  const given = book.module.given.find((setting) => setting.name === name);
  if (given?.type !== null && given !== undefined) {
    lint.used.add(keyOf(book, `given.${name}`));
    return { type: typeOf(given.type, book) };
  }
  const standing = book.declared.get(name);
  if (standing?.kind !== "default") return undefined;
  lint.used.add(keyOf(book, name));
  return { type: typeOf(standing.type, book) };
}

/** `expected`: what the place wants, for a literal that names no enum. */
export function infer(scope: Scope, expression: Expression, expected: Type = null): Type {
  switch (expression.kind) {
    case "literal":
      return expression.type === "null" ? null : plain(expression.type);
    case "name":
      return named(scope, expression, expected);
    case "member":
      return part(scope, expression);
    case "call":
      return called(scope, expression);
    case "lookup":
      return lookedUp(scope, expression);
    case "unary": {
      const type = infer(scope, expression.of);
      return expression.operator === "-" ? type : BOOLEAN;
    }
    case "binary":
      return binary(scope, expression, expected);
    case "filter": {
      const type = collection(scope, expression.of);
      infer(amid(scope, elementOf(type) ?? type), expression.condition);
      return type;
    }
    case "mapped":
      return many(infer(amid(scope, elementOf(collection(scope, expression.of))), expression.to));
    case "set":
    case "list": {
      const wanted = elementOf(expected);
      const types = expression.items.map((item) => infer(scope, item, wanted));
      return many(wanted ?? types.find((type) => type !== null) ?? null);
    }
    case "object":
      for (const { value } of expression.args) infer(scope, value);
      return null;
    case "lambda":
      infer(inside(scope, [[expression.parameter, null]]), expression.body);
      return null;
    case "if": {
      infer(scope, expression.condition);
      const type = infer(scope, expression.yes, expected);
      return expression.no === null ? type : (infer(scope, expression.no, expected) ?? type);
    }
    case "for": {
      const element = elementOf(looped(scope, expression));
      infer(inside(scope, [[expression.binding, element]]), expression.body);
      return BOOLEAN;
    }
    case "let":
      return infer(
        inside(scope, [[expression.name, infer(scope, expression.value)]]),
        expression.body,
      );
  }
}

/** What is gone over. A black box takes its collection first, and gives back elements of it. */
export function collection(scope: Scope, expression: Expression): Type {
  const type = infer(scope, expression);
  if (type !== null) return type;
  if (expression.kind === "filter") return collection(quiet(scope), expression.of);
  const first = expression.kind === "call" ? expression.args[0] : undefined;
  const taken = first === undefined ? null : infer(quiet(scope), first.value);
  return taken?.kind === "many" ? taken : null;
}

/** What a loop goes over; its condition may speak of the element by its binding, or leave it out. */
export function looped(
  scope: Scope,
  { binding, of: over }: { binding: string; of: Expression },
): Type {
  if (over.kind !== "filter") return collection(scope, over);
  const type = collection(scope, over.of);
  const element = elementOf(type);
  infer(amid(inside(scope, [[binding, element]]), element), over.condition);
  return type;
}

type Node<K extends Expression["kind"]> = Extract<Expression, { readonly kind: K }>;

function named(scope: Scope, { module, name, ...place }: Node<"name">, expected: Type): Type {
  const { lint, book } = scope;
  const home = bookOf(book, module);
  if (home === undefined) {
    report(lint, book, place, "unknown-alias", `${module}/ is no alias here`);
    return null;
  }
  if (module !== null) lint.used.add(keyOf(book, `${module}/`));
  if (/^[A-Z]/.test(name)) return capital(scope, home, name, place);
  const local = module === null ? find(scope, name) : undefined;
  if (local !== undefined) return local.type;
  if (isOpaque(scope)) return null;
  if (expected?.kind === "choice") {
    if (!expected.literals.includes(name)) {
      const those = expected.literals.join(", ");
      report(lint, book, place, "unknown-literal", `${name} is none of ${those}`);
    }
    return expected;
  }
  if (!literalsIn(home).has(name)) {
    report(lint, book, place, "unknown-name", `nothing here is named ${name}`);
  }
  return null;
}

function capital({ lint, book }: Scope, home: Book, name: string, place: Place): Type {
  const record = collected(name, home);
  if (record !== undefined) {
    lint.used.add(keyOf(home, record.name));
    return many({ kind: "record", book: home, record });
  }
  if (home.declared.has(name)) {
    lint.used.add(keyOf(home, name));
    return declaredType(name, home);
  }
  report(lint, book, place, "unknown-name", `nothing is named ${name}`);
  return null;
}

/** `config.x`, `alias/config.x`. */
function configured({ lint, book }: Scope, alias: string | null, name: string, place: Place): Type {
  const home = bookOf(book, alias);
  if (alias !== null) lint.used.add(keyOf(book, `${alias}/`));
  const found = home?.module.config.find((entry) => entry.name === name);
  if (home === undefined || found === undefined) {
    const whole = `${alias === null ? "" : `${alias}/`}config.${name}`;
    report(lint, book, place, "unknown-config", `there is no ${whole}`);
    return null;
  }
  lint.used.add(keyOf(home, `config.${name}`));
  return found.type === null ? null : typeOf(found.type, home);
}

function part(scope: Scope, { of: owner, name, ...place }: Node<"member">): Type {
  const { lint, book } = scope;
  if (owner.kind === "name" && owner.name === "config")
    return configured(scope, owner.module, name, place);
  const type = infer(scope, owner);
  if (type === null) return null;
  if (type.kind === "many") {
    if (name === "first" || name === "last") return type.of;
    if (METHODS.has(name)) return name === "count" ? INTEGER : null;
    report(
      lint,
      book,
      place,
      "unknown-method",
      `a collection has no ${name}, only ${[...METHODS].join(", ")}`,
    );
    return null;
  }
  if (type.kind !== "record") {
    report(lint, book, place, "unknown-field", `what is left of .${name} has no fields`);
    return null;
  }
  const found = memberOf(type.record, type.book, name);
  if (found === undefined) {
    report(lint, book, place, "unknown-field", `${type.record.name} has no ${name}`);
    return null;
  }
  if (found.kind === "field" && found.when !== null) {
    scope.read?.({ place, record: type.record, subject: shown(owner), field: name });
  }
  return memberType(found, type.record, type.book, lint);
}

/** A function in call form is a black box; one that a contract here types is checked by it. */
function called(scope: Scope, { of: callee, args, ...place }: Node<"call">): Type {
  const { lint, book } = scope;
  if (callee.kind !== "name") {
    const type = infer(scope, callee);
    for (const { value } of args) infer(scope, value);
    return callee.kind === "member" && ["any", "all"].includes(callee.name) ? BOOLEAN : type;
  }
  const from = bookOf(book, callee.module);
  if (from === undefined) {
    report(lint, book, callee, "unknown-alias", `${callee.module}/ is no alias here`);
    return null;
  }
  if (callee.module !== null) lint.used.add(keyOf(book, `${callee.module}/`));
  const found = operationOf(from, callee.name);
  if (found === undefined) {
    for (const { value } of args) infer(scope, value);
    return null;
  }
  const { operation, home } = found;
  const { parameters } = operation;
  if (args.length !== parameters.length) {
    report(
      lint,
      book,
      place,
      "wrong-arguments",
      `${callee.name} takes ${parameters.length}, not ${args.length}`,
    );
  }
  for (const [index, { value }] of args.entries()) {
    const type = parameters[index]?.type ?? null;
    infer(scope, value, type === null ? null : typeOf(type, home));
  }
  return typeOf(operation.result, home);
}

function lookedUp(scope: Scope, { of: what, args, ...place }: Node<"lookup">): Type {
  const type = infer(scope, what);
  if (type?.kind === "record") fieldsFit(scope, type.record, type.book, args);
  else for (const { value } of args) infer(scope, value);
  if (type !== null && type.kind !== "record") {
    report(
      scope.lint,
      scope.book,
      place,
      "unknown-name",
      "only one entity or value can be looked up",
    );
  }
  return type;
}

/** Values by field, of a lookup or a creation. */
export function fieldsFit(
  scope: Scope,
  record: Record,
  home: Book,
  args: readonly Argument[],
): void {
  for (const { name, value, ...place } of args) {
    const found = name === null ? undefined : memberOf(record, home, name);
    if (found === undefined || found.kind === "derived" || found.kind === "relation") {
      report(
        scope.lint,
        scope.book,
        place,
        "unknown-field",
        `${record.name} has no field ${name ?? "without a name"}`,
      );
    }
    infer(scope, value, found === undefined ? null : memberType(found, record, home, scope.lint));
  }
}

const COMPARISONS = new Set(["=", "!=", "<", "<=", ">", ">="]);
const bare = (expression: Expression): boolean =>
  expression.kind === "name" && /^[a-z`]/.test(expression.name);

function binary(scope: Scope, node: Node<"binary">, expected: Type): Type {
  const { operator, left, right } = node;
  if (operator === "in" || operator === "not in") {
    const element = infer(scope, left);
    infer(scope, right, many(element));
    return BOOLEAN;
  }
  if (COMPARISONS.has(operator)) {
    compared(scope, node);
    return BOOLEAN;
  }
  if (["and", "or", "implies"].includes(operator)) {
    infer(scope, left);
    infer(scope, right);
    return BOOLEAN;
  }
  const first = infer(scope, left, expected);
  const second = infer(scope, right, operator === "??" ? first : expected);
  return operator === "??" ? (first ?? second) : sum(first, second);
}

function compared(scope: Scope, { left, right, ...place }: Node<"binary">): void {
  const { lint, book } = scope;
  if (left.kind === "unary" && left.operator === "not") {
    report(lint, book, place, "not-binds-first", "not binds more than a comparison");
  }
  const flipped = bare(left) && find(scope, (left as Node<"name">).name) === undefined;
  const second = flipped ? infer(scope, right) : null;
  const first = infer(scope, left, second);
  const other = flipped ? second : infer(scope, right, first);
  const [one, two] = [family(first), family(other)];
  // A discriminator is compared with its variants.
  if (one === null || two === null || one === two || first?.kind === "choice") return;
  report(lint, book, place, "unlike-compared", "these two are of different kinds");
}
