/** The demo is itself a witness: what it reads, expects and compares must be right, or its "ok" says nothing. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { outcomesDiffer, replaysDiffer, stockDiffers, tally } from "../bench/demo/checks.ts";
import { Client } from "../bench/demo/client.ts";
import type { Sent } from "../bench/demo/client.ts";
import { recordFlaws } from "../bench/demo/ledger.ts";
import { recount, sumOf } from "../bench/demo/recount.ts";
import { longestGap } from "../bench/demo/submission.ts";
import { itemTable } from "../bench/demo/summary.ts";
import type { Answer } from "../bench/lib/contract.ts";
import { eventsOf, linesOf, requestsOf } from "../bench/lib/sample.ts";
import type { InvoiceLine, StockEvent } from "../bench/lib/sample.ts";
import { table } from "../bench/lib/table.ts";
import { verdict } from "../bench/lib/verdict.ts";
import { blockShape } from "../bench/verify/shapes.ts";
import { leafDigest } from "../objects/shared/digests.ts";
import { Scribe } from "./kit/blocks.ts";

const head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

const line = (item: string, quantity: number, number = 2): InvoiceLine => ({
  line: number,
  invoice: "536365",
  item,
  quantity,
  date: "2010-12-01T08:26:00Z",
});

describe("the sample", () => {
  it("is read as CSV: quotes, commas in quotes, returns", () => {
    const csv = `${head}536477,22041,"FRAME 7"" BIG, RED ",48,01/12/2010 12:27,2.1,16210,UK\nC536379,D,Discount,-1,02/12/2010 09:41,27.5,14527,UK\n`;
    expect(linesOf(csv)).toEqual([
      { line: 2, invoice: "536477", item: "22041", quantity: 48, date: "2010-12-01T12:27:00Z" },
      { line: 3, invoice: "C536379", item: "D", quantity: -1, date: "2010-12-02T09:41:00Z" },
    ]);
  });

  it.each([
    ["a quantity that is none", "536365,85123A,X,six,01/12/2010 08:26,2.55,17850,UK"],
    ["a quantity of no whole number", "536365,85123A,X,1.5,01/12/2010 08:26,2.55,17850,UK"],
    ["no quantity", "536365,85123A,X,,01/12/2010 08:26,2.55,17850,UK"],
    ["another form of date", "536365,85123A,X,6,2010-12-01 08:26,2.55,17850,UK"],
    ["too few fields", "536365,85123A,X,6"],
  ])("is refused with %s", (_, record) => {
    expect(() => linesOf(`${head}${record}\n`)).toThrow(/sample|Record/);
  });

  it("comes whole crates at a time, of every tenth item half of what is sold", () => {
    const lines = Array.from({ length: 10 }, (_, index) => line(`item-${index + 1}`, 101));
    const received = eventsOf(lines).slice(0, 10);
    expect(received.map(({ data }) => "quantity" in data && data.quantity)).toEqual([
      ...Array.from({ length: 9 }, () => 200),
      50,
    ]);
  });

  it("is received before it is adjusted, once an item, also where it only ever comes back", () => {
    const events = eventsOf([line("a", 6, 2), line("b", -1, 3), line("a", 2, 4)]);
    expect(events.map(({ id, type }) => [id, type])).toEqual([
      ["received-a", "stock.received"],
      ["received-b", "stock.received"],
      ["536365-2", "stock.adjusted"],
      ["536365-3", "stock.adjusted"],
      ["536365-4", "stock.adjusted"],
    ]);
    expect(events[1]?.data).toEqual({ item: "b", warehouse: "main", quantity: 1 });
    expect(events[2]?.data).toEqual({ item: "a", warehouse: "main", delta: -6, reason: "sale" });
    expect(events[3]?.data).toEqual({ item: "b", warehouse: "main", delta: 1, reason: "return" });
  });

  it("is cut into requests that keep the order of every source, and an item has one source", () => {
    const events = eventsOf(Array.from({ length: 300 }, (_, at) => line(`item-${at % 40}`, 1, at)));
    const queues = requestsOf(events, 7);
    expect(queues.flat().every((request) => request.length <= 7)).toBe(true);
    for (const queue of queues) {
      const source = queue[0]?.[0]?.source;
      expect(queue.flat()).toEqual(events.filter((event) => event.source === source));
    }
    const placed = new Set(events.map(({ source, data }) => `${data.item} ${source}`));
    expect(placed.size).toBe(40);
  });

  it("that ships is 5,000 lines of which some must be rejected and some refused", () => {
    const file = join(import.meta.dirname, "../bench/data/online-retail-sample.csv");
    const lines = linesOf(readFileSync(file, "utf8"));
    const events = eventsOf(lines);
    expect(lines.length).toBe(5000);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    const { expected } = recount(events);
    const refused = [...expected].filter(([, { status }]) => status === "invalid");
    expect(refused.map(([id]) => id)).toEqual(["received-BANK CHARGES", "536779-4408"]);
    const rejected = [...expected.values()].filter(({ status }) => status === "rejected").length;
    expect(rejected).toBeGreaterThan(100);
    expect(rejected * 10).toBeLessThan(events.length);
  });
});

const events: StockEvent[] = eventsOf([
  line("a", 70, 2),
  line("a", 31, 3),
  line("BANK CHARGES", 1, 4),
  line("b", 0, 5),
]).filter(({ id }) => id !== "received-b");
const rising: StockEvent[] = [
  {
    id: "r",
    source: "/",
    type: "stock.received",
    data: { item: "a", warehouse: "w", quantity: 5 },
  },
  ...[-4, -2, 3, -4].map((delta, index): StockEvent => ({
    id: `s-${index}`,
    source: "/",
    type: "stock.adjusted",
    time: "2010-12-01T08:26:00Z",
    data: { item: "a", warehouse: "w", delta, reason: delta < 0 ? "sale" : "return" },
  })),
];

describe("the recount", () => {
  it("rejects what would go below zero, and goes on from what there was", () => {
    const { expected, onHand } = recount(rising);
    expect([...expected.values()]).toEqual([
      { status: "accepted", onHand: 5 },
      { status: "accepted", onHand: 1 },
      { status: "rejected", reason: "insufficient_stock" },
      { status: "accepted", onHand: 4 },
      { status: "accepted", onHand: 0 },
    ]);
    expect(onHand).toEqual(new Map([["a", 0]]));
  });

  it("expects the refusal of items outside the pattern and of lines that change nothing", () => {
    const { expected, onHand } = recount(events);
    const refused = [...expected].filter(([, { status }]) => status === "invalid");
    expect(refused.map(([id]) => id)).toEqual(["received-BANK CHARGES", "536365-4", "536365-5"]);
    expect(onHand).toEqual(new Map([["a", 99]]));
    expect(sumOf(onHand)).toBe(99);
  });
});

const accepted = (id: string, onHand: number): Answer => ({
  id,
  status: "accepted",
  changes: [{ entity: "stock/a@w", state: { onHand, reserved: 0 } }],
});
const rejected = (id: string, code = "insufficient_stock"): Answer => ({
  id,
  status: "rejected",
  reason: { code },
});
const asRecounted = (): Map<string, Answer> =>
  new Map(
    [accepted("r", 5), accepted("s-0", 1), rejected("s-1"), accepted("s-2", 4)]
      .concat(accepted("s-3", 0))
      .map((answer) => [answer.id, answer]),
  );

describe("the comparison", () => {
  it("finds nothing where everything is as recounted", () => {
    expect(outcomesDiffer(asRecounted(), recount(rising))).toEqual([]);
  });

  it.each([
    ["another status", accepted("s-1", 0)],
    ["another reason", rejected("s-1", "overflow")],
    ["another stock after it", accepted("s-2", 3)],
    ["an outcome without its change", { id: "s-2", status: "accepted" } satisfies Answer],
    [
      "a refusal",
      { id: "r", status: "invalid", problem: { type: "/problems/x" } } satisfies Answer,
    ],
  ])("finds %s", (_, wrong) => {
    const answers = asRecounted().set(wrong.id, wrong);
    expect(outcomesDiffer(answers, recount(rising))).toHaveLength(1);
  });

  it("finds an event that was never answered", () => {
    const answers = asRecounted();
    answers.delete("s-3");
    expect(outcomesDiffer(answers, recount(rising))).toEqual(["s-3 was never answered"]);
  });

  it("finds stock that differs, is reserved, is gone, or ought not to be", () => {
    const recounted = recount(rising);
    const stock = (item: string, onHand: number, reserved = 0) =>
      stockDiffers(new Map([[item, { onHand, reserved }]]), recounted);
    expect(stock("a", 0)).toEqual([]);
    expect(stock("a", 1)).toHaveLength(1);
    expect(stock("a", 0, 1)).toHaveLength(1);
    expect(stock("BANK CHARGES", 0)).toHaveLength(1);
    expect(stockDiffers(new Map([["a", null]]), recounted)).toHaveLength(1);
    expect(stockDiffers(new Map([["BANK CHARGES", null]]), recounted)).toEqual([]);
  });

  it("finds a replay that differs or does not say that it is one", () => {
    const first = new Map([["r", accepted("r", 5)]]);
    const again = (answer: Answer) => replaysDiffer(first, [answer]);
    expect(again({ ...accepted("r", 5), replayed: true })).toEqual([]);
    expect(again(accepted("r", 5))).toEqual(["r was not replayed"]);
    expect(again({ ...accepted("r", 6), replayed: true })).toEqual(["r came out differently"]);
    expect(again({ ...accepted("q", 5), replayed: true })).toEqual(["q came out differently"]);
  });

  it("counts words, most first", () => {
    expect([...tally(["a", "b", "b"])]).toEqual([
      ["b", 2],
      ["a", 1],
    ]);
  });
});

/** Two blocks of one accepted event each, and the answers a client had. */
function court() {
  const scribe = new Scribe("demo");
  const told = ["e-1", "e-2"].map((id, index) => ({
    id,
    changes: [{ entity: "stock/a@w", state: { onHand: index + 1, reserved: 0 } }],
  }));
  const blocks = told.map((each) => blockShape.parse(scribe.next(0, each)));
  const answers = blocks.map(({ outcomes, certificate }, index): Answer => ({
    ...(JSON.parse(outcomes[0] ?? "") as Answer),
    receipt: {
      court: 0,
      height: index + 1,
      index: 0,
      block: certificate.block,
      outcome: leafDigest(outcomes[0] ?? ""),
    },
  }));
  return { blocks, answers };
}

describe("the look into the ledger", () => {
  it("finds nothing where every answer stands", () => {
    const { blocks, answers } = court();
    expect(recordFlaws(blocks, answers)).toEqual([]);
  });

  it("finds an answer that the ledger does not bear out, and an outcome that nobody was told", () => {
    const { blocks, answers } = court();
    const [first, second] = answers as [Answer, Answer];
    const told = (changed: Answer) => recordFlaws(blocks, [first, changed]);
    expect(told({ ...second, status: "rejected" })).toEqual(["e-2 does not stand at 2.0"]);
    expect(told({ ...second, changes: [] })).toEqual(["e-2 does not stand at 2.0"]);
    const { receipt: _, ...without } = second;
    expect(told(without)).toEqual(["e-2 does not stand at 0.0"]);
    expect(recordFlaws(blocks, [first])).toEqual(["e-2 stands in the ledger and was not answered"]);
  });

  it("finds an outcome that stands twice", () => {
    const { blocks, answers } = court();
    const flaws = recordFlaws([...blocks, ...blocks.slice(1)], answers);
    expect(flaws).toEqual(["1 outcomes stand more than once"]);
  });
});

describe("the client", () => {
  afterEach(() => vi.unstubAllGlobals());

  const sent = rising.slice(0, 2).map((event): Sent => ({
    ...event,
    sentat: "2026-11-22T10:00:00.000Z",
  }));
  const problem = (status: number, slug: string) =>
    Response.json({ type: `/problems/${slug}` }, { status });

  /** Answers requests in turn, and keeps what they asked. */
  function served(...replies: (() => Response)[]) {
    const asked: Sent[][] = [];
    vi.stubGlobal("fetch", async (_: string, { body }: { body: string }) => {
      asked.push(JSON.parse(body) as Sent[]);
      return (replies.shift() ?? (() => problem(400, "more-than-foreseen")))();
    });
    const { signal } = new AbortController();
    return { client: new Client({ url: "http://x", token: "t", signal }), asked };
  }

  it("sends the same events again after no answer and after a refusal, and counts both", async () => {
    const all = [accepted("r", 5), accepted("s-0", 1)];
    const { client, asked } = served(
      () => {
        throw new TypeError("fetch failed");
      },
      () => problem(503, "no-quorum"),
      () => Response.json(all),
    );
    expect(await client.submit(sent)).toEqual(all);
    expect(asked).toEqual([sent, sent, sent]);
    expect([...client.retries]).toEqual([
      ["no answer", 1],
      ["no-quorum", 1],
    ]);
  });

  it("sends only what is undecided again, and answers in the order of the events", async () => {
    const open: Answer = { id: "r", status: "pending", problem: { type: "/problems/pending" } };
    const { client, asked } = served(
      () => Response.json([open, accepted("s-0", 1)]),
      () => Response.json([accepted("r", 5)]),
    );
    const answers = await client.submit(sent);
    expect(answers).toEqual([accepted("r", 5), accepted("s-0", 1)]);
    expect(asked).toEqual([sent, sent.slice(0, 1)]);
    expect([...client.retries]).toEqual([["pending", 1]]);
  });

  it.each([
    ["an error that is not to be tried again", () => problem(400, "malformed")],
    ["what is no JSON", () => new Response("error code: 1101", { status: 500 })],
    ["too few elements", () => Response.json([accepted("r", 5)])],
    ["elements of another order", () => Response.json([accepted("s-0", 1), accepted("r", 5)])],
  ])("gives up at %s", async (_, reply) => {
    const { client } = served(reply);
    let said = "";
    try {
      await client.submit(sent);
    } catch (error) {
      said = String(error);
    }
    expect(said).toContain("POST /v1/events: ");
  });
});

describe("the summary", () => {
  it("aligns its columns", () => {
    expect(
      table([
        ["events", "6,595"],
        ["longest gap", "2 ms"],
      ]),
    ).toBe("  events       6,595\n  longest gap  2 ms");
    expect(itemTable([{ item: "85123A", ledger: "46", recount: "46" }])).toBe(
      "  item      ledger   recount\n  85123A        46        46",
    );
  });

  it("says plainly what failed, and not endlessly", () => {
    const wrong = Array.from({ length: 7 }, (_, index) => `item ${index}`);
    const said = verdict([
      { what: "all is well", wrong: [] },
      { what: "stock is right", wrong },
    ]);
    expect(said.split("\n")).toHaveLength(8);
    expect(said).toContain("ok      all is well");
    expect(said).toContain("FAILED  stock is right");
    expect(said).toContain("… and 2 more");
  });

  it("measures the longest gap from the kill on", () => {
    expect(longestGap([0, 900, 1000, 1400, 1450], 950)).toBe(400);
    expect(longestGap([0, 900], 950)).toBe(0);
  });
});
