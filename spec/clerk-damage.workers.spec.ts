import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import { deployment, eventually, fault, received, seatStatus, settle } from "./kit/deployment.ts";
import { bystander, endLife, followed, heal, livesOf, run } from "./kit/surgery.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

type Read = (seat: number) => Promise<unknown>;
const showBlock: Read = (seat) => clerkStub(env, deployment, 0, seat).block(1);
const touch: Read = () => settle(received("touch", "rotten", 1));

/** What is spoilt, how, and what makes the seat read it. */
const damages: readonly [what: string, sql: string, read: Read][] = [
  ["an entity", "UPDATE entities SET state = replace(state, 'onHand', 'onHind')", touch],
  [
    "a block",
    "UPDATE blocks SET header = replace(header, '\"time\":1', '\"time\":2') WHERE height = 1",
    showBlock,
  ],
  [
    "an outcome",
    "UPDATE outcomes SET body = replace(body, 'accepted', 'rejected') WHERE height = 1",
    showBlock,
  ],
  ["a writ", "UPDATE writs SET body = replace(body, 'rotten', 'rotted')", showBlock],
];

describe("a row that is not what was written", () => {
  it.each(damages)(
    "SilenceDamagedSeat, HealSeat: %s costs its seat the voice, and the court goes on",
    async (what, sql, read) => {
      const seat = await damaged(what, sql, read);
      expect((await followed(seat, `after ${what}`, "rotten")).status).toBe("accepted");
      await heal(seat);
    },
  );

  it("KeepSilentWithoutVotes: a seat whose votes are damaged cannot be healed, for it may have forgotten one", async () => {
    const spoil = "UPDATE notes SET v = replace(v, '\"view\":', '\"view\": ') WHERE k = 'votes'";
    const seat = await damaged("its votes", spoil, endLife);
    const lives = await livesOf(seat);
    await fault(seat, "heal");
    await eventually(async () => (await livesOf(seat)) > lives);
    expect(await silence(seat)).toContain("damaged storage");
    const { height } = (await followed(seat, "without its vote", "rotten")).receipt;
    expect(await seatStatus(seat)).toMatchObject({ ready: false, height });
  });
});

/** Spoils a bystander's storage and has it read; the seat, once it is silent. */
async function damaged(what: string, sql: string, read: Read): Promise<number> {
  await settle(received(`before ${what}`, "rotten", 1));
  const seat = await bystander();
  await followed(seat, `also before ${what}`, "rotten");
  expect(await run(seat, sql)).toBeGreaterThan(0);
  await Promise.resolve(read(seat)).catch(() => "the seat stopped under the call");
  expect(await silence(seat)).toContain("damaged storage");
  return seat;
}

/** Why the seat has no voice, once it has none. */
function silence(seat: number): Promise<string> {
  return eventually(async () => {
    const { stage, reason } = await seatStatus(seat);
    return stage === "quarantined" && reason !== null ? reason : undefined;
  });
}
