/** Server-sent events of the real Worker, read as a client reads them. */
import { env } from "cloudflare:test";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { LIMITS } from "../objects/shared/limits.ts";
import { fetchHandler } from "../worker/http/app.ts";
import { ask, get, migrate, post, requestOf } from "./kit/worker.ts";
import type { TokenName } from "./kit/worker.ts";

const wait = { timeout: 60_000, interval: 50 };

interface Sent {
  readonly id: string | undefined;
  readonly event: { readonly id: string; readonly published: boolean };
}

interface Listening {
  readonly response: Response;
  /** The next so many events. */
  readonly take: (count: number) => Promise<Sent[]>;
  /** Comes when the stream is over. */
  readonly over: () => Promise<void>;
  readonly leave: () => void;
  /** Reads no more, as who closes the connection. */
  readonly drop: () => Promise<void>;
}

const handler = fetchHandler();

async function listen(
  path: string,
  token: TokenName = "read",
  headers: Record<string, string> = {},
): Promise<Listening> {
  const gone = new AbortController();
  const request = new Request(requestOf("GET", path, { token, headers }), { signal: gone.signal });
  const response = await handler(request, env);
  const events = response.body
    ?.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  return {
    response,
    take: async (count) => {
      const taken: Sent[] = [];
      while (taken.length < count) {
        const read = await events?.read();
        if (read?.value === undefined) throw new Error(`over after ${taken.length} events`);
        const event = JSON.parse(read.value.data) as Sent["event"];
        taken.push({ id: read.value.id, event });
      }
      return taken;
    },
    over: async () => {
      while ((await events?.read())?.done === false);
    },
    leave: () => gone.abort(),
    drop: async () => events?.cancel(),
  };
}

let made = 0;
/** Events of the tenant dev, in their order. */
const mine: string[] = [];
async function received(count: number, token: TokenName = "all"): Promise<string[]> {
  const events = Array.from({ length: count }, () => ({
    id: `s-${++made}`,
    type: "stock.received",
    data: { item: `sku-${made % 3}`, warehouse: "w1", quantity: 1 },
  }));
  const response = await post("/v1/events", events, { token });
  expect(response.status).toBe(200);
  const ids = events.map(({ id }) => id);
  if (token !== "other") mine.push(...ids);
  return ids;
}

const idsOf = (sent: readonly Sent[]): string[] => sent.map(({ event }) => event.id);

beforeAll(async () => {
  await migrate();
  await vi.waitUntil(async () => (await get("/v1/ready")).status === 200, wait);
});

describe("EachOnceInOrder", () => {
  it("what was published before, and what is published while one listens, with its place as id", async () => {
    const before = await received(3);
    const stream = await listen("/v1/events/stream?court=0");
    expect(stream.response.headers.get("Content-Type")).toBe("text/event-stream");
    expect(stream.response.headers.get("Cache-Control")).toContain("no-store");
    const first = await stream.take(3);
    expect(idsOf(first)).toEqual(before);
    const after = await received(2);
    const rest = await stream.take(2);
    expect(idsOf(rest)).toEqual(after);
    stream.leave();
    for (const { id, event } of [...first, ...rest]) {
      const { receipt, ...found } = await get(`/v1/events/${event.id}`).then((response) =>
        response.json<{ receipt: { height: number; index: number } }>(),
      );
      expect(id).toBe(`${receipt.height}.${receipt.index}`);
      expect(event).toEqual({ ...found, receipt, published: true });
    }
  });

  it("resumed behind the last id, by its header or at first in the query, nothing twice and nothing left out", async () => {
    const all = await listen("/v1/events/stream");
    const sent = await all.take(mine.length);
    all.leave();
    for (const [place, { id = "" }] of sent.slice(0, -1).entries()) {
      const expected = idsOf(sent.slice(place + 1));
      const resumed = await listen("/v1/events/stream?court=0&after=0.0", "read", {
        "Last-Event-ID": id,
      });
      expect(idsOf(await resumed.take(expected.length))).toEqual(expected);
      resumed.leave();
      const begun = await listen(`/v1/events/stream?after=${id}`);
      expect(idsOf(await begun.take(expected.length))).toEqual(expected);
      begun.leave();
    }
  });

  it("more than a page, page after page", async () => {
    const many = await received(2 * LIMITS.streamPage + 1);
    const stream = await listen("/v1/events/stream");
    expect(idsOf(await stream.take(mine.length)).slice(-many.length)).toEqual(many);
    stream.leave();
  });

  it("another tenant's are not sent", async () => {
    const stream = await listen("/v1/events/stream", "other");
    await received(1);
    const [theirs = ""] = await received(1, "other");
    expect(idsOf(await stream.take(1))).toEqual([theirs]);
    stream.leave();
  });
});

describe("asking for a stream", () => {
  it.each([
    ["/v1/events/stream?court=1", {}, 400],
    ["/v1/events/stream?court=x", {}, 400],
    ["/v1/events/stream?after=1", {}, 400],
    ["/v1/events/stream", { "Last-Event-ID": "1.-1" }, 400],
    ["/v1/events/stream", { "Last-Event-ID": "one" }, 400],
    ["/v1/events/stream", { "Last-Event-ID": "" }, 200],
  ])("%s with %j is %i", async (path, headers, status) => {
    const stream = await listen(path, "read", headers);
    expect(stream.response.status).toBe(status);
    stream.leave();
  });

  it("wants the scope read", async () => {
    expect((await get("/v1/events/stream", { token: null })).status).toBe(401);
    expect((await get("/v1/events/stream", { token: "submit" })).status).toBe(403);
    expect((await post("/v1/events/stream", {})).status).toBe(405);
  });

  it("an event may be called stream: whoever names a source asks for it", async () => {
    const event = {
      id: "stream",
      type: "stock.received",
      data: { item: "sku-1", warehouse: "w1", quantity: 1 },
    };
    const kept = await post("/v1/events", event, { headers: { Prefer: "respond-async" } });
    mine.push(event.id);
    const location = kept.headers.get("Location") ?? "/v1/events/stream?source=%2F";
    expect(await (await get(location)).json()).toMatchObject({ id: "stream", source: "/" });
  });
});

describe("the end of a stream", () => {
  /** Opens as many as one token may have. */
  const fill = () =>
    Promise.all(
      Array.from({ length: LIMITS.streamsPerToken }, () => listen("/v1/events/stream", "all")),
    );

  it("RefuseStream, EndLeftStream: one too many is 429, until one of them is left", async () => {
    const open = await fill();
    expect(open.map(({ response }) => response.status)).not.toContain(429);
    const refused = await listen("/v1/events/stream", "all");
    expect(refused.response.status).toBe(429);
    expect(refused.response.headers.get("Retry-After")).toBe("1");
    expect((await listen("/v1/events/stream", "read")).response.status).toBe(200);
    // What is never read holds no place.
    const heads = await Promise.all(open.map(() => ask("HEAD", "/v1/events/stream")));
    expect(new Set(heads.map(({ status }) => status))).toEqual(new Set([200]));
    open[0]?.leave();
    await open[0]?.over();
    const again = await listen("/v1/events/stream", "all");
    expect(again.response.status).toBe(200);
    await open[1]?.drop();
    const third = await vi.waitUntil(async () => {
      await received(1);
      const stream = await listen("/v1/events/stream", "all");
      return stream.response.status === 200 ? stream : null;
    }, wait);
    third.leave();
    for (const stream of [...open, again]) stream.leave();
    await Promise.all(open.slice(2).map(({ over }) => over()));
  });

  it("EndUnreadableStream: a Ledger that cannot be read ends it, and is told to whoever comes back", async () => {
    const rename = (from: string, to: string) =>
      env.LEDGER.prepare(`ALTER TABLE ${from} RENAME TO ${to}`).run();
    const stream = await listen("/v1/events/stream");
    await stream.take(mine.length);
    await rename("attestations", "attestations_away");
    await stream.over();
    expect((await listen("/v1/events/stream")).response.status).toBe(500);
    await rename("attestations_away", "attestations");
    const again = await listen("/v1/events/stream");
    expect(again.response.status).toBe(200);
    again.leave();
  });
});
