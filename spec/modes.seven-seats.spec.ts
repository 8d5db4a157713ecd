import { beforeAll, describe, expect, it } from "vitest";
import { court, fault, onHand, received, settle } from "./kit/deployment.ts";
import { settled, verified } from "./kit/outsider.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

describe("mode bft with seven seats", () => {
  it("SevenTolerateTwo: the court decides with two seats down, its leader among them", async () => {
    expect((await settle(received("seven", "many", 1))).status).toBe("accepted");
    const { leader, quorum } = await court();
    expect(quorum).toBe(5);
    await fault(leader, "crash", { seconds: 60 });
    await fault((leader + 1) % 7, "crash", { seconds: 60 });
    expect((await settle(received("five", "many", 1))).status).toBe("accepted");
    expect(await onHand("many")).toBe(2);
  });

  it("ConfirmLedger: an outsider finds nothing wrong", async () => {
    await settled();
    const { flaws, served } = await verified();
    expect(flaws.listed).toEqual([]);
    expect(served.events).toBeGreaterThan(0);
  });
});
