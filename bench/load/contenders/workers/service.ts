// Holds a worker's folder and runs it, as bench/lib/host.ts does for ours.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { main, stopSignal, whenAborted } from "../../../lib/command.ts";
import { startRuntime } from "../../../lib/runtime.ts";
import { quietEnvironment } from "../../../lib/tools.ts";
import { versionOf } from "../../machine.ts";
import { tellReady } from "../process.ts";

const text = { type: "string", default: "" } as const;

await main(async () => {
  const { values } = parseArgs({ options: { port: text, folder: text, bundle: text } });
  Object.assign(process.env, quietEnvironment);
  const stopping = stopSignal();
  const runtime = await startRuntime({
    name: "assize-bench",
    configuration: fileURLToPath(new URL("wrangler.toml", import.meta.url)),
    bindings: {},
    bundle: values.bundle,
    port: Number(values.port),
    persist: join(values.folder, "state"),
  });
  tellReady({ workerd: versionOf("workerd"), hono: versionOf("hono") });
  await whenAborted(stopping);
  await runtime.dispose();
});
process.exit();
