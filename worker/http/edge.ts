/** What surrounds every request, whatever it asks for: its ids and its line in the log, other origins, rates (spec/edge.allium). */
import type { Context as Call, Hono, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import { routePath } from "hono/route";
import type { Context } from "../context.ts";
import type { Settings } from "../settings.ts";
import { identified } from "./access.ts";
import { logged } from "./log.ts";
import type { Place } from "./place.ts";
import { Problem } from "./problems.ts";
import { traceOf } from "./trace.ts";

export function edgeRoutes(app: Hono, context: Context): void {
  app.use(requestId({ limitLength: MOST_ID }));
  app.use(loggedCalls(context));
  if (context.settings.origins.length > 0) app.use(otherOrigins(context.settings));
  if (context.env.RATE_LIMITER !== undefined) app.use(rated(context, context.env.RATE_LIMITER));
}

const MOST_ID = 128;

/** Has the line of this call say where its answer stands. */
export function notePlace(c: Call, place: Place | null): void {
  if (place !== null) c.set("place", place);
}

/** The members of a line are all there ever is in one: no body, no header, no query, no tenant, nothing that a token could be told by. */
interface Line {
  readonly request: string;
  readonly method: string;
  /** As it is routed, so that no id of an event or entity stands in it. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  readonly token?: string;
  readonly court?: number;
  readonly height?: number;
  readonly trace?: string;
  readonly parent?: string;
}

// Rule: LogCall.
function loggedCalls({ settings, tokens }: Context): MiddlewareHandler {
  return async (c, next) => {
    const began = Date.now();
    const traced = traceOf(c.req.header("traceparent"));
    await next();
    // Afterwards: what is set before is lost with a response that a route makes itself.
    const request = c.get("requestId");
    c.res.headers.set("X-Request-Id", request);
    if (traced !== null) c.res.headers.set("traceresponse", responseOf(traced));
    const { status } = c.res;
    if (settings.log === "off" || (settings.log === "failures" && status < 500)) return;
    const token = identified(c.req.header("Authorization") ?? null, tokens)?.name;
    const line: Line = {
      request,
      method: c.req.raw.method,
      route: routePath(c),
      status,
      ms: Date.now() - began,
      ...(token === undefined ? {} : { token }),
      ...(c.get("place") as Place | undefined),
      ...(traced === null ? {} : { trace: traced.trace, parent: traced.parent }),
    };
    console.log(JSON.stringify(line));
  };
}

/** The client's trace, with a span of our own in it. */
function responseOf({ trace, flags }: { readonly trace: string; readonly flags: string }): string {
  const span = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  return `00-${trace}-${span}-${flags}`;
}

// Rules: AllowOrigin, LeaveOrigin.
function otherOrigins({ origins }: Settings): MiddlewareHandler {
  return cors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "HEAD", "POST"],
    allowHeaders: [
      "Authorization",
      "Content-Type",
      "Idempotency-Key",
      "If-None-Match",
      "Last-Event-ID",
      "Prefer",
      "X-Request-Id",
      "traceparent",
      "ce-specversion",
      "ce-id",
      "ce-source",
      "ce-type",
      "ce-subject",
      "ce-time",
      "ce-sentat",
    ],
    exposeHeaders: [
      "ETag",
      "Idempotent-Replayed",
      "Location",
      "Preference-Applied",
      "Retry-After",
      "X-Request-Id",
      "traceresponse",
    ],
    maxAge: 600,
  });
}

/** Counted by the token's hash, so that two tokens of one name do not share. Who has none is refused by the route. */
// Rules: PassToken, LimitToken.
function rated({ tokens }: Context, limiter: RateLimit): MiddlewareHandler {
  return async (c, next) => {
    const token = identified(c.req.header("Authorization") ?? null, tokens);
    if (token !== undefined && !(await within(limiter, token.sha256)))
      throw new Problem("overloaded", `The token ${token.name} asks too often.`);
    await next();
  };
}

/** A limiter that cannot be asked limits nobody: it is a shield, not a quota. */
async function within(limiter: RateLimit, key: string): Promise<boolean> {
  try {
    return (await limiter.limit({ key })).success;
  } catch (error) {
    logged(error, "rate limiter");
    return true;
  }
}
