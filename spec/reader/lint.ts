/** What every check of the linter shares: the books, the findings, and what was seen in use. */
import type { Code, Finding } from "./finding.ts";
import type { Book, Type } from "./names.ts";
import type { Place } from "./tokens.ts";

export interface Heard {
  readonly name: string;
  readonly type: Type;
}

export interface Lint {
  readonly books: ReadonlyMap<string, Book>;
  readonly findings: Finding[];
  /** Names in use: `path#Name`, `path#config.name`, `path#given.name`, `path#alias/`. */
  readonly used: Set<string>;
  /** What is known of the parameters of a trigger, by `path#Name`: from `provides` first, then from who emits it. */
  readonly heard: ReadonlyMap<string, readonly Heard[]>;
}

export const keyOf = (book: Book, name: string): string => `${book.module.path}#${name}`;

export function report(
  lint: Lint,
  book: Book,
  { line, column }: Place,
  code: Code,
  problem: string,
): void {
  const { path } = book.module;
  const same = (finding: Finding): boolean =>
    finding.path === path && finding.line === line && finding.problem === problem;
  if (!lint.findings.some(same)) lint.findings.push({ code, path, line, column, problem });
}
