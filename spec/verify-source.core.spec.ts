/** Where the verifier's records come from: a server that goes on meanwhile, and files. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recordsIn, written } from "../bench/verify/file.ts";
import { recordsOf } from "../bench/verify/live.ts";
import { Unreadable } from "../bench/verify/records.ts";
import { asking } from "../bench/verify/server.ts";
import type { Get } from "../bench/verify/server.ts";
import { ended, goingOn, shown, verified } from "./kit/shown.ts";
import type { Shown } from "./kit/shown.ts";
import { story, twoCourts } from "./kit/story.ts";

const root = join(import.meta.dirname, "..");
const annals = story();
const told = shown(annals);

async function all<T>(records: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const record of records) found.push(record);
  return found;
}

/** Answers the verifier's paths from records, by twos; the later an answer was asked for, the sooner it comes. */
function serving(records: readonly Shown[]): Get {
  const of = (kind: string): Shown[] =>
    records.filter(({ record }) => record === kind).map((each) => each[kind]);
  const page = (items: Shown[], after: string | null) => {
    const from = Number(after ?? 0);
    const next = from + 2 < items.length ? String(from + 2) : null;
    return { items: items.slice(from, from + 2), next };
  };
  let asked = 0;
  return async (path) => {
    asked += 1;
    for (let turns = 40 - (asked % 40); turns > 0; turns--) await Promise.resolve();
    const { pathname, searchParams } = new URL(path, "http://server");
    const after = searchParams.get("after");
    const [head] = records;
    if (pathname === "/v1/genesis") return { digest: "", ...head.genesis };
    if (pathname === "/v1/token") return { name: "dev", tenant: head.tenant, scopes: [] };
    const court = Number(searchParams.get("court") ?? /courts\/(\d+)\//.exec(pathname)?.[1]);
    if (pathname.endsWith("/attestations")) return { items: head.courts[court].words };
    if (pathname === "/v1/events")
      return page(
        of("event").filter(({ receipt }) => receipt.court === court),
        after,
      );
    if (pathname === "/v1/entities") return page(of("entity"), after);
    const height = Number(/blocks\/(\d+)$/.exec(pathname)?.[1]);
    if (height > 0)
      return (
        of("block").find(({ header }) => header.court === court && header.height === height) ?? null
      );
    const entity = decodeURIComponent(pathname).slice("/v1/entities/".length, -"/history".length);
    return page(
      of("version").filter((version) => version.entity === entity),
      after,
    );
  };
}

describe("a server", () => {
  it("is read in the order of an export, page by page, several requests under way", async () => {
    const records = await all(recordsOf(serving(told), { court: null, histories: "all" }));
    expect(records).toEqual(ended(told));
  });

  it("is read up to what its seats vouch for, and further only where an entity was made meanwhile", async () => {
    const later = goingOn(annals, 12);
    const records = await all(recordsOf(serving(later), { court: null, histories: "all" }));
    expect(records).toEqual(ended(later));
    expect(verified(records).flaws.listed).toEqual([]);
  });

  it("that lacks a block is missed where it is", async () => {
    const lacking = told.filter(({ block }) => block?.header.height !== 9);
    const records = await all(recordsOf(serving(lacking), { court: null, histories: "sample" }));
    expect(verified(records).flaws.listed).toMatchObject([{ kind: "chain", court: 0, height: 9 }]);
  });

  it("is read for one court alone, with the entities of that court", async () => {
    const records = shown(twoCourts());
    const one = await all(recordsOf(serving(records), { court: 1, histories: "all" }));
    const { flaws, courts, served } = verified(one);
    expect(flaws.listed).toEqual([]);
    expect(courts).toMatchObject([{ court: 1, height: 3, entities: served.entities }]);
    expect(served.entities).toBeGreaterThan(0);
  });

  it("that has no such court is not asked further", async () => {
    const records = all(recordsOf(serving(told), { court: 3, histories: "all" }));
    await expect(records).rejects.toThrow("courts 0 to 0");
  });

  it("that is busy is asked again, with pauses that grow up to a bound", async () => {
    const answers = [429, 503, 500, 200].map((status) => new Response("[1]", { status }));
    const pauses: number[] = [];
    const get = asking(
      () => Promise.resolve(answers.shift() ?? Response.error()),
      (ms) => Promise.resolve(pauses.push(ms)),
    );
    expect(await get("/v1/x")).toEqual([1]);
    expect(pauses).toEqual([200, 400, 800]);
  });

  it.each([
    ["refuses the token", () => Promise.resolve(new Response("no", { status: 401 })), 1],
    ["cannot be reached", () => Promise.reject(new Error("refused")), 12],
  ])("that %s is unreadable", async (_, fetched, attempts) => {
    let asked = 0;
    const get = asking(
      () => {
        asked += 1;
        return fetched();
      },
      () => Promise.resolve(),
    );
    await expect(get("/v1/x")).rejects.toThrow(Unreadable);
    expect(asked).toBe(attempts);
  });
});

describe("a file", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "assize-verify-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function* given(records: readonly Shown[]): AsyncGenerator<object> {
    for (const record of records) yield await Promise.resolve(record as object);
  }

  it("holds the records as they came", async () => {
    const file = join(folder, "ledger.ndjson");
    await written(file, given(ended(told)));
    expect(await all(recordsIn(file))).toEqual(ended(told));
    expect(readdirSync(folder)).toEqual(["ledger.ndjson"]);
  });

  it("is not there, or is the one from before, unless it is whole", async () => {
    const file = join(folder, "ledger.ndjson");
    writeFileSync(file, "before");
    async function* failing(): AsyncGenerator<object> {
      yield* given(told);
      throw new Unreadable("the server is gone");
    }
    await expect(written(file, failing())).rejects.toThrow("the server is gone");
    expect(readFileSync(file, "utf8")).toBe("before");
    expect(readdirSync(folder)).toEqual(["ledger.ndjson"]);
  });

  it("is verified by the command, whose exit code tells how it ended", async () => {
    const [right, wrong, none] = ["right", "wrong", "none"].map((name) => join(folder, name));
    const lied = shown(
      story({ 2: { outcomes: ([first = "", ...rest]) => [first.replace("10", "11"), ...rest] } }),
    );
    const text = (records: Shown[]): string =>
      records.map((record) => `${JSON.stringify(record)}\n`).join("");
    writeFileSync(right ?? "", text(ended(told)));
    writeFileSync(wrong ?? "", text(ended(lied)));
    const [holds, flawed, unread, misused] = await Promise.all([
      command("--export", right, "--json"),
      command("--export", wrong, "--json"),
      command("--export", none, "--json"),
      command("--export", right, "--genesis", "0"),
    ]);
    expect(holds).toMatchObject({ code: 0, answer: { ok: true, exit: 0, flaws: { total: 0 } } });
    expect(flawed).toMatchObject({ code: 2, answer: { ok: false, exit: 2 } });
    expect(flawed?.answer).toMatchObject({
      flaws: { listed: expect.arrayContaining([expect.objectContaining({ height: 2, index: 0 })]) },
    });
    expect(unread).toMatchObject({ code: 3, answer: { ok: false, exit: 3 } });
    expect(misused).toMatchObject({ code: 1, answer: null });
  });
});

async function command(...args: (string | undefined)[]) {
  const given = ["bench/verify.ts", ...args.map(String)];
  const child = spawn(process.execPath, given, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const code = await new Promise<number | null>((done) => {
    child.on("close", done);
  });
  return { code, answer: said === "" ? null : (JSON.parse(said) as Record<string, unknown>) };
}
