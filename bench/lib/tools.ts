// Running the installed tools with this very Node, whatever the PATH says.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** For every child: without traces (5-15 times slower), metrics, questions, and the request for sample metadata. */
export const quietEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  CI: "1",
  X_LOCAL_OBSERVABILITY: "false",
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** The arguments for Node that run a tool: its script, read from its package, then `args`. */
export function toolArguments(tool: string, args: string[]): string[] {
  const home = join(root, "node_modules", tool === "tsc" ? "typescript" : tool);
  const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as {
    bin: string | Record<string, string>;
  };
  const script = typeof manifest.bin === "string" ? manifest.bin : manifest.bin[tool];
  if (script === undefined) throw new Error(`the package of ${tool} names no such command`);
  return [join(home, script), ...args];
}

/** Runs wrangler to its end; what it says is shown only when it fails. */
export async function runWrangler(args: string[]): Promise<void> {
  const child = spawn(process.execPath, toolArguments("wrangler", args), {
    cwd: root,
    env: quietEnvironment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => said.push(text));
  }
  const code = await new Promise<number | null>((done, fail) => {
    child.on("error", fail);
    child.on("close", done);
  });
  if (code !== 0) throw new Error(`wrangler ${args.join(" ")} failed:\n${said.join("")}`);
}

/** Builds the worker into a folder. */
export function buildBundle(folder: string): Promise<void> {
  return runWrangler(["deploy", "--dry-run", "--outdir", folder]);
}

/** Brings the ledger's tables up to date; applying twice is safe. */
export function applyMigrations(persist?: string): Promise<void> {
  const where = persist === undefined ? [] : ["--persist-to", persist];
  return runWrangler(["d1", "migrations", "apply", "LEDGER", "--local", ...where]);
}
