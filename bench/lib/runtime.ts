// A built bundle in Miniflare, on a direct socket: the development proxy is ten times slower.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

import type { Vars } from "./vars.ts";

export interface RuntimeOptions {
  readonly name: string;
  /** The wrangler.toml whose objects and databases the bundle is bound to. */
  readonly configuration: string;
  /** Instead of the variables it names, and of those in .dev.vars. */
  readonly bindings: Vars;
  /** The folder with `index.js`. */
  readonly bundle: string;
  readonly port: number;
  readonly persist: string;
  /** Where V8's inspector listens; nowhere by default. */
  readonly inspector?: number | undefined;
}

export async function startRuntime(options: RuntimeOptions): Promise<Miniflare> {
  const { name, configuration, bindings, bundle, port, persist, inspector } = options;
  const { workerOptions } = unstable_getMiniflareWorkerOptions(configuration);
  const path = join(bundle, "index.js");
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      logRequests: false,
      unsafeObservability: false,
      ...(inspector === undefined ? {} : { inspectorPort: inspector }),
      // Where wrangler's --persist-to puts the ledger.
      resourcePersistencePath: join(persist, "v3"),
      workers: [
        {
          ...workerOptions,
          name,
          bindings,
          unsafeDirectSockets: [{ host: "127.0.0.1", port }],
          modulesRoot: bundle,
          modules: [{ type: "ESModule", path, contents: readFileSync(path, "utf8") }],
        },
      ],
    }),
  );
  await runtime.ready;
  return runtime;
}
