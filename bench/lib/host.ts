// The process that holds a served folder and runs the built bundle in Miniflare, on a direct socket (the development
// proxy is ten times slower). Started by server.ts in a group of its own; ends on a signal or with its parent.
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";

import { main, stopSignal, whenAborted } from "./command.ts";
import { lockFolder } from "./folder-lock.ts";
import { applyMigrations, buildBundle, quietEnvironment, root } from "./tools.ts";
import type { Vars } from "./vars.ts";

const configuration = join(root, "wrangler.toml");

interface HostOptions {
  port: number;
  persist: string;
  boot: string;
  vars: Vars;
  bundle: string | undefined;
  migrated: boolean;
}

function hostOptions(): HostOptions {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      persist: { type: "string" },
      boot: { type: "string" },
      vars: { type: "string" },
      bundle: { type: "string" },
      migrated: { type: "boolean", default: false },
    },
  });
  const { port, persist, boot, vars, bundle, migrated } = values;
  if (port === undefined || persist === undefined || boot === undefined || vars === undefined) {
    throw new Error("host.ts is started by server.ts");
  }
  const own = JSON.parse(readFileSync(vars, "utf8")) as Vars;
  return { port: Number(port), persist: resolve(persist), boot, vars: own, bundle, migrated };
}

/** The configured variables and the given ones, without what .dev.vars says; no worker holds a raw token. */
function bindings({ vars, boot }: HostOptions): Vars {
  const { DEV_TOKEN: _, ...given } = vars;
  const configured = unstable_readConfig({ config: configuration }).vars as Vars;
  return { ...configured, ...given, BOOT_ID: boot };
}

async function startRuntime(options: HostOptions, dist: string): Promise<Miniflare> {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(configuration);
  const path = join(dist, "index.js");
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      logRequests: false,
      unsafeObservability: false,
      // Where wrangler's --persist-to puts the ledger.
      resourcePersistencePath: join(options.persist, "v3"),
      workers: [
        {
          ...workerOptions,
          name: "assize",
          bindings: bindings(options),
          unsafeDirectSockets: [{ host: "127.0.0.1", port: options.port }],
          modulesRoot: dist,
          modules: [{ type: "ESModule", path, contents: readFileSync(path, "utf8") }],
        },
      ],
    }),
  );
  await runtime.ready;
  return runtime;
}

await main(async () => {
  const options = hostOptions();
  Object.assign(process.env, quietEnvironment);
  const stopping = stopSignal();
  mkdirSync(options.persist, { recursive: true });
  const lock = lockFolder(options.persist);
  try {
    const dist = options.bundle ?? join(options.persist, "dist");
    await Promise.all([
      options.bundle === undefined ? buildBundle(dist) : undefined,
      options.migrated ? undefined : applyMigrations(options.persist),
    ]);
    const runtime = await startRuntime(options, dist);
    process.send?.("listening");
    await whenAborted(stopping);
    await runtime.dispose();
  } finally {
    lock.release();
  }
});
// The channel to the parent would keep a failed host alive.
process.exit();
