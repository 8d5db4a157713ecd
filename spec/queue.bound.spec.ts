/** Events by the platform's own local queue, and single batches of it: the same path, the same keys. */
import { createExecutionContext, createMessageBatch, env, getQueueResult } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { LIMITS } from "../objects/shared/limits.ts";
import type { WardenStatus } from "../objects/shared/rpc.ts";
import { wardenStub } from "../objects/shared/shell/stubs.ts";
import type { Env } from "../worker/context.ts";
import type { DeadLetter } from "../worker/letters.ts";
import { queueHandler } from "../worker/queue.ts";
import { deployment, eventually, fault } from "./kit/deployment.ts";
import { get, migrate, post, throughHandler } from "./kit/worker.ts";

interface Bound extends Env {
  readonly EVENTS: Queue;
  readonly DEAD_LETTER_READER: Fetcher;
}
const bound = { ...env, LOG: "off", QUEUE_TENANT: "dev" } as unknown as Bound;

const event = (id: string, quantity = 1, more: object = {}) => ({
  id,
  type: "stock.received",
  data: { item: "queued", warehouse: "w1", quantity },
  ...more,
});

/** Delivers a batch, and says what was done with each message. */
async function deliver(bodies: readonly unknown[], changes: object = {}, more: object = {}) {
  const messages = bodies.map((body, at) => ({
    id: `m-${at}`,
    timestamp: new Date(),
    attempts: 1,
    body,
    ...more,
  }));
  const batch = createMessageBatch("assize-events", messages);
  await queueHandler()(batch, { ...bound, ...changes });
  const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
  const retried = retryMessages as readonly { readonly msgId: string }[];
  return {
    acked: explicitAcks.toSorted(),
    again: retried.map(({ msgId }) => msgId).toSorted(),
  };
}

/** When a message was put into the queue that has waited for so long. */
const ago = (seconds: number) => ({ timestamp: new Date(Date.now() - seconds * 1000) });

/** The dead letter of the one message that is delivered. */
async function letterOf(body: unknown, changes: object, more: object): Promise<DeadLetter> {
  const id = `dead-${crypto.randomUUID()}`;
  expect(await deliver([body], changes, { id, ...more })).toMatchObject({ acked: [id], again: [] });
  return eventually(async () => (await deadLetters()).find(({ message }) => message === id));
}

async function deadLetters(): Promise<DeadLetter[]> {
  const response = await bound.DEAD_LETTER_READER.fetch("http://reader/");
  return response.json<DeadLetter[]>();
}

const onHand = async (): Promise<number> => {
  const response = await get("/v1/entities/stock/queued@w1");
  if (response.status === 404) return 0;
  return (await response.json<{ state: { onHand: number } }>()).state.onHand;
};

/** Answers of all Wardens that there is no quorum, or none yet. */
async function refusals(): Promise<number> {
  const wardens = Array.from({ length: deployment.wardens }, (_, each) => each);
  const statuses = await Promise.all(
    wardens.map(
      async (each) => JSON.parse(await wardenStub(env, deployment, each).status()) as WardenStatus,
    ),
  );
  return statuses.reduce((sum, { answers }) => sum + answers["no-quorum"] + answers.pending, 0);
}

beforeAll(async () => {
  // These requests are nobody's test of the limiter.
  throughHandler({ RATE_LIMITER: undefined, LOG: "off" });
  await migrate();
  await eventually(async () => (await get("/v1/ready")).status === 200);
});

describe("OneEffectByEitherWay", () => {
  it("an event sent to the real queue, twice, and over HTTP, has its effect once", async () => {
    await bound.EVENTS.send(event("both", 3));
    await bound.EVENTS.send(JSON.stringify(event("both", 3)), { contentType: "text" });
    await eventually(async () => (await get("/v1/events/both")).status === 200);
    // Delivered again, as a queue may.
    expect(await deliver([event("both", 3), event("both", 3)])).toMatchObject({
      acked: ["m-0", "m-1"],
      again: [],
    });
    const again = await post("/v1/events", event("both", 3));
    expect([again.status, again.headers.get("Idempotent-Replayed")]).toEqual([200, "true"]);
    const first = await post("/v1/events", event("http", 4));
    expect([first.status, first.headers.get("Idempotent-Replayed")]).toEqual([200, null]);
    expect(await deliver([event("http", 4)])).toMatchObject({ acked: ["m-0"], again: [] });
    expect(await onHand()).toBe(7);
  });
});

describe("NothingLostInQueue", () => {
  it("AcknowledgeDecided, DiscardUnfit, DiscardRefused: each by itself, the dead ones with their reason", async () => {
    await post("/v1/events", event("taken", 1));
    const rejected = {
      id: "rejected",
      type: "stock.adjusted",
      data: { item: "queued", warehouse: "w1", delta: -10_000, reason: "r" },
    };
    const bodies = [
      event("fine", 2),
      rejected,
      "{",
      { id: "no-type" },
      event("odd", -1),
      event("taken", 2),
      event("late", 1, { sentat: "2020-01-01T00:00:00Z" }),
    ];
    const { acked, again } = await deliver(bodies);
    expect([acked, again]).toEqual([bodies.map((_, at) => `m-${at}`), []]);
    const letters = await eventually(async () => {
      const found = await deadLetters();
      return found.length >= 5 && found;
    });
    const reasons = letters.map(({ message, reason, body }) => [message, reason.type, body]);
    expect(reasons.toSorted(([a = ""], [b = ""]) => a.localeCompare(b))).toEqual([
      ["m-2", "/problems/malformed", "{"],
      ["m-3", "/problems/malformed", JSON.stringify(bodies[3])],
      ["m-4", "/problems/invalid-event", JSON.stringify(bodies[4])],
      ["m-5", "/problems/key-reused", JSON.stringify(bodies[5])],
      ["m-6", "/problems/too-old", JSON.stringify(bodies[6])],
    ]);
    expect(letters.find(({ message }) => message === "m-4")?.reason.errors).toEqual([
      { pointer: "/data/quantity", detail: expect.any(String) as unknown },
    ]);
    expect((await get("/v1/events/fine")).status).toBe(200);
  });

  it("DeliverLater, DeliverAgain: without a quorum everything that is fit waits, and is decided when there is one", async () => {
    for (const seat of [0, 1]) await fault(seat, "crash", { seconds: 600 });
    const bodies = [event("patient"), "{"];
    // Until the Warden knows that there is none it may still be kept, and be decided later.
    expect(await deliver(bodies)).toMatchObject({ acked: ["m-1"], again: ["m-0"] });
    // By the queue itself, too: it delivers again what it was told to.
    const refused = await refusals();
    await bound.EVENTS.send(event("by-itself"));
    await eventually(async () => (await refusals()) > refused);
    for (const seat of [0, 1]) await fault(seat, "heal");
    await eventually(async () => {
      const found = await get("/v1/events/by-itself").then((each) =>
        each.json<{ status: string }>(),
      );
      return found.status === "accepted";
    });
    await eventually(async () => (await deliver([event("patient")])).acked.length === 1);
    expect((await get("/v1/events/patient")).status).toBe(200);
  });

  it("WaitForTenant: nobody's events wait, and all where the configuration is none", async () => {
    const waiting = { acked: [], again: ["m-0", "m-1"] };
    expect(await deliver([event("nobody"), "{"], { QUEUE_TENANT: "" })).toMatchObject(waiting);
    expect(await deliver([event("nobody"), "{"], { WINDOW_SECONDS: "0" })).toMatchObject(waiting);
    expect((await get("/v1/events/nobody")).status).toBe(404);
  });

  it("DeliverLater: a dead letter that cannot be sent is none", async () => {
    expect(await deliver(["{"], { DEAD_LETTERS: undefined })).toMatchObject({
      acked: [],
      again: ["m-0"],
    });
  });

  it("SubmitMessage: a message is as old as its time in the queue; what is within the window is decided, what is not is dead with its reason", async () => {
    expect(await deliver([event("slow")], {}, ago(250))).toMatchObject({ acked: ["m-0"] });
    expect((await get("/v1/events/slow")).status).toBe(200);
    const { reason, sentAt } = await letterOf(event("slower"), {}, ago(301));
    expect(reason).toMatchObject({ type: "/problems/too-old", status: 422 });
    expect(reason.detail).toContain("the window of 300 s");
    expect(Date.now() - Date.parse(sentAt)).toBeGreaterThan(300_000);
    expect((await get("/v1/events/slower")).status).toBe(404);
    // Decided in time, and delivered again long after.
    expect(await deliver([event("slow")], {}, ago(290))).toMatchObject({ acked: ["m-0"] });
    // By its own word it is younger than its message.
    const sentat = new Date().toISOString();
    expect(await deliver([event("own", 1, { sentat })], {}, ago(900))).toMatchObject({
      acked: ["m-0"],
    });
  });

  it("DeliverLater, DiscardLast: without a quorum a message comes back, and after the last delivery it is dead with that reason", async () => {
    for (const seat of [0, 1]) await fault(seat, "crash", { seconds: 600 });
    const none = { attempts: 9, ...ago(200) };
    expect(await deliver([event("left")], {}, none)).toMatchObject({ acked: [], again: ["m-0"] });
    const last = { attempts: LIMITS.queueDeliveries };
    const { reason, attempts } = await letterOf(event("given-up"), {}, last);
    expect(["/problems/no-quorum", "/problems/pending"]).toContain(reason.type);
    expect(attempts).toBe(LIMITS.queueDeliveries);
    for (const seat of [0, 1]) await fault(seat, "heal");
    await eventually(async () => (await get("/v1/ready")).status === 200);
  });

  it("WaitForTenant, DiscardLate, DiscardUnclaimed: what was nobody's for too long is dead, and says so", async () => {
    const nobody = { QUEUE_TENANT: "" };
    expect(await deliver([event("n")], nobody, ago(290))).toMatchObject({ again: ["m-0"] });
    const late = await letterOf(event("n"), nobody, ago(301));
    expect(late.reason.type).toBe("/problems/too-old");
    const last = await letterOf(event("n"), nobody, { attempts: LIMITS.queueDeliveries });
    expect(last.reason.detail).toContain("QUEUE_TENANT");
    const misread = { WINDOW_SECONDS: "0" };
    expect(await deliver([event("n")], misread, ago(1e6))).toMatchObject({ again: ["m-0"] });
    const unread = await letterOf(event("n"), misread, { attempts: LIMITS.queueDeliveries });
    expect(unread.reason.type).toBe("/problems/internal");
  });

  it("TenantsApart: the events of the queue are those of its tenant", async () => {
    await deliver([event("theirs")], { QUEUE_TENANT: "other" });
    expect((await get("/v1/events/theirs")).status).toBe(404);
    expect((await get("/v1/events/theirs", { token: "other" })).status).toBe(200);
  });
});
