import { beforeAll, describe, expect, it } from "vitest";
import { court, eventually, moved, onHand, received, settle } from "./kit/deployment.ts";
import { settled, verified } from "./kit/outsider.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

describe("mode solo: one seat, for development", () => {
  it("SoloDecides: the same machinery with a quorum of one", async () => {
    expect((await settle(received("alone", "single", 4))).status).toBe("accepted");
    const { receipt } = await settle(moved("alone-out", "single", 3));
    expect([await onHand("single", "w1"), await onHand("single", "w2")]).toEqual([1, 3]);
    expect(await court()).toMatchObject({ quorum: 1, height: receipt.height });
    await eventually(async () => (await court()).published >= receipt.height);
  });

  it("ConfirmLedger: an outsider finds nothing wrong", async () => {
    await settled();
    const { flaws, served } = await verified();
    expect(flaws.listed).toEqual([]);
    expect(served.events).toBeGreaterThan(0);
  });
});
