/** The command line against a real local server: what it does, what it says when something is wrong, and what it then leaves behind. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { freePort } from "../bench/lib/ports.ts";
import { startServer } from "../bench/lib/server.ts";
import type { Server } from "../bench/lib/server.ts";
import { buildBundle } from "../bench/lib/tools.ts";
import { freshVars } from "../bench/lib/vars.ts";
import { AssizeClient } from "../client/index.ts";
import { ENTRY, begin, crash, run } from "./kit/command-line.ts";
import type { Ran } from "./kit/command-line.ts";

const base = mkdtempSync(join(tmpdir(), "assize-cli-"));
const bundle = join(base, "bundle");
/** A bundle is built, and a server started. */
const PATIENCE_MS = 120_000;
let server: Server;
let client: AssizeClient;
let folder: string;

beforeAll(async () => {
  await buildBundle(bundle);
  server = await startServer({ persist: join(base, "persist"), bundle });
  client = new AssizeClient({ url: server.url, token: server.token });
}, PATIENCE_MS);
afterAll(async () => {
  await server?.stop();
  rmSync(base, { recursive: true, force: true });
}, PATIENCE_MS);
beforeEach(() => {
  folder = mkdtempSync(join(base, "at-"));
});

const assize = (...args: readonly string[]): Promise<Ran> =>
  run(args, { folder, url: server.url, token: server.token });
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const json = ({ out }: Ran): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;
const lines = (name: string): Record<string, unknown>[] =>
  readFileSync(join(folder, name), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function onHand(item: string): Promise<number> {
  const found = await client.read<{ readonly onHand: number }>(`stock/${item}@w1`);
  return found?.state.onHand ?? 0;
}

const RECEIVED = [
  "--type",
  "stock.received",
  "--data",
  "item={sku}",
  "--data",
  "warehouse=w1",
  "--data",
  "quantity:int={pieces}",
];

describe("submit", () => {
  it("NothingLost, NoteBeforeSending, NoteOutcome, SkipSettledRow: a bad row is told by its line, the others count; corrected, it alone is sent", async () => {
    write("in.csv", "sku,pieces\nbad-a,10\nbad-b,five\nbad-c,7\nbad-c,7\n");
    const first = await assize("submit", "in.csv", ...RECEIVED, "--json");
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
    expect([await onHand("bad-a"), await onHand("bad-b"), await onHand("bad-c")]).toEqual([
      10, 0, 14,
    ]);
    const state = lines("in.csv.assize");
    for (const { id } of state.filter(({ status }) => status !== undefined))
      expect(
        state.findIndex((line) => line["id"] === id && line["sentat"] !== undefined),
      ).toBeGreaterThan(0);
    write("in.csv", "sku,pieces\nbad-a,10\nbad-b,5\nbad-c,7\nbad-c,7\n");
    expect(json(await assize("submit", "in.csv", ...RECEIVED, "--json"))).toMatchObject({
      exit: 0,
      accepted: 1,
      skipped: 3,
    });
    expect([await onHand("bad-a"), await onHand("bad-b"), await onHand("bad-c")]).toEqual([
      10, 5, 14,
    ]);
    expect((await assize("submit", "in.csv", ...RECEIVED)).code).toBe(0);
    // Another day's file of the same name.
    write("in.csv", "sku,pieces\nbad-a,10\n");
    const other = await assize("submit", "in.csv", ...RECEIVED);
    expect([other.code, other.err]).toEqual([
      1,
      expect.stringContaining("delete the state file, or give another --state"),
    ]);
    expect(await onHand("bad-a")).toBe(10);
  });

  it("TakeUpNotedRow, NothingLost: killed in the middle and run again, every row counts once", async () => {
    const rows = Array.from({ length: 1_500 }, (_, at) => `killed-${at % 3},1`);
    write("in.csv", ["sku,pieces", ...rows].join("\n"));
    const args = ["submit", "in.csv", ...RECEIVED];
    const { child, ran } = begin(args, { folder, url: server.url, token: server.token });
    await vi.waitUntil(() => existing("in.csv.assize").includes('"status"'), {
      timeout: 60_000,
      interval: 5,
    });
    crash(child);
    await ran;
    const settled = lines("in.csv.assize").filter(({ status }) => status !== undefined).length;
    expect(settled).toBeLessThan(1_500);
    const again = await assize(...args, "--json");
    expect(json(again)).toMatchObject({ exit: 0, rows: 1_500, refused: 0, unfinished: 0 });
    expect(again.err).toBe("");
    for (const at of [0, 1, 2]) expect(await onHand(`killed-${at}`)).toBe(500);
  });

  it("NothingLost, SendUnderSameKey: the server killed under it and started again, every row counts once", async () => {
    const port = await freePort();
    const vars = freshVars();
    const own = { port, persist: join(folder, "persist"), bundle, vars };
    const before = await startServer(own);
    const rows = Array.from({ length: 1_000 }, () => "once,1");
    write("in.csv", ["sku,pieces", ...rows].join("\n"));
    const { ran } = begin(["submit", "in.csv", ...RECEIVED, "--json"], {
      folder,
      url: before.url,
      token: before.token,
    });
    await vi.waitUntil(() => existing("in.csv.assize").includes('"status"'), {
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
  });

  it("NothingLost: rejections, reused keys and what the domain refuses are told by their lines, from NDJSON by a mapping", async () => {
    const map = {
      type: "stock.adjusted",
      id: "{order}",
      source: "/shop",
      time: "{at}",
      data: { item: "{sku}", warehouse: "w1", delta: { negative: "{sold}" }, reason: "sale" },
    };
    write("map.json", JSON.stringify(map));
    await client.submit({
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
    write("in.ndjson", [...rows, "{", "7", ""].join("\n"));
    const done = await assize("submit", "in.ndjson", "--map", "map.json");
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
    expect(await onHand("map-a")).toBe(3);
  });

  it("ActableErrors: a CSV file that breaks off counts up to there, and says where", async () => {
    write("in.csv", 'sku,pieces\nquote-a,1\nquote-b,"2\nquote-c,3\n');
    const done = await assize("submit", "in.csv", ...RECEIVED);
    expect([done.code, done.err]).toEqual([
      2,
      expect.stringMatching(/in.csv:\d+: .*[Qq]uote.*; nothing behind it was read/),
    ]);
    expect([await onHand("quote-a"), await onHand("quote-c")]).toEqual([1, 0]);
  });

  it("NothingLost: standard input without a state file wants ids, and is replayed by them", async () => {
    const event = {
      id: "stdin-1",
      type: "stock.received",
      data: { item: "stdin", warehouse: "w1", quantity: 4 },
    };
    const where = {
      folder,
      url: server.url,
      token: server.token,
      input: `${JSON.stringify(event)}\n`,
    };
    const args = ["submit", "-", "--format", "ndjson", "--json"];
    expect(json(await run(args, where))).toMatchObject({ exit: 0, accepted: 1, replayed: 0 });
    expect(json(await run(args, where))).toMatchObject({ exit: 0, accepted: 1, replayed: 1 });
    expect(await onHand("stdin")).toBe(4);
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

const existing = (name: string): string => {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch {
    return "";
  }
};

describe("an import that is taken up late", () => {
  it("TakeUpNotedRow: what the ledger has is its outcome, what it does not have was never kept, what it has otherwise is told", async () => {
    const vars = { ...freshVars(), WINDOW_SECONDS: "1" };
    const late = await startServer({ persist: join(folder, "persist"), bundle, vars });
    try {
      const where = { folder, url: late.url, token: late.token };
      const args = ["submit", "in.csv", ...RECEIVED, "--id", "{sku}", "--json"];
      write("in.csv", "sku,pieces\nlate-a,1\n");
      expect(json(await run(args, where))).toMatchObject({ exit: 0, accepted: 1 });
      const there = new AssizeClient({ url: late.url, token: late.token });
      const sentat = "2026-11-01T00:00:00.000Z";
      const event = {
        id: "late-a",
        type: "stock.received",
        data: { item: "late-a", warehouse: "w1", quantity: 1 },
        sentat,
      };
      // Until the server has forgotten the key.
      await vi.waitUntil(
        () =>
          there.submit(event).then(
            () => false,
            ({ code }: { code: string }) => code === "too-old",
          ),
        { timeout: 120_000, interval: 500 },
      );
      // As a crash before the answers would have left it, some time ago.
      write("in.csv", "sku,pieces\nlate-a,1\nlate-b,2\n");
      const head = lines("in.csv.assize").slice(0, 1);
      const noted = lines("in.csv.assize").find((line) => line["sentat"] !== undefined);
      rmSync(join(folder, "in.csv.assize"));
      const probe = await run([...args, "--deadline", "0.001"], { ...where, token: "wrong" });
      expect(probe.code).toBe(4);
      const begun = lines("in.csv.assize").map((line) =>
        line["sentat"] === undefined ? line : { ...line, sentat },
      );
      expect(begun).toContainEqual({ ...noted, sentat });
      write("in.csv.assize", begun.map((line) => `${JSON.stringify(line)}\n`).join(""));
      expect(json(await run(args, where))).toMatchObject({
        exit: 0,
        accepted: 2,
        replayed: 1,
        skipped: 0,
      });
      for (const [item, quantity] of [
        ["late-a", 1],
        ["late-b", 2],
      ] as const)
        expect((await there.read<{ onHand: number }>(`stock/${item}@w1`))?.state.onHand).toBe(
          quantity,
        );
      expect(head).toHaveLength(1);
    } finally {
      await late.stop();
    }
  });
});

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
    [["submit", "in.csv", ...RECEIVED, "--state", "in.csv"], 1, "is no line of a state file"],
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
    [["tail", "--court", "9", "--from-start"], 1, ""],
    [["verify", "--event", "never"], 2, "event never of source / is unknown"],
    [["verify", "--genesis", "abc"], 1, "--genesis wants 64 hexadecimal digits"],
    [["verify", "--export", "nowhere.ndjson"], 3, "nowhere.ndjson"],
    [["export"], 1, "required option '--out <file>' not specified"],
  ])("ActableErrors: %j ends with %i: %s", async (args, code, message) => {
    if (args[0] === "tail" && args.length === 4) return expectRefused(args);
    write("in.csv", "sku,pieces\na,1\n");
    write("in.txt", "");
    const done = await assize(...args);
    expect([done.code, done.err]).toEqual([code, expect.stringContaining(message)]);
  });

  async function expectRefused(args: readonly string[]): Promise<void> {
    const { code, err } = await assize(...args);
    expect(code).toBeGreaterThan(0);
    expect(err).not.toBe("");
  }

  it.each([
    ["submit", "in.csv", ...RECEIVED],
    ["status"],
    ["get", "entity", "stock/a@w1"],
    ["tail"],
    ["verify", "--event", "a"],
  ])(
    "ActableErrors: a wrong token ends %s with 4 and says where one is to be given",
    async (...args) => {
      write("in.csv", "sku,pieces\nwrong-a,1\nwrong-a,1\n");
      const wrong = await run([...args, "--json"], { folder, url: server.url, token: "wrong" });
      expect([wrong.code, wrong.err]).toEqual([
        4,
        expect.stringContaining("The token is not known. Give a token in ASSIZE_TOKEN"),
      ]);
      expect(json(wrong)).toMatchObject({ ok: false, exit: 4 });
      if (args[0] !== "submit") return;
      const right = await assize(...args, "--json");
      expect(json(right)).toMatchObject({ exit: 0, accepted: 2 });
      expect(await onHand("wrong-a")).toBe(2);
    },
  );

  it("ActableErrors, NothingLost: a server that is down ends an import with 3, and the same command goes on", async () => {
    const down = { folder, url: `http://127.0.0.1:${await freePort()}`, token: server.token };
    write("in.csv", "sku,pieces\ndown-a,1\n");
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
    write("in.csv", "sku,pieces\nother-a,1\n");
    write(
      "in.csv.assize",
      `${JSON.stringify({ import: 1, name: "n", genesis: "0".repeat(64) })}\n`,
    );
    const done = await assize("submit", "in.csv", ...RECEIVED);
    expect([done.code, done.err]).toEqual([
      1,
      expect.stringContaining("an import into another ledger"),
    ]);
    expect(await onHand("other-a")).toBe(0);
  });
});

describe("what is shown", () => {
  it("status, get, verify and export, for people and for programs", async () => {
    const data = { item: "shown", warehouse: "w1", quantity: 3 };
    const { receipt } = await client.submit({
      id: "shown-1",
      source: "/s",
      type: "stock.received",
      data,
    });
    const state = json(await assize("status", "--json"));
    expect(state).toMatchObject({ ready: true, courts: [{ court: 0, quorum: 3 }] });
    const { out } = await assize("status");
    expect(out).toContain("is ready");
    expect(out.match(/^ {2}seat \d/gm)).toHaveLength(4);
    expect(json(await assize("get", "entity", "stock/shown@w1", "--json"))).toMatchObject({
      version: 1,
      state: { onHand: 3 },
    });
    expect((await assize("get", "entity", "stock/shown@w1")).out).toContain(
      '{"onHand":3,"reserved":0}',
    );
    expect(json(await assize("get", "event", "shown-1", "--source", "/s", "--json"))).toMatchObject(
      { receipt },
    );
    expect((await assize("get", "event", "shown-1", "--source", "/s")).out).toContain(
      receipt.outcome,
    );
    await vi.waitUntil(
      async () => (await client.event({ id: "shown-1", source: "/s" }))?.published,
      { timeout: 60_000, interval: 50 },
    );
    expect((await assize("get", "entity", "stock/shown@w1", "--history")).out).toContain(
      "by stock.received shown-1 of /s",
    );
    const event = ["verify", "--event", "shown-1", "--source", "/s"];
    const pinned = ["--genesis", String(state["genesis"])];
    expect(json(await assize(...event, ...pinned, "--json"))).toMatchObject({
      ok: true,
      exit: 0,
      genesis: { pinned: true },
      quorum: 3,
    });
    const foreign = await assize(...event, "--genesis", "0".repeat(64));
    expect([foreign.code, foreign.out]).toEqual([
      2,
      expect.stringContaining("genesis: the genesis is not the pinned one"),
    ]);
    expect((await assize("verify", ...pinned)).code).toBe(0);
    expect((await assize("export", "--out", "ledger.ndjson")).code).toBe(0);
    expect(
      json(await assize("verify", "--export", "ledger.ndjson", ...pinned, "--json")),
    ).toMatchObject({ ok: true });
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
    const where = { folder, url: server.url, entry: ENTRY };
    const { code, out } = await run([...args, "--help"], where);
    expect([code, out]).toEqual([0, expect.stringMatching(/Examples:\n {2}\$ npx assize /)]);
  });
});
