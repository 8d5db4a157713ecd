/** The client's submissions over a network that loses, cuts and refuses, its clock moved by hand. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AssizeClient } from "../client/index.ts";
import type {
  AssizeError,
  ClientOptions,
  InventoryEvents,
  Outcome,
  Submission,
} from "../client/index.ts";
import { retryAfterIn } from "../client/replies.ts";
import { ContractServer, receiptOf } from "./kit/contract-server.ts";
import type { Mishap } from "./kit/contract-server.ts";
import { HandClock } from "./kit/hand-clock.ts";

const clock = new HandClock();

function clientOf(server: Pick<ContractServer, "fetch">, more: Partial<ClientOptions> = {}) {
  let drawn = 0;
  const newId = (): string => `drawn-${drawn++}`;
  const { fetch } = server;
  const made = { url: "http://assize.test/", token: "t", fetch, clock, random: () => 0.5, newId };
  return new AssizeClient<InventoryEvents>({ ...made, ...more });
}

function received(item: string, more: Partial<Submission<InventoryEvents>> = {}) {
  const data = { item, warehouse: "w1", quantity: 1 };
  return { type: "stock.received", ...more, data } as Submission<InventoryEvents>;
}

type Ended = { readonly outcome: Outcome } | { readonly error: AssizeError };

/** What each came to, in the order they ended, told once for each. */
function ends(promises: readonly Promise<Outcome>[]): Map<number, Ended> {
  const over = new Map<number, Ended>();
  for (const [index, promise] of promises.entries())
    promise.then(
      (outcome) => over.set(index, { outcome }),
      (error: unknown) => over.set(index, { error: error as AssizeError }),
    );
  return over;
}

/** The error that a submission ends with, the clock going on for as long as it may take. */
async function failure(promise: Promise<Outcome>, ms = 60_000): Promise<AssizeError> {
  const over = ends([promise]);
  await clock.advance(ms);
  const end = over.get(0);
  if (end !== undefined && "error" in end) return end.error;
  throw new Error("it did not fail");
}

const answering = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  fetch: (async () => Response.json(body, { status, headers })) as typeof fetch,
});

describe("over any network", () => {
  const mishap = fc.constantFrom<Mishap>(
    "none",
    "none",
    "lost",
    "cut",
    "429",
    "503",
    "502",
    "html",
    "mixed",
  );

  it("OneKeyPerEvent, SettlesOnce, OneRequestPerLane: one id, one sentat, the same bytes, one effect, one end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(mishap, { maxLength: 25 }),
        fc.array(fc.record({ source: fc.constantFrom("/a", "/b", "/c"), wait: fc.nat(40) }), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (mishaps, wanted, chance) => {
          const left = [...mishaps];
          const server = new ContractServer(() => left.shift() ?? "none");
          const bounds = { batchEvents: 7, queueEvents: 12 };
          const client = clientOf(server, { bounds, random: () => chance, deadlineMs: 3_600_000 });
          const promises: Promise<Outcome>[] = [];
          for (const { source, wait } of wanted) {
            promises.push(client.submit(received("i", { source })));
            await clock.advance(wait);
          }
          const over = ends(promises);
          await clock.advance(600_000);
          expect(over.size).toBe(wanted.length);
          for (const end of over.values()) expect(end).toHaveProperty("outcome");
          const byId = Map.groupBy(server.received, ({ id }) => id);
          expect(byId.size).toBe(wanted.length);
          for (const sent of byId.values())
            expect(new Set(sent.map(({ text }) => text)).size).toBe(1);
          expect(server.received.some(({ text }) => text === "another text")).toBe(false);
          expect([...server.effects.values()].every((count) => count === 1)).toBe(true);
          expect(server.batches.every(({ length }) => length <= bounds.batchEvents)).toBe(true);
          expect(server.sideBySide).toBe(0);
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });

  it("OneKeyPerEvent: sentat is when the event was first sent, or what the caller says it was", async () => {
    const mishaps: Mishap[] = ["lost", "cut", "503"];
    const server = new ContractServer(() => mishaps.shift() ?? "none");
    const client = clientOf(server);
    const began = clock.now();
    const mine = "2026-11-01T00:00:00.000Z";
    const over = ends([
      client.submit(received("i")),
      client.submit(received("i", { sentat: mine })),
    ]);
    await clock.advance(60_000);
    expect(over.size).toBe(2);
    expect(new Set(server.received.map(({ sentat }) => sentat))).toEqual(
      new Set([new Date(began + 5).toISOString(), mine]),
    );
  });
});

describe("an answer", () => {
  const event = { id: "m", source: "/s" };
  const receipt = receiptOf(event);
  const refused = {
    type: "/problems/invalid-event",
    title: "It is none",
    status: 422,
    detail: "The event does not fit.",
    errors: [{ pointer: "/data/quantity", detail: "must be above 0" }],
  };

  it("SettleAnswered: a rejection by the domain is an outcome; what is invalid is an error that says where", async () => {
    const rejected = {
      ...event,
      type: "stock.moved",
      status: "rejected",
      reason: { code: "insufficient_stock", detail: "0 of i" },
      receipt,
    };
    const over = ends([clientOf(answering(200, [rejected])).submit(received("i", event))]);
    await clock.advance(10);
    expect(over.get(0)).toEqual({ outcome: { ...rejected, changes: [], replayed: false } });
    const error = await failure(
      clientOf(answering(200, [{ id: "m", status: "invalid", problem: refused }])).submit(
        received("i", event),
      ),
    );
    expect(error).toMatchObject({ code: "invalid-event", status: 422, sent: true, event });
    expect(error.message).toBe("event m: The event does not fit: /data/quantity must be above 0.");
  });

  it.each([
    [
      401,
      { type: "/problems/unauthorized", title: "A known token is needed", status: 401, detail: "" },
      "unauthorized",
      "event m: A known token is needed.",
    ],
    [404, "<html>", "out-of-contract", "404 without a problem document"],
    [200, [{ id: "another", status: "accepted" }], "out-of-contract", "an answer about another"],
    [200, [{ id: "m", status: "sideways" }], "out-of-contract", 'the status "sideways"'],
    [200, [null], "out-of-contract", "an answer about no event"],
  ])(
    "SettleAnswered: %i %j for the whole request is final",
    async (status, body, code, message) => {
      const error = await failure(
        clientOf(answering(status, body)).submit(received("i", event)),
        10,
      );
      expect(error.code).toBe(code);
      expect(error.message).toContain(message);
    },
  );

  it.each([
    ["7", 7_000],
    ["Sun, 22 Nov 2026 10:00:09 GMT", 9_000],
    ["Sun, 22 Nov 2026 09:00:00 GMT", 0],
    ["soon", 0],
    ["-3", 0],
    [null, 0],
  ])("BackOff: Retry-After %j is %i ms", (header, ms) => {
    expect(retryAfterIn(header, Date.UTC(2026, 10, 22, 10))).toBe(ms);
  });

  it("BackOff: nothing is sent before Retry-After is over, and the event still comes to its outcome", async () => {
    const mishaps: Mishap[] = ["503"];
    const server = new ContractServer(() => mishaps.shift() ?? "none");
    const over = ends([clientOf(server).submit(received("i"))]);
    await clock.advance(1_000);
    expect(server.batches).toHaveLength(1);
    await clock.advance(100);
    expect([server.batches.length, over.size]).toEqual([2, 1]);
  });
});

describe("a caller", () => {
  it("GiveUpAtDeadline: is told that the event may have been kept, with all that it takes to ask again", async () => {
    const server = new ContractServer(() => "cut");
    const sentat = new Date(clock.now() + 5).toISOString();
    const error = await failure(
      clientOf(server).submit(received("i", { id: "m" }), { deadlineMs: 3_000 }),
      3_000,
    );
    expect(error).toMatchObject({
      code: "deadline",
      sent: true,
      event: { id: "m", source: "/", sentat },
    });
    expect(error.message).toBe(
      "event m: it was not answered in time (at last: terminated); it may have been kept: submit it again with the same id and sentat",
    );
    const again = clientOf(new ContractServer()).submit(received("i", { id: "m", sentat }));
    const over = ends([again]);
    await clock.advance(10);
    expect(over.get(0)).toHaveProperty("outcome");
  });

  it("GiveUpAtDeadline: a server that never answers ends with the deadline, not with the request's own bound", async () => {
    const hanging = {
      fetch: ((_, init) =>
        new Promise((__, reject) =>
          init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
        )) as typeof fetch,
    };
    const error = await failure(
      clientOf(hanging).submit(received("i"), { deadlineMs: 40_000 }),
      40_000,
    );
    expect(error).toMatchObject({ code: "deadline", sent: true });
    expect(error.message).toContain("no answer within 15 s");
  });

  it("ForgetAborted: ends a submission, before or while it is under way", async () => {
    const server = new ContractServer();
    const client = clientOf(server);
    const early = AbortSignal.abort(new Error("no need"));
    expect(await failure(client.submit(received("i"), { signal: early }), 1)).toMatchObject({
      code: "aborted",
      sent: false,
    });
    const controller = new AbortController();
    const promise = client.submit(received("i"), { signal: controller.signal });
    controller.abort();
    expect(await failure(promise, 100)).toMatchObject({ code: "aborted", sent: false });
    expect(server.batches).toEqual([]);
  });

  it("WaitForRoom, RefuseBeyondWaiting: who waits for room() between submissions is never refused", async () => {
    const server = new ContractServer();
    const client = clientOf(server, {
      bounds: { queueEvents: 10, waitingEvents: 0, batchEvents: 4 },
    });
    const promises: Promise<Outcome>[] = [];
    const feed = (async () => {
      for (let index = 0; index < 50; index++) {
        await client.room();
        promises.push(client.submit(received("i")));
      }
    })();
    await clock.advance(2_000);
    await feed;
    const over = ends(promises);
    await clock.advance(100);
    expect([...over.values()].filter((end) => "outcome" in end)).toHaveLength(50);
    const flood = Array.from({ length: 11 }, () => client.submit(received("i")));
    const flooded = ends(flood);
    await clock.advance(1_000);
    expect(flooded.get(10)).toMatchObject({ error: { code: "queue-full", sent: false } });
  });

  it("SendWhenDue: flush() does not wait for company, and comes when all is over", async () => {
    const server = new ContractServer();
    const client = clientOf(server, { bounds: { lingerMs: 60_000 } });
    const over = ends([client.submit(received("i"))]);
    let flushed = false;
    void client.flush().then(() => {
      flushed = true;
    });
    await clock.advance(0);
    expect([over.size, flushed, server.batches.length]).toEqual([1, true, 1]);
  });

  it("RefuseAfterClose: close() ends what is there and whatever comes", async () => {
    const client = clientOf(new ContractServer(() => "503"));
    const first = client.submit(received("i"));
    client.close();
    expect(await failure(first, 0)).toMatchObject({ code: "closed" });
    expect(await failure(client.submit(received("i")), 0)).toMatchObject({
      code: "closed",
      sent: false,
    });
  });

  it.each([
    ["too-large", "x".repeat(17_000), /more than 16384 bytes/],
    ["invalid-event", 1.5, /\/data\/quantity numbers must be integers/],
    ["invalid-event", "\ud800", /\/data\/quantity text must be well-formed/],
  ])("TakeEvent: what the server would not take is %s at once", async (code, quantity, message) => {
    const server = new ContractServer();
    const data = { item: "i", warehouse: "w", quantity };
    const untyped = clientOf(server) as unknown as AssizeClient;
    const error = await failure(untyped.submit({ type: "stock.received", data }), 0);
    expect(error).toMatchObject({ code, sent: false });
    expect(error.message).toMatch(message);
    expect(server.batches).toEqual([]);
  });

  it.each([
    [{ url: "assize.test" }, /url is the address of a server/],
    [{ token: "" }, /token is the text/],
    [{ pinned: { genesis: "abc" } }, /64 lower-case/],
    [{ bounds: { batchEvents: 1_001 } }, /bounds.batchEvents is a whole number from 1 to 1000/],
    [{ bounds: { lanes: 0 } }, /bounds.lanes/],
  ])("is told what is wrong with %j", (options, message) => {
    expect(() => clientOf(new ContractServer(), options)).toThrow(message);
  });
});
