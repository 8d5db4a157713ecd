// The specification as files: their texts, what they oblige to, and the sources of the tests that show it.
import { readFileSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

import { obligationsOf } from "../../spec/reader/obligations.ts";
import type { Obligation } from "../../spec/reader/obligations.ts";
import { read } from "../../spec/reader/reader.ts";
import { root } from "./tools.ts";

/** Texts by path from the root, in order, of the files below `folder` that end so. */
export function texts(folder: string, ending: string): Map<string, string> {
  const paths = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .toSorted();
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

/** What carries out the specification: the deployment, its database's schema, and the verifier that shares nothing with them. */
export const codeTexts = (): Map<string, string> =>
  new Map([
    ...texts("objects", ".ts"),
    ...texts("objects/ledger/migrations", ".sql"),
    ...texts("worker", ".ts"),
    ...texts("worker", ".tsx"),
    ...texts("client", ".ts"),
    ...texts("cli", ".ts"),
    ...texts("bench/verify", ".ts"),
  ]);

export const alliums = (): Map<string, string> => texts("spec", ".allium");

export const obligations = (): Obligation[] =>
  [...alliums()].flatMap(([path, text]) => obligationsOf(read(path, text).module));
