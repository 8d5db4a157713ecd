/** The files of a folder together: who declares a name, and what a thing of it has. */
import type {
  Declaration,
  Expression,
  Kind,
  Member,
  Module,
  Of,
  Record,
  TypeName,
} from "./syntax.ts";

/** What an expression comes to, as far as the text tells; null where it does not. */
export type Type =
  | { readonly kind: "record"; readonly book: Book; readonly record: Record }
  | { readonly kind: "choice"; readonly literals: readonly string[]; readonly name: string }
  | { readonly kind: "many"; readonly of: Type }
  | { readonly kind: "plain"; readonly name: string }
  | null;

/** The names of one file, and the files it uses by alias. */
export interface Book {
  readonly module: Module;
  readonly imports: Map<string, Book>;
  readonly declared: ReadonlyMap<string, Declaration>;
}

export const PLAIN = new Set("String Integer Decimal Boolean Timestamp Duration Any".split(" "));
const GENERIC = new Set(["Set", "List", "Map"]);
export const plain = (name: string): Type => ({ kind: "plain", name });

/** Books by the paths of their files. Paths in `use` are relative; all files lie in one folder. */
export function booksOf(modules: readonly Module[]): Map<string, Book> {
  const books = new Map(
    modules.map((module): [string, Book] => {
      const named = module.declarations.filter(
        ({ kind }) => kind !== "rule" && kind !== "invariant",
      );
      const declared = new Map(named.map((declaration) => [declaration.name, declaration]));
      return [module.path, { module, imports: new Map(), declared }];
    }),
  );
  for (const { module, imports } of books.values()) {
    for (const { path, alias } of module.uses) {
      const used = books.get(besides(module.path, path));
      if (used !== undefined) imports.set(alias, used);
    }
  }
  return books;
}

const besides = (path: string, other: string): string =>
  [...path.split("/").slice(0, -1), other.replace(/^\.\//, "")].join("/");

/** The book that `alias/` leads to; this one without it. */
export const bookOf = (book: Book, alias: string | null): Book | undefined =>
  alias === null ? book : book.imports.get(alias);

export function isRecord(declaration: Declaration | undefined): declaration is Record {
  return (
    declaration !== undefined &&
    ["entity", "external entity", "value", "variant"].includes(declaration.kind)
  );
}

export const of = <K extends Kind>(module: Module, kind: K): readonly Of<K>[] =>
  module.declarations.filter((declaration): declaration is Of<K> => declaration.kind === kind);
export const variantsOf = (record: Record, module: Module): Record[] =>
  records(module).filter(({ kind, base }) => kind === "variant" && base?.name === record.name);
export const records = (module: Module): Record[] => module.declarations.filter(isRecord);

export const knows = (type: TypeName, book: Book): boolean =>
  type.module === null && (PLAIN.has(type.name) || GENERIC.has(type.name))
    ? true
    : bookOf(book, type.module)?.declared.has(type.name) === true;

export function typeOf(type: TypeName, book: Book): Type {
  const [inner] = type.args;
  if (type.module === null && GENERIC.has(type.name)) {
    return {
      kind: "many",
      of: inner === undefined || type.name === "Map" ? null : typeOf(inner, book),
    };
  }
  if (type.module === null && PLAIN.has(type.name))
    return type.name === "Any" ? null : plain(type.name);
  const home = bookOf(book, type.module);
  return home === undefined ? null : declaredType(type.name, home);
}

export function declaredType(name: string, book: Book): Type {
  const declaration = book.declared.get(name);
  if (isRecord(declaration)) return { kind: "record", book, record: declaration };
  if (declaration?.kind === "enum") return { kind: "choice", literals: declaration.literals, name };
  if (declaration?.kind === "actor") {
    const who = declaration.identified;
    const whose = who?.kind === "filter" ? who.of : who;
    return whose?.kind === "name"
      ? declaredType(whose.name, bookOf(book, whose.module) ?? book)
      : null;
  }
  return null;
}

export function plural(name: string): string {
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return /(?:s|x|z|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}

/** The record whose instances `name` stands for. */
export function collected(name: string, book: Book): Record | undefined {
  return [...book.declared.values()]
    .filter(isRecord)
    .find((record) => plural(record.name) === name);
}

/** Members of a record, those of its base and, where it is a sum, of its variants. */
export function membersOf(record: Record, book: Book): Member[] {
  const base =
    record.base === null
      ? undefined
      : bookOf(book, record.base.module)?.declared.get(record.base.name);
  const above = isRecord(base) && base !== record ? base.members : [];
  const below = variantsOf(record, book.module);
  return [...record.members, ...above, ...below.flatMap(({ members }) => members)];
}

export const memberOf = (record: Record, book: Book, name: string): Member | undefined =>
  membersOf(record, book).find((member) => member.name === name);

/** Every enum literal that a file can see, for where nothing tells which enum is meant. */
export function literalsIn(book: Book): Set<string> {
  const seen = [book, ...book.imports.values()];
  return new Set(
    seen.flatMap(({ module }) => [
      ...of(module, "enum").flatMap(({ literals }) => literals),
      ...records(module).flatMap(({ members }) =>
        members.flatMap((member) => (member.kind === "choice" ? member.literals : [])),
      ),
    ]),
  );
}

/** An expression as one line, to tell two places that mean the same thing. */
export function shown(expression: Expression): string {
  const { kind, line, column } = expression;
  if (kind === "name") return `${expression.module ?? ""}/${expression.name}`.replace(/^\//, "");
  if (kind === "literal") return expression.text;
  if (kind === "member") return `${shown(expression.of)}.${expression.name}`;
  // Else only itself.
  if (kind !== "call" && kind !== "lookup") return `${kind}@${line}:${column}`;
  const args = expression.args.map(({ name, value }) => `${name ?? ""}:${shown(value)}`);
  return `${shown(expression.of)}(${args.join(",")})`;
}
