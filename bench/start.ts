// npm start: the development server, with its state in .wrangler and live reload, until Ctrl-C.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { greeting, main, serverOptions, stopSignal, whenAborted } from "./lib/command.ts";
import { lockFolder } from "./lib/folder-lock.ts";
import type { FolderLock } from "./lib/folder-lock.ts";
import { stopGroup } from "./lib/group.ts";
import { demandFree } from "./lib/ports.ts";
import { waitUntilReady } from "./lib/ready.ts";
import { applyMigrations, root } from "./lib/tools.ts";
import { devVars } from "./lib/vars.ts";

const guard = fileURLToPath(new URL("lib/guard.ts", import.meta.url));

/** In a group of its own, so that the proxy and both runtimes end with it and Ctrl-C is ours to handle. */
function startWrangler(port: number, persist: string, boot: string): ChildProcess {
  const args = [
    ["dev", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
    ["--persist-to", persist, "--var", `BOOT_ID:${boot}`],
    ["--show-interactive-dev-session=false"],
  ].flat();
  return spawn(process.execPath, [guard, ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
}

/** Why it ended, once it has. */
function watch(child: ChildProcess): { ended: Promise<void>; end: () => string | undefined } {
  let end: string | undefined;
  const ended = new Promise<void>((done) => {
    child.once("exit", (code, signal) => {
      end = `wrangler dev ended by itself (${signal ?? `exit code ${code}`})`;
      done();
    });
    child.once("error", (error) => {
      end = `wrangler dev could not be started: ${error.message}`;
      done();
    });
  });
  return { ended, end: () => end };
}

async function serve(port: number, persist: string, lock: FolderLock): Promise<void> {
  const signal = stopSignal();
  await applyMigrations(persist);
  const boot = randomUUID();
  const child = startWrangler(port, persist, boot);
  const { ended, end } = watch(child);
  if (child.pid === undefined) throw new Error("wrangler dev could not be started");
  lock.hold(child.pid);
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitUntilReady(url, boot, () => (signal.aborted ? "stopped before it was ready" : end()));
    process.stdout.write(greeting(url, devVars()["DEV_TOKEN"] ?? "$DEV_TOKEN"));
    await Promise.race([ended, whenAborted(signal)]);
  } finally {
    await stopGroup(child.pid, port);
  }
  if (!signal.aborted) throw new Error(end());
}

await main(async () => {
  const { port, persist = join(root, ".wrangler/state") } = serverOptions();
  await demandFree(port);
  const lock = lockFolder(persist);
  try {
    devVars();
    await serve(port, persist, lock);
  } finally {
    lock.release();
  }
});
