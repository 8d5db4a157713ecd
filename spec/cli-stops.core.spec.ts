/** What ends a command before its time: a signal, a file that cannot be read on, a disk that is full, a reader that has gone. */
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Desk, PATIENCE_MS, RECEIVED, begin, json, run } from "./kit/command-line.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await Desk.open();
}, PATIENCE_MS);
afterAll(() => desk?.close(), PATIENCE_MS);
beforeEach(() => desk.clear());

const eventually = (holds: () => boolean): Promise<boolean> =>
  vi.waitUntil(holds, { timeout: 60_000, interval: 5 });

/** Everybody else's files can be read by root. */
const isRoot = process.getuid?.() === 0;

describe("a signal", () => {
  it.each([
    ["csv", "sku,pieces\nstop-csv,1\nstop-csv,1\n"],
    [
      "ndjson",
      `${JSON.stringify({ type: "stock.received", data: { item: "stop-ndjson", warehouse: "w1", quantity: 1 } })}\n`,
    ],
  ])("NothingLost: ends an import of %s from an input that nobody ends", async (format, input) => {
    const mapping = format === "csv" ? RECEIVED : [];
    const args = ["submit", "-", "--format", format, ...mapping, "--state", "s", "--json"];
    const { child, ran } = begin(args, { ...desk.where, input, open: true });
    await eventually(() => desk.text("s").includes('"status"'));
    child.kill("SIGINT");
    const done = await ran;
    expect([done.code, json(done)]).toMatchObject([3, { accepted: 1, unfinished: 0 }]);
    expect(done.err).toBe("assize: the same command goes on where this one ended\n");
    expect(await desk.onHand(`stop-${format}`)).toBe(1);
  });
});

describe("a signal in the middle", () => {
  it("NothingLost, TakeUpNotedRow: every row that was read is accounted for, and the same command goes on", async () => {
    desk.write("in.csv", `sku,pieces\n${"middle,1\n".repeat(1_500)}`);
    const args = ["submit", "in.csv", ...RECEIVED, "--json"];
    const { child, ran } = begin(args, desk.where);
    await eventually(() => desk.text("in.csv.assize").includes('"status"'));
    child.kill("SIGINT");
    const done = await ran;
    const came = json(done) as Record<string, number>;
    expect(came).toMatchObject({ exit: 3, refused: 0, rejected: 0, problems: { total: 0 } });
    expect(came["rows"]).toBe((came["accepted"] ?? 0) + (came["unfinished"] ?? 0));
    expect(came["accepted"]).toBeLessThan(1_500);
    const again = json(await desk.assize(...args));
    expect(again).toMatchObject({ exit: 0, rows: 1_500, accepted: 1_500, unfinished: 0 });
    expect(await desk.onHand("middle")).toBe(1_500);
  });

  it("ActableErrors: ends an import that waits for a server to say which ledger it is", async () => {
    const asked: string[] = [];
    const server = createServer((request) => asked.push(request.url ?? ""));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    try {
      const { port } = server.address() as AddressInfo;
      desk.write("in.csv", "sku,pieces\nwait,1\n");
      const where = { ...desk.where, url: `http://127.0.0.1:${port}` };
      const { child, ran } = begin(["submit", "in.csv", ...RECEIVED], where);
      await eventually(() => asked.length > 0);
      child.kill("SIGINT");
      expect(await ran).toMatchObject({ code: 3, err: expect.stringContaining("given up") });
      expect(readdirSync(desk.folder)).toEqual(["in.csv"]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe("a file", () => {
  it("ActableErrors, NothingLost: that can be read once only is no file to resume, and is refused", async () => {
    const args = ["--format", "csv", ...RECEIVED, "--state", "s", "--json"].join(" ");
    const ran = await shell(
      `"$NODE" "$ENTRY" submit <(printf 'sku,pieces\\nonce-only,1\\n') ${args}`,
    );
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining("standard input (-)")]);
    const piped = await shell(
      `printf 'sku,pieces\\nonce-only,1\\n' | "$NODE" "$ENTRY" submit - ${args}`,
    );
    expect(json(piped)).toMatchObject({ exit: 0, accepted: 1 });
  });

  it("ActableErrors: that cannot be read, or is none, ends with 1 and a sentence", async () => {
    mkdirSync(join(desk.folder, "folder.csv"));
    desk.write("closed.csv", "sku,pieces\n");
    chmodSync(join(desk.folder, "closed.csv"), 0o000);
    desk.write("in.csv", "sku,pieces\nfile-a,1\n");
    const args: readonly (readonly [readonly string[], string])[] = [
      [["folder.csv", ...RECEIVED], "folder.csv cannot be read: it is a folder"],
      [["in.csv", "--map", "folder.csv"], "--map folder.csv cannot be read: it is a folder"],
      ...(isRoot
        ? []
        : [[["closed.csv", ...RECEIVED], "its permissions do not allow it"] as const]),
    ];
    for (const [each, why] of args) {
      const ran = await desk.assize("submit", ...each);
      expect([ran.code, ran.err]).toEqual([1, expect.stringContaining(why)]);
      expect(ran.err).not.toContain("at ");
    }
  });

  it("ActableErrors: standard input that cannot be read on ends with 1, and what came before counts", async () => {
    const args = ["submit", "-", "--format", "csv", ...RECEIVED, "--state", "s"].join(" ");
    // A folder can be opened, and not read.
    const ran = await shell(`exec "$NODE" "$ENTRY" ${args} < .`);
    expect([ran.code, ran.err]).toEqual([
      1,
      expect.stringContaining("standard input cannot be read: it is a folder"),
    ]);
  });

  it("ActableErrors, NothingLost: a disk that takes no more of the state ends with 1, and the same command goes on", async () => {
    const rows = "full,1\n".repeat(300);
    desk.write("in.csv", `sku,pieces\n${rows}`);
    const args = ["submit", "in.csv", ...RECEIVED, "--json"].join(" ");
    const full = await shell(`ulimit -f 32; exec "$NODE" "$ENTRY" ${args}`);
    const came = json(full) as Record<string, number>;
    expect(came).toMatchObject({ exit: 1, refused: 0, problems: { total: 0 } });
    expect(came["rows"]).toBe((came["accepted"] ?? 0) + (came["unfinished"] ?? 0));
    expect(came["unfinished"]).toBeGreaterThan(0);
    expect(full.err).toMatch(/^assize: in\.csv\.assize cannot be written: .*\n.*the same command/);
    const again = await desk.assize("submit", "in.csv", ...RECEIVED, "--json");
    expect(json(again)).toMatchObject({ exit: 0, rows: 300, accepted: 300 });
    expect(await desk.onHand("full")).toBe(300);
  });
});

describe("a reader", () => {
  it("ActableErrors: that has seen enough ends tail quietly", async () => {
    const server = createServer((request, response) => {
      if (request.url === "/v1/courts/0") return response.end('{"published":4}');
      response.writeHead(200, { "content-type": "text/event-stream" });
      const event = JSON.stringify({ id: "m", source: "/", type: "a", status: "accepted" });
      for (let index = 0; index < 2_000; index++)
        response.write(`id: 5.${index}\ndata: ${event}\n\n`);
      return undefined;
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    try {
      const { port } = server.address() as AddressInfo;
      const tail = `"$NODE" "$ENTRY" tail --url http://127.0.0.1:${port}`;
      const ran = await shell(`{ ${tail}; echo "exit $?" >&2; } | head -n 1`);
      expect(ran.out).toMatch(/^5\.0 .*\n$/);
      expect(ran.err).toBe("exit 0\n");
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("ActableErrors: that has gone changes nothing of what an import ends with", async () => {
    desk.write("in.csv", "sku,pieces\ngone-a,1\ngone-a,few\n");
    const submit = `"$NODE" "$ENTRY" submit in.csv ${RECEIVED.join(" ")} --json`;
    const ran = await shell(`{ ${submit} 2>err; echo "exit $?" >&2; } | true`);
    expect(ran.err).toBe("exit 2\n");
    expect(desk.text("err")).toContain("in.csv:3: data/quantity");
  });

  it.each([[["--from-start"]], [["--after", "1.1"]], [[]]])(
    "ActableErrors: tail %j of a court that there is not ends with 2 and says so",
    async (more) => {
      const ran = await desk.assize("tail", "--court", "9", ...more);
      expect([ran.code, ran.err]).toEqual([
        2,
        "assize: there is no court 9: npx assize status shows which there are\n",
      ]);
    },
  );
});

/** A command of bash, in the desk's folder. */
function shell(text: string): Promise<{ code: number | null; out: string; err: string }> {
  return run(["-c", text], { ...desk.where, shell: true });
}
