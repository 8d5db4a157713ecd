// What the commands share: their port, their end, and what they tell the user.
import { parseArgs } from "node:util";

export interface ServerOptions {
  port: number;
  persist: string | undefined;
}

/**
 * Without the `--` of `npm start -- --port N` npm keeps options to itself: `--port=N` reaches us in its environment, and
 * of `--port N` it keeps "true" and hands us N as a plain argument.
 */
export function serverOptions(): ServerOptions {
  const { values, positionals } = parseArgs({
    options: { port: { type: "string" }, persist: { type: "string" } },
    allowPositionals: true,
  });
  const { npm_config_port: npmPort, npm_config_persist: npmPersist } = process.env;
  const kept = npmPort === "true" ? positionals.shift() : npmPort;
  const text = values.port ?? kept ?? "8787";
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) {
    throw new Error(`--port wants a number from 1 to 65535, not "${text}"`);
  }
  if (positionals.length > 0 || npmPersist === "true") {
    throw new Error("write options after two dashes: npm run serve -- --port N --persist DIR");
  }
  return { port, persist: values.persist ?? npmPersist };
}

/**
 * Aborts with the first signal to stop (Ctrl-C reaches us twice, from the terminal and from the bootstrap), or when the
 * process that started us was killed and cannot pass one on.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => controller.abort());
  }
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) controller.abort();
  }, 250).unref();
  return controller.signal;
}

/** Comes when the signal aborts, also if it has before. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener("abort", () => done(), { once: true });
  });
}

const event =
  '{"id":"hello-1","type":"stock.received","data":{"item":"sku-1","warehouse":"w1","quantity":10}}';

/** Ready to paste: an event, and what came of it. */
export function greeting(url: string, token: string): string {
  const authorization = `-H 'authorization: Bearer ${token}'`;
  return `
assize ready on ${url}

  curl -s ${url}/v1/events ${authorization} -H 'content-type: application/json' -d '${event}'

  curl -s ${url}/v1/entities/stock/sku-1@w1 ${authorization}

`;
}

/** Runs a command; what goes wrong is one clear line, not a stack. */
export async function main(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    process.stderr.write(`assize: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
