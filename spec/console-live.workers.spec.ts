/** The live page: what is sent, to how many, for how long; and that no seat is believed. */
import { env } from "cloudflare:test";
import { Hono } from "hono";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { known } from "../objects/shared/assert.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { ClerkApi, Glimpse } from "../objects/shared/rpc.ts";
import { Context } from "../worker/context.ts";
import type { Env } from "../worker/context.ts";
import { CourtPage } from "../worker/console/court.tsx";
import { htmlOf } from "../worker/console/html.ts";
import { changedParts, liveStream, Streams } from "../worker/console/live.ts";
import type { Scene } from "../worker/console/scene.ts";
import { Watcher } from "../worker/console/watcher.ts";
import { cookie } from "./kit/console.ts";
import { ask, get, migrate, post } from "./kit/worker.ts";

const wait = { timeout: 60_000, interval: 50 };

beforeAll(async () => {
  await migrate();
  await vi.waitUntil(async () => (await get("/v1/ready")).status === 200, wait);
  for (const id of ["a", "b"]) {
    const event = { id, type: "stock.received", data: { item: "i", warehouse: "w", quantity: 1 } };
    await post("/v1/events", event);
  }
});

/** The scene as the real seats show it, once all of them are at the same height. */
const sceneNow = (watcher: Watcher): Promise<Scene> =>
  vi.waitUntil(async () => {
    const scene = await watcher.look();
    return scene.court.members.every(({ height }) => height === scene.court.height) && scene;
  }, wait);

const real = (): Context => new Context(env);

/** Seats whose glimpse is altered on its way. */
function through(alter: (glimpse: Glimpse, seat: number) => object): Context {
  const CLERK = {
    getByName: (name: string, options: DurableObjectNamespaceGetDurableObjectOptions) => {
      const stub = env.CLERK.getByName(name, options) as unknown as ClerkApi;
      const seat = Number(name.split("/").at(-1));
      return {
        status: () => stub.status(),
        genesis: () => stub.genesis(),
        terms: () => stub.terms(),
        glimpse: async (...after: Parameters<ClerkApi["glimpse"]>) =>
          JSON.stringify(alter(JSON.parse(await stub.glimpse(...after)) as Glimpse, seat)),
      };
    },
  };
  return new Context({ ...env, CLERK } as unknown as Env);
}

/** The text of a stream up to the first message. */
async function firstOf(response: Response): Promise<{ text: string; leave: () => Promise<void> }> {
  const reader = known(response.body, "a stream").pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n\n")) text += (await reader.read()).value ?? "";
  return { text, leave: () => reader.cancel() };
}

const dataOf = (message: string): string =>
  message
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => line.slice("data: ".length))
    .join("\n");

describe("a live page", () => {
  it("OneRendering: its parts are those of the page, to the letter", async () => {
    const scene = await sceneNow(new Watcher(real(), 0, true));
    const page = htmlOf(CourtPage({ scene, aside: null }));
    const parts = changedParts(scene, new Map());
    expect(parts).toHaveLength(8);
    for (const part of parts) {
      expect(part).toMatch(/^<\w+ id="[a-z0-9-]+" data-part/);
      expect(page).toContain(part);
    }
  });

  it("SendWhatChanged: nothing of what is as it was, and only the parts that are not", async () => {
    const scene = await sceneNow(new Watcher(real(), 0, true));
    const sent = new Map<string, string>();
    changedParts(scene, sent);
    expect(changedParts(scene, sent)).toEqual([]);
    const [, second] = scene.court.members;
    const members = scene.court.members.map((each) =>
      each === second ? { ...each, ready: false } : each,
    );
    const changed = changedParts({ ...scene, court: { ...scene.court, members } }, sent);
    expect(changed.map((part) => /id="([a-z0-9-]+)"/.exec(part)?.[1])).toEqual([
      "verdict",
      "seat-1",
    ]);
  });

  it("OpenWatch: over HTTP, for a token that may read, and without blocks where it may no more", async () => {
    const live = (token: "all" | "read") =>
      ask("GET", "/console/courts/0/live", { token: null, headers: { Cookie: cookie(token) } });
    const response = await live("all");
    expect(response.headers.get("Content-Type")).toMatch(/^text\/event-stream/);
    const { text, leave } = await firstOf(response);
    await leave();
    expect(text).toMatch(/^event: parts\n/);
    expect(dataOf(text)).toContain('id="block-1"');
    const reading = await firstOf(await live("read"));
    await reading.leave();
    expect(dataOf(reading.text)).toContain("lacks the scope");
    expect(dataOf(reading.text)).not.toContain('id="block-1"');
  });

  it("RefuseWatcher, EndStream: so many at once, and who leaves makes room and is asked for no more", async () => {
    const scene = await sceneNow(new Watcher(real(), 0, false));
    const streams = new Streams();
    let looks = 0;
    const look = async () => {
      looks++;
      return scene;
    };
    const app = new Hono().get("/live", (c) => liveStream(c, { streams, look }));
    const controller = new AbortController();
    const signal = controller.signal;
    for (let watchers = 0; watchers < LIMITS.consoleStreams; watchers++)
      await firstOf(await app.request(new Request("http://assize.test/live", { signal })));
    expect((await app.request("/live")).status).toBe(500);
    expect(looks).toBeGreaterThanOrEqual(LIMITS.consoleStreams);
    controller.abort();
    // A stream that is left looks no more: it is what gives its place back.
    await vi.waitUntil(() => streams.open === 0, wait);
    const { leave } = await firstOf(await app.request("/live"));
    await leave();
    await vi.waitUntil(() => streams.open === 0, wait);
  });
});

describe("the places of watchers", () => {
  it("LeaveSilentStream: one that looks no more has left, though nobody said so", () => {
    const streams = new Streams();
    const leases = Array.from({ length: LIMITS.consoleStreams }, () => streams.enter(1_000));
    const late = 1_000 + LIMITS.consoleLeaseMs;
    expect(() => streams.enter(late)).toThrow("Too many watch already");
    for (const { renew } of leases.slice(1)) renew(late);
    streams.enter(late + 1);
    expect(() => streams.enter(late + 1)).toThrow("Too many watch already");
    leases.at(-1)?.leave();
    leases.at(-1)?.leave();
    streams.enter(late + 1);
    expect(streams.open).toBe(LIMITS.consoleStreams);
  });
});

describe("what one seat alone says", () => {
  const altered = (block: Glimpse["blocks"][number]) => ({
    ...block,
    events: 666,
    certificate: { ...block.certificate, result: "0".repeat(64) },
  });

  it("HideUnprovenBlock: is shown only as another seat proves it", async () => {
    const all = through((glimpse) => ({ ...glimpse, blocks: glimpse.blocks.map(altered) }));
    expect((await new Watcher(all, 0, true).look()).inside?.blocks).toEqual([]);
    const one = through((glimpse, seat) =>
      seat === 0 ? { ...glimpse, blocks: glimpse.blocks.map(altered) } : glimpse,
    );
    const { inside } = await sceneNow(new Watcher(one, 0, true));
    expect(inside?.blocks.map(({ events }) => events)).not.toContain(666);
    expect(inside?.blocks.length).toBeGreaterThan(0);
  });

  it("ShowUnprovenCharge: an invented dissent is told as what a seat says, and marks nobody", async () => {
    const lying = through((glimpse, seat) => {
      const [block] = glimpse.blocks;
      if (seat !== 3 || block === undefined) return glimpse;
      const { certificate, height } = block;
      const [signature] = certificate.signatures;
      const vote = {
        ...signature,
        seat: 1,
        view: 0,
        batch: certificate.batch,
        result: "0".repeat(64),
      };
      const invented = {
        id: 99,
        at: new Date().toISOString(),
        kind: "dissent",
        height,
        seat: 1,
        detail: null,
        dissent: { vote, certificate },
      };
      return { ...glimpse, incidents: [invented] };
    });
    const scene = await sceneNow(new Watcher(lying, 0, true));
    expect(scene.inside?.charges[0]).toMatchObject({ kind: "dissent", about: 1, proven: false });
    const page = htmlOf(CourtPage({ scene, aside: null }));
    expect(page).not.toContain("outvotes");
    expect(page).not.toContain('class="guilt"');
    expect(page).not.toContain('title="seat 1 signed another result"');
  });

  it("TellWhatSeatSees: holds nothing of what events hold", async () => {
    const texts: string[] = [];
    const heard = through((glimpse) => {
      texts.push(JSON.stringify(glimpse));
      return glimpse;
    });
    await sceneNow(new Watcher(heard, 0, true));
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.filter((text) => /onHand|stock\.received|warehouse/.test(text))).toEqual([]);
  });
});
