/** What anybody with the scope `read` may ask for, each within its own tenant. */
import type { Context as HonoContext, Hono } from "hono";
import type { Context } from "../context.ts";
import { authorise } from "./access.ts";
import type { Scope, Token } from "./access.ts";
import { courtRoutes } from "./courts.ts";
import { entityRoutes } from "./entities.ts";
import { genesisRoutes } from "./genesis.ts";
import { metricsRoutes } from "./metrics.ts";
import { eventRoutes } from "./outcomes.ts";
import { streamRoutes } from "./stream.ts";

/** Answers whose token this is; throws `unauthorized` or `forbidden`. */
export type Allow = (c: HonoContext, scope: Scope) => Token;

export function readRoutes(app: Hono, context: Context): void {
  const allow: Allow = (c, scope) =>
    authorise(c.req.header("Authorization") ?? null, context.tokens, scope);
  // Before the events: its path is that of an event, too.
  streamRoutes(app, context, allow);
  eventRoutes(app, context, allow);
  entityRoutes(app, context, allow);
  courtRoutes(app, context, allow);
  genesisRoutes(app, context, allow);
  metricsRoutes(app, context, allow);
}
