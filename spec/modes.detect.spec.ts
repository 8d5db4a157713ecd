import { beforeAll, describe, expect, it } from "vitest";
import {
  court,
  eventually,
  fault,
  get,
  onHand,
  received,
  settle,
  submit,
} from "./kit/deployment.ts";
import type { Answer } from "./kit/deployment.ts";
import { settled, verified } from "./kit/outsider.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

describe("mode detect: two seats, both must agree", () => {
  it("DetectAgrees: two equal results are an outcome", async () => {
    expect((await settle(received("both", "pair", 4))).status).toBe("accepted");
    expect(await onHand("pair")).toBe(4);
    expect(await court()).toMatchObject({ quorum: 2 });
  });

  it("DetectStops: a wrong result is noticed before anything is published, and nothing goes on", async () => {
    await settle(received("stock", "pair", 1));
    const stock = await onHand("pair");
    const { height, leader } = await court();
    await fault((leader + 1) % 2, "corrupt-outcome");
    const response = await submit(received("differs", "pair", 1));
    expect(response.status).toBe(504);
    expect((await court()).height).toBe(height);
    expect(await get<Answer>("/v1/events/differs")).toMatchObject({
      status: "pending",
      published: false,
    });
    // Neither can tell which of the two is wrong, so both fall silent until an operator has looked at them.
    await eventually(async () => {
      const { members } = await court();
      return members.every(({ stage }) => stage === "quarantined");
    });
    for (const seat of [0, 1]) await fault(seat, "heal");
    await eventually(async () => (await get<Answer>("/v1/events/differs")).status === "accepted");
    expect(await onHand("pair")).toBe(stock + 1);
  });

  it("ConfirmLedger: an outsider finds nothing wrong", async () => {
    await settled();
    const { flaws, served } = await verified();
    expect(flaws.listed).toEqual([]);
    expect(served.events).toBeGreaterThan(0);
  });
});
