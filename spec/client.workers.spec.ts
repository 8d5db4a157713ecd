/** The client in workerd, against the real deployment: what it sends is taken, what it is told it can verify. */
import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { AssizeClient } from "../client/index.ts";
import type { ClientOptions, InventoryEvents } from "../client/index.ts";
import { eventually, fault } from "./kit/deployment.ts";
import { migrate } from "./kit/worker.ts";
import type { TokenName } from "./kit/worker.ts";

beforeAll(migrate);

/** Over HTTP but for the socket. */
function clientOf(token: TokenName = "all", more: Partial<ClientOptions> = {}) {
  const through: typeof fetch = (input, init) => exports.default.fetch(new Request(input, init));
  const own = { url: "http://assize.test", token: `test-token-${token}`, fetch: through };
  return new AssizeClient<InventoryEvents>({ ...own, ...more });
}

const received = (item: string, quantity: number) =>
  ({ type: "stock.received", data: { item, warehouse: "w1", quantity } }) as const;

async function genesis(): Promise<string> {
  const { digest } = (await clientOf().get("/v1/genesis")) as { readonly digest: string };
  return digest;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("the client", () => {
  it("TakeEvent, SettleAnswered: submits many at once, in order within a source, and each comes to its own outcome", async () => {
    const client = clientOf();
    const outcomes = await Promise.all([
      ...Array.from({ length: 60 }, () => client.submit(received("many", 2))),
      client.submit({
        type: "stock.moved",
        data: { item: "many", from: "w1", to: "w2", quantity: 120 },
      }),
      client.submit({
        type: "stock.moved",
        data: { item: "many", from: "w1", to: "w2", quantity: 1 },
      }),
    ]);
    expect(outcomes.slice(0, -1).every(({ status }) => status === "accepted")).toBe(true);
    expect(outcomes.at(-1)).toMatchObject({
      status: "rejected",
      reason: { code: "insufficient_stock" },
    });
    expect(new Set(outcomes.map(({ id }) => id)).size).toBe(62);
    const state = await client.read<{ onHand: number }>("stock/many@w2");
    expect(state).toMatchObject({ entity: "stock/many@w2", version: 1, state: { onHand: 120 } });
    expect(await client.read("stock/never@w1")).toBeNull();
  });

  it("OneKeyPerEvent: the same id is replayed; with other content it is refused", async () => {
    const client = clientOf();
    const first = await client.submit({ ...received("once", 5), id: "once" });
    const again = await client.submit({ ...received("once", 5), id: "once" });
    expect(again).toEqual({ ...first, replayed: true });
    await expect(client.submit({ ...received("once", 6), id: "once" })).rejects.toMatchObject({
      code: "key-reused",
      status: 422,
    });
    expect((await client.read<{ onHand: number }>("stock/once@w1"))?.state.onHand).toBe(5);
  });

  it("SendUnderSameKey: goes on over a court that stands still for a while", async () => {
    const client = clientOf();
    await client.submit(received("still", 1));
    for (const seat of [2, 3]) expect((await fault(seat, "mute", { seconds: 600 })).ok).toBe(true);
    const waiting = client.submit({ ...received("still", 1), id: "still" });
    await eventually(async () => (await client.event({ id: "still" }))?.status === "pending");
    for (const seat of [2, 3]) await fault(seat, "heal");
    expect((await waiting).status).toBe("accepted");
    expect((await client.read<{ onHand: number }>("stock/still@w1"))?.state.onHand).toBe(2);
  });

  it("ConfirmReceipt: every outcome verifies against the pinned genesis, before and after it is published", async () => {
    const client = clientOf("all", { pinned: { genesis: await genesis(), tenant: "dev" } });
    const outcome = await client.submit({ ...received("proof", 3), id: "proof", source: "/p" });
    expect(await client.verify(outcome)).toEqual({
      ok: true,
      flaws: [],
      signers: expect.any(Number),
      quorum: 3,
    });
    await eventually(async () => (await client.event({ id: "proof", source: "/p" }))?.published);
    expect(await client.verify({ id: "proof", source: "/p" })).toMatchObject({ ok: true });
    const stranger = clientOf("all", { pinned: { genesis: "0".repeat(64) } });
    expect((await stranger.verify(outcome)).flaws).toMatchObject([{ step: "genesis" }]);
    await expect(client.verify({ id: "nobody" })).rejects.toMatchObject({ code: "not-found" });
  });

  it("reads what is published: events, entities and histories, over all their pages", async () => {
    const client = clientOf();
    for (let quantity = 1; quantity <= 5; quantity++)
      await client.submit(received("paged", quantity));
    const entity = "stock/paged@w1";
    const versions = await eventually(async () => {
      const found = await all(client.history<{ onHand: number }>(entity, { pageSize: 2 }));
      return found.length === 5 ? found : undefined;
    });
    expect(versions.map(({ state }) => state.onHand)).toEqual([1, 3, 6, 10, 15]);
    expect(versions[0]?.event).toMatchObject({ type: "stock.received", status: "accepted" });
    expect(await all(client.events({ entity, pageSize: 3 }))).toHaveLength(5);
    const listed = await all(client.list({ type: "stock", prefix: "paged", pageSize: 1 }));
    expect(listed.map((each) => each.entity)).toEqual([entity]);
    expect(await client.event({ id: "unheard-of" })).toBeNull();
  });

  it("StopWhenRefused, SettleAnswered: a token that is unknown, or not allowed, is told at once", async () => {
    const unknown = clientOf("all", { token: "wrong" });
    await expect(unknown.submit(received("i", 1))).rejects.toMatchObject({
      code: "unauthorized",
      status: 401,
    });
    await expect(unknown.read("stock/i@w1")).rejects.toMatchObject({ code: "unauthorized" });
    await expect(clientOf("read").submit(received("i", 1))).rejects.toMatchObject({
      code: "forbidden",
      status: 403,
    });
    await expect(clientOf("submit").read("stock/i@w1")).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});
