// A virtual object per item on Restate. Two processes, as it is meant to be run: its server, whose ingress is called, and
// this one, which it calls. Plain JavaScript: types of what may not be installed cannot be checked.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import * as restate from "@restatedev/restate-sdk";

import { main, stopSignal, whenAborted } from "../../lib/command.ts";
import { freePort } from "../../lib/ports.ts";
import { tellReady } from "../contenders/process.ts";
import { versionOf } from "../machine.ts";
import { restateServer } from "./installed.ts";

const TRIES = 300;
const PAUSE_MS = 100;

const stock = restate.object({
  name: "stock",
  handlers: {
    /** What was answered is kept under the idempotency key of the call, by Restate. */
    apply: async (context, { delta }) => {
      const onHand = ((await context.get("onHand")) ?? 0) + delta;
      if (onHand < 0) return { status: "rejected" };
      context.set("onHand", onHand);
      return { status: "accepted" };
    },
    onHand: restate.handlers.object.shared(async (context) => (await context.get("onHand")) ?? 0),
  },
});

const address = (port) => `127.0.0.1:${port}`;

async function register(admin, uri) {
  for (let tries = 1; ; tries += 1) {
    const reply = await fetch(`${admin}/deployments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ uri }),
    }).catch(() => null);
    if (reply?.ok) return;
    if (tries === TRIES) throw new Error(`no deployment: ${reply?.status} ${await reply?.text()}`);
    await sleep(PAUSE_MS);
  }
}

await main(async () => {
  const text = { type: "string" };
  const { values } = parseArgs({ options: { port: text, folder: text } });
  const stopping = stopSignal();
  const [service, admin, fabric] = [await freePort(), await freePort(), await freePort()];
  await restate.serve({ services: [stock], port: service });
  const server = spawn(restateServer(), ["--no-logo", "--base-dir", join(values.folder, "data")], {
    env: {
      ...process.env,
      DO_NOT_TRACK: "1",
      RESTATE_DISABLE_TELEMETRY: "true",
      RESTATE_LISTEN_MODE: "tcp",
      RESTATE_BIND_ADDRESS: address(fabric),
      RESTATE_INGRESS__BIND_ADDRESS: address(values.port),
      RESTATE_ADMIN__BIND_ADDRESS: address(admin),
    },
    stdio: "inherit",
  });
  const ended = new Promise((done) => {
    server.once("exit", done);
    server.once("error", done);
  });
  try {
    await register(`http://${address(admin)}`, `http://${address(service)}`);
    const modules = "bench/load/peers/node_modules";
    const named = ["restate-server", "restate-sdk"];
    tellReady(
      Object.fromEntries(named.map((name) => [name, versionOf(`@restatedev/${name}`, modules)])),
    );
    await Promise.race([whenAborted(stopping), ended]);
  } finally {
    server.kill("SIGTERM");
    await ended;
  }
});
process.exit();
