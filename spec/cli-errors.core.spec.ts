/** The command line against a real local server: what it shows, and what it says, and how it ends, where something is wrong. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { freePort } from "../bench/lib/ports.ts";
import { Desk, ENTRY, PATIENCE_MS, RECEIVED, json, run } from "./kit/command-line.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await Desk.open();
}, PATIENCE_MS);
afterAll(() => desk?.close(), PATIENCE_MS);
beforeEach(() => desk.clear());

describe("what cannot be done", () => {
  it.each([
    [
      ["submit", "nowhere.csv", ...RECEIVED],
      1,
      "nowhere.csv cannot be read: there is no such file",
    ],
    [["submit", "in.csv"], 1, "a CSV file wants a mapping"],
    [["submit", "in.txt", ...RECEIVED], 1, "give --format csv or --format ndjson"],
    [["submit", "in.csv", "--type", "x", "--data", "item"], 1, "--data wants name=value"],
    [["submit", "in.csv", "--map", "nowhere.json"], 1, "--map nowhere.json cannot be read"],
    [["submit", "in.csv", "--map", "in.csv"], 1, "--map in.csv is no mapping"],
    [["submit", "in.csv", ...RECEIVED, "--deadline", "soon"], 1, "--deadline wants seconds"],
    [["submit", "in.csv", ...RECEIVED, "--state", "in.csv"], 1, "--state wants a file of its own"],
    [["submit"], 1, "missing required argument 'file'"],
    [["sumbit", "in.csv"], 1, "Did you mean submit?"],
    [["status", "--ulr", "x"], 1, "Did you mean --url?"],
    [["status", "--url", "here"], 1, "--url wants the address of a server"],
    [["get", "entity", "sku-1"], 1, "an entity is named type/id, like stock/sku-1@w1"],
    [
      ["get", "entity", "stock/x@w1", "--consistency", "some"],
      1,
      "--consistency is agreed, local or ledger",
    ],
    [["get", "entity", "stock/never@w1"], 2, "there has never been an entity stock/never@w1"],
    [["get", "event", "never"], 2, "there is no event never of source /"],
    [["tail", "--after", "yesterday"], 1, "--after wants <height>.<index>"],
    [["tail", "--court", "9"], 2, "there is no court 9: npx assize status shows which there are"],
    [["verify", "--court", "9"], 1, "court"],
    [["export", "--court", "9", "--out", "x"], 1, "court"],
    [["verify", "--event", "never"], 2, "event never of source / is unknown"],
    [["verify", "--genesis", "abc"], 1, "--genesis wants 64 hexadecimal digits"],
    [["verify", "--export", "nowhere.ndjson"], 3, "nowhere.ndjson"],
    [["export"], 1, "required option '--out <file>' not specified"],
  ])("ActableErrors: %j ends with %i: %s", async (args, code, message) => {
    desk.write("in.csv", "sku,pieces\na,1\n");
    desk.write("in.txt", "");
    const done = await desk.assize(...args);
    expect([done.code, done.err]).toEqual([code, expect.stringContaining(message)]);
  });

  it.each([
    ["submit", "in.csv", ...RECEIVED],
    ["status"],
    ["get", "entity", "stock/a@w1"],
    ["tail"],
    ["verify", "--event", "a"],
  ])(
    "ActableErrors: a wrong token ends %s with 4 and says where one is to be given",
    async (...args) => {
      desk.write("in.csv", "sku,pieces\nwrong-a,1\nwrong-a,1\n");
      const wrong = await run([...args, "--json"], {
        folder: desk.folder,
        url: desk.server.url,
        token: "wrong",
      });
      expect([wrong.code, wrong.err]).toEqual([
        4,
        expect.stringContaining("The token is not known. Give a token in ASSIZE_TOKEN"),
      ]);
      expect(json(wrong)).toMatchObject({ ok: false, exit: 4 });
      if (args[0] !== "submit") return;
      const right = await desk.assize(...args, "--json");
      expect(json(right)).toMatchObject({ exit: 0, accepted: 2 });
      expect(await desk.onHand("wrong-a")).toBe(2);
    },
  );

  it("ActableErrors, NothingLost: a server that is down ends an import with 3, and the same command goes on", async () => {
    const down = {
      folder: desk.folder,
      url: `http://127.0.0.1:${await freePort()}`,
      token: desk.server.token,
    };
    desk.write("in.csv", "sku,pieces\ndown-a,1\n");
    const { code, err } = await run(["status"], down);
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(
        /does not answer \/v1\/ready: .*ECONNREFUSED.* npm start starts one here/,
      ),
    ]);
    const events = `${JSON.stringify({ id: "d", type: "stock.received", data: { item: "d", warehouse: "w1", quantity: 1 } })}\n`;
    const lost = await run(["submit", "-", "--format", "ndjson", "--deadline", "0.5", "--json"], {
      ...down,
      input: events,
    });
    expect([lost.code, json(lost)]).toMatchObject([3, { unfinished: 1, accepted: 0 }]);
    expect(lost.err).toContain("the same command goes on where this one ended");
  });

  it("ActableErrors: a state file of another ledger is refused", async () => {
    desk.write("in.csv", "sku,pieces\nother-a,1\n");
    desk.write(
      "in.csv.assize",
      `${JSON.stringify({ import: 1, name: "n", genesis: "0".repeat(64) })}\n`,
    );
    const done = await desk.assize("submit", "in.csv", ...RECEIVED);
    expect([done.code, done.err]).toEqual([
      1,
      expect.stringContaining("an import into another ledger"),
    ]);
    expect(await desk.onHand("other-a")).toBe(0);
  });
});

describe("what is shown", () => {
  it("status, get, verify and export, for people and for programs", async () => {
    const data = { item: "shown", warehouse: "w1", quantity: 3 };
    const { receipt } = await desk.client.submit({
      id: "shown-1",
      source: "/s",
      type: "stock.received",
      data,
    });
    const state = json(await desk.assize("status", "--json"));
    expect(state).toMatchObject({ ready: true, courts: [{ court: 0, quorum: 3 }] });
    const { out } = await desk.assize("status");
    expect(out).toContain("is ready");
    expect(out.match(/^ {2}seat \d/gm)).toHaveLength(4);
    expect(json(await desk.assize("get", "entity", "stock/shown@w1", "--json"))).toMatchObject({
      version: 1,
      state: { onHand: 3 },
    });
    expect((await desk.assize("get", "entity", "stock/shown@w1")).out).toContain(
      '{"onHand":3,"reserved":0}',
    );
    expect(
      json(await desk.assize("get", "event", "shown-1", "--source", "/s", "--json")),
    ).toMatchObject({ receipt });
    expect((await desk.assize("get", "event", "shown-1", "--source", "/s")).out).toContain(
      receipt.outcome,
    );
    await vi.waitUntil(
      async () => (await desk.client.event({ id: "shown-1", source: "/s" }))?.published,
      { timeout: 60_000, interval: 50 },
    );
    expect((await desk.assize("get", "entity", "stock/shown@w1", "--history")).out).toContain(
      "by stock.received shown-1 of /s",
    );
    const event = ["verify", "--event", "shown-1", "--source", "/s"];
    const pinned = ["--genesis", String(state["genesis"])];
    expect(json(await desk.assize(...event, ...pinned, "--json"))).toMatchObject({
      ok: true,
      exit: 0,
      genesis: { pinned: true },
      quorum: 3,
    });
    const foreign = await desk.assize(...event, "--genesis", "0".repeat(64));
    expect([foreign.code, foreign.out]).toEqual([
      2,
      expect.stringContaining("genesis: the genesis is not the pinned one"),
    ]);
    expect((await desk.assize("verify", ...pinned)).code).toBe(0);
    expect((await desk.assize("export", "--out", "ledger.ndjson")).code).toBe(0);
    expect(
      json(await desk.assize("verify", "--export", "ledger.ndjson", ...pinned, "--json")),
    ).toMatchObject({ ok: true });
  });

  it("ResumeAfterCut: tail shows what is published from now on, over a cut, as lines and as JSON", async () => {
    const asked: (string | string[] | undefined)[] = [];
    const event = (index: number) => ({
      id: `m-${index}`,
      source: "/",
      type: index === 1 ? "a" : "b",
    });
    const server = createServer((request, response) => {
      if (request.url === "/v1/courts/0") return response.end('{"published":4}');
      asked.push(request.headers["last-event-id"]);
      response.writeHead(200, { "content-type": "text/event-stream" });
      const index = asked.length - 1;
      const shown = {
        ...event(index),
        status: "rejected",
        reason: { code: "none", detail: "left" },
      };
      return response.end(`retry: 1\nid: 5.${index}\ndata: ${JSON.stringify(shown)}\n\n`);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    try {
      const { port } = server.address() as AddressInfo;
      const where = { ...desk.where, url: `http://127.0.0.1:${port}` };
      const lines = await run(["tail", "--type", "b", "--count", "2"], where);
      expect([lines.code, lines.out.split("\n")]).toEqual([
        0,
        [
          "5.0         b  m-0 of /  rejected  none: left",
          "5.2         b  m-2 of /  rejected  none: left",
          "",
        ],
      ]);
      expect(lines.err).toContain("assize: connecting again: the server closed it");
      expect(asked).toEqual(["4.999999999999999", "5.0", "5.1"]);
      const one = await run(["tail", "--after", "5.2", "--count", "1", "--json"], where);
      expect(json(one)).toMatchObject({ place: "5.3", id: "m-3", status: "rejected" });
    } finally {
      server.close();
    }
  });

  it.each([
    ["submit"],
    ["tail"],
    ["get", "entity"],
    ["get", "event"],
    ["status"],
    ["verify"],
    ["export"],
  ])("%s %s --help has examples", async (...args) => {
    const where = { folder: desk.folder, url: desk.server.url, entry: ENTRY };
    const { code, out } = await run([...args, "--help"], where);
    expect([code, out]).toEqual([0, expect.stringMatching(/Examples:\n {2}\$ npx assize /)]);
  });
});
