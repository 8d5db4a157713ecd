/** All files of a specification → what is wrong with them, file by file and from top to bottom. */
import { creations, declarations, duplicates, rules, unused } from "./declared.ts";
import type { Finding } from "./finding.ts";
import { lifecycles } from "./lifecycle.ts";
import type { Lint } from "./lint.ts";
import { booksOf, of } from "./names.ts";
import type { Book } from "./names.ts";
import { official } from "./official.ts";
import { read } from "./reader.ts";
import type { Module } from "./syntax.ts";
import { unset } from "./told.ts";
import { walk } from "./walk.ts";
import type { Deed } from "./walk.ts";
import { heardOf, wiring } from "./wiring.ts";

/** Texts by path. */
export type Sources = ReadonlyMap<string, string>;

export function lint(sources: Sources): Finding[] {
  const reads = [...sources].map(([path, source]) => read(path, source));
  const modules = reads.map(({ module }) => module);
  const findings = [...reads.flatMap((each) => each.findings), ...judged(modules)];
  return findings.toSorted((a, b) =>
    a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1,
  );
}

function judged(modules: readonly Module[]): Finding[] {
  const books = booksOf(modules);
  // What a rule emits types what another hears, which may be emitted again.
  let heard: Lint["heard"] = new Map();
  for (let pass = 0; pass < 2; pass += 1) {
    const silent: Lint = { books, findings: [], used: new Set(), heard };
    heard = heardOf(silent, deedsOf(silent, books));
  }
  const final: Lint = { books, findings: [], used: new Set(), heard };
  for (const book of books.values()) declarations(final, book);
  const deeds = deedsOf(final, books);
  rules(final, deeds);
  creations(final, deeds);
  unset(final, deeds);
  wiring(final, deeds);
  lifecycles(final, deeds);
  duplicates(final);
  unused(final);
  for (const book of books.values()) official(final, book);
  return final.findings;
}

const deedsOf = (final: Lint, books: ReadonlyMap<string, Book>): Deed[] =>
  [...books.values()].flatMap((book) =>
    of(book.module, "rule").map((rule) => walk(final, book, rule)),
  );
