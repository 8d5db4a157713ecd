import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { nameOf } from "../objects/shared/names.ts";
import { deployment, get, received, settle } from "./kit/deployment.ts";
import { run } from "./kit/surgery.ts";
import { migrate } from "./kit/worker.ts";

beforeAll(migrate);

/** No continent is known here: the nearest seat is the first. */
const NEAREST = 0;

async function emptyRegistrar(): Promise<void> {
  const name = nameOf(deployment.generation, {
    kind: "registrar",
    court: 0,
    seat: NEAREST,
    shard: 0,
  });
  try {
    await runInDurableObject(env.REGISTRAR.getByName(name), async (_, state) => {
      await state.storage.deleteAll();
      state.abort("ended by the test");
    });
  } catch {
    // The end takes the call that asked for it along.
  }
}

it("AgreeOnAbsence: a seat that has lost an entity's row does not make it one that never existed", async () => {
  const { receipt } = await settle(received("kept", "lost", 7));
  expect(await run(NEAREST, "DELETE FROM entities WHERE key = ?", "dev/stock/lost@w1")).toBe(1);
  await emptyRegistrar();
  const read = await get<{ height: number }>("/v1/entities/stock/lost@w1?consistency=local");
  expect(read).toMatchObject({ version: 1, state: { onHand: 7, reserved: 0 } });
  expect(read.height).toBeGreaterThanOrEqual(receipt.height);
});
