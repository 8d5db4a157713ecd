/** The load bench: what is sent, when, which rate holds, and how its figures come about. */
import { describe, expect, it } from "vitest";
import { CASES, SHORT_CASES } from "../bench/load/cases.ts";
import { Source } from "../bench/load/client.ts";
import type { Outcome } from "../bench/load/client.ts";
import { addedMs, oneWayMs, REGION_SETS, varsOf } from "../bench/load/distance.ts";
import { Latencies } from "../bench/load/latency.ts";
import { closedLoop, openLoop } from "../bench/load/loops.ts";
import type { Measured } from "../bench/load/loops.ts";
import { optionsFrom } from "../bench/load/options.ts";
import { holds } from "../bench/load/runner.ts";
import { dueBy, instantOf, scheduleOf } from "../bench/load/schedule.ts";
import { highestOf, nextRate } from "../bench/load/search.ts";
import type { Point } from "../bench/load/search.ts";
import { orderOf, spreadOf } from "../bench/load/summary.ts";
import { preparationOf, workloadOf, WORKLOADS } from "../bench/load/workloads.ts";
import type { Drawn } from "../bench/load/workloads.ts";
import { deploymentOf } from "../objects/shared/config.ts";
import { roundTripMs } from "../objects/shared/names.ts";

const scale = { items: 30, entities: 500 };
const draw = (name: string, count: number): Drawn[] => {
  const workload = workloadOf(name, "r", scale);
  return Array.from({ length: count }, (_, index) => workload.draw(index));
};

describe("a workload", () => {
  it.each(WORKLOADS.map(({ name }) => name))("%s is the same whenever it is drawn", (name) => {
    expect(draw(name, 200)).toEqual(draw(name, 200));
  });

  it("of distinct items comes to each as often as to any other, and to no two neighbours alike", () => {
    const items = draw("distinct", 300).map(({ movement }) => movement.item);
    const counts = [...Map.groupBy(items, (item) => item).values()].map(({ length }) => length);
    expect(counts).toEqual(Array.from({ length: 30 }, () => 10));
    expect(items.filter((item, index) => item === items[index + 1])).toEqual([]);
  });

  it("of a hot item is of that alone, of many entities of all of them", () => {
    expect(new Set(draw("hot", 100).map(({ movement }) => movement.item)).size).toBe(1);
    expect(new Set(draw("entities", 500).map(({ movement }) => movement.item)).size).toBe(500);
  });

  it("of replays repeats nine in ten, each as it was", () => {
    const drawn = draw("replays", 1_000);
    const first = new Map<string, Drawn>();
    for (const one of drawn) {
      const known = first.get(one.movement.id);
      if (known === undefined) first.set(one.movement.id, one);
      else expect(one).toEqual(known);
    }
    expect(first.size).toBe(100);
  });

  it("has ids of its own everywhere else, and one in twenty that must be rejected", () => {
    for (const name of ["distinct", "hot", "entities", "payload-200"]) {
      const drawn = draw(name, 200);
      expect(new Set(drawn.map(({ movement }) => movement.id)).size, name).toBe(200);
      expect(drawn.filter(({ expect: must }) => must === "rejected").length, name).toBe(10);
    }
  });

  it("has one producer a request, and all of them in turn", () => {
    const { draw: drawIn } = workloadOf("distinct", "r", scale, 10);
    const producers = Array.from({ length: 100 }, (_, index) => drawIn(index).movement.producer);
    expect(producers).toEqual(
      Array.from({ length: 100 }, (_, index) => Math.floor(index / 10) % 8),
    );
  });

  it("carries what its name says", () => {
    expect(draw("payload-200", 1)[0]?.movement.note).toHaveLength(200);
    expect(draw("payload-8k", 1)[0]?.movement.note).toHaveLength(8192);
  });

  it("is prepared in parts that make the whole", () => {
    const workload = workloadOf("distinct", "r", scale);
    const parts = [preparationOf(workload, 0, 20), preparationOf(workload, 20, 40)].flat();
    expect(parts.map(({ item }) => item)).toEqual(
      Array.from({ length: 30 }, (_, index) => workload.item(index)),
    );
    expect(new Set(parts.map(({ id }) => id)).size).toBe(30);
    expect(new Set(parts.map(({ delta }) => delta))).toEqual(new Set([workload.initial]));
  });

  it("is known to every case", () => {
    for (const { workload } of [...CASES, ...SHORT_CASES])
      expect(() => workloadOf(workload, "r", scale)).not.toThrow();
    expect(() => workloadOf("other", "r", scale)).toThrow("other");
  });
});

describe("a schedule", () => {
  it("has its requests evenly, the first at once", () => {
    const schedule = scheduleOf(1_000, 10, 2);
    expect(schedule).toEqual({ rate: 100, count: 200 });
    expect([0, 1, 199].map((index) => instantOf(schedule, index))).toEqual([0, 10, 1990]);
  });

  it("has as many due as have come to their instant, and never more than all", () => {
    const schedule = scheduleOf(1_000, 10, 2);
    expect([-1, 0, 9, 10, 15, 1990, 9999].map((ms) => dueBy(schedule, ms))).toEqual([
      0, 1, 1, 2, 2, 200, 200,
    ]);
  });

  it("of less than one request has one", () => {
    expect(scheduleOf(40, 100, 1).count).toBe(1);
  });
});

/** Answers when told to. */
class Held {
  readonly sent: Drawn[][] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #until: number;

  constructor(until: number) {
    this.#until = until;
  }

  readonly send = (drawn: readonly Drawn[]): Promise<Outcome> => {
    this.sent.push([...drawn]);
    return new Promise((done) => {
      this.#waiting.push(() => done({ right: drawn.length, refused: 0, failure: null }));
      if (this.sent.length >= this.#until) for (const go of this.#waiting.splice(0)) go();
    });
  };
}

const loopOn = (client: { send: (drawn: readonly Drawn[]) => Promise<Outcome> }, size: number) => ({
  client,
  source: new Source(workloadOf("distinct", "r", scale).draw),
  size,
  signal: new AbortController().signal,
});

describe("a loop", () => {
  it("all is sent though nothing is answered, and waiting counts from the instant it was due", async () => {
    const schedule = scheduleOf(500, 5, 0.3);
    const client = new Held(schedule.count);
    const measured = await openLoop(loopOn(client, 5), schedule);
    expect(client.sent).toHaveLength(schedule.count);
    expect(measured).toMatchObject({ requests: 30, events: 150, failed: 0 });
    // The first was answered when the last was sent, or later.
    const longest = instantOf(schedule, schedule.count - 1);
    expect(measured.latency.max).toBeGreaterThan(longest * 0.99);
    expect(measured.latency.p50).toBeGreaterThan(longest * 0.4);
  });

  it("a client that was held up itself counts that too, and tells it", async () => {
    let held = false;
    const client = {
      send: (drawn: readonly Drawn[]): Promise<Outcome> => {
        const end = held ? 0 : performance.now() + 100;
        while (performance.now() < end);
        held = true;
        return Promise.resolve({ right: drawn.length, refused: 0, failure: null });
      },
    };
    const { latency, lag } = await openLoop(loopOn(client, 1), { rate: 100, count: 5 });
    // The second was due 10 ms after the first, which took 100 to send.
    expect(latency.p90).toBeGreaterThan(80);
    expect(lag?.max).toBeGreaterThan(80);
  });

  it("what is due when too much is under way is not sent, and failed", async () => {
    for (const [size, most] of [
      [1, 8_192],
      [100, 656],
    ] as const) {
      const schedule = { rate: 1e7, count: 10_000 };
      const client = new Held(most);
      const measured = await openLoop(loopOn(client, size), schedule);
      expect(client.sent).toHaveLength(most);
      expect(measured.events).toBe(most * size);
      const failed = (10_000 - most) * size;
      expect(measured).toMatchObject({ failed, reasons: { "not sent: too far behind": failed } });
    }
  });

  it("that is closed has so many requests under way, and ends with its events", async () => {
    let [open, most] = [0, 0];
    const client = {
      send: async (drawn: readonly Drawn[]): Promise<Outcome> => {
        open += 1;
        most = Math.max(most, open);
        await Promise.resolve();
        open -= 1;
        return { right: drawn.length, refused: 0, failure: null };
      },
    };
    const measured = await closedLoop(loopOn(client, 2), 4, { seconds: 60, events: 40 });
    expect(measured).toMatchObject({ requests: 20, events: 40, failed: 0, lag: null });
    expect(most).toBe(4);
  });

  it("counts what is not right, by its reason, and no latency of it", async () => {
    const client = {
      send: (drawn: readonly Drawn[]): Promise<Outcome> =>
        Promise.resolve({ right: drawn.length - 1, refused: 0, failure: "503" }),
    };
    const measured = await closedLoop(loopOn(client, 5), 1, { seconds: 60, events: 20 });
    expect(measured).toMatchObject({ events: 16, failed: 4, reasons: { 503: 4 } });
    expect(measured.latency.count).toBe(0);
  });

  it("what was turned away is no failure, and no latency", async () => {
    let turn = 0;
    const client = {
      send: (drawn: readonly Drawn[]): Promise<Outcome> => {
        turn += 1;
        return Promise.resolve(
          turn % 2 === 0
            ? { right: 0, refused: drawn.length, failure: null }
            : { right: drawn.length, refused: 0, failure: null },
        );
      },
    };
    const measured = await closedLoop(loopOn(client, 5), 1, { seconds: 60, events: 20 });
    expect(measured).toMatchObject({ events: 10, refused: 10, failed: 0, reasons: {} });
    expect(measured.latency.count).toBe(2);
  });

  it("draws every movement once, whoever takes it", () => {
    const source = new Source(workloadOf("distinct", "r", scale).draw);
    const ids = [source.take(3), source.take(1), source.take(4)]
      .flat()
      .map(({ movement }) => movement.id);
    expect(ids).toEqual(Array.from({ length: 8 }, (_, index) => `r.${index}`));
  });
});

describe("percentiles", () => {
  it("are those of what was recorded, to three digits", () => {
    const latencies = new Latencies();
    for (let ms = 1; ms <= 1_000; ms += 1) latencies.record(ms);
    const { count, p50, p90, p99, p999, max, mean } = latencies.summary();
    expect(count).toBe(1_000);
    for (const [is, must] of [
      [p50, 500],
      [p90, 900],
      [p99, 990],
      [p999, 999],
      [max, 1_000],
      [mean, 500.5],
    ] as const)
      expect(Math.abs(is - must) / must).toBeLessThan(0.002);
  });

  it("of nothing are zero", () => {
    expect(new Latencies().summary()).toMatchObject({ count: 0, p50: 0, p99: 0, max: 0 });
  });
});

const measured = (changes: Partial<Measured>): Measured => {
  const latency = { count: 1, p50: 5, p90: 20, p99: 99, p999: 300, max: 400, mean: 9 };
  const whole = { seconds: 10, requests: 100, events: 10_000, failed: 0, refused: 0, reasons: {} };
  return { ...whole, latency, lag: null, ...changes };
};

describe("the search", () => {
  const search = { from: 100, least: 1, within: 1.1, steps: 20 };

  it("a quiet tail, no failure, and the rate itself", () => {
    expect(holds(measured({}), 1_000)).toBe(true);
    expect(holds(measured({ refused: 1 }), 1_000)).toBe(false);
    expect(holds(measured({ failed: 1 }), 1_000)).toBe(false);
    expect(holds(measured({ events: 9_700 }), 1_000)).toBe(false);
    const { latency } = measured({});
    expect(holds(measured({ latency: { ...latency, p99: 100 } }), 1_000)).toBe(false);
  });

  it("as long as none fails", () => {
    expect(nextRate([], search)).toBe(100);
    expect(nextRate([{ rate: 100, holds: true }], search)).toBe(200);
    const points = [100, 200, 400].map((rate) => ({ rate, holds: true }));
    expect(nextRate(points, search)).toBe(800);
  });

  it("as long as none holds, down to the lowest that means anything", () => {
    expect(nextRate([{ rate: 100, holds: false }], search)).toBe(50);
    expect(nextRate([{ rate: 1, holds: false }], search)).toBeNull();
    expect(nextRate([{ rate: 100, holds: false }], { ...search, least: 51 })).toBeNull();
  });

  it.each([7, 93, 101, 640, 12_345])("ends within a tenth under the true bound of %i", (bound) => {
    const points: Point[] = [];
    for (let rate = nextRate(points, search); rate !== null; rate = nextRate(points, search))
      points.push({ rate, holds: rate <= bound });
    const found = highestOf(points);
    expect(found).toBeLessThanOrEqual(bound);
    // Or the next whole number.
    expect(Math.max(found * 1.1, found + 1)).toBeGreaterThanOrEqual(bound);
    expect(points.length).toBeLessThan(search.steps);
  });

  it("what holds above a rate that fails was luck", () => {
    const points = [
      { rate: 100, holds: true },
      { rate: 200, holds: false },
      { rate: 400, holds: true },
    ];
    expect(highestOf(points)).toBe(100);
    expect(nextRate(points, search)).toBe(141);
  });

  it("ends when its steps are used up, and without any that holds at zero", () => {
    const points = [{ rate: 100, holds: true }];
    expect(nextRate(points, { ...search, steps: 1 })).toBeNull();
    expect(highestOf([{ rate: 100, holds: false }])).toBe(0);
  });
});

describe("rounds", () => {
  it("go every other time the other way", () => {
    expect([0, 1, 2].map((round) => orderOf(["a", "b", "c"], round).join(""))).toEqual([
      "abc",
      "cba",
      "abc",
    ]);
  });

  it("come to a median and what it lies between", () => {
    expect(spreadOf([])).toBeNull();
    expect(spreadOf([3])).toEqual({ median: 3, least: 3, most: 3 });
    expect(spreadOf([9, 1, 2])).toEqual({ median: 2, least: 1, most: 9 });
    expect(spreadOf([4, 1, 2, 9])).toEqual({ median: 3, least: 1, most: 9 });
  });
});

describe("the options", () => {
  it("take contenders by name and cases by their beginning", () => {
    const options = optionsFrom(["--only", "object,d1,closed/hot"]);
    if (typeof options === "string") throw new Error(options);
    expect(options.contenders.map(({ name }) => name)).toEqual(["object", "d1"]);
    expect(options.cases.map(({ name }) => name)).toEqual([
      "closed/hot/1",
      "closed/hot/100",
      "closed/hot/1000",
    ]);
  });

  it("take a case of 100 without that of 1,000, and one of a rate by its whole name", () => {
    const options = optionsFrom(["--only", "closed/hot/100,open/distinct/100@10000,search/"]);
    if (typeof options === "string") throw new Error(options);
    expect(options.cases.map(({ name }) => name)).toEqual([
      "closed/hot/100",
      "open/distinct/100@10000",
      ...[1, 10, 100, 1000].map((size) => `search/distinct/${size}`),
    ]);
  });

  it("refuse what there is not", () => {
    for (const [args, why] of [
      [["--only", "nobody"], /nobody/],
      [["--only", "clos"], /clos/],
      [["--seconds", "0"], /--seconds is a whole number/],
      [["--repetitions", "x"], /--repetitions is a whole number/],
      [["--entities", "1.5"], /--entities is a whole number/],
      [["--other"], /--other/],
      [["positional"], /positional/],
    ] as const)
      expect(() => optionsFrom([...args]), args.join(" ")).toThrow(why);
  });

  it("list every contender and case", () => {
    const text = optionsFrom(["--list"]);
    for (const { name } of CASES) expect(text).toContain(name);
    for (const name of ["assize", "bare", "object", "d1", "postgres", "restate", "emmett"])
      expect(text).toContain(`  ${name} `);
    expect(optionsFrom(["--help"])).toContain("--report");
  });
});

describe("distance", () => {
  it("what it adds is three ways to and from the second-nearest peer, and between the leader's data centres", () => {
    expect(addedMs([])).toBe(0);
    const near = 2 * oneWayMs("weur", "weur");
    // Two peers are as near as can be.
    expect(addedMs(["weur", "weur", "weur", "sam"])).toBe(3 * oneWayMs("weur", "weur") + near);
    // The second-nearest hears the proposal and is heard twice.
    expect(addedMs(["weur", "weur", "eeur", "sam"])).toBe(2 * oneWayMs("weur", "eeur") + 1 + near);
  });

  it("every set of regions is in the table, and a deployment can be told it", () => {
    for (const regions of Object.values(REGION_SETS).filter(({ length }) => length > 0)) {
      expect(addedMs(regions)).toBeGreaterThan(0);
      const vars = { ...varsOf(regions), GENERATION: "g", FAULT_INJECTION: "on" };
      const told = deploymentOf(vars);
      expect(told.regions).toEqual(regions);
      for (const [at, one] of regions.entries())
        for (const other of regions.slice(at + 1))
          expect(roundTripMs(told, one, other)).toBe(2 * oneWayMs(one, other));
    }
    expect(() => oneWayMs("weur", "moon")).toThrow("how far");
  });
});
