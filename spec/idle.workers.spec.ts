/** In a file of its own: eviction waits for calls under way, and those to an aborted object never return. */
import { evictAllDurableObjects } from "cloudflare:test";
import { beforeAll, expect, it } from "vitest";
import { court, eventually, onHand, received, settle, submit } from "./kit/deployment.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

it("IdleCourt: a submission is answered 200 after every object was evicted", async () => {
  const { receipt } = await settle(received("drowsy", "evicted", 7));
  await eventually(async () => (await court()).published >= receipt.height);
  await evictAllDurableObjects();
  const response = await submit(received("awake", "evicted", 9));
  expect(response.status, await response.clone().text()).toBe(200);
  expect(await onHand("evicted")).toBe(16);
});
