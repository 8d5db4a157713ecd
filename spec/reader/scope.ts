/** Which names are in reach, and what can be told of types without an expression. */
import type { Lint } from "./lint.ts";
import { of, plain } from "./names.ts";
import type { Book, Type } from "./names.ts";
import type { Operation, Record } from "./syntax.ts";
import type { Place } from "./tokens.ts";

/** Names in reach, innermost first. `self`: whose fields may stand without it, as in a `where`. */
export interface Scope {
  readonly lint: Lint;
  readonly book: Book;
  readonly names: Map<string, Type>;
  readonly self: Type;
  /** Its elements come out of a black box: nothing tells what their names are. */
  readonly opaque?: boolean;
  readonly outer: Scope | null;
  /** Told of each field that is read though it is there in some states only. */
  readonly read?: (reading: Reading) => void;
}
export interface Reading {
  readonly place: Place;
  readonly record: Record;
  readonly subject: string;
  readonly field: string;
}

export function inside(
  outer: Scope,
  names: readonly (readonly [string, Type])[] = [],
  self: Type = null,
): Scope {
  return { ...outer, names: new Map(names), self, outer };
}

export function isOpaque(scope: Scope | null): boolean {
  return scope !== null && (scope.opaque === true || isOpaque(scope.outer));
}

/** In reach of the names of an element. */
export const amid = (scope: Scope, element: Type): Scope => ({
  ...inside(scope, [], element),
  opaque: element === null,
});

export const quiet = (scope: Scope): Scope => ({
  ...scope,
  lint: { ...scope.lint, findings: [] },
  read: () => {},
});

export function operationOf(
  book: Book,
  name: string,
): { operation: Operation; home: Book } | undefined {
  for (const home of [book, ...book.imports.values()]) {
    for (const { operations } of of(home.module, "contract")) {
      const operation = operations.find((entry) => entry.name === name);
      if (operation !== undefined) return { operation, home };
    }
  }
  return undefined;
}

/** Kinds that may not be compared; numbers and times have relatives. */
export function family(type: Type): string | null {
  if (type === null) return null;
  if (type.kind === "plain")
    return ["Integer", "Decimal"].includes(type.name) ? "number" : type.name;
  if (type.kind === "record")
    return `${type.book.module.path}#${type.record.base?.name ?? type.record.name}`;
  return type.kind === "choice" ? `choice ${type.name}` : "collection";
}

/** A time and a duration make a time; of unlike others nothing is told. */
export function sum(first: Type, second: Type): Type {
  if (first?.kind !== "plain" || second?.kind !== "plain")
    return first?.kind === "many" ? first : null;
  if (first.name === second.name) return first.name === "Timestamp" ? plain("Duration") : first;
  return [first.name, second.name].includes("Timestamp") ? plain("Timestamp") : null;
}
