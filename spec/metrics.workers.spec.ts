/** The metrics of the real system: what happens shows in them. */
import { env } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { LIMITS } from "../objects/shared/limits.ts";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import { deployment, eventually, fault } from "./kit/deployment.ts";
import { scraped } from "./kit/openmetrics.ts";
import { get, migrate, post } from "./kit/worker.ts";

async function scrape(): Promise<ReadonlyMap<string, number>> {
  const response = await get("/metrics", { token: "read" });
  expect([response.status, response.headers.get("Content-Type")]).toEqual([
    200,
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  ]);
  return scraped(await response.text()).samples;
}

const event = (id: string, quantity = 1) => ({
  id,
  type: "stock.received",
  data: { item: "secret-item", warehouse: "w1", quantity },
});

/** Over all Wardens. */
const answers = (samples: ReadonlyMap<string, number>, kind: string): number =>
  [...samples]
    .filter(
      ([name]) => name.startsWith("assize_warden_answers_total") && name.includes(`kind="${kind}"`),
    )
    .reduce((sum, [, value]) => sum + value, 0);

beforeAll(migrate);

describe("ShowMetrics", () => {
  it("before there is a genesis, too: everybody is asked, and whoever is there answers", async () => {
    const samples = await scrape();
    expect(samples.get('assize_warden_up{warden="0"}')).toBe(1);
    await eventually(async () => (await get("/v1/ready")).status === 200);
  });

  it("heights rise, answers are counted by kind, dropped messages and lost seats show", async () => {
    const before = await scrape();
    await post("/v1/events", [event("m-1"), event("m-2")]);
    await post("/v1/events", event("m-1"));
    await post("/v1/events", event("m-1", 2));
    const after = await eventually(async () => {
      const samples = await scrape();
      const [height = 0, attested] = ["height", "attested_height"].map((name) =>
        samples.get(`assize_court_${name}{court="0"}`),
      );
      return height > 0 && attested === height && samples;
    });
    expect(answers(after, "settled") - answers(before, "settled")).toBe(2);
    expect(answers(after, "replayed") - answers(before, "replayed")).toBe(1);
    expect(answers(after, "key-reused") - answers(before, "key-reused")).toBe(1);
    expect(after.get('assize_court_ready_seats{court="0"}')).toBe(4);

    // By any of the seats that decided: two events, in at most so many blocks, each of more than one call and transaction.
    const done = (name: string) =>
      after.get(`assize_seat_${name}_total{court="0",seat="2",region="enam"}`) ?? Number.NaN;
    expect(done("events")).toBeGreaterThanOrEqual(2);
    expect(done("events")).toBeGreaterThanOrEqual(done("blocks"));
    expect(done("calls")).toBeGreaterThan(0);
    expect(done("sent")).toBeGreaterThan(done("calls"));
    expect(done("commits")).toBeGreaterThan(done("blocks"));

    const drops = (samples: ReadonlyMap<string, number>) =>
      samples.get('assize_seat_dropped_messages_total{court="0",seat="2",region="enam"}');
    const known = drops(await scrape()) ?? Number.NaN;
    await clerkStub(env, deployment, 0, 2).deliver('["nobody says this", "nor this"]');
    expect(drops(await scrape())).toBe(known + 2);

    await fault(3, "crash", { seconds: LIMITS.faultMaxMs / 1000 });
    const down = await scrape();
    expect(down.get('assize_seat_up{court="0",seat="3",region="wnam"}')).toBe(0);
    expect(down.get('assize_court_ready_seats{court="0"}')).toBe(3);
  });

  it("CountersNotContents: a reader of one tenant learns nothing of what another does but how much there is", async () => {
    const response = await get("/metrics", { token: "other" });
    const text = await response.text();
    for (const word of ["secret-item", "m-1", "dev", "stock"]) expect(text).not.toContain(word);
  });

  it("wants the scope read", async () => {
    expect((await get("/metrics", { token: null })).status).toBe(401);
    expect((await get("/metrics", { token: "submit" })).status).toBe(403);
  });
});
