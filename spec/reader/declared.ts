/** Declarations by themselves: types, duplicates, what a creation leaves out, what nobody uses. */
import { infer, recordScope } from "./infer.ts";
import { keyOf, report } from "./lint.ts";
import type { Lint } from "./lint.ts";
import { bookOf, isRecord, knows, membersOf, of, records, typeOf, variantsOf } from "./names.ts";
import type { Book } from "./names.ts";
import { obligationsOf } from "./obligations.ts";
import { find } from "./parts.ts";
import { inside } from "./scope.ts";
import type { Scope } from "./scope.ts";
import type { Expression, Member, Record, Rule, Surface, TypeName } from "./syntax.ts";
import type { Deed } from "./walk.ts";
import { useType } from "./walk.ts";

export function declarations(lint: Lint, book: Book): void {
  for (const record of records(book.module)) body(lint, book, record);
  for (const { operations } of of(book.module, "contract")) {
    for (const { parameters, result } of operations) {
      type(lint, book, result);
      for (const parameter of parameters)
        if (parameter.type !== null) type(lint, book, parameter.type);
    }
  }
  const scope: Scope = { lint, book, names: new Map(), self: null, outer: null };
  for (const { type: named, value } of [...book.module.given, ...book.module.config]) {
    if (named !== null) type(lint, book, named);
    if (value !== null)
      infer(
        inside(
          scope,
          book.module.config.map(({ name }) => [name, null]),
        ),
        value,
      );
  }
  for (const { body: condition } of of(book.module, "invariant")) invariant(scope, condition);
  for (const { identified, within } of of(book.module, "actor")) {
    if (within !== null) type(lint, book, within);
    if (identified !== null)
      infer(
        inside(scope, [
          ["within", within === null ? null : typeOf(within, book)],
          ["this", null],
        ]),
        identified,
      );
  }
  for (const surface of of(book.module, "surface")) surfaceFits(scope, surface);
  for (const { type: named } of of(book.module, "default")) type(lint, book, named);
  overrides(lint, book);
}

function type(lint: Lint, book: Book, named: TypeName): void {
  if (!knows(named, book)) {
    const whole = `${named.module === null ? "" : `${named.module}/`}${named.name}`;
    report(lint, book, named, "unknown-type", `nothing is named ${whole}`);
  }
  useType(lint, book, named);
  for (const inner of named.args) type(lint, book, inner);
}

function body(lint: Lint, book: Book, record: Record): void {
  if (record.base !== null) type(lint, book, record.base);
  for (const member of record.members) {
    const scope = recordScope(
      lint,
      book,
      record,
      member.kind === "derived" ? member.parameters : [],
    );
    if (member.kind === "field" || member.kind === "relation") type(lint, book, member.type);
    if (member.kind === "field" && member.when !== null) infer(scope, member.when);
    if (member.kind === "derived") infer(scope, member.value);
    if (member.kind === "relation")
      infer(inside(scope, [], typeOf(member.type, book)), member.condition);
    if (member.kind === "choice") discriminator(lint, book, record, member);
  }
  const scope = recordScope(lint, book, record, []);
  for (const { body: condition } of record.invariants) invariant(scope, condition);
}

/** Capitalised choices are variants, and each has one. */
function discriminator(
  lint: Lint,
  book: Book,
  record: Record,
  { literals, ...place }: { literals: readonly string[]; line: number; column: number },
): void {
  const variants = variantsOf(record, book.module);
  for (const name of literals.filter((literal) => /^[A-Z]/.test(literal))) {
    const found = variants.find((variant) => variant.name === name);
    if (found === undefined)
      report(lint, book, place, "unknown-variant", `no variant of ${record.name} is named ${name}`);
    else lint.used.add(keyOf(book, name));
  }
  for (const variant of variants.filter(({ name }) => !literals.includes(name))) {
    report(lint, book, variant, "unknown-variant", `${record.name} does not name ${variant.name}`);
  }
}

/** Of the current state: no clock. */
function invariant(scope: Scope, condition: Expression): void {
  infer(scope, condition);
  const clock = find(condition, (node) => node.kind === "literal" && node.type === "Timestamp");
  if (clock !== undefined) {
    report(
      scope.lint,
      scope.book,
      clock,
      "clock-in-invariant",
      "an invariant is about one state, without a clock",
    );
  }
}

function surfaceFits(scope: Scope, surface: Surface): void {
  const { lint, book } = scope;
  const inner = inside(scope);
  for (const { name, type: named, condition } of [
    ...(surface.facing === null ? [] : [surface.facing]),
    ...surface.contexts,
  ]) {
    type(lint, book, named);
    inner.names.set(name, typeOf(named, book));
    if (condition !== null) infer(inside(inner, [], typeOf(named, book)), condition);
  }
  for (const { name, value } of surface.lets) inner.names.set(name, infer(inner, value));
  for (const exposed of surface.exposes) infer(inner, exposed);
  for (const { call, when } of surface.provides) {
    for (const { type: named } of call.parameters) if (named !== null) type(lint, book, named);
    const typed = call.parameters.map(
      ({ name, type: named }) => [name, named === null ? null : typeOf(named, book)] as const,
    );
    if (when !== null) infer(inside(inner, typed), when);
  }
  const own = new Set(of(book.module, "rule").map(({ name }) => name));
  for (const { name, module, ...place } of surface.timeouts) {
    const home = bookOf(book, module);
    const known =
      home === book
        ? own.has(name)
        : home !== undefined && of(home.module, "rule").some((rule) => rule.name === name);
    if (!known) report(lint, book, place, "unknown-rule", `no rule is named ${name}`);
  }
  for (const related of surface.related) {
    const named = related.kind === "call" ? related.of : related;
    if (
      named.kind === "name" &&
      bookOf(book, named.module)?.declared.get(named.name)?.kind === "surface"
    )
      continue;
    report(lint, book, related, "unknown-surface", "there is no such surface");
  }
}

function overrides(lint: Lint, book: Book): void {
  for (const { module, name, ...place } of book.module.overrides) {
    const home = bookOf(book, module);
    if (home?.module.config.some((setting) => setting.name === name) === true) continue;
    report(lint, book, place, "unknown-config", `there is no ${module}/config.${name}`);
  }
  for (const { path, alias, ...place } of book.module.uses) {
    if (book.imports.has(alias)) continue;
    report(lint, book, place, "unknown-file", `${path} is not there`);
  }
}

/** A creation gives every field that is always there. */
export function creations(lint: Lint, deeds: readonly Deed[]): void {
  for (const deed of deeds) {
    for (const { record, home, args, place } of deed.created) {
      const missing = membersOf(record, home)
        .filter(
          (member) => member.kind === "field" && member.when === null && !member.type.optional,
        )
        .filter(({ name }) => args.every((arg) => arg.name !== name));
      if (missing.length === 0) continue;
      const names = missing.map(({ name }) => name).join(", ");
      report(lint, deed.book, place, "field-unset", `${record.name} is created without ${names}`);
    }
  }
}

/** Whether time fires a rule: its condition names the clock, or a member that follows from it. */
export function isTimed(book: Book, { when }: Rule): boolean {
  if (when?.kind !== "holds") return false;
  const { type: named } = when.subject;
  const home = bookOf(book, named.module);
  const record = home?.declared.get(named.name);
  return home !== undefined && isRecord(record)
    ? asksClock(when.condition, membersOf(record, home), new Set())
    : asksClock(when.condition, [], new Set());
}

function asksClock(node: Expression, members: readonly Member[], seen: Set<string>): boolean {
  const asked = find(node, (part) => {
    if (part.kind === "literal") return part.type === "Timestamp";
    if (part.kind !== "member" && part.kind !== "name") return false;
    const member = members.find(({ name }) => name === part.name);
    if (member?.kind !== "derived" || seen.has(member.name)) return false;
    seen.add(member.name);
    return asksClock(member.value, members, seen);
  });
  return asked !== undefined;
}

export function rules(lint: Lint, deeds: readonly Deed[]): void {
  for (const { book, rule, requires, ensures } of deeds) {
    const timed = isTimed(book, rule);
    if (rule.when === null)
      report(lint, book, rule, "rule-without-when", `nothing triggers ${rule.name}`);
    if (ensures === 0)
      report(lint, book, rule, "rule-without-ensures", `${rule.name} brings nothing about`);
    if (timed && requires === 0) {
      report(lint, book, rule, "timer-unguarded", `${rule.name} fires in any state`);
    }
  }
}

/** Names by which tests speak of what they show are one over all files; others in their file. */
export function duplicates(lint: Lint): void {
  const obligations = new Map<string, string>();
  for (const book of lint.books.values()) {
    for (const { name, kind, place } of obligationsOf(book.module)) {
      const before = obligations.get(name);
      if (before !== undefined)
        report(lint, book, place, "duplicate-name", `${kind} ${name} is also in ${before}`);
      obligations.set(name, `${book.module.path}:${place.line}`);
    }
    const seen = new Set<string>();
    for (const { kind, name, ...place } of book.module.declarations) {
      if (kind === "rule" || kind === "invariant") continue;
      if (seen.has(name)) report(lint, book, place, "duplicate-name", `${name} is declared twice`);
      seen.add(name);
    }
    for (const record of records(book.module)) {
      const names = record.members.map(({ name }) => name);
      for (const { name, ...place } of record.members.filter(
        (member, index) => names.indexOf(member.name) < index,
      )) {
        report(lint, book, place, "duplicate-name", `${record.name} has two fields ${name}`);
      }
    }
  }
}

/** After all other checks: what they never came upon. */
export function unused(lint: Lint): void {
  for (const book of lint.books.values()) {
    const { module } = book;
    const idle = (name: string): boolean => !lint.used.has(keyOf(book, name));
    for (const { alias, ...place } of module.uses.filter((entry) => idle(`${entry.alias}/`))) {
      report(lint, book, place, "unused", `nothing of ${alias} is used`);
    }
    for (const { name, ...place } of module.given.filter((entry) => idle(`given.${entry.name}`))) {
      report(lint, book, place, "unused", `nobody speaks of the given ${name}`);
    }
    for (const { name, ...place } of module.config.filter((entry) =>
      idle(`config.${entry.name}`),
    )) {
      report(lint, book, place, "unused", `nobody reads config.${name}`);
    }
    for (const declaration of module.declarations) {
      const { kind, name } = declaration;
      if (!isRecord(declaration) && !["enum", "contract", "actor", "default"].includes(kind))
        continue;
      if (idle(name))
        report(lint, book, declaration, "unused", `nobody speaks of the ${kind} ${name}`);
    }
  }
}
