import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { keyDigest } from "../objects/shared/digests.ts";
import { wardenOf } from "../objects/shared/names.ts";
import { wardenStub } from "../objects/shared/shell/stubs.ts";
import {
  clerkObject,
  court,
  deployment,
  eventually,
  fault,
  get,
  moved,
  onHand,
  received,
  seatStatus,
  settle,
  submit,
  wardenObject,
} from "./kit/deployment.ts";
import type { Answer, Stock } from "./kit/deployment.ts";
import { ask, migrate } from "./kit/worker.ts";

beforeAll(migrate);

describe("journeys through the whole deployment", () => {
  it("FirstRequestSucceedsOnAFreshDeployment: composes the genesis and answers 200", async () => {
    const response = await submit(received("first", "fresh", 7));
    expect(response.status, await response.clone().text()).toBe(200);
    const answer = await response.json<Answer>();
    expect(answer.status).toBe("accepted");
    expect(answer.receipt).toMatchObject({ court: 0, height: 1, index: 0, domainVersion: 1 });
    expect(await onHand("fresh")).toBe(7);
  });

  it("DuplicateWhilePending: one event sent 50 times at once has one effect and 50 identical outcomes", async () => {
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => submit(received("fifty", "once", 3))),
    );
    expect(responses.map((response) => response.status)).toEqual(
      Array.from({ length: 50 }, () => 200),
    );
    const bodies = new Set(await Promise.all(responses.map((response) => response.text())));
    expect(bodies.size).toBe(1);
    expect(await onHand("once")).toBe(3);
  });

  it("DuplicateAfterAnswer: replays the identical body and says so", async () => {
    const first = await submit(received("again", "replayed", 1));
    const second = await submit(received("again", "replayed", 1));
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(await second.text()).toBe(await first.text());
    const third = await submit(received("again", "replayed", 2));
    expect(third.status).toBe(422);
    expect(await third.json()).toMatchObject({ type: "/problems/key-reused" });
  });

  it("MovesOfTheLastUnit: of 200 concurrent ones exactly one is accepted", async () => {
    await settle(received("last", "last-unit", 1));
    const responses = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        submit(moved(`move-${at}`, "last-unit", 1, `/mover-${at % 5}`)),
      ),
    );
    const answers = await Promise.all(responses.map((response) => response.json<Answer>()));
    expect(answers.filter(({ status }) => status === "accepted")).toHaveLength(1);
    expect(answers.filter(({ reason }) => reason?.code === "insufficient_stock")).toHaveLength(199);
    expect([await onHand("last-unit", "w1"), await onHand("last-unit", "w2")]).toEqual([0, 1]);
  });

  it("OneMemberDissents: a corrupted outcome is outvoted, and its seat named with the proof", async () => {
    const liar = ((await court()).leader + 2) % 4;
    expect((await fault(liar, "corrupt-outcome")).status).toBeLessThan(300);
    const answer = await settle(received("dissent", "outvoted", 5));
    expect(answer.status).toBe("accepted");
    const { members } = await eventually(async () => {
      const seen = await court();
      return (seen.members[liar]?.dissents ?? 0) > 0 ? seen : undefined;
    });
    expect(members.filter(({ dissents }) => dissents > 0).map(({ seat }) => seat)).toEqual([liar]);
    expect(await onHand("outvoted")).toBe(5);
    const { items } = await get<{ items: { kind: string; seat: number }[] }>(
      "/v1/courts/0/incidents",
    );
    expect(items).toContainEqual(expect.objectContaining({ kind: "dissent", seat: liar }));
    await fault(liar, "heal");
    await eventually(async () => (await seatStatus(liar)).ready);
  });

  it("LeaderLostMidBatch: nothing is lost and nothing doubled", async () => {
    await settle(received("stock-up", "mid-batch", 1000));
    const wave = Array.from({ length: 8 }, (_wave, source) =>
      Array.from({ length: 10 }, (_, at) =>
        moved(`wave-${source}-${at}`, "mid-batch", 1, `/wave-${source}`),
      ),
    );
    const first = wave.map((events) => submit(events).catch(() => null));
    await abort(clerkObject((await court()).leader));
    await Promise.all(first);
    const outcomes = await Promise.all(wave.flat().map((event) => settle(event)));
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["accepted"]));
    expect([await onHand("mid-batch", "w1"), await onHand("mid-batch", "w2")]).toEqual([920, 80]);
  });

  it("LeaderDown: the court goes on in a higher view while its leader stays down", async () => {
    const before = await court();
    expect((await fault(before.leader, "crash", { seconds: 60 })).status).toBeLessThan(300);
    const answer = await settle(received("leaderless", "view-changed", 2));
    expect(answer.status).toBe("accepted");
    expect((await court()).view).toBeGreaterThan(before.view);
    await fault(before.leader, "heal");
    await eventually(async () => (await seatStatus(before.leader)).height >= answer.receipt.height);
  });

  it("WardenLostBeforeAnswer: a retry after a Warden was aborted between writ and answer meets the same outcome", async () => {
    const source = "/aborted";
    const { leader } = await court();
    const mute = [1, 2].map((step) => (leader + step) % 4);
    for (const seat of mute) await fault(seat, "mute");
    const event = received("cut-short", "warden-lost", 4, source);
    const cut = submit(event).catch(() => null);
    const warden = wardenStub(env, deployment, wardenOf(deployment, "dev", source));
    const key = keyDigest({ tenant: "dev", source, id: "cut-short" });
    await eventually(async () => (await warden.lookup(key)).includes('"pending"'));
    await abort(wardenObject(source));
    for (const seat of mute) await fault(seat, "heal");
    await cut;
    const outcome = await settle(event);
    expect(outcome.status).toBe("accepted");
    expect(await onHand("warden-lost")).toBe(4);
    const kept = await get<Answer>(`/v1/events/cut-short?source=${encodeURIComponent(source)}`);
    expect(kept.receipt).toEqual(outcome.receipt);
  });

  it("SecondLine: a Warden that forgot a settled key meets the seats' own key table", async () => {
    const source = "/forgetful";
    const event = received("remembered", "second-line", 4, source);
    const first = await settle(event);
    expect(await forget(source)).toBeGreaterThan(0);
    const again = await settle(event);
    expect(again).toEqual(first);
    expect(await onHand("second-line")).toBe(4);

    expect(await forget(source)).toBeGreaterThan(0);
    const reused = await submit(received("remembered", "second-line", 5, source));
    expect(reused.status).toBe(422);
    expect(await reused.json()).toMatchObject({ type: "/problems/key-reused" });
    expect(await onHand("second-line")).toBe(4);
  });

  it("LedgerRefuses: D1 refusing writes delays publishing only", async () => {
    await env.LEDGER.exec(
      "CREATE TRIGGER blocks_refused BEFORE INSERT ON blocks BEGIN SELECT RAISE(ABORT, 'refused for a while'); END",
    );
    const answer = await settle(received("unpublished", "ledger-away", 6));
    expect(answer.status).toBe("accepted");
    expect(await onHand("ledger-away")).toBe(6);
    expect(await get<Answer>("/v1/events/unpublished")).toMatchObject({
      status: "accepted",
      published: false,
    });
    await env.LEDGER.exec("DROP TRIGGER blocks_refused");
    await eventually(async () => (await get<Answer>("/v1/events/unpublished")).published);
    const { items } = await get<{ items: Answer[] }>("/v1/events?limit=1000");
    expect(items.map(({ id }) => id)).toContain("unpublished");
  });

  it("ExpiryWakesQuietCourt: a reservation is given back at its time though nobody calls", async () => {
    await settle(received("first", "fresh", 7));
    const data = { item: "fresh", warehouse: "w1", quantity: 3, reservation: "r-1", ttlSeconds: 1 };
    const answer = await settle({ id: "hold", type: "stock.reserved", data });
    expect(answer.status).toBe("accepted");
    expect(answer.changes).toContainEqual(
      expect.objectContaining({ entity: "stock/fresh@w1", state: { onHand: 7, reserved: 3 } }),
    );
    // The seats are asked how they stand, which starts nothing; the expiry is theirs to order.
    await eventually(async () => (await seatStatus(0)).height > answer.receipt.height);
    const { state } = await get<{ state: Stock }>("/v1/entities/stock/fresh@w1");
    expect(state).toEqual({ onHand: 7, reserved: 0 });
  });

  it("PublishedRecord: events are listed in order, with history, and scoped to their tenant", async () => {
    await settle(received("listed", "listed", 3));
    const { receipt } = await settle(moved("listed-out", "listed", 2));
    await eventually(async () => (await court()).published >= receipt.height);
    const { items } = await get<{ items: Answer[] }>("/v1/events?entity=stock/listed@w1");
    expect(items.map(({ id }) => id)).toEqual(["listed", "listed-out"]);
    const history = await get<{ items: { version: number }[] }>(
      "/v1/entities/stock/listed@w1/history",
    );
    expect(history.items.map(({ version }) => version)).toEqual([1, 2]);
    const other = await ask("GET", "/v1/events?entity=stock/listed@w1", { token: "other" });
    expect(await other.json()).toMatchObject({ items: [] });
  });
});

async function abort(object: DurableObjectStub): Promise<void> {
  try {
    await runInDurableObject(object, (_, state) => state.abort("aborted by the test"));
  } catch {
    // The abort takes the call that asked for it with it.
  }
}

/** Deletes every settled row of the source's Warden, and its memory; says how many tables there were. */
async function forget(source: string): Promise<number> {
  const tables = await runInDurableObject(wardenObject(source), async (_, { storage }) => {
    const names = storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name GLOB 'settled_[0-9]*'")
      .toArray();
    for (const { name } of names) storage.sql.exec(`DELETE FROM ${name}`);
    await storage.sync();
    return names.length;
  });
  await abort(wardenObject(source));
  return tables;
}
