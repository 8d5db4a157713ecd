// npm run demo: real invoice lines through a fresh local server whose leader is killed half-way, and a recount of it all.
// Exit 0 only if everything holds.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

import { Client } from "./demo/client.ts";
import { recount } from "./demo/recount.ts";
import { checksOf, itemsOf, rowsOf } from "./demo/report.ts";
import { Run } from "./demo/run.ts";
import { main, stopSignal, whenAborted } from "./lib/command.ts";
import { Progress } from "./lib/progress.ts";
import { eventsOf, linesOf } from "./lib/sample.ts";
import { startServer } from "./lib/server.ts";
import type { Server } from "./lib/server.ts";
import { count, table } from "./lib/table.ts";
import { root } from "./lib/tools.ts";
import { verdict } from "./lib/verdict.ts";

const sample = join(root, "bench/data/online-retail-sample.csv");
const ITEMS_SHOWN = 5;

/** Aborts, with the reason, when the command is stopped, and when the server ends: nothing asked of it will be answered. */
function whileServed(server: Server, stopping: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const giveUp = (why: string): void => controller.abort(new Error(why));
  void whenAborted(stopping).then(() => giveUp("stopped before the end"));
  void server.ended.then(giveUp);
  return controller.signal;
}

/** Whether everything held. */
async function demonstrate(server: Server, signal: AbortSignal, items: number): Promise<boolean> {
  const progress = new Progress("demo");
  const client = new Client({ url: server.url, token: server.token, signal });
  const lines = linesOf(readFileSync(sample, "utf8"));
  const events = eventsOf(lines);
  const recounted = recount(events);
  const findings = await new Run(client, progress, signal).everything(events).finally(() => {
    progress.end();
  });
  const checks = checksOf(findings, recounted);
  const parts = [
    table([["invoice lines", count(lines.length)], ...rowsOf(findings, recounted, client.retries)]),
    itemsOf(findings, recounted, items),
    verdict(checks),
  ];
  process.stdout.write(`\n${parts.join("\n\n")}\n\n`);
  return checks.every(({ wrong }) => wrong.length === 0);
}

await main(async () => {
  const { values } = parseArgs({ options: { items: { type: "boolean", default: false } } });
  const stopping = stopSignal();
  const ours = join(root, ".assize");
  mkdirSync(ours, { recursive: true });
  const persist = mkdtempSync(join(ours, "demo-"));
  let held = false;
  try {
    process.stderr.write("assize demo: starting a server\n");
    const server = await startServer({ persist, signal: stopping });
    const signal = whileServed(server, stopping);
    try {
      held = await demonstrate(server, signal, values.items ? Infinity : ITEMS_SHOWN);
    } catch (error) {
      // What was under way only knows that it was given up.
      signal.throwIfAborted();
      throw error;
    } finally {
      await server.stop();
    }
    if (!held)
      throw new Error(`not everything held; the server's state: ${relative(root, persist)}`);
  } finally {
    if (held || stopping.aborted) rmSync(persist, { recursive: true, force: true });
  }
});
