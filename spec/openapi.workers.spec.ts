/** What the Worker really answers is what it describes: every member of every answer, and every status. */
import { env } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { deploymentOf } from "../objects/shared/config.ts";
import { operationsOf } from "../worker/http/openapi/operations.ts";
import { problem } from "../worker/http/openapi/shapes.ts";
import { KINDS } from "../worker/http/problems.ts";
import { court, eventually, fault } from "./kit/deployment.ts";
import { ask, get, migrate, post } from "./kit/worker.ts";
import type { Asked } from "./kit/worker.ts";

const operations = operationsOf(deploymentOf(env));
const shown = new Set<string>();

/** Asks, and holds the answer against the description of the operation. */
async function described(
  method: string,
  route: string,
  path: string,
  asked: Asked = {},
): Promise<unknown> {
  const operation = operations.find(
    (each) => each.method === method.toLowerCase() && each.path === route,
  );
  if (operation === undefined) return expect.fail(`${method} ${route} is not described`);
  const response = await ask(method, path, asked);
  const type = response.headers.get("Content-Type") ?? "";
  const text = await response.text();
  const where = [method, path, response.status, text];
  if (type === "application/problem+json") {
    const { type: slug } = problem.parse(JSON.parse(text), { error: () => where.join(" ") });
    const slugs = ["unauthorized", "forbidden", "internal", ...(operation.problems ?? [])];
    expect([...where, slugs.includes(slug.replace("/problems/", ""))]).toEqual([...where, true]);
    expect([...where, KINDS[slug.replace("/problems/", "") as keyof typeof KINDS][0]]).toEqual([
      ...where,
      response.status,
    ]);
    return null;
  }
  shown.add(`${method} ${route}`);
  const answer = operation.answers[response.status];
  if (answer === undefined) return expect.fail(`not described: ${where.join(" ")}`);
  for (const name of Object.keys(answer.headers ?? {}).filter(
    (each) => each !== "Idempotent-Replayed" && each !== "Location",
  ))
    expect([...where, response.headers.has(name)]).toEqual([...where, true]);
  const [mediaType, schema] = Object.entries(answer.content ?? {})[0] ?? [];
  if (schema === undefined) expect([...where]).toEqual([method, path, response.status, ""]);
  else if (mediaType === "application/json") {
    const read = schema.safeParse(JSON.parse(text));
    expect([...where, read.error?.message]).toEqual([...where, undefined]);
    return JSON.parse(text);
  }
  expect(type.startsWith(mediaType ?? "")).toBe(true);
  return text;
}

const event = (id: string, type: string, data: object) => ({ id, type, data });
const received = (id: string, quantity = 5) =>
  event(id, "stock.received", { item: "i", warehouse: "w", quantity });

beforeAll(async () => {
  await migrate();
  await eventually(async () => (await get("/v1/ready")).status === 200);
});

describe("DescribeContract", () => {
  it("of submissions: each kind of answer, single and in an array", async () => {
    const submit = (body: unknown, headers: Record<string, string> = {}) =>
      described("POST", "/v1/events", "/v1/events", { body, headers });
    await submit(received("a"));
    await submit(received("a"));
    await submit(received("a", 6));
    await submit(
      event("b", "stock.adjusted", { item: "i", warehouse: "w", delta: -99, reason: "r" }),
    );
    await submit(received("c", -1));
    await submit({ id: 1 });
    await submit("{");
    await submit("x".repeat(1024 * 1024 + 1));
    await submit({ ...received("d"), sentat: "2020-01-01T00:00:00Z" });
    await submit("<a/>", { "Content-Type": "text/xml" });
    await submit(received("e"), { Prefer: "respond-async" });
    await submit([received("f")], { Prefer: "respond-async" });
    await submit([
      received("a"),
      received("a", 7),
      received("g"),
      { id: "h" },
      { ...received("k"), sentat: "2020-01-01T00:00:00Z" },
      event("l", "reservation.released", { item: "i", reservation: "none" }),
    ]);
    await submit(
      event("m", "stock.reserved", {
        item: "i",
        warehouse: "w",
        quantity: 1,
        reservation: "r",
        ttlSeconds: 1,
      }),
    );
    expect([...shown]).toEqual(["POST /v1/events"]);
  });

  it("of reads: while they are young, and as published, with an effect of the system", async () => {
    const read = (route: string, path = route, asked: Asked = {}) =>
      described("GET", route, path, asked);
    await read("/v1/events/:id", "/v1/events/a");
    await read("/v1/events/:id", "/v1/events/b?proof=1");
    await read("/v1/events/:id", "/v1/events/none");
    await read("/v1/events/:id", "/v1/events/none?proof=2");
    await read("/v1/events/:id", "/v1/events/none", { token: null });
    await read("/v1/events/:id", "/v1/events/none", { token: "submit" });
    await eventually(async () => {
      const page = (await read("/v1/events")) as { items: { type: string }[] };
      return page.items.some(({ type }) => type === "assize.expired");
    });
    await read("/v1/events", "/v1/events?limit=2&type=stock.received");
    await read("/v1/events", "/v1/events?limit=0");
    await read("/v1/events/:id", "/v1/events/b?proof=1");
    await read("/v1/entities");
    await read("/v1/entities/:type/:id", "/v1/entities/stock/i@w");
    await read("/v1/entities/:type/:id", "/v1/entities/stock/none@w");
    const headers = { "If-None-Match": "*" };
    await read("/v1/entities/:type/:id", "/v1/entities/stock/i@w", { headers });
    await read("/v1/entities/:type/:id/history", "/v1/entities/stock/i@w/history?limit=3");
    await read("/v1/entities/:type/:id/history", "/v1/entities/reservation/r@i/history");
    for (const route of [
      "/v1/genesis",
      "/v1/token",
      "/v1/live",
      "/v1/ready",
      "/metrics",
      "/openapi.json",
      "/docs",
    ])
      await read(route);
    expect(shown).toContain("GET /v1/entities/:type/:id/history");
  });

  it("of courts, with a seat that is down and one that dissents, and of orders", async () => {
    await fault(2, "corrupt-outcome");
    await post("/v1/events", [received("n"), received("o")]);
    await fault(3, "crash", { seconds: 60 });
    const read = (route: string, path = route) => described("GET", route, path);
    await read("/v1/courts");
    await read("/v1/courts/:court", "/v1/courts/0");
    await read("/v1/courts/:court", "/v1/courts/9");
    await read("/v1/courts/:court/attestations", "/v1/courts/0/attestations");
    await read("/v1/courts/:court/blocks/:height", "/v1/courts/0/blocks/1");
    const incidents = (await read("/v1/courts/:court/incidents", "/v1/courts/0/incidents")) as {
      items: object[];
    };
    expect(incidents.items).not.toEqual([]);
    const order = (route: string, path: string, body?: unknown) =>
      described("POST", route, path, { body });
    await order("/v1/courts/:court/members/:seat/fault", "/v1/courts/0/members/3/fault", {
      kind: "heal",
    });
    await order("/v1/courts/:court/members/:seat/fault", "/v1/courts/0/members/2/fault", {
      kind: "heal",
    });
    await order("/v1/wardens/:warden/fault", "/v1/wardens/0/fault", { kind: "heal" });
    await order("/v1/ledger/fault", "/v1/ledger/fault", { kind: "heal" });
    await order("/v1/ledger/fault", "/v1/ledger/fault", { kind: "explode" });
    await order("/v1/wardens/:warden/readmit", "/v1/wardens/1/readmit");
    await order("/v1/courts/:court/members/:seat/readmit", "/v1/courts/0/members/1/readmit");
    await eventually(async () => {
      await order("/v1/courts/:court/members/:seat/rebuild", "/v1/courts/0/members/1/rebuild");
      return shown.has("POST /v1/courts/:court/members/:seat/rebuild");
    });
  });

  it("a seat and a Warden that lost their storage are taken in with an answer as described", async () => {
    // One is lost at a time: those that were hurt before are back.
    const whole = () => eventually(async () => (await court()).members.every(({ ready }) => ready));
    await whole();
    const lost = async (wipe: string, route: string, path: string) => {
      await post(wipe, { kind: "wipe" });
      await eventually(async () => {
        await described("POST", route, path);
        return shown.has(`POST ${route}`);
      });
    };
    await lost("/v1/wardens/1/fault", "/v1/wardens/:warden/readmit", "/v1/wardens/1/readmit");
    await lost(
      "/v1/courts/0/members/1/fault",
      "/v1/courts/:court/members/:seat/readmit",
      "/v1/courts/0/members/1/readmit",
    );
    expect(shown).toContain("POST /v1/courts/:court/members/:seat/readmit");
    // Nothing is left under way that would begin a new life when the file is over.
    await whole();
  });

  it("all of it was shown", () => {
    const unshown = operations
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`)
      .filter((each) => !shown.has(each) && !each.endsWith("/stream"));
    expect(unshown).toEqual([]);
  });
});

describe("PageOfItsOwn", () => {
  it("the page and the document are open, and the page forbids everything but its own style", async () => {
    const page = await get("/docs", { token: null });
    expect([page.status, page.headers.get("Content-Type")]).toEqual([
      200,
      "text/html; charset=UTF-8",
    ]);
    expect(page.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    const document = await get("/openapi.json", { token: null });
    expect(await document.json()).toMatchObject({ openapi: "3.1.0", info: { title: "Assize" } });
    expect(await page.text()).toContain("/v1/courts/{court}/blocks/{height}");
  });
});
