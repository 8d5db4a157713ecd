/** The command line's import against a real local server: whatever ends it, every row counts once and is accounted for. */
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { freePort } from "../bench/lib/ports.ts";
import { startServer } from "../bench/lib/server.ts";
import { freshVars } from "../bench/lib/vars.ts";
import { AssizeClient } from "../client/index.ts";
import { Desk, PATIENCE_MS, RECEIVED, begin, crash, json, run } from "./kit/command-line.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await Desk.open();
}, PATIENCE_MS);
afterAll(() => desk?.close(), PATIENCE_MS);
beforeEach(() => desk.clear());

describe("submit", () => {
  it("NothingLost, NoteBeforeSending, NoteAcceptance, SkipSettledRow: a bad row is told by its line, the others count; corrected, it alone is sent", async () => {
    desk.write("in.csv", "sku,pieces\nbad-a,10\nbad-b,five\nbad-c,7\nbad-c,7\n");
    const first = await desk.assize("submit", "in.csv", ...RECEIVED, "--json");
    expect([first.code, first.err]).toEqual([
      2,
      'assize: in.csv:3: data/quantity: "five" is no whole number\n',
    ]);
    expect(json(first)).toMatchObject({
      ok: false,
      exit: 2,
      rows: 4,
      accepted: 3,
      refused: 1,
      problems: { total: 1, listed: [{ line: 3, code: "bad-row" }] },
    });
    expect([
      await desk.onHand("bad-a"),
      await desk.onHand("bad-b"),
      await desk.onHand("bad-c"),
    ]).toEqual([10, 0, 14]);
    const state = desk.lines("in.csv.assize");
    for (const { id } of state.filter(({ status }) => status !== undefined))
      expect(
        state.findIndex((line) => line["id"] === id && line["sentat"] !== undefined),
      ).toBeGreaterThan(0);
    desk.write("in.csv", "sku,pieces\nbad-a,10\nbad-b,5\nbad-c,7\nbad-c,7\n");
    const corrected = ["submit", "in.csv", ...RECEIVED, "--corrected", "--json"];
    expect(json(await desk.assize(...corrected))).toMatchObject({
      exit: 0,
      accepted: 4,
      skipped: 3,
    });
    expect([
      await desk.onHand("bad-a"),
      await desk.onHand("bad-b"),
      await desk.onHand("bad-c"),
    ]).toEqual([10, 5, 14]);
    expect((await desk.assize("submit", "in.csv", ...RECEIVED)).code).toBe(0);
  });

  it("TakeUpNotedRow, NothingLost: killed in the middle and run again, every row counts once", async () => {
    const rows = Array.from({ length: 1_500 }, (_, at) => `killed-${at % 3},1`);
    desk.write("in.csv", ["sku,pieces", ...rows].join("\n"));
    const args = ["submit", "in.csv", ...RECEIVED];
    const { child, ran } = begin(args, {
      folder: desk.folder,
      url: desk.server.url,
      token: desk.server.token,
    });
    await vi.waitUntil(() => desk.text("in.csv.assize").includes('"status"'), {
      timeout: 60_000,
      interval: 5,
    });
    crash(child);
    await ran;
    const settled = desk.lines("in.csv.assize").filter(({ status }) => status !== undefined).length;
    expect(settled).toBeLessThan(1_500);
    const again = await desk.assize(...args, "--json");
    expect(json(again)).toMatchObject({ exit: 0, rows: 1_500, refused: 0, unfinished: 0 });
    expect(again.err).toBe("");
    for (const at of [0, 1, 2]) expect(await desk.onHand(`killed-${at}`)).toBe(500);
  });

  it(
    "NothingLost, SendUnderSameKey: the server killed under it and started again, every row counts once",
    async () => {
      const port = await freePort();
      const vars = freshVars();
      const own = { port, persist: join(desk.folder, "persist"), bundle: desk.bundle, vars };
      const before = await startServer(own);
      const rows = Array.from({ length: 1_000 }, () => "once,1");
      desk.write("in.csv", ["sku,pieces", ...rows].join("\n"));
      const { ran } = begin(["submit", "in.csv", ...RECEIVED, "--json"], {
        folder: desk.folder,
        url: before.url,
        token: before.token,
      });
      await vi.waitUntil(() => desk.text("in.csv.assize").includes('"status"'), {
        timeout: 60_000,
        interval: 5,
      });
      await before.kill();
      const after = await startServer({ ...own, migrated: true });
      try {
        const done = await ran;
        expect([json(done), done.err]).toMatchObject([
          { exit: 0, rows: 1_000, accepted: 1_000, unfinished: 0 },
          "",
        ]);
        const there = new AssizeClient({ url: after.url, token: after.token });
        expect((await there.read<{ onHand: number }>("stock/once@w1"))?.state.onHand).toBe(1_000);
      } finally {
        await after.stop();
      }
    },
    PATIENCE_MS,
  );

  it("NothingLost: rejections, reused keys and what the domain refuses are told by their lines, from NDJSON by a mapping", async () => {
    const map = {
      type: "stock.adjusted",
      id: "{order}",
      source: "/shop",
      time: "{at}",
      data: { item: "{sku}", warehouse: "w1", delta: { negative: "{sold}" }, reason: "sale" },
    };
    desk.write("map.json", JSON.stringify(map));
    await desk.client.submit({
      type: "stock.received",
      data: { item: "map-a", warehouse: "w1", quantity: 5 },
    });
    const rows = [
      { order: "o-1", sku: "map-a", sold: 2 },
      { order: "o-2", sku: "map-a", sold: 9 },
      { order: "o-1", sku: "map-a", sold: 3 },
      { order: "o-3", sku: "no such name", sold: 1 },
      { order: "o-4", sku: "map-a", sold: 1.5 },
      { order: "o-5", sold: 1 },
    ].map((row) => JSON.stringify({ at: "2026-11-22T10:00:00Z", ...row }));
    desk.write("in.ndjson", [...rows, "{", "7", ""].join("\n"));
    const done = await desk.assize("submit", "in.ndjson", "--map", "map.json");
    expect(done.code).toBe(2);
    const told = done.err.split("\n");
    for (const what of [
      /in.ndjson:2: insufficient_stock: 3 of map-a available at w1, 9 asked/,
      /in.ndjson:3: the id o-1 was given to a row of other content before|in.ndjson:3: key-reused/,
      /in.ndjson:4: invalid-event: .*\/data\/item/,
      /in.ndjson:5: data\/delta: "1.5" is no whole number/,
      /in.ndjson:6: data\/item: the row has no \{sku\}/,
      /in.ndjson:7: it is no JSON/,
      /in.ndjson:8: it is no JSON object/,
    ])
      expect(
        told.filter((line) => what.test(line)),
        String(what),
      ).toHaveLength(1);
    expect(await desk.onHand("map-a")).toBe(3);
  });

  it("ActableErrors: a CSV file that breaks off counts up to there, and says where", async () => {
    desk.write("in.csv", 'sku,pieces\nquote-a,1\nquote-b,"2\nquote-c,3\n');
    const done = await desk.assize("submit", "in.csv", ...RECEIVED);
    expect([done.code, done.err]).toEqual([
      2,
      expect.stringMatching(/in.csv:\d+: .*[Qq]uote.*; nothing behind it was read/),
    ]);
    expect([await desk.onHand("quote-a"), await desk.onHand("quote-c")]).toEqual([1, 0]);
  });

  it("NothingLost: standard input without a state file wants ids, and is replayed by them", async () => {
    const event = {
      id: "stdin-1",
      type: "stock.received",
      data: { item: "stdin", warehouse: "w1", quantity: 4 },
    };
    const where = {
      folder: desk.folder,
      url: desk.server.url,
      token: desk.server.token,
      input: `${JSON.stringify(event)}\n`,
    };
    const args = ["submit", "-", "--format", "ndjson", "--json"];
    expect(json(await run(args, where))).toMatchObject({ exit: 0, accepted: 1, replayed: 0 });
    expect(json(await run(args, where))).toMatchObject({ exit: 0, accepted: 1, replayed: 1 });
    expect(await desk.onHand("stdin")).toBe(4);
    const without = await run(["submit", "-", "--format", "csv", ...RECEIVED], {
      ...where,
      input: "sku,pieces\na,1\n",
    });
    expect([without.code, without.err]).toEqual([
      1,
      expect.stringContaining("every row needs an id of its own"),
    ]);
  });
});

/** The state file as a crash before any answer would have left it, some time ago. */
function asOfLongAgo(name: string): void {
  const sentat = "2026-11-01T00:00:00.000Z";
  const begun = desk
    .lines(name)
    .filter(({ status, done }) => status === undefined && done === undefined)
    .map((line) => (line["sentat"] === undefined ? line : { ...line, sentat }));
  desk.write(name, begun.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

describe("an import that is taken up late", () => {
  it("TakeUpNotedRow: what was decided is replayed, and what was never kept is sent anew, once", async () => {
    const args = ["submit", "in.csv", ...RECEIVED, "--id", "{sku}", "--json"];
    desk.write("in.csv", "sku,pieces\nlate-a,1\n");
    expect(json(await desk.assize(...args))).toMatchObject({ exit: 0, accepted: 1 });
    rmSync(join(desk.folder, "in.csv.assize"));
    desk.write("in.csv", "sku,pieces\nlate-a,1\nlate-b,2\n");
    expect((await run(args, { ...desk.where, token: "wrong" })).code).toBe(4);
    asOfLongAgo("in.csv.assize");
    const done = json(await desk.assize(...args));
    expect(done).toMatchObject({ exit: 0, accepted: 2, replayed: 1, skipped: 0 });
    expect([await desk.onHand("late-a"), await desk.onHand("late-b")]).toEqual([1, 2]);
    expect(desk.lines("in.csv.assize").filter(({ id }) => id === "late-b")).toMatchObject([
      { sentat: "2026-11-01T00:00:00.000Z" },
      { sentat: expect.not.stringMatching("2026-11-01") },
      { status: "accepted" },
    ]);
  });

  it("TakeUpNotedRow: of a key that the server has forgotten the ledger has the outcome, or another event", async () => {
    const data = { item: "known", warehouse: "w1", quantity: 1 };
    const documents: Record<string, object> = {
      known: { status: "accepted", event: { type: "stock.received", data } },
      other: { status: "accepted", event: { type: "stock.received", data } },
    };
    const server = createServer((request, response) => {
      const [, id = ""] = /^\/v1\/events\/(\w+)/.exec(request.url ?? "") ?? [];
      const problem = {
        type: "/problems/too-old",
        title: "It is too old",
        status: 422,
        detail: "",
      };
      if (id === "none") response.statusCode = 404;
      const answer = (text: string): unknown => {
        if (request.method !== "POST")
          return documents[id] ?? { ...problem, status: 404, genesis: "g" };
        const events = JSON.parse(text) as { readonly id: string }[];
        return events.map((each) => ({ id: each.id, status: "invalid", problem }));
      };
      let text = "";
      request.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      request.once("end", () => response.end(JSON.stringify(answer(text))));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    try {
      const { port } = server.address() as AddressInfo;
      const where = { ...desk.where, url: `http://127.0.0.1:${port}` };
      desk.write("in.csv", "sku,pieces\nknown,1\nother,1\nnone,1\n");
      const ran = await run(["submit", "in.csv", ...RECEIVED, "--id", "{sku}", "--json"], where);
      expect(json(ran)).toMatchObject({ exit: 2, accepted: 1, replayed: 1, refused: 2 });
      expect(ran.err).toMatch(/in.csv:4: too-old: .* Is the clock of this machine right\?/);
      expect(ran.err).toContain("in.csv:3: key-reused: event other: the ledger has another event");
    } finally {
      server.close();
    }
  });

  it("LeaveUnanswered: where the ledger does not answer either the row stays open, and is taken up", async () => {
    let well = false;
    const known = { status: "accepted", event: { type: "stock.received", data: {} } };
    const server = createServer((request, response) => {
      const problem = {
        type: "/problems/too-old",
        title: "It is too old",
        status: 422,
        detail: "",
      };
      const asked = request.url ?? "";
      if (asked.startsWith("/v1/events/") && !well) response.statusCode = 503;
      const data = { item: asked.includes("one") ? "one" : "", warehouse: "w1", quantity: 1 };
      const body =
        request.method === "POST"
          ? [{ id: "one", status: "invalid", problem }]
          : { genesis: "g", ...known, event: { ...known.event, data } };
      request.resume().once("end", () => response.end(JSON.stringify(body)));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    try {
      const { port } = server.address() as AddressInfo;
      const where = { ...desk.where, url: `http://127.0.0.1:${port}` };
      desk.write("in.csv", "sku,pieces\none,1\n");
      const args = ["submit", "in.csv", ...RECEIVED, "--id", "{sku}", "--json"];
      const cut = await run([...args, "--deadline", "0.5"], where);
      expect(json(cut)).toMatchObject({
        exit: 3,
        refused: 0,
        unfinished: 1,
        problems: { total: 0 },
      });
      expect(cut.err).toContain("the same command goes on where this one ended");
      well = true;
      expect(json(await run(args, where))).toMatchObject({ exit: 0, accepted: 1, unfinished: 0 });
    } finally {
      server.close();
    }
  });
});
