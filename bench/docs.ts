// npm run docs [-- --clone] [PAGE …]: does what the documentation says. On a copy of this folder, as a newcomer has it, `npm start`
// is started, and every block marked sh is run as it stands, page by page; a json or text block right below it must be what it
// printed. With --clone, on a git clone in an empty folder, which installs its own packages.
// Exit 0: everything came out as documented. 1: wrong arguments. 2: something did not. 3: it could not be run.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";

import { blocksOf, fits, IGNORED, pagesIn, printed } from "./docs/pages.ts";
import type { Block, Page } from "./docs/pages.ts";
import { stopGroup } from "./lib/group.ts";
import { freePort } from "./lib/ports.ts";
import { quietEnvironment, root } from "./lib/tools.ts";

const EXIT = { usage: 1, wrong: 2, unable: 3 } as const;
const START_MS = 120_000;
const BLOCK_MS = 300_000;
const DOCUMENTED_PORT = "8787";
/** Their blocks need files and a client that is built: spec/client-docs.core.spec.ts runs them. */
const ELSEWHERE = new Set(["docs/client.md", "docs/cli.md"]);
const SHOWN = 2_000;

/** Nothing that is made here, nor the token, which a newcomer does not have. */
function isCopied(source: string): boolean {
  const name = basename(source);
  return source === root || !(IGNORED.has(name) || name === ".dev.vars");
}

/** The packages by a link. */
function copyInto(folder: string): void {
  cpSync(root, folder, { recursive: true, filter: isCopied });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
}

/** As `git clone` does it; what is not committed is not there. */
function cloneInto(folder: string): void {
  execFileSync("git", ["clone", "--quiet", root, folder], { stdio: "inherit" });
}

interface Running {
  readonly group: number;
  readonly stop: () => Promise<void>;
}

/** `npm start`, as the README has it; returns when it has said that it is ready. */
async function started(folder: string, port: number): Promise<Running> {
  const child = spawn("npm", ["start", "--", "--port", String(port)], {
    cwd: folder,
    env: quietEnvironment,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const group = child.pid ?? 0;
  const stop = (): Promise<void> => stopGroup(group, port);
  let said = "";
  try {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("npm start was not ready in time")), START_MS);
      child.stdout.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (!said.includes("assize ready on")) return;
        clearTimeout(late);
        resolve();
      });
      child.once("exit", () => reject(new Error(`npm start ended: ${said}`)));
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { group, stop };
}

/** Where a newcomer is, and what they have started. */
interface Place {
  readonly folder: string;
  readonly port: number;
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** The blocks of a page are one session: variables of one hold for those below it, and are kept in the file. */
function run(text: string, { folder, port }: Place, variables: string): Promise<Ran> {
  const script = `[ -f "$KEPT" ] && . "$KEPT"\nset -aeuo pipefail\n${text}\nexport -p > "$KEPT"\n`;
  const child = spawn("bash", ["-c", script], {
    cwd: folder,
    // The command line asks the documented port where nothing is said.
    env: { ...quietEnvironment, KEPT: variables, ASSIZE_URL: `http://127.0.0.1:${port}` },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: BLOCK_MS,
  });
  const [out, error]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => error.push(chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({
        code,
        out: Buffer.concat(out).toString(),
        error: Buffer.concat(error).toString(),
      }),
    );
  });
}

/** What is wrong with what a block came to; null if nothing is. */
function objection(ran: Ran, documented: Block | undefined): string | null {
  if (ran.code !== 0) return `exit ${ran.code}\n${ran.error.slice(-SHOWN)}${ran.out.slice(-SHOWN)}`;
  if (documented === undefined) return null;
  if (documented.language === "text" && printed(documented.text, ran.out)) return null;
  try {
    if (fits(JSON.parse(documented.text), JSON.parse(ran.out))) return null;
  } catch {
    // Told below, with both texts.
  }
  return `printed\n${ran.out.slice(0, SHOWN)}\ninstead of\n${documented.text}`;
}

/** The json or text block that stands right below, with no word between. */
function answerTo(block: Block, next: Block | undefined): Block | undefined {
  const below = block.line + block.text.split("\n").length + 3;
  const answers = next?.language === "json" || next?.language === "text";
  return answers && next.line === below ? next : undefined;
}

async function follow(page: Page, place: Place): Promise<number> {
  const blocks = blocksOf(page);
  const variables = join(mkdtempSync(join(place.folder, ".session-")), "variables");
  let wrong = 0;
  for (const [index, block] of blocks.entries()) {
    if (block.language !== "sh") continue;
    const from = performance.now();
    const text = block.text.replaceAll(DOCUMENTED_PORT, String(place.port));
    const ran = await run(text, place, variables);
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    const told = objection(ran, answerTo(block, blocks[index + 1]));
    if (told !== null) wrong += 1;
    const state = told === null ? "ok    " : "WRONG ";
    const at = `${page.path}:${block.line}`;
    process.stdout.write(`${state}  ${seconds} s  ${at}${told === null ? "" : `\n${told}`}\n`);
  }
  return wrong;
}

function asked(): { readonly clone: boolean; readonly wanted: readonly string[] } {
  const { values, positionals } = parseArgs({
    options: { clone: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const known = pagesIn(root).map(({ path }) => path);
  const other = positionals.find((page) => !known.includes(page) || ELSEWHERE.has(page));
  if (other !== undefined) throw new TypeError(`no page ${other} has blocks that are run here`);
  return { clone: values.clone, wanted: positionals };
}

async function main(): Promise<number> {
  const { clone, wanted } = asked();
  const folder = mkdtempSync(join(tmpdir(), "assize-docs-"));
  try {
    await timed(clone ? "git clone" : "copy", () =>
      Promise.resolve((clone ? cloneInto : copyInto)(folder)),
    );
    const port = await freePort();
    const server = await timed("npm start", () => started(folder, port));
    try {
      const pages = pagesIn(folder).filter(({ path }) =>
        wanted.length > 0 ? wanted.includes(path) : !ELSEWHERE.has(path),
      );
      let wrong = 0;
      for (const page of pages) wrong += await follow(page, { folder, port });
      return wrong === 0 ? 0 : EXIT.wrong;
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await work();
  process.stdout.write(`ok      ${((performance.now() - from) / 1000).toFixed(1)} s  ${what}\n`);
  return result;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`assize docs: ${error instanceof Error ? error.message : String(error)}\n`);
  return error instanceof TypeError ? EXIT.usage : EXIT.unable;
});
