/** The verifier against a real deployment: what its seats, Wardens and Ledger made, read by an outsider over HTTP. */
import { beforeAll, expect, it } from "vitest";
import { eventually, get as read, received, settle, submit } from "./kit/deployment.ts";
import { tamper } from "./kit/ledger.ts";
import { settled, verified } from "./kit/outsider.ts";
import { migrate } from "./kit/worker.ts";

const reserved = (id: string, ttlSeconds: number): object => ({
  id,
  type: "stock.reserved",
  data: { item: "a", warehouse: "w1", quantity: 2, reservation: id, ttlSeconds },
});
const moved = { item: "a", from: "w1", to: "w2", quantity: 99 };
const fulfilled = { reservation: "r2", item: "a" };

/** Longer than a test may take: one block after the other, over two state roots. */
const PATIENCE_MS = 120_000;
beforeAll(async () => {
  await migrate();
  await settle(received("a", "a", 10));
  await submit([reserved("r1", 1), reserved("r2", 600), reserved("r3", 1), reserved("r4", 999)]);
  await settle({ id: "r2-out", type: "reservation.fulfilled", data: fulfilled });
  await settle({ id: "m", type: "stock.moved", data: moved });
  await settle(received("a", "a", 10));
  for (let at = 0; at < 14; at++)
    await settle(received(`b-${at}`, `b-${at % 3}`, 1, `/source/${at}`));
}, PATIENCE_MS);

it("holds: reservations that end by themselves, rejections, replays, over several state roots", async () => {
  for (const id of ["r1", "r3"])
    await eventually(async () => {
      const { state } = await read<{ state: { status: string } }>(
        `/v1/entities/reservation/${id}@a?consistency=ledger`,
      );
      return state.status === "expired";
    });
  await settled();
  const report = await verified();
  expect(report.flaws.listed).toEqual([]);
  const [walked] = report.courts;
  expect(walked).toMatchObject({ expiries: 2, rejected: 1, published: walked?.height });
  expect(walked?.roots).toBeGreaterThanOrEqual(2);
  const events = (walked?.events ?? 0) + 2;
  expect(report.served).toEqual({ events, entities: 8, histories: 8 });
});

it("holds for another tenant, who is served nothing of it", async () => {
  const report = await verified("other");
  expect(report.flaws.listed).toEqual([]);
  expect(report).toMatchObject({ tenant: "other", served: { events: 0, entities: 0 } });
});

it("finds an entity that the database serves as it was", async () => {
  let found: Awaited<ReturnType<typeof verified>>["flaws"]["listed"] = [];
  // The seats put it right as soon as they see it, perhaps between two looks of the verifier.
  await eventually(async () => {
    await tamper(
      "entity_versions_kept",
      "DELETE FROM entity_versions WHERE tenant = 'dev' AND entity = ? AND version = 5",
      "stock/b-0@w1",
    );
    found = (await verified()).flaws.listed;
    return found.length > 1;
  });
  expect(found).toMatchObject([
    {
      kind: "served",
      court: 0,
      entity: "stock/b-0@w1",
      what: expect.stringContaining("listed otherwise"),
    },
    {
      kind: "served",
      court: 0,
      entity: "stock/b-0@w1",
      expected: "5 versions",
      found: "4 versions",
    },
  ]);
});
