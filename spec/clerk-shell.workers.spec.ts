import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import type { EntityAnswer } from "../objects/shared/rpc.ts";
import { deployment, eventually, migrate, received, seatStatus, settle } from "./kit/deployment.ts";
import { ask, bystander, livesOf, run } from "./kit/surgery.ts";

beforeAll(migrate);

const stub = (seat: number) => clerkStub(env, deployment, 0, seat);

async function rowOf(seat: number, item: string): Promise<EntityAnswer | undefined> {
  const [row] = JSON.parse(await stub(seat).rows([`dev/stock/${item}@w1`])) as EntityAnswer[];
  return row;
}

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
    const texts: unknown[] = [undefined, null, 7, -1, NaN, 10n, {}, [], true, "", "{", "x".repeat(3_000_000)];
    const numbers: unknown[] = [undefined, null, -1, NaN, 1.5, Infinity, 1e300, 10n, {}, [], "", "one"];
    const object = stub(seat) as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;
    const calls: [string, unknown[]][] = [
      ...texts.flatMap((text): [string, unknown[]][] => [
        ["submit", [text, 0]],
        ["entity", [text, 0]],
        ["rows", [text]],
        ["rows", [[text]]],
        ["signGenesis", [text]],
        ["fault", [text, 0]],
      ]),
      ...numbers.flatMap((number): [string, unknown[]][] => [
        ["entity", ["dev/stock/nonsense@w1", number]],
        ["block", [number]],
        ["incidents", [number]],
        ["fault", ["mute", number]],
      ]),
      ["signGenesis", ["null"]],
      ["signGenesis", ["[]"]],
      ["signGenesis", ['{"keys":{}}']],
    ];
    for (const [method, given] of calls) {
      const said = await codeOf(() => object[method]?.(...given));
      expect(said, `${method}(${given.map((one) => typeof one + String(one).slice(0, 20))})`).toBe("malformed");
    }
    for (const text of texts) expect(await object["deliver"]?.(text)).toBe("[]");
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
