/** The accounts in a whole deployment beside the inventory: over HTTP, by real seats and a real D1, and verified by an outsider. */
import { beforeAll, expect, it } from "vitest";
import { eventually, get, received, seatStatus, settle, submit } from "./kit/deployment.ts";
import type { Answer } from "./kit/deployment.ts";
import { settled, verified } from "./kit/outsider.ts";
import { ask, migrate } from "./kit/worker.ts";

const book = "shop";
const sent = (id: string, type: string, data: object): object => ({
  id,
  type,
  data: { book, ...data },
});
const open = (account: string, limit: string): object =>
  sent(`open-${account}`, "account.opened", { account, currency: "EUR", limit });
const order = (transfer: string, debit: string, credit: string, amount: number): object => ({
  transfer,
  debit,
  credit,
  amount,
});
const post = (...of: Parameters<typeof order>): object =>
  sent(of[0], "transfer.posted", order(...of));
const hold = (ttlSeconds: number, ...of: Parameters<typeof order>): object =>
  sent(of[0], "transfer.pending", { ...order(...of), ttlSeconds });

/** Debits posted and pending, credits posted and pending. */
async function sums(account: string, consistency = "agreed"): Promise<number[]> {
  const path = `/v1/entities/account/${account}@${book}?consistency=${consistency}`;
  const { state } = await get<{ state: Record<string, number> }>(path);
  return ["debitsPosted", "debitsPending", "creditsPosted", "creditsPending"].map(
    (sum) => state[sum] ?? Number.NaN,
  );
}

/** What became of it, as it is published. */
async function became(transfer: string): Promise<string> {
  const path = `/v1/entities/transfer/${transfer}@${book}?consistency=ledger`;
  return (await get<{ state: { status: string } }>(path)).state.status;
}

beforeAll(async () => {
  await migrate();
  await submit([open("bank", "none"), open("ann", "debits_within_credits"), open("bob", "none")]);
  await settle(post("pay", "bank", "ann", 100));
});

it("DebitsWithinCredits: an overdraft is rejected, by an outcome that replays", async () => {
  const overdraft = post("too-much", "ann", "bob", 101);
  const answer = await settle(overdraft);
  expect(answer).toMatchObject({ status: "rejected", reason: { code: "exceeds_credits" } });
  const again = await submit(overdraft);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  expect(await again.json<Answer>()).toEqual(answer);
  expect(await sums("ann")).toEqual([0, 0, 100, 0]);
});

it("HoldTransfer, PostPending, VoidPending: what is held cannot be spent, and is taken in part or not at all", async () => {
  await settle(hold(600, "buy", "ann", "bob", 60));
  await settle(hold(600, "maybe", "ann", "bob", 30));
  expect(await sums("ann")).toEqual([0, 90, 100, 0]);
  expect(await settle(post("spend", "ann", "bob", 11))).toMatchObject({ status: "rejected" });
  await settle(sent("buy-done", "pending.posted", { transfer: "buy", amount: 45 }));
  await settle(sent("maybe-not", "pending.voided", { transfer: "maybe" }));
  expect(await sums("ann")).toEqual([45, 0, 100, 0]);
  expect(await sums("bob")).toEqual([0, 0, 45, 0]);
  const twice = await settle(sent("buy-again", "pending.posted", { transfer: "buy" }));
  expect(twice).toMatchObject({ status: "rejected", reason: { code: "not_pending" } });
});

it("ExpireTransfer: at its block time all is free again, though nobody calls", async () => {
  const { receipt } = await settle(hold(1, "brief", "bob", "bank", 20));
  // The seats are asked how they stand, which starts nothing; the expiry is theirs to order.
  await eventually(async () => (await seatStatus(0)).height > receipt.height);
  expect(await sums("bob")).toEqual([0, 0, 45, 0]);
  expect(await sums("bank")).toEqual([100, 0, 0, 0]);
  await eventually(async () => (await became("brief")) === "expired");
});

it("RefuseUnfitData: bad data is told where it is bad, and nothing of it is kept", async () => {
  const response = await submit(sent("half", "transfer.posted", order("half", "ann", "bob", 0.5)));
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ errors: [{ pointer: "/data/amount" }] });
  expect((await ask("GET", "/v1/entities/transfer/half@shop")).status).toBe(404);
});

it("DebitsEqualCredits, PendingDebitsEqualCredits: over all that is published, beside the inventory's events, and an outsider finds nothing wrong", async () => {
  await settle(received("goods", "kettle", 3));
  await settle(hold(600, "open-end", "ann", "bank", 5));
  for (let at = 0; at < 14; at++) await settle(post(`fee-${at}`, "bob", "bank", 1));
  await settled();
  const all = await Promise.all(["bank", "ann", "bob"].map((account) => sums(account, "ledger")));
  const total = (side: number): number => all.reduce((sum, of) => sum + (of[side] ?? 0), 0);
  expect([total(0), total(1)]).toEqual([total(2), total(3)]);
  expect([total(0), total(1)]).toEqual([159, 5]);

  const report = await verified();
  expect(report.flaws.listed).toEqual([]);
  const [walked] = report.courts;
  expect(walked).toMatchObject({ expiries: 1, rejected: 3 });
  expect(walked?.roots).toBeGreaterThanOrEqual(2);
  // Three accounts, their transfers, and a kettle.
  expect(report.served).toMatchObject({ entities: 3 + 19 + 1, histories: 3 + 19 + 1 });
});
