/** The routes, and what every one of them has in common: problems instead of errors. */
import { Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { BadCursor } from "../../objects/ledger/cursor.ts";
import { refusalOf } from "../calls.ts";
import { Context } from "../context.ts";
import type { Env } from "../context.ts";
import { submit } from "../usher.ts";
import { logged } from "./log.ts";
import { liveRoutes } from "./live.ts";
import { operateRoutes } from "./operate.ts";
import { Problem, problemResponse } from "./problems.ts";
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
      return problemResponse(problem, new URL(request.url).pathname, { id });
    }
    return app.fetch(request);
  };
}

function appOf(context: Context): Hono {
  const app = new Hono();
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, allow) => {
        const problem = new Problem("method-not-allowed", `Allowed here: ${allow.join(", ")}.`);
        return problemResponse(problem, c.req.path, { allow });
      },
    }),
  );
  app.notFound((c) =>
    problemResponse(new Problem("not-found", "There is no such resource."), c.req.path),
  );
  app.onError((error, c) => {
    if (error instanceof Problem) return problemResponse(error, c.req.path);
    if (error instanceof BadCursor) {
      return problemResponse(new Problem("malformed", error.message), c.req.path);
    }
    if (refusalOf(error) !== null) {
      return problemResponse(new Problem("no-quorum", error.message), c.req.path);
    }
    const id = logged(error, `${c.req.method} ${c.req.path}`);
    return problemResponse(new Problem("internal", `The log has it as ${id}.`), c.req.path, { id });
  });
  app.post("/v1/events", (c) => submit(c.req.raw, context));
  readRoutes(app, context);
  operateRoutes(app, context);
  liveRoutes(app, context);
  return app;
}
