// Hono on Node in front of PostgreSQL: one function for a movement, one for many.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { DatabaseError, Pool } from "pg";

import { main, stopSignal, whenAborted } from "../../../lib/command.ts";
import { versionOf } from "../../machine.ts";
import type { Answer, Movement, Status } from "../../movement.ts";
import { tellReady } from "../process.ts";
import { startCluster } from "./cluster.ts";

const text = { type: "string", default: "" } as const;
/** As many as the client has requests under way; PostgreSQL syncs their commits together. */
const CONNECTIONS = 64;
/** Of two that met, by SQLSTATE: a deadlock, and an id that the other had inserted and not yet committed. */
const COLLISIONS = ["40P01", "23505"];
const TRIES = 10;

interface Row {
  readonly status: Status;
  readonly replayed: boolean;
}

async function rows(pool: Pool, sent: readonly Movement[]): Promise<Row[]> {
  const [only] = sent;
  const query =
    sent.length === 1 && only !== undefined
      ? {
          name: "one",
          text: "SELECT * FROM apply_one($1, $2, $3, $4)",
          values: [only.id, only.item, only.delta, only.note],
        }
      : { name: "many", text: "SELECT * FROM apply_batch($1)", values: [JSON.stringify(sent)] };
  for (let tries = 1; ; tries += 1) {
    try {
      return (await pool.query<Row>(query)).rows;
    } catch (error) {
      const code = error instanceof DatabaseError ? error.code : undefined;
      if (!COLLISIONS.includes(code ?? "") || tries === TRIES) throw error;
    }
  }
}

function routes(pool: Pool): Hono {
  const app = new Hono();
  app.onError((error, c) => c.text(error.message, 500));
  app.post("/movements", async (c) => {
    const sent = await c.req.json<Movement[]>();
    const answers = (await rows(pool, sent)).map((row, index): Answer => ({
      id: sent[index]?.id ?? "",
      ...row,
    }));
    return c.json(answers);
  });
  app.post("/stock", async (c) => {
    const items = await c.req.json<string[]>();
    const found = await pool.query<{ item: string; on_hand: string }>(
      "SELECT item, on_hand FROM stock WHERE item = ANY($1)",
      [items],
    );
    return c.json(
      Object.fromEntries([
        ...items.map((item) => [item, 0] as const),
        ...found.rows.map(({ item, on_hand }) => [item, Number(on_hand)] as const),
      ]),
    );
  });
  return app;
}

await main(async () => {
  const { values } = parseArgs({ options: { port: text, folder: text } });
  const stopping = stopSignal();
  const cluster = await startCluster(values.folder);
  const pool = new Pool({ connectionString: cluster.connection, max: CONNECTIONS });
  // A connection that ends while it is idle is no reason to fall.
  pool.on("error", () => undefined);
  try {
    await pool.query(readFileSync(new URL("schema.sql", import.meta.url), "utf8"));
    const { fetch } = routes(pool);
    const server = serve({ fetch, port: Number(values.port), hostname: "127.0.0.1" });
    const versions = { pg: versionOf("pg"), hono: versionOf("hono"), node: process.version };
    tellReady({ postgresql: cluster.version, ...versions });
    await whenAborted(stopping);
    server.close();
  } finally {
    await pool.end();
    await cluster.stop();
  }
});
process.exit();
