// A contender's process, in a group of its own, ready when this returns.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { whenAborted } from "../../lib/command.ts";
import { stopGroup } from "../../lib/group.ts";
import { freePort } from "../../lib/ports.ts";
import { quietEnvironment, root } from "../../lib/tools.ts";

const READY_MS = 60_000;
const SAID = 2_000;

export interface Service {
  readonly url: string;
  readonly pid: number;
  /** What it said of itself when it was ready. */
  readonly versions: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/**
 * Runs a script with `--port N --folder DIR` and `args`. It tells `{ versions }` over its channel when it serves, and ends
 * on a signal or with its parent. What it prints stands in DIR/service.log, the end of it in the error if it fails.
 */
export async function startService(
  script: string,
  folder: string,
  signal: AbortSignal,
  args: readonly string[] = [],
): Promise<Service> {
  const port = await freePort();
  const log = join(folder, "service.log");
  const file = openSync(log, "a");
  const child = spawn(
    process.execPath,
    [script, "--port", String(port), "--folder", folder, ...args],
    { cwd: root, env: quietEnvironment, stdio: ["ignore", file, file, "ipc"], detached: true },
  );
  closeSync(file);
  const pid = child.pid ?? 0;
  const ready = new Promise<Readonly<Record<string, string>>>((done, fail) => {
    child.once("message", (message) =>
      done((message as { readonly versions: Readonly<Record<string, string>> }).versions),
    );
    child.once("error", fail);
    child.once("exit", (code, by) => fail(new Error(`it ended (${by ?? `exit code ${code}`})`)));
    setTimeout(() => fail(new Error("it was not ready within a minute")), READY_MS).unref();
  });
  const given = whenAborted(signal).then(() => Promise.reject(new Error("stopped")));
  const stop = async (): Promise<void> => {
    if (pid > 0) await stopGroup(pid, port);
  };
  try {
    const versions = await Promise.race([ready, given]);
    return { url: `http://127.0.0.1:${port}`, pid, versions, stop };
  } catch (error) {
    await stop();
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${why}: ${readFileSync(log, "utf8").trim().slice(-SAID)}`, { cause: error });
  }
}

/** Of a service: tells the parent that it serves. */
export function tellReady(versions: Readonly<Record<string, string>>): void {
  process.send?.({ versions });
}
