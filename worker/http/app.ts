/** The routes, and what every one of them has in common: problems instead of errors. */
import { Hono } from "hono";
import type { Context as Call } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { BadCursor } from "../../objects/ledger/cursor.ts";
import { LedgerCorrupt } from "../../objects/ledger/ledger.ts";
import { refusalOf } from "../calls.ts";
import { consoleRoutes } from "../console/routes.tsx";
import { Context } from "../context.ts";
import type { Env } from "../context.ts";
import { tellSeats } from "../seats.ts";
import { submit } from "../usher.ts";
import { edgeRoutes, notePlace } from "./edge.ts";
import { logged } from "./log.ts";
import { liveRoutes } from "./live.ts";
import { openapiRoutes } from "./openapi.ts";
import { operateRoutes } from "./operate.ts";
import { Problem, problemResponse } from "./problems.ts";
import { readmitRoutes } from "./readmit.ts";
import { rebuildRoutes } from "./rebuild.ts";
import { readRoutes } from "./reads.ts";

/**
 * The Worker's fetch handler. It keeps one thing between requests, which an isolate may lose at any time: the configuration of its
 * first request, parsed, with what {@link Context} learns. An isolate has one configuration for life.
 */
export function fetchHandler(): (request: Request, env: Env) => Promise<Response> {
  let app: Hono | undefined;
  return async (request, env) => {
    try {
      app ??= appOf(new Context(env));
    } catch (error) {
      const id = logged(error, "configuration");
      const problem = new Problem("no-quorum", "The configuration is not valid.");
      return problemResponse(problem, new URL(request.url).pathname, { members: { id } });
    }
    return app.fetch(request);
  };
}

function appOf(context: Context): Hono {
  const app = new Hono();
  edgeRoutes(app, context);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, allow) => {
        const problem = new Problem("method-not-allowed", `Allowed here: ${allow.join(", ")}.`);
        return problemResponse(problem, pathOf(c), { allow });
      },
    }),
  );
  app.notFound((c) =>
    problemResponse(new Problem("not-found", "There is no such resource."), pathOf(c)),
  );
  app.onError((error, c) => {
    if (error instanceof Problem) return problemResponse(error, pathOf(c));
    if (error instanceof BadCursor) {
      return problemResponse(new Problem("malformed", error.message), pathOf(c));
    }
    if (refusalOf(error) !== null) {
      return problemResponse(new Problem("no-quorum", error.message), pathOf(c));
    }
    if (error instanceof LedgerCorrupt) tellSeats(context, error);
    const id = logged(error, `${c.req.method} ${c.req.path}`);
    return problemResponse(new Problem("internal", `The log has it as ${id}.`), pathOf(c), {
      members: { id },
    });
  });
  app.post("/v1/events", (c) => submit(c.req.raw, context, (place) => notePlace(c, place)));
  readRoutes(app, context);
  operateRoutes(app, context);
  readmitRoutes(app, context);
  rebuildRoutes(app, context);
  liveRoutes(app, context);
  openapiRoutes(app, context);
  consoleRoutes(app, context);
  return app;
}

/** Percent-encoded as it was asked for: `instance` is a URI reference (RFC 9457). */
function pathOf(c: Call): string {
  return new URL(c.req.url).pathname;
}
