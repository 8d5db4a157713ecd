/** What the command line knows of an import from one run to the next, against a real local server. */
import { readdirSync } from "node:fs";
import { hostname } from "node:os";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Desk, PATIENCE_MS, RECEIVED, begin, json, run } from "./kit/command-line.ts";
import type { Ran } from "./kit/command-line.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await Desk.open();
}, PATIENCE_MS);
afterAll(() => desk?.close(), PATIENCE_MS);
beforeEach(() => desk.clear());

const eventually = (holds: () => boolean): Promise<boolean> =>
  vi.waitUntil(holds, { timeout: 60_000, interval: 5 });

/** A column for what is added, and one for what is taken away. */
const ADJUSTED = [
  ["--type", "stock.adjusted"],
  ["--data", "item={sku}"],
  ["--data", "warehouse=w1"],
  ["--data", "delta:int={pieces}"],
  ["--data", "reason=count"],
].flat();

describe("the same file again", () => {
  it("NoteRejection, NoteRefusal, SkipSettledRow: its sum and exit code are those of the import, not of its last run", async () => {
    desk.write("in.csv", "sku,pieces\nsum-a,5\nsum-a,-9\nno such name,1\nsum-a,few\n");
    const args = ["submit", "in.csv", ...ADJUSTED, "--json"];
    const first = await desk.assize(...args);
    const came = { exit: 2, rows: 4, accepted: 1, rejected: 1, refused: 2, unfinished: 0 };
    expect(json(first)).toMatchObject({ ...came, skipped: 0, problems: { total: 3 } });
    const again = await desk.assize(...args);
    expect(json(again)).toEqual({ ...json(first), skipped: 2 });
    const told = ({ err }: Ran): string[] => err.split("\n").toSorted();
    expect(told(again)).toEqual(told(first));
    expect(again.err).toContain(
      "in.csv:3: insufficient_stock: 5 of sum-a available at w1, 9 asked",
    );
    expect(await desk.onHand("sum-a")).toBe(5);
    const statuses = desk.lines("in.csv.assize").map(({ status }) => status);
    expect(statuses.filter((status) => status !== undefined)).toEqual(
      expect.arrayContaining(["accepted", "rejected", "refused"]),
    );
  });
});

describe("another file of the same name", () => {
  it.each([
    ["whose rows were all accepted", "lamp-1", "5\n", 0],
    ["with a row that was rejected", "lamp-2", "5\nlamp-2,-9\n", 2],
    ["with a row that was none", "lamp-3", "5\nlamp-3,few\n", 2],
  ])(
    "FinishImport, RefuseChangedFile: after one %s, it is refused and no equal row passed over",
    async (_, sku, rows, exit) => {
      const args = ["submit", "in.csv", ...ADJUSTED];
      desk.write("in.csv", `sku,pieces\n${sku},${rows}`);
      expect((await desk.assize(...args)).code).toBe(exit);
      expect(desk.lines("in.csv.assize").at(-1)).toEqual({ done: expect.any(String) });
      desk.write("in.csv", `sku,pieces\n${sku},5\n${sku},1\n`);
      const other = await desk.assize(...args);
      expect([other.code, other.err]).toEqual([
        1,
        expect.stringMatching(/--corrected.*delete the state file, or give another --state/),
      ]);
      expect(await desk.onHand(sku)).toBe(5);
      const own = await desk.assize(...args, "--state", "tomorrow.assize", "--json");
      expect(json(own)).toMatchObject({ exit: 0, accepted: 2, skipped: 0 });
      expect(await desk.onHand(sku)).toBe(11);
    },
  );

  it("BeginImport: of one that brings its own ids every row is told apart by them", async () => {
    const args = ["submit", "in.csv", ...RECEIVED, "--id", "{sku}", "--json"];
    desk.write("in.csv", "sku,pieces\nown-a,5\n");
    expect(json(await desk.assize(...args))).toMatchObject({ exit: 0, accepted: 1 });
    desk.write("in.csv", "sku,pieces\nown-a,5\nown-b,1\n");
    expect(json(await desk.assize(...args))).toMatchObject({ exit: 0, accepted: 2, skipped: 1 });
    expect([await desk.onHand("own-a"), await desk.onHand("own-b")]).toEqual([5, 1]);
  });

  it("BeginImport: said to be the same, corrected, its settled rows are passed over, also where it was not finished", async () => {
    const args = ["submit", "in.csv", ...RECEIVED, "--json"];
    desk.write("in.csv", 'sku,pieces\nfix-a,5\nfix-b,"1\n');
    expect(json(await desk.assize(...args))).toMatchObject({ exit: 2, accepted: 1 });
    expect(desk.text("in.csv.assize")).not.toContain('"done"');
    desk.write("in.csv", "sku,pieces\nfix-a,5\nfix-b,1\n");
    expect((await desk.assize(...args)).code).toBe(1);
    const done = json(await desk.assize(...args, "--corrected"));
    expect(done).toMatchObject({ exit: 0, rows: 2, accepted: 2, skipped: 1 });
    expect(json(await desk.assize(...args))).toMatchObject({ exit: 0, accepted: 2, skipped: 2 });
    expect([await desk.onHand("fix-a"), await desk.onHand("fix-b")]).toEqual([5, 1]);
  });
});

describe("a corrected row under its own id", () => {
  const args = ["submit", "in.csv", ...ADJUSTED, "--id", "{id}", "--json"];

  it("SubmitCorrectedRow, RefuseOtherRow: it is sent where the server kept nothing of the first, else it is told what became of that", async () => {
    desk.write("in.csv", "id,sku,pieces\nc-1,cor-a,5\nc-2,cor-a,-9\nc-3,no such name,1\n");
    expect(json(await desk.assize(...args))).toMatchObject({
      accepted: 1,
      rejected: 1,
      refused: 1,
    });
    desk.write("in.csv", "id,sku,pieces\nc-1,cor-a,6\nc-2,cor-a,-2\nc-3,cor-a,1\n");
    const done = await desk.assize(...args);
    expect(json(done)).toMatchObject({ exit: 2, accepted: 1, refused: 2 });
    const told = done.err.split("\n").toSorted();
    expect(told.slice(1)).toEqual([
      expect.stringMatching(
        /^assize: in.csv:2: the id c-1 was given to a row of other content before.*accepted.*event of its own/,
      ),
      expect.stringMatching(
        /^assize: in.csv:3: the id c-2 was given to .* rejected \(insufficient_stock\).*another id/,
      ),
    ]);
    expect(await desk.onHand("cor-a")).toBe(6);
    desk.write("in.csv", "id,sku,pieces\nc-1,cor-a,5\nc-2b,cor-a,-2\nc-3,cor-a,1\n");
    expect(json(await desk.assize(...args))).toMatchObject({ exit: 0, accepted: 3, skipped: 2 });
    expect(await desk.onHand("cor-a")).toBe(4);
  });

  it("RefuseOtherRow: of two rows of one id the first has it, and the other is never taken for it", async () => {
    desk.write("in.csv", "id,sku,pieces\nt-1,twice,5\nt-1,twice,7\nt-1,twice,5\n");
    const first = await desk.assize(...args);
    expect(json(first)).toMatchObject({ exit: 2, rows: 3, accepted: 2, refused: 1 });
    expect(first.err).toContain(
      "in.csv:3: the id t-1 was given to a row of other content before, on line 2: give this one another",
    );
    const again = await desk.assize(...args);
    expect(json(again)).toMatchObject({ exit: 2, accepted: 2, refused: 1, skipped: 2 });
    expect(again.err).toBe(first.err);
    expect(await desk.onHand("twice")).toBe(5);
  });
});

describe("standard input", () => {
  const line = (sku: string, quantity: number, more = {}): string =>
    `${JSON.stringify({ ...more, type: "stock.received", data: { item: sku, warehouse: "w1", quantity } })}\n`;
  const args = ["submit", "-", "--format", "ndjson", "--json"];

  it("RefuseRowWithoutId: where nothing is kept a row without an id is refused, however it came to have none", async () => {
    const input = line("bare", 1) + line("bare", 2, { id: "bare-1" });
    const ran = await run(args, { ...desk.where, input });
    expect(json(ran)).toMatchObject({ exit: 2, accepted: 1, refused: 1 });
    expect(ran.err).toContain("-:1: it has no id: give --id, or --state FILE");
    const mapped = ["submit", "-", "--format", "csv", ...RECEIVED, "--id", "{order}", "--json"];
    const csv = "order,sku,pieces\n,bare,4\n";
    expect(json(await run(mapped, { ...desk.where, input: csv }))).toMatchObject({ refused: 1 });
    expect(await desk.onHand("bare")).toBe(2);
    desk.write("in.ndjson", line("bare", 8));
    const file = await desk.assize("submit", "in.ndjson", "--no-state", "--json");
    expect(json(file)).toMatchObject({ exit: 2, refused: 1 });
    expect(await desk.onHand("bare")).toBe(2);
  });

  it("BeginStream, RefuseSecondStream: with a state it goes on until it was read to its end, and then wants another", async () => {
    const kept = [...args, "--state", "s.assize"];
    const denied = { ...desk.where, token: "wrong", input: line("piped", 1) };
    expect((await run(kept, denied)).code).toBe(4);
    const input = line("piped", 1) + line("piped", 1);
    expect(json(await run(kept, { ...desk.where, input }))).toMatchObject({ exit: 0, accepted: 2 });
    const second = await run(kept, { ...desk.where, input: line("piped", 1) });
    expect([second.code, second.err]).toEqual([1, expect.stringContaining("is finished")]);
    expect(await desk.onHand("piped")).toBe(2);
    const same = await run([...kept, "--corrected"], { ...desk.where, input });
    expect(json(same)).toMatchObject({ exit: 0, accepted: 2, skipped: 2 });
    expect(await desk.onHand("piped")).toBe(2);
  });
});

describe("the state file", () => {
  const args = ["submit", "in.csv", ...RECEIVED, "--json"];

  it("HoldState, RefuseHeldState, LetStateGo: of two runs at once one alone has it, and no row counts twice", async () => {
    desk.write("in.csv", "sku,pieces\ntwo,1\ntwo,1\n");
    const kept = ["--state", "s.assize"];
    const data = { item: "two", warehouse: "w1", quantity: 1 };
    const input = `${JSON.stringify({ type: "stock.received", data })}\n`;
    const piped = ["submit", "-", "--format", "ndjson", ...kept];
    const first = begin(piped, { ...desk.where, input, open: true });
    await eventually(() => desk.text("s.assize").includes('"status"'));
    const second = await desk.assize(...args, ...kept);
    expect([second.code, second.err]).toEqual([
      1,
      expect.stringMatching(/s\.assize is in use by process \d+ on .* delete s\.assize\.lock/),
    ]);
    first.child.stdin.end();
    expect((await first.ran).code).toBe(0);
    expect(await desk.onHand("two")).toBe(1);
    await Promise.all([desk.assize(...args), desk.assize(...args)]);
    expect(json(await desk.assize(...args))).toMatchObject({ exit: 0, skipped: 2 });
    expect(await desk.onHand("two")).toBe(3);
    expect(readdirSync(desk.folder).toSorted()).toEqual(["in.csv", "in.csv.assize", "s.assize"]);
  });

  it("HoldState: what a process that has ended left behind holds nobody up, and of another machine's nobody knows", async () => {
    desk.write("in.csv", "sku,pieces\nleft,1\n");
    const { child, ran } = begin(["--help"], desk.where);
    await ran;
    const of = (host: string): string => JSON.stringify({ pid: child.pid, host });
    desk.write("in.csv.assize.lock", of("elsewhere"));
    expect((await desk.assize(...args)).code).toBe(1);
    desk.write("in.csv.assize.lock", of(hostname()));
    expect(json(await desk.assize(...args))).toMatchObject({ exit: 0, accepted: 1 });
    desk.write("in.csv.assize.lock", of(hostname()));
    desk.write("in.csv", "sku,pieces\nleft,2\n");
    expect((await desk.assize(...args)).code).toBe(1);
    expect(readdirSync(desk.folder).toSorted()).toEqual(["in.csv", "in.csv.assize"]);
  });

  it("ActableErrors: no file that is something else is taken for one, and none is changed", async () => {
    desk.write("in.csv", "sku,pieces\nforeign,1\n");
    const foreign: readonly (readonly [string, string])[] = [
      ["notes.txt", "no line ends here"],
      ["lines.csv", "sku,pieces\n"],
      ["empty.csv", ""],
      ["other.json", '{"import":2}'],
    ];
    for (const [name, text] of foreign) desk.write(name, text);
    const into = (name: string): Promise<Ran> => desk.assize(...args, "--state", name);
    for (const name of ["notes.txt", "other.json"])
      expect(await into(name)).toMatchObject({ code: 1, err: expect.stringContaining("no state") });
    expect((await into("lines.csv")).err).toContain("lines.csv:1 is no line of a state file");
    expect(await into(".")).toMatchObject({ code: 1, err: expect.stringContaining("folder") });
    expect(await into("/dev/null")).toMatchObject({ code: 1 });
    expect(await into("nowhere/s")).toMatchObject({
      code: 1,
      err: expect.stringContaining("no such"),
    });
    const self = ["submit", "empty.csv", ...RECEIVED, "--state", "empty.csv"];
    expect(await desk.assize(...self)).toMatchObject({ code: 1 });
    for (const [name, text] of foreign) expect(desk.text(name)).toBe(text);
    expect(await desk.onHand("foreign")).toBe(0);
    // One whose head a crash cut off was never acted on.
    desk.write("cut.assize", '{"import":1,"name":"ab');
    expect(json(await into("cut.assize"))).toMatchObject({ exit: 0, accepted: 1 });
  });
});
