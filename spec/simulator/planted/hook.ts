/** For `node --import`: plants the bug that the environment names into whatever is loaded, or read as SQL, from now on. */
import fs from "node:fs";
import { registerHooks, syncBuiltinESMExports } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bugs } from "./bugs.ts";
import { byFile, planted } from "./plant.ts";

const root = resolve(import.meta.dirname, "../../..");
const name = process.env["PLANT"] ?? "";
const bug = bugs.find((one) => one.name === name);
if (name !== "" && bug === undefined) throw new Error(`there is no planted bug "${name}"`);

const patches = new Map(
  [...byFile(bug?.patches ?? [])].map(([file, of]) => [pathToFileURL(join(root, file)).href, of]),
);
const waiting = new Set(patches.keys());

/** Files to be patched that nothing has loaded: such a bug was never there. */
export function unplanted(): string[] {
  return [...waiting];
}

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const of = patches.get(url);
    if (of === undefined) return loaded;
    const { source } = loaded;
    if (source === undefined || source === null)
      throw new Error(`${url} was loaded without source`);
    const text = typeof source === "string" ? source : new TextDecoder().decode(source);
    waiting.delete(url);
    return { ...loaded, source: planted(text, of) };
  },
});

const { readFileSync } = fs;

/** Whoever reads a migration reads it with the bug in it. */
function read(...args: Parameters<typeof readFileSync>): ReturnType<typeof readFileSync> {
  const [path] = args;
  const text = readFileSync(...args);
  const url = path instanceof URL ? path.href : pathToFileURL(String(path)).href;
  const of = url.endsWith(".sql") ? patches.get(url) : undefined;
  if (of === undefined) return text;
  waiting.delete(url);
  return planted(text.toString(), of);
}

fs.readFileSync = read as typeof readFileSync;
syncBuiltinESMExports();
