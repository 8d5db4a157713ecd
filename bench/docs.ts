// npm run docs: does what the documentation says. On a copy of this folder, as a newcomer has it, `npm start` is started, and
// every block marked sh is run as it stands, page by page; a json block right below it must be what it printed.
// Exit 0: everything came out as documented. 2: something did not. 3: it could not be run.
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { blocksOf, fits, IGNORED, pagesIn } from "./docs/pages.ts";
import type { Block, Page } from "./docs/pages.ts";
import { stopGroup } from "./lib/group.ts";
import { freePort } from "./lib/ports.ts";
import { quietEnvironment, root } from "./lib/tools.ts";

const EXIT = { wrong: 2, unable: 3 } as const;
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

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** The blocks of a page are one session: variables of one hold for those below it, and are kept in the file. */
function run(text: string, folder: string, variables: string): Promise<Ran> {
  const script = `[ -f "$KEPT" ] && . "$KEPT"\nset -aeuo pipefail\n${text}\nexport -p > "$KEPT"\n`;
  const child = spawn("bash", ["-c", script], {
    cwd: folder,
    env: { ...quietEnvironment, KEPT: variables },
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
  try {
    if (fits(JSON.parse(documented.text), JSON.parse(ran.out))) return null;
  } catch {
    // Told below, with both texts.
  }
  return `printed\n${ran.out.slice(0, SHOWN)}\ninstead of\n${documented.text}`;
}

/** The json block that stands right below, with no word between. */
function answerTo(block: Block, next: Block | undefined): Block | undefined {
  const below = block.line + block.text.split("\n").length + 3;
  return next?.language === "json" && next.line === below ? next : undefined;
}

async function follow(page: Page, folder: string, port: number): Promise<number> {
  const blocks = blocksOf(page);
  const variables = join(mkdtempSync(join(folder, ".session-")), "variables");
  let wrong = 0;
  for (const [index, block] of blocks.entries()) {
    if (block.language !== "sh") continue;
    const from = performance.now();
    const text = block.text.replaceAll(DOCUMENTED_PORT, String(port));
    const ran = await run(text, folder, variables);
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    const told = objection(ran, answerTo(block, blocks[index + 1]));
    if (told !== null) wrong += 1;
    const state = told === null ? "ok    " : "WRONG ";
    const place = `${page.path}:${block.line}`;
    process.stdout.write(`${state}  ${seconds} s  ${place}${told === null ? "" : `\n${told}`}\n`);
  }
  return wrong;
}

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "assize-docs-"));
  try {
    copyInto(folder);
    const port = await freePort();
    const from = performance.now();
    const server = await started(folder, port);
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    process.stdout.write(`ok      ${seconds} s  npm start\n`);
    try {
      let wrong = 0;
      for (const page of pagesIn(folder).filter(({ path }) => !ELSEWHERE.has(path)))
        wrong += await follow(page, folder, port);
      return wrong === 0 ? 0 : EXIT.wrong;
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`assize docs: ${error instanceof Error ? error.message : String(error)}\n`);
  return EXIT.unable;
});
