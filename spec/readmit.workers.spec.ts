import { beforeAll, describe, expect, it } from "vitest";
import { wardenOf } from "../objects/shared/names.ts";
import { verifier } from "../objects/shared/node/crypto.ts";
import type { GenesisDocument } from "../objects/shared/genesis.ts";
import { TermBook } from "../objects/shared/term-book.ts";
import { lastTerm } from "../objects/shared/terms.ts";
import type { TermProof } from "../objects/shared/terms.ts";
import type { Block } from "../objects/shared/types.ts";
import {
  court,
  deployment,
  eventually,
  fault,
  get,
  onHand,
  received,
  seatStatus,
  settle,
  submit,
} from "./kit/deployment.ts";
import { bystander } from "./kit/surgery.ts";
import { ask, migrate, post } from "./kit/worker.ts";

beforeAll(migrate);

interface Members {
  readonly members: readonly { readonly publicKey: string; readonly ready: boolean }[];
}

interface Proven {
  readonly proof: { readonly genesis: GenesisDocument; readonly controls: readonly TermProof[] };
}

const lastBlock = async (height: number): Promise<Block> =>
  get<Block>(`/v1/courts/0/blocks/${height}`);

describe("an object that lost its storage", () => {
  it("ReadmitSeat, FollowWithoutKey: a wiped seat follows without a voice, and votes again once it is re-admitted", async () => {
    await settle(received("before", "readmit", 1));
    const seat = await bystander();
    const { publicKey } = await seatStatus(seat);
    expect((await fault(seat, "wipe")).status).toBe(200);
    const { receipt } = await settle(received("without it", "readmit", 1));
    const followed = await eventually(async () => {
      const status = await seatStatus(seat);
      return status.height >= receipt.height ? status : undefined;
    });
    expect(followed).toMatchObject({ ready: false, stage: "quarantined" });
    expect(followed.reason).toContain("re-admitted");
    expect(followed.publicKey).not.toBe(publicKey);

    const readmitted = await post(`/v1/courts/0/members/${seat}/readmit`, {});
    expect(readmitted.status, await readmitted.clone().text()).toBe(202);
    expect(await readmitted.json()).toMatchObject({
      court: 0,
      seat,
      publicKey: followed.publicKey,
    });
    await eventually(async () => (await seatStatus(seat)).ready);

    // Without another one there is no quorum but with it.
    const away = (await court()).members
      .map((member) => member.seat)
      .find((other) => other !== seat && other !== 0);
    expect((await fault(away ?? -1, "crash", { seconds: 60 })).status).toBe(200);
    const answer = await settle(received("with it", "readmit", 1));
    expect(answer.status).toBe("accepted");
    const block = await lastBlock(answer.receipt.height);
    expect(block.certificate.epoch).toBe(2);
    expect(block.certificate.signatures.map((vote) => vote.seat)).toContain(seat);
    expect((await fault(away ?? -1, "heal")).status).toBe(200);
    expect(await onHand("readmit")).toBe(3);
    await eventually(async () => (await court()).published >= answer.receipt.height);
    const { members } = await get<Members>("/v1/courts/0");
    expect(members[seat]?.publicKey).toBe(followed.publicKey);
    expect((await lastBlock(answer.receipt.height)).header).toEqual(block.header);
    const proven = await get<Proven>(`/v1/events/with%20it?source=/&proof=1`);
    const terms = new TermBook(proven.proof.genesis, deployment.quorum, verifier());
    expect(terms.learn(0, proven.proof.controls)).toBe(true);
    expect(lastTerm(terms.of(0)).keys[seat]).toBe(followed.publicKey);
  });

  it("RestartNumbers, RefuseUnrecognisedWarden: a wiped Warden keeps nothing until it is re-admitted, and counts nothing twice", async () => {
    const source = "/readmit";
    const event = received("first", "rewarded", 1, source);
    const first = await settle(event);
    const warden = wardenOf(deployment, "dev", source);
    expect((await post(`/v1/wardens/${warden}/fault`, { kind: "wipe" })).status).toBe(200);
    const refused = await eventually(async () => {
      const response = await submit(received("second", "rewarded", 1, source));
      return response.status === 503 ? response : undefined;
    });
    expect(await refused.text()).toContain("re-admitted");

    const readmitted = await post(`/v1/wardens/${warden}/readmit`, {});
    expect(readmitted.status, await readmitted.clone().text()).toBe(202);
    expect(await readmitted.json()).toMatchObject({ warden, courts: [{ court: 0 }] });
    // What it has forgotten, the seats have not: the first outcome again, and no other event of that key.
    const again = await settle(event);
    expect([again.status, again.receipt]).toEqual(["accepted", first.receipt]);
    const reused = await submit(received("first", "rewarded", 9, source));
    expect(reused.status).toBe(422);
    expect(await reused.json()).toMatchObject({ type: "/problems/key-reused" });
    expect((await settle(event)).receipt).toEqual(first.receipt);
    const late = { ...received("late", "rewarded", 5, source), sentat: "2020-01-01T00:00:00Z" };
    const tooOld = await submit(late);
    expect(await tooOld.json()).toMatchObject({ type: "/problems/too-old" });
    expect((await settle(received("second", "rewarded", 1, source))).status).toBe("accepted");
    expect(await onHand("rewarded")).toBe(2);
  });

  it("RefuseReadmission, OrderReadmission: of what has lost nothing, of what is not there, and by who may not operate", async () => {
    const whole = await post("/v1/courts/0/members/0/readmit", {});
    expect(whole.status).toBe(503);
    expect(await whole.text()).toContain("the key is in use");
    expect((await post("/v1/courts/0/members/9/readmit", {})).status).toBe(404);
    expect((await post("/v1/wardens/99/readmit", {})).status).toBe(404);
    const unasked = await ask("POST", "/v1/courts/0/members/0/readmit", {
      headers: { Authorization: "Bearer nobody" },
    });
    expect(unasked.status).toBe(401);
  });
});
