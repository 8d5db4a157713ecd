/** What the command line knows of an import from one run to the next, against a real local server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Desk, PATIENCE_MS, RECEIVED, json } from "./kit/command-line.ts";
import type { Ran } from "./kit/command-line.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await Desk.open();
}, PATIENCE_MS);
afterAll(() => desk?.close(), PATIENCE_MS);
beforeEach(() => desk.clear());

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
