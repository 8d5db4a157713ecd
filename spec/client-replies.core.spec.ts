/** Answers that the contract does not have: each event still comes to one end, and its lane goes on. */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { AssizeClient, AssizeError } from "../client/index.ts";
import type { ClientOptions } from "../client/index.ts";
import { retryAfterIn, verdictsOf } from "../client/replies.ts";
import type { Verdict } from "../client/replies.ts";
import { ContractServer, outcome, receiptOf } from "./kit/contract-server.ts";
import { HandClock } from "./kit/hand-clock.ts";

const event = { id: "m", source: "/s" };
const type = "stock.received";
const data = { item: "i", warehouse: "w1", quantity: 1 };
const receipt = receiptOf(event);
const problem = { type: "/problems/overloaded", title: "Full", status: 429, detail: "" };
/** JSON can say it, and no text can be made of it. */
const untold = { toString: 1, valueOf: 1 };

const verdictOn = (element: unknown): Verdict | undefined =>
  verdictsOf({ status: 200, retryAfterMs: 0, body: [element] }, [event])[0];
const said = (verdict: Verdict | undefined): string => {
  if (verdict === undefined) return "nothing";
  if ("again" in verdict) return `again: ${verdict.again}`;
  return "error" in verdict ? verdict.error.code : "outcome";
};

describe("JudgeEveryAnswer", () => {
  it.each<[string, unknown, string]>([
    ["a problem without a type", { title: "t" }, "refused"],
    ["a problem that is a text", "full", "refused"],
    ["no problem at all", undefined, "refused"],
    ["a problem", problem, "overloaded"],
  ])("what is refused with %s is asked again", (_, given, why) => {
    expect(said(verdictOn({ id: "m", status: "refused", problem: given }))).toBe(`again: ${why}`);
  });

  it.each<[string, unknown]>([
    ["a number", 7],
    ["a text", "accepted"],
    ["an array", [event]],
    ["of an event that no text can be made of", { ...outcome(event), id: untold }],
    ["of a status that no text can be made of", { ...outcome(event), status: untold }],
    ["of another source", { ...outcome(event), source: "/another" }],
    ["of no type", { ...outcome(event), type: undefined }],
    ["without a receipt", { ...outcome(event), receipt: undefined }],
    ["with a place that is none", { ...outcome(event), receipt: { ...receipt, height: "1" } }],
    ["with a digest that is none", { ...outcome(event), receipt: { ...receipt, block: null } }],
    ["with changes that are none", { ...outcome(event), changes: { stock: 1 } }],
    ["with a change that is none", { ...outcome(event), changes: [null] }],
    ["rejected for no reason", { ...outcome(event), status: "rejected" }],
    ["rejected, and no code", { ...outcome(event), status: "rejected", reason: { code: 1 } }],
  ])("%s is out of the contract", (_, element) => {
    expect(said(verdictOn(element))).toBe("out-of-contract");
  });

  it.each([300, 301, 302, 303, 307, 308])(
    "%i is final, and says that the address is another",
    (status) => {
      const reply = { status, retryAfterMs: 0, body: "" };
      const [verdict] = verdictsOf(reply, [event]);
      expect(said(verdict)).toBe("out-of-contract");
      expect(verdict).toMatchObject({ error: { message: expect.stringContaining("elsewhere") } });
    },
  );

  it.each<[string, string, number]>([
    ["seconds without end", "1e308", 60_000],
    ["a day", "86400", 60_000],
    ["a date far ahead", "Sun, 22 Nov 2099 10:00:00 GMT", 60_000],
    ["half a minute", "30", 30_000],
  ])("BackOff: of %s as Retry-After no more than a minute is heeded", (_, header, ms) => {
    expect(retryAfterIn(header, Date.UTC(2026, 10, 22, 10))).toBe(ms);
  });
});

/** Members of a good answer, each as it should be or as anything else. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(untold, { toString: null }, { __proto__: null }, [], {}, ""),
);
const or = (good: unknown) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: anything });
const bent = fc
  .record(
    {
      id: or("m"),
      source: or("/s"),
      type: or(type),
      status: or("accepted").chain((good) =>
        fc.constantFrom(good, "rejected", "refused", "pending", "invalid", "conflict"),
      ),
      reason: or({ code: "c", detail: "d" }),
      changes: or([{ entity: "e/1", version: 1, state: {} }]),
      receipt: or(receipt),
      problem: fc.oneof(
        or(problem),
        fc.record({ type: anything, title: anything, status: anything }),
      ),
      replayed: or(true),
    },
    { requiredKeys: [] },
  )
  .map((element) => JSON.parse(JSON.stringify(element)) as unknown);
const body = fc.oneof(
  fc.tuple(fc.oneof(bent, anything)).map((elements) => JSON.stringify(elements)),
  fc.array(bent, { maxLength: 3 }).map((elements) => JSON.stringify(elements)),
  anything.map((value) => JSON.stringify(value)),
  fc.string({ unit: "binary" }),
  bent.map((element) => JSON.stringify([element]).slice(0, -3)),
);
const answer = fc.record({
  status: fc.oneof(
    { weight: 3, arbitrary: fc.constant(200) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(201, 202, 301, 400, 404, 408, 422, 425, 429, 500, 502, 503, 504),
    },
  ),
  body,
  retryAfter: fc.constantFrom(undefined, "0", "1", "1e99", "-1", "soon", "Infinity", "NaN"),
});

function clientOf(clock: HandClock, fetched: typeof fetch, more: Partial<ClientOptions> = {}) {
  const own = { url: "http://assize.test", token: "t", clock, random: () => 0.5 };
  return new AssizeClient({ ...own, fetch: fetched, ...more });
}

describe("SettlesOnce", () => {
  it("whatever a server answers, an event comes to an outcome or an error, and the next one of its lane is sent", async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 4 }), async (answers) => {
        const clock = new HandClock();
        const left = [...answers];
        const good = new ContractServer();
        const fetched: typeof fetch = async (input, init) => {
          const next = left.shift();
          if (next === undefined) return good.fetch(input, init);
          const { status, retryAfter } = next;
          const headers: Record<string, string> =
            retryAfter === undefined ? {} : { "retry-after": retryAfter };
          return new Response(next.body, { status, headers });
        };
        const client = clientOf(clock, fetched, { deadlineMs: 600_000 });
        const ended: unknown[] = [];
        const first = client.submit({ type, data, ...event }).then(
          (over) => ended.push(over),
          (error: unknown) => ended.push(error),
        );
        const second = client.submit({ type, data, id: "next", source: "/s" }).then(
          (over) => ended.push(over),
          (error: unknown) => ended.push(error),
        );
        await clock.advance(600_000);
        expect(ended).toHaveLength(2);
        await Promise.all([first, second]);
        for (const end of ended) {
          kinds.add(end instanceof AssizeError ? end.code : "outcome");
          if (!(end instanceof AssizeError))
            expect(end).toMatchObject({ source: "/s", receipt: {} });
        }
        left.length = 0;
        const after = client.submit({ type, data, source: "/s" });
        await clock.advance(60_000);
        expect((await after).status).toBe("accepted");
      }),
      { seed: 17, numRuns: 400 },
    );
    expect(kinds).toContain("outcome");
    expect(kinds).toContain("out-of-contract");
  });
});

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

describe("over a real socket", () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  });
  async function serverOf(handle: Handle): Promise<string> {
    const server = createServer(handle);
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  /** Answers each request in its way, and then as the contract has it. */
  function inTurn(...handles: readonly Handle[]): Handle {
    const left = [...handles];
    const good = new ContractServer();
    return (request, response) => {
      const next = left.shift();
      if (next !== undefined) return next(request, response);
      void (async () => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of request) chunks.push(chunk as Uint8Array);
        const sent = { method: "POST", body: Buffer.concat(chunks).toString() };
        response.end(await (await good.fetch("http://any", sent)).text());
      })();
      return undefined;
    };
  }
  const whole = JSON.stringify([outcome(event)]);

  it.each<[string, Handle]>([
    ["HTML", (_, response) => response.end("<html>")],
    ["502 without a body", (_, response) => response.writeHead(502).end()],
    [
      "half a JSON, as if it were all",
      (_, response) => response.end(whole.slice(0, whole.length / 2)),
    ],
    [
      "half a JSON, and a cut",
      (_, response) => {
        response.writeHead(200, { "content-length": whole.length });
        response.write(whole.slice(0, whole.length / 2), () => response.destroy());
      },
    ],
    ["no element", (_, response) => response.end("[]")],
    ["two elements for one", (_, response) => response.end(`[${whole.slice(1, -1)},{}]`)],
    ["a cut at once", (request) => request.socket.destroy()],
  ])("SendUnderSameKey: after %s the event is sent again", async (_, handle) => {
    const url = await serverOf(inTurn(handle, handle));
    const client = new AssizeClient({ url, token: "t", bounds: { backoffMs: 1 } });
    expect((await client.submit({ type, data, ...event })).status).toBe("accepted");
  });

  it.each([301, 302, 303, 307, 308])(
    "JudgeEveryAnswer: %i is followed by nobody, and neither event nor token goes elsewhere",
    async (status) => {
      let strayed = 0;
      const elsewhere = await serverOf((_, response) => {
        strayed += 1;
        response.end(whole);
      });
      const url = await serverOf((request, response) => {
        response.writeHead(status, { location: `${elsewhere}${request.url}` }).end();
      });
      const client = new AssizeClient({ url, token: "t" });
      const fate = { code: "out-of-contract", message: expect.stringContaining("elsewhere") };
      await expect(client.submit({ type, data, ...event })).rejects.toMatchObject(fate);
      await expect(client.read("stock/i@w1")).rejects.toMatchObject(fate);
      await expect(client.stream().next()).rejects.toMatchObject(fate);
      expect(strayed).toBe(0);
    },
  );
});
