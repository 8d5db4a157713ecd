import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Listens for an instant on 127.0.0.1: the port, or nothing if it is taken. */
function tryPort(port: number): Promise<number | undefined> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") done(undefined);
      else fail(error);
    });
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const address = server.address();
      const got = typeof address === "object" ? address?.port : undefined;
      server.close(() => done(got));
    });
  });
}

export async function isFree(port: number): Promise<boolean> {
  return (await tryPort(port)) !== undefined;
}

export async function freePort(): Promise<number> {
  const port = await tryPort(0);
  if (port === undefined) throw new Error("there is no free port");
  return port;
}

/** Refuses a taken port: a readiness probe would reach the server that is already there. */
export async function demandFree(port: number): Promise<void> {
  if (await isFree(port)) return;
  throw new Error(`port ${port} is in use: stop what listens there, or give another with --port`);
}

/** Whether `condition` came true within the time. */
export async function within(
  milliseconds: number,
  condition: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const end = Date.now() + milliseconds;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() > end) return false;
    await sleep(50);
  }
}
