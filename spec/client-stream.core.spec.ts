/** Following a court, from a real server that cuts, repeats, falls silent and refuses, over a real socket. */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { AssizeClient } from "../client/index.ts";
import type { AssizeError, StreamOptions, Streamed } from "../client/index.ts";
import { HandClock } from "./kit/hand-clock.ts";

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server | undefined;
/** `Last-Event-ID` of each connection. */
let resumed: (string | undefined)[] = [];

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((done) => (server === undefined ? done(undefined) : server.close(done)));
  server = undefined;
});

/** A server whose connections are handled one after the other, each in its way; the last way goes on. */
async function clientOf(...handles: readonly Handle[]): Promise<AssizeClient> {
  resumed = [];
  const made = createServer((request, response) => {
    const handle = handles[Math.min(resumed.length, handles.length - 1)];
    const { "last-event-id": last } = request.headers;
    resumed.push(typeof last === "string" ? last : undefined);
    handle?.(request, response);
  });
  server = made;
  await new Promise<void>((done) => made.listen(0, "127.0.0.1", done));
  const { port } = made.address() as AddressInfo;
  return new AssizeClient({ url: `http://127.0.0.1:${port}`, token: "t" });
}

const text = (id: string): string => `id: ${id}\ndata: {"id":"of ${id}"}\n\n`;
const open = (response: ServerResponse): void => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write("retry: 1\n\n");
};
const sends =
  (...parts: readonly string[]): Handle =>
  (_, response) => {
    open(response);
    response.end(parts.join(""));
  };
const refuses =
  (status: number, body: object, headers: Record<string, string> = {}): Handle =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/problem+json", ...headers });
    response.end(JSON.stringify(body));
  };

/** The first so many. */
async function taken(stream: AsyncIterable<Streamed>, count: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id, event } of stream) {
    expect(event).toEqual({ id: `of ${id}` });
    ids.push(id);
    if (ids.length === count) break;
  }
  return ids;
}

describe("a stream", () => {
  it("ResumeAfterCut, HandOnOnce, PassOverKnown: goes on behind what was handed on, each once and in order, whatever is repeated", async () => {
    const client = await clientOf(
      sends(text("1.0"), text("1.1"), "id: 2.0\ndata: {cut"),
      (_, response) => {
        open(response);
        response.write(text("1.1") + text("1.0") + text("2.0"), () => response.destroy());
      },
      sends(text("2.0"), ":\n\n", text("2.9"), text("2.10"), text("10.0")),
    );
    const cuts: string[] = [];
    const stream = client.stream({ onCut: (why) => cuts.push(why) });
    expect(await taken(stream, 6)).toEqual(["1.0", "1.1", "2.0", "2.9", "2.10", "10.0"]);
    expect(resumed).toEqual([undefined, "1.1", "2.0"]);
    expect(cuts).toHaveLength(2);
  });

  it("HandOnOnce: hands on what comes in pieces, characters cut in two, and lines of several", async () => {
    const bytes = Buffer.from('id: 7.3\ndata: {"id":\ndata: "of 7.3","é":"€"}\n\n');
    const client = await clientOf((_, response) => {
      open(response);
      const next = (at: number): void => {
        if (at < bytes.length) response.write(bytes.subarray(at, at + 1), () => next(at + 1));
      };
      next(0);
    });
    const { value } = await client.stream().next();
    expect(value).toEqual({ id: "7.3", event: { id: "of 7.3", é: "€" } });
  });

  it("ResumeAfterCut: begins behind the given one, and asks for the court", async () => {
    let asked: string | undefined;
    const client = await clientOf((request, response) => {
      asked = request.url;
      sends(text("4.0"), text("4.1"))(request, response);
    });
    expect(await taken(client.stream({ court: 3, after: "4.0" }), 1)).toEqual(["4.1"]);
    expect([asked, resumed]).toEqual(["/v1/events/stream?court=3", ["4.0"]]);
  });

  it("ResumeAfterCut: a connection that falls silent is cut, one that sends heartbeats is not", async () => {
    const client = await clientOf(
      (_, response) => {
        open(response);
        response.write(text("1.0"));
      },
      (_, response) => {
        open(response);
        let beats = 0;
        const beat = setInterval(() => {
          beats += 1;
          response.write(beats < 20 ? ":\n\n" : text("2.0"));
          if (beats === 20) clearInterval(beat);
        }, 20);
      },
    );
    const cuts: string[] = [];
    const stream = client.stream({ silenceMs: 300, onCut: (why) => cuts.push(why) });
    expect(await taken(stream, 2)).toEqual(["1.0", "2.0"]);
    expect(cuts).toEqual(["nothing came for 0.3 s"]);
  });

  it("ResumeAfterCut: 503 is asked again after Retry-After; one that never comes back is given up at the deadline", async () => {
    const problem = { type: "/problems/no-quorum", title: "Too few", status: 503, detail: "" };
    const client = await clientOf(
      refuses(503, problem, { "retry-after": "0" }),
      sends(text("1.0")),
    );
    expect(await taken(client.stream(), 1)).toEqual(["1.0"]);
    const never = await clientOf(refuses(503, problem));
    await expect(taken(never.stream({ deadlineMs: 200 }), 1)).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("it answered 503"),
    });
  });

  const lasting: [number, object, string][] = [
    [
      401,
      { type: "/problems/unauthorized", title: "A known token is needed", status: 401, detail: "" },
      "unauthorized",
    ],
    [
      400,
      {
        type: "/problems/malformed",
        title: "It is malformed",
        status: 400,
        detail: "There is no court 9.",
      },
      "malformed",
    ],
    [404, { what: "another server" }, "out-of-contract"],
    [200, { what: "no stream" }, "out-of-contract"],
  ];
  it.each(lasting)("StopWhenRefused: %i %j is not asked again", async (status, body, code) => {
    const client = await clientOf(refuses(status, body));
    await expect(taken(client.stream(), 1)).rejects.toMatchObject({ code });
    expect(resumed).toHaveLength(1);
  });

  it.each(["data: {}\n\n", "id: x\ndata: {}\n\n", "id: 1.0\ndata: {\n\n", "id: 1.0\ndata: 7\n\n"])(
    "StopWhenRefused: %j is no published event",
    async (sent) => {
      const client = await clientOf(sends(sent));
      await expect(taken(client.stream(), 1)).rejects.toMatchObject({ code: "out-of-contract" });
    },
  );

  it("ForgetAborted: ends when its signal aborts, and when its consumer leaves; both close the connection", async () => {
    const closed: Promise<unknown>[] = [];
    const holds: Handle = (request, response) => {
      closed.push(new Promise((done) => request.socket.once("close", done)));
      open(response);
      response.write(text("1.0"));
    };
    const client = await clientOf(holds);
    expect(await taken(client.stream(), 1)).toEqual(["1.0"]);
    await closed[0];
    const controller = new AbortController();
    const options: StreamOptions = { signal: controller.signal };
    const stream = client.stream(options);
    await stream.next();
    const next = stream.next();
    controller.abort(new Error("no more"));
    await expect(next).rejects.toMatchObject({
      code: "aborted",
      message: expect.stringContaining("no more"),
    });
    await closed[1];
    await expect(client.stream(options).next()).rejects.toMatchObject({ code: "aborted" });
  });
});

/** A stream whose clock is moved by hand, of connections that are open for so long and bring this at their beginning. */
function timed(clock: HandClock, brings: (connection: number) => string, openMs: number) {
  const seen = { connections: 0, ids: [] as string[], code: "" };
  const fetched = (async (_, init) => {
    const { signal } = init ?? {};
    const sent = brings(seen.connections);
    seen.connections += 1;
    const body = new ReadableStream<Uint8Array>({
      start(wire) {
        if (sent !== "") wire.enqueue(new TextEncoder().encode(sent));
        const cancel = clock.after(openMs, () => wire.close());
        signal?.addEventListener("abort", () => {
          cancel();
          wire.error(signal.reason);
        });
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }) as typeof fetch;
  const own = { url: "http://assize.test", token: "t", clock, random: () => 0.5 };
  const client = new AssizeClient({ ...own, fetch: fetched });
  const controller = new AbortController();
  const over = (async () => {
    const asked = { deadlineMs: 60_000, silenceMs: 45_000, signal: controller.signal };
    for await (const { id } of client.stream(asked)) seen.ids.push(id);
  })().catch((error: unknown) => {
    seen.code = (error as AssizeError).code;
  });
  return { seen, over, end: () => controller.abort() };
}

describe("GoOnWhileServed, GiveUpUnserved", () => {
  it.each<[string, string]>([
    ["an event", text("1.0")],
    ["a heartbeat", ":\n\n"],
    ["the pause that it asks for", "retry: 1000\n\n"],
  ])("a connection that brought %s begins the deadline anew", async (_, sent) => {
    const clock = new HandClock();
    const brings = (connection: number): string => (connection < 10 ? sent : text("2.0"));
    const { seen, over, end } = timed(clock, brings, 44_000);
    await clock.advance(600_000);
    expect([seen.connections > 10, seen.code, seen.ids.at(-1)]).toEqual([true, "", "2.0"]);
    end();
    await over;
    expect(seen.code).toBe("aborted");
  });

  it.each<[string, string, number]>([
    ["nothing, and closes", "", 0],
    ["nothing, and stays", "", Infinity],
    ["what is no line of a stream", "<html></html>\n\n", 0],
    ["part of a line", "id: 1.", 10_000],
  ])("200 that brings %s does not: it is given up at the deadline", async (_, sent, openMs) => {
    const clock = new HandClock();
    const { seen, over } = timed(clock, () => sent, openMs);
    await clock.advance(44_000);
    expect(seen.code).toBe("");
    await clock.advance(16_000);
    expect([seen.code, seen.ids]).toEqual(["unreachable", []]);
    await over;
  });

  it("a pause that the server asks for is heeded for a minute at most", async () => {
    const clock = new HandClock();
    const { seen, over, end } = timed(clock, () => "retry: 99999999999\n\n", 0);
    await clock.advance(300_000);
    expect([seen.connections, seen.code]).toEqual([5, ""]);
    end();
    await over;
  });

  it("StopWhenRefused: a line without end is out of the contract, not a cut", async () => {
    const client = await clientOf(sends(`data: ${"x".repeat(3 * 1024 * 1024)}`));
    await expect(client.stream().next()).rejects.toMatchObject({ code: "out-of-contract" });
    expect(resumed).toHaveLength(1);
  });
});
