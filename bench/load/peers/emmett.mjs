// Emmett on PostgreSQL, as its guides write it: a stream an item, a decider, and a retry where versions collide. Plain
// JavaScript: types of what may not be installed cannot be checked.
import { parseArgs } from "node:util";
import { CommandHandler } from "@event-driven-io/emmett";
import { getPostgreSQLEventStore } from "@event-driven-io/emmett-postgresql";
import { serve } from "@hono/node-server";
import { Hono } from "hono";

import { main, stopSignal, whenAborted } from "../../lib/command.ts";
import { startCluster } from "../contenders/postgres/cluster.ts";
import { tellReady } from "../contenders/process.ts";
import { versionOf } from "../machine.ts";
import { isSame } from "../movement.ts";

const initialState = () => ({ onHand: 0, decided: new Map() });

/** Every id that the stream has is remembered in its state: that is how a decider is idempotent. */
function evolve({ onHand, decided }, { type, data }) {
  decided.set(data.id, { ...data, status: type });
  return { onHand: type === "accepted" ? onHand + data.delta : onHand, decided };
}

/** The events of a request that are of one item; what each came to is put into `answers`. */
function decide(state, movements, answers) {
  const events = [];
  let { onHand } = state;
  const fresh = new Map();
  for (const movement of movements) {
    const { id, item, delta, note } = movement;
    const data = { id, item, delta, note };
    const kept = state.decided.get(id) ?? fresh.get(id);
    if (kept !== undefined) {
      answers.set(movement, {
        status: isSame(kept, data) ? kept.status : "conflict",
        replayed: true,
      });
      continue;
    }
    const type = onHand + delta < 0 ? "rejected" : "accepted";
    if (type === "accepted") onHand += delta;
    fresh.set(id, { ...data, status: type });
    answers.set(movement, { status: type, replayed: false });
    events.push({ type, data });
  }
  return events;
}

function routes(store) {
  const handle = CommandHandler({
    evolve,
    initialState,
    retry: { onVersionConflict: { retries: 50, minTimeout: 2, maxTimeout: 100, factor: 1.5 } },
  });
  const app = new Hono();
  app.onError((error, c) => c.text(error.message, 500));
  app.post("/movements", async (c) => {
    const sent = await c.req.json();
    const answers = new Map();
    const items = Map.groupBy(sent, ({ item }) => item);
    await Promise.all(
      [...items].map(([item, movements]) =>
        handle(store, `stock-${item}`, (state) => decide(state, movements, answers)),
      ),
    );
    return c.json(sent.map((movement) => ({ id: movement.id, ...answers.get(movement) })));
  });
  app.post("/stock", async (c) => {
    const found = {};
    for (const item of await c.req.json()) {
      const { state } = await store.aggregateStream(`stock-${item}`, { evolve, initialState });
      found[item] = state.onHand;
    }
    return c.json(found);
  });
  return app;
}

await main(async () => {
  const text = { type: "string" };
  const { values } = parseArgs({ options: { port: text, folder: text } });
  const stopping = stopSignal();
  const cluster = await startCluster(values.folder);
  try {
    const store = getPostgreSQLEventStore(cluster.connection);
    await store.schema.migrate();
    const { fetch } = routes(store);
    const server = serve({ fetch, port: Number(values.port), hostname: "127.0.0.1" });
    const modules = "bench/load/peers/node_modules";
    const emmett = versionOf("@event-driven-io/emmett-postgresql", modules);
    tellReady({
      emmett,
      postgresql: cluster.version,
      hono: versionOf("hono"),
      node: process.version,
    });
    await whenAborted(stopping);
    server.close();
    await store.close();
  } finally {
    await cluster.stop();
  }
});
process.exit();
