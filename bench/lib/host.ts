// The process that holds a served folder and runs the built bundle. Started by server.ts in a group of its own; ends on a
// signal or with its parent.
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { unstable_readConfig } from "wrangler";

import { main, stopSignal, whenAborted } from "./command.ts";
import { lockFolder } from "./folder-lock.ts";
import { startRuntime } from "./runtime.ts";
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
  inspector: number | undefined;
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
      inspector: { type: "string" },
    },
  });
  const { port, persist, boot, vars, bundle, migrated, inspector } = values;
  if (port === undefined || persist === undefined || boot === undefined || vars === undefined) {
    throw new Error("host.ts is started by server.ts");
  }
  const own = JSON.parse(readFileSync(vars, "utf8")) as Vars;
  const rest = {
    bundle,
    migrated,
    inspector: inspector === undefined ? undefined : Number(inspector),
  };
  return { port: Number(port), persist: resolve(persist), boot, vars: own, ...rest };
}

/** The configured variables and the given ones, without what .dev.vars says; no worker holds a raw token. */
function bindings({ vars, boot }: HostOptions): Vars {
  const { DEV_TOKEN: _, ...given } = vars;
  const configured = unstable_readConfig({ config: configuration }).vars as Vars;
  return { ...configured, ...given, BOOT_ID: boot };
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
    const { port, persist, inspector } = options;
    const served = { name: "assize", configuration, bindings: bindings(options), bundle: dist };
    const runtime = await startRuntime({ ...served, port, persist, inspector });
    process.send?.("listening");
    await whenAborted(stopping);
    await runtime.dispose();
  } finally {
    lock.release();
  }
});
// The channel to the parent would keep a failed host alive.
process.exit();
