/** What surrounds every request of the real Worker, with the platform's own rate limiter bound. */
import { env } from "cloudflare:test";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { fetchHandler } from "../worker/http/app.ts";
import type { Env } from "../worker/context.ts";
import { eventually } from "./kit/deployment.ts";
import { migrate, requestOf } from "./kit/worker.ts";
import type { Asked } from "./kit/worker.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

/** A Worker of its own, with these variables, its limiter only where it is wanted. */
function worker(changes: Readonly<Record<string, unknown>> = {}) {
  const handler = fetchHandler();
  const bound = { ...env, LOG: "off", RATE_LIMITER: undefined, ...changes } as unknown as Env;
  return (method: string, path: string, asked?: Asked) =>
    handler(requestOf(method, path, asked), bound);
}

const event = (id: string) => ({
  id,
  type: "stock.received",
  data: { item: "sku-secret", warehouse: "w1", quantity: 1 },
});

beforeAll(async () => {
  await migrate();
  const ask = worker();
  await eventually(async () => (await ask("GET", "/v1/ready")).status === 200);
});

describe("LogCall", () => {
  const lines = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const logged = (): Record<string, unknown>[] =>
    lines.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  afterEach(() => {
    lines.mockClear();
  });
  const ask = worker({ LOG: "requests" });

  it("one line a request, with who asked, where it stands, and the client's trace", async () => {
    const headers = { "X-Request-Id": "r-1", traceparent: `00-${TRACE}-${PARENT}-01` };
    const response = await ask("POST", "/v1/events", { body: event("l-1"), headers });
    const { receipt } = await response.json<{ receipt: { court: number; height: number } }>();
    expect(logged()).toEqual([
      {
        request: "r-1",
        method: "POST",
        route: "/v1/events",
        status: 200,
        ms: expect.any(Number) as unknown,
        token: "all",
        court: receipt.court,
        height: receipt.height,
        trace: TRACE,
        parent: PARENT,
      },
    ]);
    expect(response.headers.get("X-Request-Id")).toBe("r-1");
    const trace = new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`);
    expect(response.headers.get("traceresponse")).toMatch(trace);
    expect(response.headers.get("traceresponse")).not.toContain(PARENT);
  });

  it("NothingSecretLogged: routes, not paths; no token, tenant, id, query or body, however it ends", async () => {
    const query = "?source=%2Fsecret-source";
    await ask("GET", `/v1/events/secret-id${query}`);
    await ask("GET", "/v1/entities/stock/sku-secret@w1", { token: "other" });
    await ask("POST", "/v1/events", { body: { ...event("secret-id"), type: "secret.type" } });
    await ask("POST", "/v1/events", { body: "secret" });
    await ask("GET", "/v1/events", { headers: { Authorization: "Bearer secret-guess" } });
    await ask("GET", "/secret-path");
    await ask("DELETE", "/v1/events");
    const seen = logged().map(({ method, route, status, token }) => [method, route, status, token]);
    expect(seen).toEqual([
      ["GET", "/v1/events/:id", 404, "all"],
      ["GET", "/v1/entities/:type/:id", 404, "other"],
      ["POST", "/v1/events", 422, "all"],
      ["POST", "/v1/events", 400, "all"],
      ["GET", "/v1/events", 401, undefined],
      ["GET", expect.stringMatching(/\*/) as unknown, 404, "all"],
      ["DELETE", expect.stringMatching(/\*/) as unknown, 405, "all"],
    ]);
    expect(JSON.stringify(logged())).not.toMatch(/secret|test-token|"dev"|[0-9a-f]{64}/);
    for (const { request } of logged()) expect(request).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("an id that is none is replaced, and failures alone, or nothing, may be logged", async () => {
    const answered = await ask("GET", "/v1/live", { headers: { "X-Request-Id": "a b" } });
    expect(answered.headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
    lines.mockClear();
    const failing = { WINDOW_SECONDS: "600" };
    for (const [LOG, count] of [
      ["failures", 1],
      ["off", 0],
    ] as const) {
      await worker({ LOG })("GET", "/v1/live");
      await worker({ LOG, ...failing })("GET", "/v1/ready");
      expect(logged()).toHaveLength(count);
      lines.mockClear();
    }
  });
});

describe("AllowOrigin, LeaveOrigin", () => {
  const ORIGIN = "https://shop.example";
  const preflight = { Origin: ORIGIN, "Access-Control-Request-Method": "POST" };
  const allowed = (response: Response) => response.headers.get("Access-Control-Allow-Origin");

  it("nobody unless configured: no header, and OPTIONS is no method", async () => {
    const ask = worker();
    expect(allowed(await ask("GET", "/v1/live", { headers: { Origin: ORIGIN } }))).toBe(null);
    const asked = await ask("OPTIONS", "/v1/events", { token: null, headers: preflight });
    expect([asked.status, allowed(asked)]).toEqual([405, null]);
  });

  it("whoever is configured, with what a client needs, on problems too; nobody else", async () => {
    const ask = worker({ CORS_ORIGINS: `https://other.example,${ORIGIN}` });
    const asked = await ask("OPTIONS", "/v1/events", { token: null, headers: preflight });
    expect([asked.status, allowed(asked)]).toEqual([204, ORIGIN]);
    expect(asked.headers.get("Access-Control-Allow-Headers")).toContain("Idempotency-Key");
    expect(asked.headers.get("Access-Control-Allow-Methods")).toBe("GET,HEAD,POST");
    expect(asked.headers.get("Access-Control-Allow-Credentials")).toBe(null);
    const refused = await ask("GET", "/v1/events", { token: null, headers: { Origin: ORIGIN } });
    expect([refused.status, allowed(refused)]).toEqual([401, ORIGIN]);
    expect(refused.headers.get("Vary")).toContain("Origin");
    expect(refused.headers.get("Access-Control-Expose-Headers")).toContain("Idempotent-Replayed");
    const stranger = { Origin: "https://shop.example.evil" };
    expect(allowed(await ask("GET", "/v1/live", { headers: stranger }))).toBe(null);
  });

  it("anybody where * is configured", async () => {
    const ask = worker({ CORS_ORIGINS: "*" });
    expect(allowed(await ask("GET", "/v1/live", { headers: { Origin: ORIGIN } }))).toBe("*");
  });
});

describe("PassToken, LimitToken", () => {
  const { RATE_LIMITER } = env as unknown as Env;

  it("a token that asks too often is refused, with Retry-After, and nothing is kept; another is not", async () => {
    const ask = worker({ RATE_LIMITER });
    const submitted = await Promise.all(
      Array.from({ length: 12 }, (_, each) =>
        ask("POST", "/v1/events", { body: event(`r-${each}`) }),
      ),
    );
    const statuses = submitted.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    const [limited] = submitted.filter(({ status }) => status === 429);
    expect(await limited?.json()).toMatchObject({ type: "/problems/overloaded", status: 429 });
    expect(limited?.headers.get("Retry-After")).toBe("1");
    const found = await Promise.all(
      statuses.map((_, each) => worker()("GET", `/v1/events/r-${each}`)),
    );
    expect(found.map(({ status }) => status === 200)).toEqual(
      statuses.map((status) => status === 200),
    );
    expect((await ask("GET", "/v1/token", { token: "other" })).status).toBe(200);
  });

  it("who has no token is refused as before, and what is open stays open", async () => {
    const ask = worker({ RATE_LIMITER });
    const statuses = await Promise.all(
      Array.from({ length: 12 }, () => ask("GET", "/v1/token", { token: null })),
    );
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([401]));
    for (let each = 0; each < 12; each++)
      expect((await ask("GET", "/v1/live", { token: null })).status).toBe(200);
  });

  it("PassToken: where none is bound nobody is limited", async () => {
    const statuses = await Promise.all(
      Array.from({ length: 12 }, () => worker()("GET", "/v1/token")),
    );
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([200]));
  });
});
