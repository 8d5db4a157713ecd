import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import type { EntityAnswer } from "../objects/shared/rpc.ts";
import { deployment, eventually, received, seatStatus, settle } from "./kit/deployment.ts";
import { ask, bystander, livesOf, run } from "./kit/surgery.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

const stub = (seat: number) => clerkStub(env, deployment, 0, seat);

async function rowOf(seat: number, item: string): Promise<EntityAnswer | undefined> {
  const [row] = JSON.parse(await stub(seat).rows([`dev/stock/${item}@w1`])) as EntityAnswer[];
  return row;
}

type Methods = Record<string, (...given: unknown[]) => Promise<unknown>>;

describe("a step is written whole or not at all", () => {
  it("StopAtBrokenStep: a write that fails in the middle of a block leaves nothing of the block behind", async () => {
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

async function codeOf(call: () => Promise<unknown> | undefined): Promise<unknown> {
  try {
    await call();
    return "taken";
  } catch (error) {
    // Class identity does not cross a call; the code does.
    return (error as { code?: string }).code ?? String(error);
  }
}
