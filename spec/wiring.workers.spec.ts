import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { Clerk } from "../objects/clerk/clerk.ts";
import { genesisDigest } from "../objects/shared/genesis.ts";
import type { Genesis } from "../objects/shared/genesis.ts";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import type { ClerkApi } from "../objects/shared/rpc.ts";
import { Warden } from "../objects/warden/warden.ts";
import {
  clerkObject,
  deployment,
  eventually,
  fault,
  get,
  received,
  seatStatus,
  settle,
  submit,
  wardenObject,
} from "./kit/deployment.ts";
import { ask, migrate } from "./kit/worker.ts";

beforeAll(migrate);

describe("who may be an object of the deployment", () => {
  for (const name of [
    "1/clerk/0/4",
    "1/clerk/1/0",
    "2/clerk/0/0",
    "1/clerk/0/00",
    "1/warden/0",
    "nonsense",
  ]) {
    it(`RefuseStrangeObject, MadeByBeingAddressed: ${name} is no seat, refuses everything and stores nothing`, async () => {
      const stranger = env.CLERK.getByName(name);
      const said = await refusal(() => (stranger as unknown as ClerkApi).identity());
      expect(said).toMatchObject({ code: "wrong-name" });
      const tables = await runInDurableObject(stranger, (_, state) =>
        state.storage.sql
          .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'")
          .toArray(),
      );
      expect(tables).toEqual([]);
    });
  }
});

describe("genesis", () => {
  it("TakeOwnName, ComposeGenesisOnce, CompleteGenesis, ServeByGenesis, ServingHasKey: every seat of the court serves by the same one, signed by all of them", async () => {
    expect((await submit(received("one", "genesis", 1))).status).toBe(200);
    const texts = await Promise.all(
      [0, 1, 2, 3].map((seat) => clerkStub(env, deployment, 0, seat).genesis()),
    );
    expect(new Set(texts).size).toBe(1);
    const genesis = JSON.parse(texts[0] ?? "") as Genesis;
    expect(Object.keys(genesis.signatures)).toHaveLength(4);
    expect(Object.keys(genesis.document.keys)).toHaveLength(6);
    expect((await seatStatus(3)).genesis).toBe(genesisDigest(genesis.document));
  });

  it("SignOneGenesis: a seat that signed one document refuses any other", async () => {
    const genesis = JSON.parse(await clerkStub(env, deployment, 0, 0).genesis()) as Genesis;
    const other = { ...genesis.document, time: genesis.document.time + 1 };
    const said = await refusal(() =>
      clerkStub(env, deployment, 0, 1).signGenesis(JSON.stringify(other)),
    );
    expect(said).toMatchObject({ code: "no-genesis" });
    const again = await clerkStub(env, deployment, 0, 1).signGenesis(
      JSON.stringify(genesis.document),
    );
    expect(again).toBe(genesis.signatures["1/clerk/0/1"]);
  });

  it("RefuseConfigMismatch: a seat and a Warden whose configuration differs from the genesis serve nobody", async () => {
    for (const change of [
      { WINDOW_SECONDS: "60" },
      { WARDENS: "3" },
      { COURTS: "2" },
      { GENESIS_DIGEST: "0".repeat(64) },
    ]) {
      const seat = await runInDurableObject(clerkObject(2), (_, state) => {
        return refusal(() => new Clerk(state, { ...env, ...change }).genesis());
      });
      expect(seat, JSON.stringify(change)).toMatchObject({ code: "misconfigured" });
      const warden = await runInDurableObject(wardenObject("/"), (_, state) => {
        return refusal(() => new Warden(state, { ...env, ...change }).admit("[]", 0));
      });
      expect(warden, JSON.stringify(change)).toMatchObject({ code: "misconfigured" });
    }
  });

  it("RefuseSecondGenesis, RefuseLostKey: a composer that lost its storage does not begin anew over the Ledger's genesis", async () => {
    const { receipt } = await settle(received("published", "genesis", 1));
    await eventually(
      async () => (await get<{ published: number }>("/v1/courts/0")).published >= receipt.height,
    );
    expect((await fault(0, "wipe")).status).toBeLessThan(300);
    const status = await eventually(async () => {
      const seen = await seatStatus(0);
      return seen.reason === null ? undefined : seen;
    });
    expect(status).toMatchObject({ ready: false, stage: "quarantined" });
    expect(status.reason).toContain("raise GENERATION");
    // It learns no more for now, has no voice, and the court goes on without it.
    expect((await settle(received("three-left", "genesis", 1))).status).toBe("accepted");
    const ready = await ask("GET", "/v1/ready");
    expect(ready.status).toBe(200);
  });

  it("AnswerNoQuorum: with two seats down a submission is refused at once and nothing is kept", async () => {
    expect((await fault(1, "crash", { seconds: 60 })).status).toBeLessThan(300);
    // The first after a loss may be kept and see 504; a key that is kept is joined from then on.
    let attempt = 0;
    const refused = await eventually(async () => {
      attempt += 1;
      const response = await submit(received(`unkept-${attempt}`, "genesis", 1));
      return response.status === 503 ? response : undefined;
    });
    expect(refused.headers.get("content-type")).toBe("application/problem+json");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ type: "/problems/no-quorum" });
    expect((await ask("GET", "/v1/ready")).status).toBe(503);
    await fault(1, "heal");
    expect((await ask("GET", `/v1/events/unkept-${attempt}`)).status).toBe(404);
    expect((await settle(received(`unkept-${attempt}`, "genesis", 1))).status).toBe("accepted");
  });
});

async function refusal(asked: () => Promise<unknown>): Promise<unknown> {
  try {
    await asked();
    return "not refused";
  } catch (error) {
    // Class identity does not cross a call; the code does.
    return { code: (error as { code?: string }).code };
  }
}
