// A server to drive: started in a process group of its own, ready when this returns.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { whenAborted } from "./command.ts";
import { killGroup, stopGroup } from "./group.ts";
import { demandFree, freePort } from "./ports.ts";
import { waitUntilReady } from "./ready.ts";
import { quietEnvironment, root } from "./tools.ts";
import { freshVars } from "./vars.ts";
import type { Vars } from "./vars.ts";

export interface StartOptions {
  /** A free one is taken if none is given. */
  port?: number;
  /** The folder its state lives in; a later server on the same folder goes on from there. */
  persist: string;
  /** On top of wrangler.toml's; by default a token of its own with all scopes, and faults allowed. */
  vars?: Vars;
  /** A folder with a bundle that `buildBundle` made; without it one is built. */
  bundle?: string;
  /** The folder has the ledger's tables: they are not brought up to date. */
  migrated?: boolean;
  /** A port for V8's inspector, open to whoever is on this machine. */
  inspector?: number;
  /** Gives up waiting for a server that is not ready yet, and stops it. */
  signal?: AbortSignal;
}

export interface Server {
  url: string;
  port: number;
  token: string;
  /** The process group it runs in. */
  group: number;
  /** Comes with the reason when it ends, asked to or not. */
  ended: Promise<string>;
  stop(): Promise<void>;
  /** Ends it as a crash would: nothing is closed, nothing written. */
  kill(): Promise<void>;
}

interface Life {
  ended: Promise<string>;
  listening: Promise<void>;
  end: () => string | undefined;
}

function watch(child: ChildProcess): Life {
  let end: string | undefined;
  const ended = new Promise<string>((done) => {
    child.once("exit", (code, signal) => {
      end = `the server ended (${signal ?? `exit code ${code}`})`;
      done(end);
    });
    child.once("error", (error) => {
      end = `the server could not be started: ${error.message}`;
      done(end);
    });
  });
  const listening = new Promise<void>((done) => {
    child.once("message", () => done());
  });
  return { ended, listening, end: () => end };
}

async function spawnHost(options: StartOptions, port: number, vars: Vars): Promise<Server> {
  const boot = randomUUID();
  // A file rather than an argument: arguments can be read by every user of the machine.
  const folder = mkdtempSync(join(tmpdir(), "assize-vars-"));
  const file = join(folder, "vars.json");
  // Who drives a server has lines of its own to show.
  writeFileSync(file, JSON.stringify({ LOG: "failures", ...vars }), { mode: 0o600 });
  const host = fileURLToPath(new URL("host.ts", import.meta.url));
  const args = ["--port", String(port), "--persist", options.persist, "--boot", boot];
  if (options.bundle !== undefined) args.push("--bundle", options.bundle);
  if (options.migrated === true) args.push("--migrated");
  if (options.inspector !== undefined) args.push("--inspector", String(options.inspector));
  const child = spawn(process.execPath, [host, ...args, "--vars", file], {
    cwd: root,
    // Or wrangler reports a .dev.vars that the given variables replace.
    env: { ...quietEnvironment, WRANGLER_LOG: "warn" },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    detached: true,
  });
  const { ended, listening, end } = watch(child);
  const url = `http://127.0.0.1:${port}`;
  const group = child.pid ?? 0;
  try {
    const aborted = options.signal ? [whenAborted(options.signal)] : [];
    await Promise.race([listening, ended, ...aborted]);
    const whyDead = (): string | undefined =>
      options.signal?.aborted ? "stopped before it was ready" : end();
    await waitUntilReady(url, boot, whyDead);
  } catch (error) {
    if (group > 0) await stopGroup(group, port);
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const token = vars["DEV_TOKEN"] ?? "";
  const stop = (): Promise<void> => stopGroup(group, port);
  const kill = (): Promise<void> => killGroup(group, port);
  return { url, port, token, group, ended, stop, kill };
}

export async function startServer(options: StartOptions): Promise<Server> {
  const port = options.port ?? (await freePort());
  await demandFree(port);
  return spawnHost(options, port, options.vars ?? freshVars());
}
