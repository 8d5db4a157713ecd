/** Goes through a rule: its names are checked, and what it does is noted for the checks that need all rules. */
import { collection, elementOf, fieldsFit, infer, looped } from "./infer.ts";
import { keyOf, report } from "./lint.ts";
import type { Lint } from "./lint.ts";
import { bookOf, isRecord, knows, memberOf, shown, typeOf } from "./names.ts";
import type { Book, Type } from "./names.ts";
import { partsOf } from "./parts.ts";
import { inside, quiet } from "./scope.ts";
import type { Reading, Scope } from "./scope.ts";
import type {
  Argument,
  Call,
  Clause,
  Effect,
  Expression,
  Record,
  Rule,
  TypeName,
} from "./syntax.ts";
import type { Place } from "./tokens.ts";

/** `subject.field` may be in these states only, where the rule applies. */
export interface Guard {
  readonly subject: string;
  readonly field: string;
  readonly states: readonly string[];
  /** The states are those excluded. */
  readonly except: boolean;
}
export interface Assigned {
  readonly place: Place;
  readonly record: Record;
  readonly home: Book;
  readonly subject: string;
  readonly field: string;
  readonly value: Expression;
}
export interface Asked {
  readonly place: Place;
  readonly record: Record;
  readonly home: Book;
  readonly field: string;
}
export interface Created {
  readonly place: Place;
  readonly record: Record;
  readonly home: Book;
  readonly args: readonly Argument[];
}
export interface Emitted {
  readonly place: Place;
  readonly home: Book;
  readonly name: string;
  readonly args: readonly { readonly name: string; readonly type: Type }[];
}
/** What one rule does. */
export interface Deed {
  readonly book: Book;
  readonly rule: Rule;
  readonly guards: Guard[];
  readonly assigned: Assigned[];
  readonly created: Created[];
  readonly emitted: Emitted[];
  readonly reads: Reading[];
  /** Members that its conditions ask for. */
  readonly asked: Asked[];
  /** Its guards in number: conjuncts of all `requires`. */
  requires: number;
  ensures: number;
}

export function walk(lint: Lint, book: Book, rule: Rule): Deed {
  const deed: Deed = {
    book,
    rule,
    guards: [],
    assigned: [],
    created: [],
    emitted: [],
    reads: [],
    asked: [],
    requires: 0,
    ensures: 0,
  };
  const scope: Scope = {
    lint,
    book,
    names: new Map(),
    self: null,
    outer: null,
    read: (reading) => deed.reads.push(reading),
  };
  if (rule.when !== null) trigger(scope, rule, deed);
  clauses(scope, rule.clauses, deed);
  return deed;
}

function trigger(scope: Scope, { when }: Rule, deed: Deed): void {
  if (when === null) return;
  const { lint, book, names } = scope;
  if (when.kind === "calls") {
    for (const call of when.calls) listen(lint, book, call, names);
    return;
  }
  const { binding, type } = when.subject;
  if (!knows(type, book)) {
    report(lint, book, type, "unknown-type", `nothing is named ${type.name}`);
    return;
  }
  const subject = typeOf(type, book);
  useType(lint, book, type);
  names.set(binding, subject);
  if (when.kind === "holds") {
    infer(scope, when.condition);
    deed.asked.push(...askedIn(scope, when.condition));
  }
  if (when.kind !== "moves") return;
  const field: Expression = {
    ...when,
    kind: "member",
    of: { ...when, kind: "name", module: null, name: binding },
    name: when.field,
  };
  infer(scope, {
    ...when,
    kind: "binary",
    operator: "=",
    left: field,
    right: { ...when, kind: "name", module: null, name: when.to },
  });
  deed.guards.push({ subject: binding, field: when.field, states: [when.to], except: false });
}

/** Names of the declarations that a type is made of. */
export function useType(lint: Lint, book: Book, type: TypeName): void {
  const home = bookOf(book, type.module);
  if (home !== undefined) lint.used.add(keyOf(home, type.name));
  if (type.module !== null) lint.used.add(keyOf(book, `${type.module}/`));
}

function listen(lint: Lint, book: Book, call: Call, names: Map<string, Type>): void {
  const home = bookOf(book, call.module);
  if (home === undefined) {
    report(lint, book, call, "unknown-alias", `${call.module}/ is no alias here`);
    return;
  }
  if (call.module !== null) lint.used.add(keyOf(book, `${call.module}/`));
  const heard = lint.heard.get(keyOf(home, call.name)) ?? [];
  for (const { name } of call.parameters) {
    const known = heard.find((parameter) => parameter.name === name);
    if (name !== "_") names.set(name, known?.type ?? names.get(name) ?? null);
  }
}

function clauses(scope: Scope, all: readonly Clause[], deed: Deed): void {
  for (const clause of all) {
    switch (clause.kind) {
      case "let":
        local(scope, clause, deed);
        break;
      case "requires":
        deed.requires += 1;
        infer(scope, clause.condition);
        deed.guards.push(...guardsOf(clause.condition));
        deed.asked.push(...askedIn(scope, clause.condition));
        break;
      case "ensures":
        deed.ensures += 1;
        effects(inside(scope), clause.effects, deed);
        break;
      case "for":
        clauses(loop(scope, clause, deed), clause.clauses, deed);
        break;
    }
  }
}

/** Members that a condition asks for. */
function askedIn(scope: Scope, condition: Expression): Asked[] {
  return partsOf(condition).flatMap((node): Asked[] => {
    if (node.kind !== "member") return [];
    const owner = infer(quiet(scope), node.of);
    if (owner?.kind !== "record") return [];
    const { record, book: home } = owner;
    return [{ place: node, record, home, field: node.name }];
  });
}

function local(
  scope: Scope,
  { name, value, ...place }: Place & { name: string; value: Expression },
  deed: Deed,
): void {
  const { names, lint, book } = scope;
  if (names.has(name)) {
    report(lint, book, place, "duplicate-local", `${name} is bound twice`);
  }
  names.set(name, collection(scope, value));
  // The one looked up has the values it was looked up by.
  if (value.kind !== "lookup") return;
  for (const { name: field, value: state } of value.args) {
    if (field !== null && state.kind === "name") {
      deed.guards.push({ subject: name, field, states: [state.name], except: false });
    }
  }
}

function loop(
  scope: Scope,
  { binding, of }: { binding: string; of: Expression },
  deed: Deed,
): Scope {
  const type = looped(scope, { binding, of });
  if (type !== null && type.kind !== "many") {
    report(scope.lint, scope.book, of, "not-a-collection", "a loop goes over a collection");
  }
  for (const guard of filtersOf(scope, of)) {
    deed.guards.push({ ...guard, subject: guard.subject === "" ? binding : guard.subject });
  }
  // Written out, the condition of a loop names its binding too.
  if (of.kind === "filter") deed.guards.push(...guardsOf(of.condition));
  return inside(scope, [[binding, elementOf(type)]]);
}

/** Conditions on the elements: of the loop itself, and of a projection that it goes over. Their subject is "". */
function filtersOf(scope: Scope, of: Expression): Guard[] {
  if (of.kind === "filter") {
    const own = guardsOf(of.condition).map(({ subject, ...guard }) => ({
      ...guard,
      subject: subject === "this" ? "" : subject,
    }));
    return [...own, ...filtersOf(scope, of.of)];
  }
  if (of.kind !== "member") return [];
  const owner = infer(quiet(scope), of.of);
  if (owner?.kind !== "record") return [];
  const member = memberOf(owner.record, owner.book, of.name);
  return member?.kind === "derived" ? filtersOf(scope, member.value) : [];
}

/** A bare field has no subject: it is the element's of the collection around it. */
export function guardsOf(condition: Expression): Guard[] {
  if (condition.kind !== "binary") return [];
  const { operator, left, right } = condition;
  if (operator === "and") return [...guardsOf(left), ...guardsOf(right)];
  if (operator === "or") return either(guardsOf(left), guardsOf(right));
  const subject = left.kind === "member" ? shown(left.of) : "";
  if (left.kind !== "member" && left.kind !== "name") return [];
  const field = left.name;
  const states = statesOf(right);
  if (states === null || !["=", "!=", "in", "not in"].includes(operator)) return [];
  return [{ subject, field, states, except: operator === "!=" || operator === "not in" }];
}

/** Of two alternatives only what both say of the same field holds. */
function either(left: readonly Guard[], right: readonly Guard[]): Guard[] {
  return left.flatMap((guard) => {
    const same = right.find(
      (other) => other.subject === guard.subject && other.field === guard.field,
    );
    if (same === undefined || same.except || guard.except) return [];
    return [{ ...guard, states: [...guard.states, ...same.states] }];
  });
}

function statesOf(expression: Expression): string[] | null {
  if (expression.kind === "name" && /^[a-z]/.test(expression.name)) return [expression.name];
  if (expression.kind !== "set") return null;
  const states = expression.items.flatMap((item) => statesOf(item) ?? []);
  return states.length === expression.items.length ? states : null;
}

function effects(scope: Scope, all: readonly Effect[], deed: Deed): void {
  for (const effect of all) {
    switch (effect.kind) {
      case "let":
        scope.names.set(effect.name, infer(scope, effect.value));
        break;
      case "assign":
        assign(scope, effect, deed);
        break;
      case "create":
        create(scope, effect, deed);
        break;
      case "remove":
      case "other":
        infer(scope, effect.of);
        break;
      case "emit":
        emit(scope, effect, deed);
        break;
      case "if":
        for (const { condition, effects: brought } of effect.arms) {
          if (condition !== null) infer(scope, condition);
          effects(inside(scope), brought, deed);
        }
        break;
      case "for":
        effects(loop(scope, effect, deed), effect.effects, deed);
        break;
    }
  }
}

type Node<K extends Effect["kind"]> = Extract<Effect, { readonly kind: K }>;

function assign(scope: Scope, { target, value, ...place }: Node<"assign">, deed: Deed): void {
  // What is set is not read.
  const expected = infer({ ...scope, read: () => {} }, target);
  infer(scope, value, expected);
  if (target.kind !== "member") return;
  const owner = infer(quiet(scope), target.of);
  if (owner?.kind !== "record") return;
  const { record, book: home } = owner;
  const member = memberOf(record, home, target.name);
  if (member?.kind === "derived" || member?.kind === "relation") {
    report(
      scope.lint,
      scope.book,
      place,
      "not-assignable",
      `${record.name}.${target.name} follows from others`,
    );
  }
  deed.assigned.push({ place, record, home, subject: shown(target.of), field: target.name, value });
}

function create(scope: Scope, { type, args, ...place }: Node<"create">, deed: Deed): void {
  const { lint, book } = scope;
  const home = bookOf(book, type.module);
  const record = home?.declared.get(type.name);
  if (home === undefined || !isRecord(record)) {
    report(lint, book, type, "unknown-type", `no entity is named ${type.name}`);
    for (const { value } of args) infer(scope, value);
    return;
  }
  useType(lint, book, type);
  fieldsFit(scope, record, home, args);
  deed.created.push({ place, record, home, args });
}

function emit(scope: Scope, { module, name, args, ...place }: Node<"emit">, deed: Deed): void {
  const { lint, book } = scope;
  const home = bookOf(book, module);
  if (home === undefined) {
    report(lint, book, place, "unknown-alias", `${module}/ is no alias here`);
    return;
  }
  const heard = lint.heard.get(keyOf(home, name)) ?? [];
  const types = args.map(({ name: parameter, value }) => {
    const expected = heard.find((entry) => entry.name === parameter)?.type ?? null;
    return { name: parameter ?? "", type: infer(scope, value, expected) };
  });
  deed.emitted.push({ place, home, name, args: types });
}
