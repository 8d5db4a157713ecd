/** The load bench is a witness: what a contender does wrong it must find, and what it does right it must not. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Case } from "../bench/load/cases.ts";
import { SHORT_CASES } from "../bench/load/cases.ts";
import type { Contender } from "../bench/load/contenders/contender.ts";
import { optionsFrom } from "../bench/load/options.ts";
import { absent, reasonOf, runAll } from "../bench/load/rounds.ts";
import type { Outcome } from "../bench/load/rounds.ts";
import { chartOf } from "../bench/load/report/chart.ts";
import { linesOf } from "../bench/load/report/results.ts";
import type { Results } from "../bench/load/report/results.ts";
import { installed } from "../bench/load/peers/installed.ts";
import { markdownOf, textOf } from "../bench/load/report/tables.ts";
import type { Run } from "../bench/load/runner.ts";
import { Spending } from "../bench/load/usage.ts";
import { root } from "../bench/lib/tools.ts";
import { shelfContender } from "./kit/shelf.ts";
import type { Planted } from "./kit/shelf.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assize-load-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const named = (...names: readonly string[]): Case[] =>
  SHORT_CASES.filter(({ name }) => names.includes(name));

async function bench(contenders: readonly Contender[], cases: readonly Case[], rounds = 1) {
  const options = optionsFrom(["--short"]);
  if (typeof options === "string") throw new Error(options);
  const signal = new AbortController().signal;
  const search = { from: 100, within: 1.5, steps: 2 };
  const fewer = { events: 80, warmEvents: 20, openSeconds: 0.2, probes: 1, search };
  const limits = { ...options.limits, ...fewer };
  return runAll({
    options: { ...options, cases, rounds, limits },
    contenders,
    folder,
    signal,
    say: () => undefined,
    told: () => undefined,
    sampled: () => undefined,
  });
}

const found = ({ checks }: Run): string[] =>
  checks.filter(({ wrong }) => wrong.length > 0).map(({ what }) => what);
const flaws = ({ runs }: Outcome): string[] => [...new Set(runs.flatMap(found))];

async function planted(flaw: Planted, ...cases: readonly string[]): Promise<string[]> {
  const outcome = await bench([shelfContender(flaw)], named(...cases));
  expect(outcome.failures).toEqual([]);
  expect(outcome.runs).toHaveLength(cases.length);
  return flaws(outcome);
}

/** Nothing is far from itself. */
const NEAR_CASES = SHORT_CASES.filter(({ regions }) => regions === undefined);

it("what is kept of a failure is its first line, without a path of the machine", () => {
  expect(reasonOf(new Error(`it ended in ${root}/bench\nstack: ${root}/x`))).toBe(
    "it ended in ./bench",
  );
});

describe("the audit", () => {
  it("finds nothing in a contender that does it right, in any case", async () => {
    const outcome = await bench([shelfContender("none")], SHORT_CASES);
    expect(outcome.failures).toEqual([]);
    expect(outcome.runs.map((run) => run.case)).toEqual(NEAR_CASES.map(({ name }) => name));
    expect(flaws(outcome)).toEqual([]);
    expect(outcome.runs.map(({ measured }) => measured?.failed ?? 0)).toEqual(
      NEAR_CASES.map(() => 0),
    );
  });

  it("an id that counted twice, a movement that changed nothing", async () => {
    expect(await planted("doubles", "closed/replays/10")).toContain(
      "the stock is what the answers say",
    );
    expect(await planted("loses", "closed/distinct/10")).toContain(
      "the stock is what the answers say",
    );
  });

  it("a replay that is told to be new", async () => {
    expect(await planted("forgets", "closed/distinct/10")).toEqual([
      "what is sent again is told as it was",
    ]);
  });

  it("another movement under a known id that is answered as the first", async () => {
    expect(await planted("ignores", "closed/distinct/10")).toEqual([
      "an id with another movement is told",
    ]);
  });

  it("more was had than there was", async () => {
    expect(await planted("oversells", "closed/scarce/10")).toEqual([
      "as much was had as there was",
    ]);
  });

  it("answers that belong to others", async () => {
    expect(await planted("confuses", "closed/distinct/10")).toContain(
      "every answer is what it must be",
    );
  });

  it("what was done and not told is sent again, and counts once", async () => {
    const outcome = await bench([shelfContender("stumbles")], named("closed/distinct/10"));
    expect(flaws(outcome)).toEqual([]);
    const [run] = outcome.runs;
    expect(run?.measured?.failed).toBeGreaterThan(0);
    expect(Object.keys(run?.measured?.reasons ?? {})).toEqual(["500 done, and not told"]);
  });
});

/** Breaks in its first round, before anything is measured. */
function breaking(): Contender {
  const shelf = shelfContender("none");
  let lives = 0;
  return {
    ...shelf,
    name: "breaking",
    start: (place) => {
      lives += 1;
      return lives === 1 ? Promise.reject(new Error("no disk")) : shelf.start(place);
    },
  };
}

const resultsOf = (outcome: Outcome, contenders: readonly Contender[]): Results => ({
  command: "npm run bench",
  commit: null,
  at: "2026-11-27T00:00:00.000Z",
  machine: { cpu: "a processor", cores: 2, memoryGiB: 8, system: "linux", node: "v22" },
  short: false,
  rounds: 2,
  seconds: 1,
  cases: named("closed/distinct/10", "search/distinct/1").map(({ name }) => ({
    name,
    what: "a <case>",
  })),
  contenders: contenders.map(({ name, title, semantics, lacks }) => ({
    name,
    title,
    semantics,
    lacks,
  })),
  skipped: [{ contender: "absent", why: "not installed" }],
  ...outcome,
});

describe("what a process takes", () => {
  it("is looked at from the beginning to the end, with what it started", async () => {
    const child = spawn(process.execPath, ["-e", "process.send(1); setInterval(() => 0, 1e6)"], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    await once(child, "message");
    const [alone, family] = [child.pid ?? 0, process.pid].map((pid) => new Spending(pid));
    alone?.end();
    family?.end();
    child.kill();
    const [small, large] = [alone, family].map((one) => one?.usage?.memoryMiB.at(-1) ?? 0);
    const counted = process.platform === "linux";
    expect((small ?? 0) > 0).toBe(counted);
    expect((large ?? 0) > (small ?? 0)).toBe(counted);
    expect(family?.usage?.memoryMiB.length).toBe(counted ? 2 : undefined);
  });
});

describe("the bench", () => {
  it("what is not installed is named with the reason", async () => {
    const why = "not installed: npm ci --prefix bench/load/peers";
    const missing = {
      ...shelfContender("none"),
      name: "other",
      missing: () => Promise.resolve(why),
    };
    expect(await absent([shelfContender("none"), missing])).toEqual([{ contender: "other", why }]);
    expect(installed("no-such-package")).toBe(why);
    expect(installed(import.meta.filename)).toBeNull();
  });

  it("what breaks is shown, and neither its other rounds nor others are held up", async () => {
    const contenders = [breaking(), shelfContender("none")];
    const outcome = await bench(contenders, named("closed/distinct/10"), 2);
    expect(outcome.failures).toEqual([
      { contender: "breaking", cases: ["closed/distinct/10"], round: 0, why: "no disk" },
    ]);
    expect(outcome.runs.map(({ contender, round }) => `${contender} ${round}`)).toEqual([
      "shelf 0",
      "shelf 1",
      "breaking 1",
    ]);
    const results = resultsOf(outcome, contenders);
    for (const text of [textOf(results), markdownOf(results)])
      for (const part of ["breaking FAILED", "no disk", "absent", "not installed"])
        expect(text).toContain(part);
    expect(chartOf(results)).toContain("FAILED");
  });

  it("asks a contender for no more than it takes at once", async () => {
    const outcome = await bench([shelfContender("none", 1)], SHORT_CASES);
    expect(outcome.failures).toEqual([]);
    expect(outcome.runs.map((run) => run.case)).toEqual(
      NEAR_CASES.filter(({ size }) => size === 1).map(({ name }) => name),
    );
  });

  it("shows the median, what it lies between, and how many times ours is faster", async () => {
    const ours = { ...shelfContender("none"), name: "assize" };
    const contenders = [ours, shelfContender("none")];
    const cases = named("closed/distinct/10", "search/distinct/1");
    const outcome = await bench(contenders, cases, 2);
    const results = resultsOf(outcome, contenders);
    const [first, second] = linesOf(results);
    expect([first?.contender, second?.contender]).toEqual(["assize", "shelf"]);
    expect(first?.ratio).toBeNull();
    expect(second?.ratio).toBe((first?.rate?.median ?? 0) / (second?.rate?.median ?? 0));
    expect(second?.rate?.least).toBeLessThanOrEqual(second?.rate?.most ?? 0);
    const chart = chartOf(results);
    expect(chart).toContain("a &lt;case&gt;");
    expect(chart.match(/<rect /g)).toHaveLength(1 + 4);
    const markdown = markdownOf(results);
    expect(markdown).toContain("medians of 2 rounds of 1 s");
    expect(markdown).toContain("| shelf | a shelf in memory | yes | yes | no | 1 | durability |");
    for (const { name } of cases) expect(markdown.split(`| ${name} |`)).toHaveLength(1 + 1 + 2);
  });

  it("has nothing of a search where no rate holds", async () => {
    const contenders = [shelfContender("refuses")];
    const outcome = await bench(contenders, named("search/distinct/1"));
    const [line] = linesOf(resultsOf(outcome, contenders));
    expect(line).toMatchObject({ rate: { median: 0 }, p99: null, flaws: [] });
  });
});
