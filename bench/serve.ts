// npm run serve: the built bundle without the development proxy, on a direct socket, with a folder of its own.
import { join } from "node:path";

import { greeting, main, serverOptions, stopSignal, whenAborted } from "./lib/command.ts";
import { startServer } from "./lib/server.ts";
import { root } from "./lib/tools.ts";
import { devVars } from "./lib/vars.ts";

await main(async () => {
  const { port, persist = join(root, ".assize/serve") } = serverOptions();
  const signal = stopSignal();
  const server = await startServer({
    port,
    persist,
    vars: { LOG: "requests", ...devVars() },
    signal,
  });
  process.stdout.write(greeting(server.url, server.token));
  const reason = await Promise.race([whenAborted(signal), server.ended]);
  await server.stop();
  if (typeof reason === "string") throw new Error(reason);
});
