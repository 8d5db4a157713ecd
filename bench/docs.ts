// npm run docs: does what the documentation says. On a copy of this folder, as a newcomer has it, `npm start` is started, and
// every block marked sh is run as it stands, page by page; what follows as a json block must be what it printed.
// Exit 0: everything came out as documented. 2: something did not. 3: it could not be run.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { blocksOf, fits, pagesIn } from "./docs/pages.ts";
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

/** Everything that git knows or would take, and the packages. */
function copyInto(folder: string): void {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  for (const file of listed.split("\0").filter((name) => name !== "")) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
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

function run(text: string, folder: string): Promise<Ran> {
  const child = spawn("bash", ["-euo", "pipefail", "-c", text], {
    cwd: folder,
    env: quietEnvironment,
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
  if (documented?.language !== "json") return null;
  try {
    if (fits(JSON.parse(documented.text), JSON.parse(ran.out))) return null;
  } catch {
    // Told below, with both texts.
  }
  return `printed\n${ran.out.slice(0, SHOWN)}\ninstead of\n${documented.text}`;
}

async function follow(page: Page, folder: string, port: number): Promise<number> {
  const blocks = blocksOf(page);
  let wrong = 0;
  for (const [index, block] of blocks.entries()) {
    if (block.language !== "sh") continue;
    const from = performance.now();
    const ran = await run(block.text.replaceAll(DOCUMENTED_PORT, String(port)), folder);
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    const told = objection(ran, blocks[index + 1]);
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
