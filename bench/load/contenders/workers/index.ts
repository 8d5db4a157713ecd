// Three contenders in one worker; each is measured in a process of its own.
import { Hono } from "hono";

import type { Movement } from "../../movement.ts";
import { applied, createTables, stockIn } from "./database.ts";
import type { Shelf } from "./shelf.ts";

export { Shelf } from "./shelf.ts";

interface Env {
  readonly SHELF: DurableObjectNamespace<Shelf>;
  readonly DB: D1Database;
}

const app = new Hono<{ Bindings: Env }>();
const shelf = (env: Env): DurableObjectStub<Shelf> => env.SHELF.getByName("shelf");

app.onError((error, c) => c.text(error.message, 500));

app.post("/bare/movements", async (c) => {
  const movements = await c.req.json<Movement[]>();
  return c.json(movements.map(({ id }) => ({ id, status: "accepted", replayed: null })));
});

app.post("/object/movements", async (c) =>
  c.json(await shelf(c.env).apply(await c.req.json<Movement[]>())),
);
app.post("/object/stock", async (c) =>
  c.json(await shelf(c.env).stock(await c.req.json<string[]>())),
);

app.post("/d1/tables", async (c) => {
  await createTables(c.env.DB);
  return c.body(null, 204);
});
app.post("/d1/movements", async (c) =>
  c.json(await applied(c.env.DB, await c.req.json<Movement[]>())),
);
app.post("/d1/stock", async (c) => c.json(await stockIn(c.env.DB, await c.req.json<string[]>())));

export default app;
