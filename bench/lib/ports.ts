import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Listens for an instant on 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") done(false);
      else fail(error);
    });
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      server.close(() => done(true));
    });
  });
}

/** Below those that systems give to outgoing connections: between the look and its use one of these may take it. */
const FIRST = 15_000;
const COUNT = 15_000;
const TRIES = 100;

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = FIRST + randomInt(COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error("there is no free port");
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
