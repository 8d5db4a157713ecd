// npm run pack: the client as a package of its own, assize-<version>.tgz: what is built, its types, and no dependency that it does
// not import. The server is no package: it is deployed from here.
//
//   npm run pack [-- --to FOLDER]
//
// Exit 0: the file is written, and its path printed.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { root, toolArguments } from "./lib/tools.ts";

/** What the built files import, the types included. */
const IMPORTED = ["eventsource-parser", "zod"];

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly [member: string]: unknown;
}

function manifestOf(own: Manifest): object {
  const { name, version, license, type, engines, dependencies } = own;
  const exports = (own["exports"] ?? {}) as Record<string, unknown>;
  const description = "The TypeScript client of Assize, an event ledger";
  const used = Object.entries(dependencies).filter(([each]) => IMPORTED.includes(each));
  const same = { name, version, description, license, type, exports, engines };
  return { ...same, dependencies: Object.fromEntries(used) };
}

const { to = root } = parseArgs({ options: { to: { type: "string" } } }).values;
const stage = mkdtempSync(join(tmpdir(), "assize-pack-"));
try {
  const built = ["-p", join(root, "tsconfig.client.json"), "--outDir", join(stage, "dist-client")];
  execFileSync(process.execPath, toolArguments("tsc", built), { stdio: "inherit" });
  const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  writeFileSync(join(stage, "package.json"), `${JSON.stringify(manifestOf(own), null, 2)}\n`);
  cpSync(join(root, "LICENSE"), join(stage, "LICENSE"));
  mkdirSync(resolve(to), { recursive: true });
  const npm = ["pack", "--silent", "--pack-destination", resolve(to)];
  const file = execFileSync("npm", npm, { cwd: stage, encoding: "utf8" }).trim();
  process.stdout.write(`${join(resolve(to), file)}\n`);
} finally {
  rmSync(stage, { recursive: true, force: true });
}
