import { env } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { fetchHandler } from "../worker/http/app.ts";
import { ask, get, migrate, post, requestOf } from "./kit/worker.ts";

interface Problem {
  readonly type: string;
  readonly status: number;
}

const problemIn = async (response: Response) => {
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  const problem = await response.json<Problem>();
  expect(problem).toMatchObject({
    status: response.status,
    title: expect.any(String),
    detail: expect.any(String),
  });
  return problem;
};

let made = 0;
const received = (quantity = 5, item = "sku-1") => ({
  id: `e-${++made}`,
  type: "stock.received",
  data: { item, warehouse: "w1", quantity },
});

beforeAll(async () => {
  await migrate();
  await vi.waitUntil(async () => (await get("/v1/ready", { token: null })).status === 200, {
    timeout: 60_000,
  });
});

describe("access and routes", () => {
  it.each([
    ["POST", "/v1/events"],
    ["GET", "/v1/events"],
    ["GET", "/v1/events/x"],
    ["GET", "/v1/entities"],
    ["GET", "/v1/entities/stock/a@b"],
    ["GET", "/v1/entities/stock/a@b/history"],
    ["GET", "/v1/courts"],
    ["GET", "/v1/courts/0"],
    ["GET", "/v1/courts/0/blocks/1"],
    ["GET", "/v1/courts/0/incidents"],
    ["POST", "/v1/courts/0/members/0/fault"],
    ["POST", "/v1/wardens/0/fault"],
    ["POST", "/v1/ledger/fault"],
  ])("RefuseUnknown: %s %s without a token is 401", async (method, path) => {
    const response = await ask(method, path, { token: null });
    expect([response.status, response.headers.get("WWW-Authenticate")]).toEqual([401, "Bearer"]);
    expect((await problemIn(response)).type).toBe("/problems/unauthorized");
  });

  it("RefuseForbidden: each route wants its own scope", async () => {
    const statuses = [
      await post("/v1/events", received(), { token: "read" }),
      await get("/v1/events", { token: "submit" }),
      await get("/v1/courts/0/blocks/1", { token: "read" }),
      await get("/v1/courts/0/incidents", { token: "read" }),
      await post("/v1/wardens/0/fault", { kind: "heal" }, { token: "submit" }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([403, 403, 403, 403, 403]);
  });

  it("EveryErrorIsAProblem: another method is 405 with Allow, another path 404, another type 415", async () => {
    const wrong = await ask("DELETE", "/v1/events");
    expect([wrong.status, wrong.headers.get("Allow")?.split(", ").toSorted()]).toEqual([
      405,
      ["GET", "HEAD", "POST"],
    ]);
    await problemIn(wrong);
    expect((await problemIn(await post("/v1/live", {}))).status).toBe(405);
    expect((await problemIn(await get("/v1/nothing"))).status).toBe(404);
    const typed = await post("/v1/events", "<a/>", { headers: { "Content-Type": "text/xml" } });
    expect((await problemIn(typed)).type).toBe("/problems/unsupported-media-type");
  });

  it("live and ready are open to everybody and say which server they are", async () => {
    const live = await get("/v1/live", { token: null });
    expect([live.status, await live.json()]).toEqual([200, { status: "live", boot: "test" }]);
    const ready = await get("/v1/ready", { token: null });
    expect([ready.status, await ready.json()]).toEqual([
      200,
      {
        status: "ready",
        boot: "test",
        genesis: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
        reasons: [],
      },
    ]);
  });

  it("InjectFault, NoFaultInProduction: there is no such route where FAULT_INJECTION is not on, and no such fault elsewhere", async () => {
    const handler = fetchHandler();
    const off = { ...env, FAULT_INJECTION: "" };
    for (const path of [
      "/v1/courts/0/members/0/fault",
      "/v1/wardens/0/fault",
      "/v1/ledger/fault",
    ]) {
      expect((await handler(requestOf("POST", path, { body: { kind: "heal" } }), off)).status).toBe(
        404,
      );
      expect((await post(path, { kind: "heal" })).status).toBe(200);
      expect((await problemIn(await post(path, { kind: "explode" }))).status).toBe(400);
      expect((await problemIn(await post(path, "{"))).status).toBe(400);
      const headers = { "Content-Type": "text/plain" };
      expect((await problemIn(await post(path, { kind: "heal" }, { headers }))).status).toBe(415);
    }
    expect((await post("/v1/courts/0/members/4/fault", { kind: "heal" })).status).toBe(404);
    expect((await post("/v1/courts/1/members/0/fault", { kind: "heal" })).status).toBe(404);
    expect((await post("/v1/wardens/00/fault", { kind: "heal" })).status).toBe(404);
  });

  it("RefuseOtherConfiguration: configuration that is none, or not the genesis', serves nothing", async () => {
    for (const unfit of [{ WINDOW_SECONDS: "0" }, { DOMAINS: "tides" }, { DOMAINS: "" }]) {
      const changed = { ...env, ...unfit } as typeof env;
      const broken = await fetchHandler()(requestOf("GET", "/v1/live"), changed);
      expect((await problemIn(broken)).type).toBe("/problems/no-quorum");
    }
    const others = [
      ["window", { WINDOW_SECONDS: "600" }],
      ["domains", { DOMAINS: "inventory" }],
    ] as const;
    for (const [what, otherwise] of others) {
      const other = { ...env, ...otherwise } as typeof env;
      const refused = await fetchHandler()(
        requestOf("POST", "/v1/events", { body: received() }),
        other,
      );
      expect(refused.headers.get("Retry-After")).toBe("1");
      expect(await refused.json()).toMatchObject({
        status: 503,
        detail: expect.stringContaining(what),
      });
      const ready = await fetchHandler()(requestOf("GET", "/v1/ready"), other);
      expect([ready.status, await ready.json()]).toMatchObject([
        503,
        { reasons: [expect.stringContaining(what)] },
      ]);
    }
  });
});

describe("submitting", () => {
  it("AnswerSettled, AnswerReplay: an outcome with its receipt, and again the same bytes", async () => {
    const event = received(7, "sku-a");
    const first = await post("/v1/events", event);
    const text = await first.text();
    expect([first.status, first.headers.get("Content-Type")]).toEqual([200, "application/json"]);
    expect(JSON.parse(text)).toMatchObject({
      id: event.id,
      source: "/",
      type: event.type,
      status: "accepted",
      changes: [{ entity: "stock/sku-a@w1", version: 1, state: { onHand: 7, reserved: 0 } }],
      receipt: {
        court: 0,
        height: expect.any(Number),
        index: expect.any(Number),
        domainVersion: 1,
      },
    });
    const { data, ...rest } = event;
    const again = await post(
      "/v1/events",
      JSON.stringify({ data, ...rest, sentat: new Date().toISOString() }, null, 2),
    );
    expect([again.status, again.headers.get("Idempotent-Replayed"), await again.text()]).toEqual([
      200,
      "true",
      text,
    ]);
  });

  it("AnswerRefused: the same key with another event is 422, a late retry too", async () => {
    const event = received();
    await post("/v1/events", event);
    const reused = await post("/v1/events", { ...event, subject: "other" });
    expect((await problemIn(reused)).type).toBe("/problems/key-reused");
    const late = await post("/v1/events", { ...received(), sentat: "2020-01-01T00:00:00Z" });
    expect((await problemIn(late)).type).toBe("/problems/too-old");
  });

  it("RefuseInvalidEvent: an unknown type or data that does not fit is 422 with pointers", async () => {
    const unknown = await post("/v1/events", { ...received(), type: "stock.stolen" });
    expect(await unknown.json()).toMatchObject({ status: 422, errors: [{ pointer: "/type" }] });
    for (const type of ["assize.expired", "__proto__", "constructor"]) {
      expect((await post("/v1/events", { ...received(), type })).status).toBe(422);
    }
    const unfit = await post("/v1/events", {
      ...received(),
      data: { item: "a b", warehouse: "w1", quantity: 0 },
    });
    const { errors } = await unfit.json<{ errors: { pointer: string }[] }>();
    expect(errors.map(({ pointer }) => pointer)).toEqual(["/data/item", "/data/quantity"]);
    const extra = await post(
      "/v1/events",
      `{"id":"p","type":"stock.received","data":{"item":"a","warehouse":"w","quantity":1,"__proto__":1}}`,
    );
    expect(extra.status).toBe(422);
  });

  it("AnswerEachInOrder: neighbours of a bad event are decided, the same key twice is a replay", async () => {
    const good = received(3, "sku-b");
    const more = received(4, "sku-b");
    const response = await post("/v1/events", [
      good,
      { id: "bad" },
      good,
      { ...good, subject: "x" },
      more,
    ]);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject([
      { id: good.id, status: "accepted", changes: [{ version: 1, state: { onHand: 3 } }] },
      { id: "bad", status: "invalid", problem: { status: 400, type: "/problems/malformed" } },
      { id: good.id, status: "accepted", replayed: true },
      { id: good.id, status: "conflict", problem: { status: 422, type: "/problems/key-reused" } },
      { id: more.id, status: "accepted", changes: [{ version: 2, state: { onHand: 7 } }] },
    ]);
    expect(await (await post("/v1/events", [])).json()).toEqual([]);
  });

  it("RouteEvent: sources of different Wardens are answered in the order of the array", async () => {
    const events = Array.from({ length: 8 }, (_, place) => ({
      ...received(1, "sku-r"),
      source: `/s${place % 4}`,
    }));
    const response = await post("/v1/events", events);
    const outcomes = await response.json<{ id: string; source: string; status: string }[]>();
    expect(outcomes.map(({ id, source }) => [id, source])).toEqual(
      events.map(({ id, source }) => [id, source]),
    );
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["accepted"]));
  });

  it("PromiseOutcome: 202 and a location, where the outcome appears", async () => {
    const event = { ...received(1, "sku-c"), source: "/till 1" };
    const response = await post("/v1/events", event, { headers: { Prefer: "respond-async" } });
    const location = response.headers.get("Location") ?? "";
    expect([response.status, location]).toEqual([202, `/v1/events/${event.id}?source=%2Ftill%201`]);
    const outcome = await vi.waitUntil(
      async () => {
        const found = await (await get(location)).json<{ status: string }>();
        return found.status === "pending" ? null : found;
      },
      { timeout: 60_000 },
    );
    expect(outcome).toMatchObject({ id: event.id, source: "/till 1", status: "accepted" });
  });

  it("AdmitEvent: every content mode reaches the court", async () => {
    const cloud = { specversion: "1.0", source: "/cloud", ...received(1, "sku-d") };
    const structured = {
      headers: { "Content-Type": "application/cloudevents+json; charset=utf-8" },
    };
    expect((await post("/v1/events", cloud, structured)).status).toBe(200);
    const batched = { headers: { "Content-Type": "application/cloudevents-batch+json" } };
    const batch = await post("/v1/events", [{ ...cloud, id: "d-2" }], batched);
    expect(await batch.json()).toMatchObject([{ id: "d-2", source: "/cloud", status: "accepted" }]);
    const headers = {
      "ce-id": "d%203",
      "ce-source": "/cloud",
      "ce-type": "stock.received",
      "ce-specversion": "1.0",
    };
    const binary = await post("/v1/events", cloud.data, { headers });
    expect(await binary.json()).toMatchObject({
      id: "d 3",
      status: "accepted",
      changes: [{ version: 3 }],
    });
    const { id: _, ...nameless } = received(1, "sku-d");
    const keyed = await post("/v1/events", nameless, { headers: { "Idempotency-Key": '"d-4"' } });
    expect(await keyed.json()).toMatchObject({ id: "d-4", status: "accepted" });
  });
});
