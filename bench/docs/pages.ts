// What documentation says that a machine can hold it to: links, commands, and blocks to be run.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Folders that are no part of the sources. */
export const IGNORED: ReadonlySet<string> = new Set([
  "node_modules",
  ".git",
  ".assize",
  ".wrangler",
  "dist",
  "dist-client",
]);

export interface Page {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every page of the repository. */
export function pagesIn(root: string): Page[] {
  const walk = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      if (IGNORED.has(entry.name)) return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return walk(path);
      return entry.name.endsWith(".md") ? [path] : [];
    });
  return walk(root)
    .toSorted()
    .map((path) => ({
      path: relative(root, path).replaceAll("\\", "/"),
      text: readFileSync(path, "utf8"),
    }));
}

export interface Block {
  /** Of its first line, counted from 1. */
  readonly line: number;
  /** After the fence; empty for an output, or for what is not to be run as it stands. */
  readonly language: string;
  readonly text: string;
}

export function blocksOf({ text }: Page): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; language: string; lines: string[]; indent: string } | null = null;
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^( *)```(\S*)\s*$/.exec(line);
    if (fence === null) open?.lines.push(line.replace(open.indent, ""));
    else if (open === null)
      open = { line: index + 2, language: fence[2] ?? "", lines: [], indent: fence[1] ?? "" };
    else {
      blocks.push({ line: open.line, language: open.language, text: open.lines.join("\n") });
      open = null;
    }
  }
  return blocks;
}

/** The page without its blocks, line for line. */
function proseOf(text: string): string {
  let inside = false;
  return text
    .split("\n")
    .map((line) => {
      const fence = /^ *```/.test(line);
      if (fence) inside = !inside;
      return inside || fence ? "" : line;
    })
    .join("\n");
}

/** Relative links, resolved from the root; the part after # apart. */
export function linksOf(page: Page): { readonly file: string; readonly anchor: string | null }[] {
  const links = proseOf(page.text).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g);
  return [...links].map(([, to = "", anchor = null]) => ({
    file: to === "" ? page.path : join(dirname(page.path), to).replaceAll("\\", "/"),
    anchor,
  }));
}

/** As GitHub makes them from headings. */
export function anchorsOf({ text }: Page): Set<string> {
  return new Set(
    [...proseOf(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** Names after `npm run`, and of npm's own: start, test. */
export function scriptsOf({ text }: Page): Set<string> {
  const named = [...text.matchAll(/\bnpm run ([a-z][\w:-]*)/g)].map(([, name = ""]) => name);
  const own = [...text.matchAll(/\bnpm (start|test)\b/g)].map(([, name = ""]) => name);
  return new Set([...named, ...own]);
}

/** Whether a documented answer is that one: a text that ends in … is any that is as long, and a time is any time. */
export function fits(documented: unknown, actual: unknown): boolean {
  if (typeof documented === "string" && typeof actual === "string") {
    if (documented.endsWith("…")) return actual.length >= documented.length;
    const time = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
    return documented === actual || (time.test(documented) && time.test(actual));
  }
  if (Array.isArray(documented) && Array.isArray(actual))
    return (
      documented.length === actual.length && documented.every((one, at) => fits(one, actual[at]))
    );
  if (isRecord(documented) && isRecord(actual)) {
    const names = Object.keys(documented).toSorted();
    const same = names.join("\n") === Object.keys(actual).toSorted().join("\n");
    return same && names.every((name) => fits(documented[name], actual[name]));
  }
  return documented === actual;
}

/** Whether a documented output is that one: line by line, … standing for any text in a line, and a line of … for any lines. */
export function printed(documented: string, actual: string): boolean {
  const pattern = documented
    .trimEnd()
    .split("\n")
    .map((line) =>
      line.trim() === "…" ? "(?:.*\\n)*?.*" : line.split("…").map(literally).join(".*"),
    )
    .join("\\n");
  return new RegExp(`^${pattern}$`).test(actual.trimEnd());
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
