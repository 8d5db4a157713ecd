import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Message } from "../objects/clerk/consensus/messages.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import type { EntityAnswer } from "../objects/shared/rpc.ts";
import {
  deployment,
  eventually,
  fault,
  received,
  seatStatus,
  settle,
  submit,
} from "./kit/deployment.ts";
import { ask, bystander, livesOf, run, within } from "./kit/surgery.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

const stub = (seat: number) => clerkStub(env, deployment, 0, seat);

async function rowOf(seat: number, item: string): Promise<EntityAnswer | undefined> {
  const [row] = JSON.parse(await stub(seat).rows([`dev/stock/${item}@w1`])) as EntityAnswer[];
  return row;
}

type Methods = Record<string, (...given: unknown[]) => Promise<unknown>>;

describe("a step is written whole or not at all", () => {
  it("WriteWholeStep, StopAtBrokenStep: a write that fails in the middle of a block leaves nothing of the block behind", async () => {
    await settle(received("first", "whole", 1));
    const seat = await bystander();
    await eventually(async () => (await seatStatus(seat)).height === 1);
    await run(
      seat,
      "CREATE TRIGGER broken BEFORE INSERT ON entities BEGIN SELECT RAISE(ABORT, 'no room'); END",
    );
    const lives = await livesOf(seat);
    const { receipt } = await settle(received("second", "whole", 1));
    // It tried, and stopped for it: more than once, for nothing of the try may stand in the way of the next.
    await eventually(async () => (await livesOf(seat)) > lives + 1);
    const blocks = await ask(seat, "SELECT height FROM blocks WHERE height >= ?", receipt.height);
    expect(blocks).toEqual([]);
    await run(seat, "DROP TRIGGER broken");
    await eventually(async () => (await seatStatus(seat)).height >= receipt.height);
    expect(await rowOf(seat, "whole")).toMatchObject({ version: 2, since: receipt.height });
    expect(await seatStatus(seat)).toMatchObject({ ready: true });
  });

  it("NothingBeforeItsWrite: a vote that cannot be written is not said, so two such seats keep four from deciding", async () => {
    const { receipt: before } = await settle(received("before", "unwritten", 1));
    const { leader } = await seatStatus(0);
    const dumb = [1, 2].map((step) => (leader + step) % 4);
    for (const seat of dumb) {
      await run(
        seat,
        "CREATE TRIGGER dumb BEFORE INSERT ON notes WHEN NEW.k = 'votes' BEGIN SELECT RAISE(ABORT, 'no room'); END",
      );
    }
    const asked = submit(received("after", "unwritten", 1));
    const lives = await Promise.all(dumb.map(livesOf));
    // Each came to its vote, stopped for it, and came to it again.
    await eventually(async () => {
      const now = await Promise.all(dumb.map(livesOf));
      return now.every((count, at) => count > (lives[at] ?? 0) + 1);
    });
    for (const seat of [0, 1, 2, 3]) expect((await seatStatus(seat)).height).toBe(before.height);
    for (const seat of dumb) await run(seat, "DROP TRIGGER dumb");
    await asked;
    const { receipt } = await settle(received("after", "unwritten", 1));
    expect(receipt.height).toBeGreaterThan(before.height);
  });

  it("OwnRowsAsTheyAre: a seat gives its row with every change up to the height it names, and none above", async () => {
    const seat = await bystander();
    for (const round of [1, 2, 3]) {
      const { receipt } = await settle(received(`row ${round}`, "own", 1));
      await eventually(async () => (await seatStatus(seat)).height >= receipt.height);
      const row = await rowOf(seat, "own");
      expect(row).toMatchObject({ version: round, since: receipt.height });
      expect(row?.height).toBe((await seatStatus(seat)).height);
    }
  });
});

describe("alarms", () => {
  it("KeepAlarmWhilePending: a seat that waits for others will be woken though nobody calls", async () => {
    await settle(received("busy", "waiting", 1));
    const { leader } = await seatStatus(0);
    const [one = 0, two = 0] = [1, 2].map((step) => (leader + step) % 4);
    for (const seat of [one, two]) await fault(seat, "mute");
    const asked = submit(received("stuck", "waiting", 1));
    await eventually(async () => {
      const due = await within(leader, (storage) => storage.getAlarm());
      return due !== null && due <= Date.now() + 2 * LIMITS.alarmMs;
    });
    for (const seat of [one, two]) await fault(seat, "heal");
    await asked;
    expect((await settle(received("stuck", "waiting", 1))).status).toBe("accepted");
  });

  it("SleepWhenQuiet: once all is published no seat keeps an alarm, and each still answers", async () => {
    const { receipt } = await settle(received("quiet", "asleep", 1));
    for (const seat of [0, 1, 2, 3]) {
      await eventually(async () => (await seatStatus(seat)).published >= receipt.height);
      await eventually(async () => (await within(seat, (storage) => storage.getAlarm())) === null);
    }
    expect((await settle(received("awake", "asleep", 1))).status).toBe("accepted");
  });
});

describe("what a caller may say", () => {
  it("RefuseNonsense: arguments of any shape are refused, and the seat does not stop", async () => {
    await settle(received("third", "nonsense", 1));
    const seat = await bystander();
    const lives = await livesOf(seat);
    const long = "x".repeat(3_000_000);
    const noTexts: unknown[] = [undefined, null, 7, NaN, 10n, {}, [], true, "", long];
    const noNumbers: unknown[] = [undefined, null, -1, NaN, 1.5, Infinity, 1e300, 10n, {}, [], ""];
    const noJson = [...noTexts, "{", "null", "[]", '{"keys":{}}', "[".repeat(100_000)];
    const writ = JSON.stringify({
      court: 0,
      warden: 0,
      number: 1,
      events: ["{}"],
      seal: "0".repeat(128),
    });
    const calls: [method: string, ...given: unknown[]][] = [
      ...noJson.flatMap((json): [string, ...unknown[]][] => [
        ["submit", json, 0],
        ["signGenesis", json],
        ["fault", json, 0],
      ]),
      ...noTexts.flatMap((text): [string, ...unknown[]][] => [
        ["entity", text, 0],
        ["rows", [text]],
      ]),
      ...noNumbers.flatMap((number): [string, ...unknown[]][] => [
        ["submit", writ, number],
        ["entity", "dev/stock/nonsense@w1", number],
        ["block", number],
        ["incidents", number],
        ["fault", "mute", number],
      ]),
      ...[undefined, null, 7, {}, "key", Array.from({ length: 17 }, () => "key")].map(
        (keys): [string, ...unknown[]] => ["rows", keys],
      ),
      ["submit", writ, 0],
    ];
    const object = stub(seat) as unknown as Methods;
    for (const [at, [method, ...given]] of calls.entries()) {
      expect(await codeOf(() => object[method]?.(...given)), `call ${at} of ${method}`).toBe(
        "malformed",
      );
    }
    for (const json of noJson) expect(await object["deliver"]?.(json)).toBe("[]");
    expect(await livesOf(seat)).toBe(lives);
  });
});

describe("who has no key that is known", () => {
  it("AnswerStrangersInReply: what is asked in a name that nobody can check is answered to whoever called", async () => {
    const { receipt } = await settle(received("asked", "stranger", 1));
    const seat = await bystander();
    await eventually(async () => (await seatStatus(seat)).height >= receipt.height);
    const named = (seat + 1) % 4;
    const asked = { kind: "sync", after: 0, court: 0, epoch: 0, from: named, incarnation: 1 };
    const question = { ...asked, sequence: 1, signature: "00".repeat(64) };
    const reply = JSON.parse(await stub(seat).deliver(JSON.stringify([question]))) as Message[];
    expect(reply.map(({ kind, from }) => [kind, from])).toContainEqual(["blocks", seat]);
  });
});

async function codeOf(call: () => Promise<unknown> | undefined): Promise<unknown> {
  try {
    await call();
    return "taken";
  } catch (error) {
    // Class identity does not cross a call; the code does.
    return (error as { code?: string }).code ?? String(error);
  }
}
