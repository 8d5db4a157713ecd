import { applyD1Migrations, env } from "cloudflare:test";
import { it } from "vitest";
import { publishGenesis, publishRun } from "../objects/ledger/append.ts";
import { Scribe } from "./kit/blocks.ts";
import { attest, attestDigest, attestedHeights } from "../objects/ledger/attest.ts";
import { auditRange } from "../objects/ledger/audit.ts";
import { eventsPage, eventByKey, entityState, entitiesPage, entityHistory, inclusion, blockAt } from "../objects/ledger/reads.ts";
it("smoke", async () => {
  const db = env.LEDGER;
  await applyD1Migrations(db, env.TEST_MIGRATIONS);
  const s = new Scribe("1");
  const l = s.ledger(db);
  await publishGenesis(db, s.genesis);
  const blocks = Array.from({length: 64}, (_, h) => s.next(0, ...Array.from({length: 1000}, (_, i) => ({ id: `e${h}-${i}`, changes: [{ entity: `stock/sku-${i % 300}@w1`, state: { onHand: i, reserved: 0 } }], data: { item: `sku-${i}`, warehouse: "w1", quantity: 5, note: "x".repeat(100) } }))));
  for (let i = 0; i < 64; i += 4) {
    const t = performance.now();
    const t0 = Date.now();
    await publishRun(l, 0, blocks.slice(i, i + 4));
    console.log("run", i, Date.now() - t0);
  }
  let t = Date.now();
  console.log(JSON.stringify(await auditRange(l, 0, {from: 0, to: 64}, () => null)), Date.now() - t);
  for (const seat of [0,1]) await attest(l, { court: 0, seat, height: 64, block: blocks[63].certificate.block, signature: s.seat(0, seat)(attestDigest(0, 64, blocks[63].certificate.block)) });
  const at = await attestedHeights(l);
  console.log(at);
  for (const [n, f] of Object.entries({
    page: () => eventsPage(l, { tenant: "dev", limit: 1000 }, at),
    typed: () => eventsPage(l, { tenant: "dev", limit: 1000, type: "nope" }, at),
    ent: () => eventsPage(l, { tenant: "dev", limit: 100, entity: "stock/sku-1@w1" }, at),
    key: () => eventByKey(l, { tenant: "dev", source: "/", id: "e7-7" }, at),
    state: () => entityState(l, "dev", "stock/sku-1@w1", at),
    hist: () => entityHistory(l, { tenant: "dev", entity: "stock/sku-1@w1", limit: 100 }, at),
    ents: () => entitiesPage(l, { tenant: "dev", prefix: "stock/", limit: 1000 }, at),
    incl: () => inclusion(l, "dev", { court: 0, height: 3, index: 4 }, at),
    block: () => blockAt(l, 0, 3, at),
  })) {
    const t = Date.now();
    const r = await f();
    console.log(n, Date.now() - t, r?.items?.length, r?.next, JSON.stringify(r).slice(0, 300));
  }
});
