/** Times as a caller gives them: however long, as long as that, and what is none is refused. */
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { AssizeClient } from "../client/index.ts";
import type { ClientOptions } from "../client/index.ts";
import { ContractServer } from "./kit/contract-server.ts";

/** A timer of the platform that waits for so long is over at once. */
const TOO_LONG_MS = 2 ** 31;
const given = { type: "stock.received", data: { item: "i", warehouse: "w1", quantity: 1 } };

let server: Server;
let url = "";
beforeAll(async () => {
  const contract = new ContractServer();
  server = createServer((request, response) => {
    void (async () => {
      if (request.url?.startsWith("/v1/events/stream") === true) {
        response.writeHead(200, { "content-type": "text/event-stream" });
        // Not before timers that are over have had their turn.
        setImmediate(() => response.end('id: 1.0\ndata: {"id":"e"}\n\n'));
        return;
      }
      if (request.method === "GET") return void setImmediate(() => response.end('{"version":1}'));
      let body = "";
      for await (const chunk of request) body += String(chunk);
      response.end(await (await contract.fetch("http://any", { method: "POST", body })).text());
    })();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
afterEach(() => vi.useRealTimers());

describe("WaitAsLongAsAsked", () => {
  it.each([TOO_LONG_MS, 2 ** 40, Number.MAX_SAFE_INTEGER, Infinity])(
    "%d ms of anything is no time that is over at once",
    async (ms) => {
      const options = { url, token: "t", requestMs: ms, deadlineMs: ms, readDeadlineMs: ms };
      const client = new AssizeClient(options);
      const cuts: string[] = [];
      expect((await client.submit(given)).status).toBe("accepted");
      expect((await client.submit(given, { deadlineMs: ms })).status).toBe("accepted");
      expect(await client.read("stock/i@w1")).toEqual({ version: 1 });
      const times = { deadlineMs: ms, silenceMs: ms };
      const { value } = await client.stream({ ...times, onCut: (why) => cuts.push(why) }).next();
      expect([value?.id, cuts]).toEqual(["1.0", []]);
    },
  );

  it("bounds take what a timer cannot: a lane lingers, and is flushed", async () => {
    const client = new AssizeClient({ url, token: "t", bounds: { lingerMs: TOO_LONG_MS } });
    const promise = client.submit(given);
    await client.flush();
    expect((await promise).status).toBe("accepted");
  });

  it("a request is given up after its time, and not before", async () => {
    vi.useFakeTimers();
    let asked = 0;
    const hanging = ((_, init) => {
      asked += 1;
      return new Promise((__, reject) =>
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
      );
    }) as typeof fetch;
    const times = { requestMs: 2 * TOO_LONG_MS, deadlineMs: Infinity };
    const client = new AssizeClient({ url, token: "t", fetch: hanging, ...times });
    const controller = new AbortController();
    const promise = client.submit(given, { signal: controller.signal });
    const fate = promise.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(2 * TOO_LONG_MS);
    expect(asked).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toBe(2);
    controller.abort();
    expect(await fate).toMatchObject({ code: "aborted" });
  });
});

describe("RunsAnywhere", () => {
  it("an id is drawn also where there is no randomUUID, as on pages of plain http", async () => {
    const { crypto: whole } = globalThis;
    vi.stubGlobal("crypto", { getRandomValues: (into: Uint8Array) => whole.getRandomValues(into) });
    const client = new AssizeClient({ url, token: "t" });
    const [one, two] = await Promise.all([client.submit(given), client.submit(given)]);
    vi.unstubAllGlobals();
    expect(one.id).toMatch(/^[0-9a-f]{32}$/);
    expect(two.id).not.toBe(one.id);
  });
});

describe("RefuseNoDuration", () => {
  const none: readonly unknown[] = [Number.NaN, -1, -Infinity, "5000", {}];
  const misconfigured = (name: string): object => ({
    code: "misconfigured",
    message: expect.stringContaining(`${name} is a number of milliseconds`) as unknown,
  });
  // What JavaScript lets a caller give.
  const untyped = (options: object): ClientOptions => ({ url, token: "t", ...options });

  it.each(none)("%j is no time", async (ms) => {
    for (const name of ["requestMs", "deadlineMs", "readDeadlineMs"])
      expect(() => new AssizeClient(untyped({ [name]: ms }))).toThrow(
        expect.objectContaining(misconfigured(name)) as Error,
      );
    const client = new AssizeClient(untyped({}));
    const asked = { deadlineMs: ms as number };
    await expect(client.submit(given, asked)).rejects.toMatchObject(misconfigured("deadlineMs"));
    await expect(client.read("stock/i@w1", asked)).rejects.toMatchObject(
      misconfigured("deadlineMs"),
    );
    for (const name of ["deadlineMs", "silenceMs"])
      expect(() => client.stream({ [name]: ms as number })).toThrow(
        expect.objectContaining(misconfigured(name)) as Error,
      );
  });
});
