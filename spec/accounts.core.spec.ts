import { describe, expect, test } from "vitest";
import { accounts } from "../objects/arbiter/domains/accounts.ts";
import { instantText } from "../objects/arbiter/instant.ts";
import { registryOf } from "../objects/arbiter/registry.ts";
import type { Json } from "../objects/shared/canonical.ts";
import { accepted, given, rejected, START } from "../kit/given.ts";
import type { Happening } from "../kit/given.ts";
import { Bench, outcomesOf, rulesOf, textOf } from "../kit/memory.ts";

const MOST = Number.MAX_SAFE_INTEGER;
const book = "b";
type Sent = readonly [type: string, data: { readonly [member: string]: Json }];
type Limit = "none" | "debits_within_credits" | "credits_within_debits";

const open = (account: string, limit: Limit = "none", currency = "EUR"): Sent => [
  "account.opened",
  { book, account, currency, limit },
];
const order = (transfer: string, debit: string, credit: string, amount: number) => ({
  book,
  transfer,
  debit,
  credit,
  amount,
});
type Order = Parameters<typeof order>;
const post = (...of: Order): Sent => ["transfer.posted", order(...of)];
/** For a minute. */
const hold = (...of: Order): Sent => ["transfer.pending", { ...order(...of), ttlSeconds: 60 }];
const postPending = (transfer: string, amount?: number): Sent => [
  "pending.posted",
  { book, transfer, ...(amount === undefined ? {} : { amount }) },
];
const voidPending = (transfer: string): Sent => ["pending.voided", { book, transfer }];

/** Debits posted and pending, credits posted and pending. */
type Sums = readonly [number, number, number, number];
const account = (name: string, sums: Sums, limit: Limit = "none") => {
  const [debitsPosted, debitsPending, creditsPosted, creditsPending] = sums;
  const amounts = { debitsPosted, debitsPending, creditsPosted, creditsPending };
  return { [`account/${name}@b`]: { currency: "EUR", limit, ...amounts } };
};
const transfer = (name: string, [debit, credit, amount]: readonly [string, string, number]) => ({
  as: (status: string, posted: number, expiresAt: string | null = null) => ({
    [`transfer/${name}@b`]: { debit, credit, amount, posted, status, expiresAt },
  }),
});
const MINUTE = instantText(START + 60_000);

const opened = [open("bank"), open("ann", "debits_within_credits"), open("bob")] as const;
const both = given(accounts, ...opened);
/** Ann has 100, of which 30 are held for Bob. */
const past: readonly Happening[] = [
  ...opened,
  post("pay", "bank", "ann", 100),
  hold("buy", "ann", "bob", 30),
];
const holding = given(accounts, ...past);
const buy = transfer("buy", ["ann", "bob", 30]);

describe("accounts", () => {
  test("OpenAccount: with a currency and nothing in it, without a limit where none is named", () => {
    const { limit: _, ...bare } = open("ann")[1];
    expect(given(accounts).when("account.opened", bare)).toEqual(
      accepted(account("ann", [0, 0, 0, 0])),
    );
    expect(given(accounts).when(...open("ann", "credits_within_debits"))).toEqual(
      accepted(account("ann", [0, 0, 0, 0], "credits_within_debits")),
    );
  });

  test("RejectUsedAccount: whatever it would be opened as; in another book the name is free", () => {
    expect(both.when(...open("ann", "none", "USD"))).toEqual(rejected("account_exists"));
    expect(both.when("account.opened", { ...open("ann")[1], book: "c" })).toHaveProperty(
      "accepted",
    );
  });
});

describe("transfers", () => {
  test("PostTransfer: one entry on each side", () => {
    expect(both.when(...post("pay", "bank", "ann", 100))).toEqual(
      accepted({
        ...account("ann", [0, 0, 100, 0], "debits_within_credits"),
        ...account("bank", [100, 0, 0, 0]),
        ...transfer("pay", ["bank", "ann", 100]).as("posted", 100),
      }),
    );
  });

  test("HoldTransfer: pending on both sides, until a block time or without end", () => {
    const paid = given(accounts, ...opened, post("pay", "bank", "ann", 100));
    const held = {
      ...account("ann", [0, 30, 100, 0], "debits_within_credits"),
      ...account("bob", [0, 0, 0, 30]),
    };
    expect(paid.after(1).when(...hold("buy", "ann", "bob", 30))).toEqual(
      accepted({ ...held, ...buy.as("pending", 0, instantText(START + 60_001)) }),
    );
    expect(paid.when("transfer.pending", order("buy", "ann", "bob", 30))).toEqual(
      accepted({ ...held, ...buy.as("pending", 0) }),
    );
  });

  const kinds: readonly ((...of: Order) => Sent)[] = [post, hold];

  test("RejectTransferWithinAccount: also of one that there is not", () => {
    for (const kind of kinds)
      expect(both.when(...kind("x", "eve", "eve", 1))).toEqual(rejected("same_account"));
  });

  test("RejectUsedTransfer: a name is used once in a book, whatever became of it", () => {
    const voided = given(accounts, ...past, voidPending("buy"));
    for (const kind of kinds)
      for (const before of [holding, voided]) {
        expect(before.when(...kind("buy", "bank", "bob", 1))).toEqual(rejected("transfer_exists"));
        expect(before.when(...kind("pay", "bank", "eve", 1))).toEqual(rejected("transfer_exists"));
      }
  });

  test("RejectUnknownAccount: on either side, or of another book", () => {
    for (const kind of kinds) {
      expect(both.when(...kind("x", "eve", "bob", 1))).toEqual(rejected("no_such_account"));
      expect(both.when(...kind("x", "bob", "eve", 1))).toEqual(rejected("no_such_account"));
      const [type, data] = kind("x", "bank", "bob", 1);
      expect(both.when(type, { ...data, book: "c" })).toEqual(rejected("no_such_account"));
    }
  });

  test("RejectOtherCurrency, CurrenciesApart: nothing leads from one to another", () => {
    const abroad = given(accounts, ...opened, open("joe", "none", "USD"));
    for (const kind of kinds) {
      expect(abroad.when(...kind("x", "bank", "joe", 1))).toEqual(rejected("currency_mismatch"));
      expect(abroad.when(...kind("x", "joe", "bank", 1))).toEqual(rejected("currency_mismatch"));
    }
  });

  test("RejectTransferOverflow, CountedExactly: what is pending counts too, on either side", () => {
    const full = given(accounts, ...opened, hold("x", "bank", "bob", MOST));
    for (const kind of kinds)
      for (const amount of [1, 2, MOST]) {
        expect(full.when(...kind("y", "bank", "ann", amount))).toEqual(rejected("overflow"));
        expect(full.when(...kind("y", "ann", "bob", amount))).toEqual(rejected("overflow"));
      }
    expect(full.when(...post("y", "bob", "bank", MOST))).toHaveProperty("accepted");
    expect(full.when(...postPending("x"))).toHaveProperty("accepted");
  });

  test("RejectBeyondCredits, DebitsWithinCredits: pending debits count, pending credits do not", () => {
    for (const kind of kinds) {
      expect(holding.when(...kind("x", "ann", "bob", 70))).toHaveProperty("accepted");
      expect(holding.when(...kind("x", "ann", "bob", 71))).toEqual(rejected("exceeds_credits"));
      expect(both.when(...kind("x", "ann", "bob", 1))).toEqual(rejected("exceeds_credits"));
      const promised = given(accounts, ...past, hold("more", "bank", "ann", 50));
      expect(promised.when(...kind("x", "ann", "bob", 71))).toEqual(rejected("exceeds_credits"));
      // Nobody bounds what is credited to Ann.
      expect(holding.when(...kind("x", "bob", "ann", 1000))).toHaveProperty("accepted");
    }
  });

  test("RejectBeyondDebits, CreditsWithinDebits: the same with the sides changed", () => {
    const stock = [open("shop"), open("till", "credits_within_debits")] as const;
    const lent = [post("lend", "till", "shop", 10), hold("back", "shop", "till", 4)] as const;
    const before = given(accounts, ...stock, ...lent);
    for (const kind of kinds) {
      expect(before.when(...kind("x", "shop", "till", 6))).toHaveProperty("accepted");
      expect(before.when(...kind("x", "shop", "till", 7))).toEqual(rejected("exceeds_debits"));
      expect(before.when(...kind("x", "till", "shop", 1000))).toHaveProperty("accepted");
    }
  });
});

describe("the second phase", () => {
  test("PostPending: all of it, or a part and the rest is free at once", () => {
    const after = (part: number) =>
      accepted({
        ...account("ann", [part, 0, 100, 0], "debits_within_credits"),
        ...account("bob", [0, 0, part, 0]),
        ...buy.as("posted", part, MINUTE),
      });
    expect(holding.when(...postPending("buy"))).toEqual(after(30));
    expect(holding.when(...postPending("buy", 30))).toEqual(after(30));
    expect(holding.after(59_999).when(...postPending("buy", 12))).toEqual(after(12));
    const part = given(accounts, ...past, postPending("buy", 12));
    expect(part.when(...post("x", "ann", "bob", 88))).toHaveProperty("accepted");
    expect(part.when(...post("x", "ann", "bob", 89))).toEqual(rejected("exceeds_credits"));
  });

  const free = {
    ...account("ann", [0, 0, 100, 0], "debits_within_credits"),
    ...account("bob", [0, 0, 0, 0]),
  };

  test("VoidPending: nothing moves, and all is free again", () => {
    expect(holding.after(59_999).when(...voidPending("buy"))).toEqual(
      accepted({ ...free, ...buy.as("voided", 0, MINUTE) }),
    );
  });

  const ends = [postPending("buy"), postPending("buy", 1), voidPending("buy")];

  test("RejectUnknownTransfer: also one of another book", () => {
    for (const [type, data] of ends) {
      expect(both.when(type, data)).toEqual(rejected("no_such_transfer"));
      expect(holding.when(type, { ...data, book: "c" })).toEqual(rejected("no_such_transfer"));
    }
  });

  test("RejectNotPending: resolved once, at its time in any case, and what was posted at once never", () => {
    for (const end of ends)
      for (const again of ends) {
        expect(given(accounts, ...past, end).when(...again)).toEqual(rejected("not_pending"));
        expect(holding.after(60_000).when(...again)).toEqual(rejected("not_pending"));
        expect(holding.when(again[0], { ...again[1], transfer: "pay" })).toEqual(
          rejected("not_pending"),
        );
      }
  });

  test("RejectNotPending: at its time, although more expiries are due than a block may have", () => {
    const bench = new Bench(rulesOf(accounts));
    const names = Array.from({ length: 300 }, (_, at) => `t${String(at).padStart(3, "0")}`);
    const all = [...opened, ...names.map((name) => hold(name, "bank", "bob", 1))];
    bench.block(START, ...all.map(([type, data], at) => textOf({ id: `${at}`, type, data })));
    const [type, data] = postPending("t299");
    const evaluation = bench.block(START + 60_000, textOf({ id: "late", type, data }));
    expect(evaluation.system).toBe(256);
    expect(outcomesOf(evaluation).at(-1)?.reason?.code).toBe("not_pending");
    bench.block(START + 60_001);
    expect(bench.stateOf("account/bob@b")).toEqual(account("bob", [0, 0, 0, 0])["account/bob@b"]);
  });

  test("RejectBeyondPending, NeverMoreThanAmount: no more than was held, whatever there is", () => {
    expect(holding.when(...postPending("buy", 31))).toEqual(rejected("exceeds_pending"));
    expect(holding.when(...postPending("buy", MOST))).toEqual(rejected("exceeds_pending"));
  });

  test("SecondPhaseNeverFails: after everything else has been spent", () => {
    const spent = given(accounts, ...past, post("all", "ann", "bank", 70));
    for (const end of ends) expect(spent.when(...end)).toHaveProperty("accepted");
    expect(spent.after(60_000).expiries()).toHaveLength(1);
  });

  test("ExpireTransfer: at its time and not before, once, and only while pending", () => {
    expect(holding.after(59_999).expiries()).toEqual([]);
    const expired = accepted({ ...free, ...buy.as("expired", 0, MINUTE) });
    expect(holding.after(60_000).expiries()).toEqual([expired]);
    for (const end of ends)
      expect(
        given(accounts, ...past, end)
          .after(60_000)
          .expiries(),
      ).toEqual([]);
    const endless = given(accounts, ...opened, [
      "transfer.pending",
      order("buy", "bank", "bob", 30),
    ]);
    expect(endless.after(40 * 24 * 3_600_000).expiries()).toEqual([]);
  });
});

describe("data", () => {
  const { validate, entity } = registryOf([accounts]);
  const pointers = (type: string, data: unknown) => {
    const validation = validate(type, data);
    return validation.ok ? [] : validation.errors.map(({ pointer }) => pointer);
  };

  test("RefuseUnfitData: amounts are whole, names are names, and no time is without end", () => {
    const good = order("x", "ann", "bob", 1);
    expect(pointers("transfer.posted", good)).toEqual([]);
    for (const amount of [0, -1, 0.5, 2 ** 53, "1", null])
      expect(pointers("transfer.posted", { ...good, amount })).toEqual(["/data/amount"]);
    expect(pointers("transfer.posted", { ...good, ttlSeconds: 1 })).toEqual(["/data/ttlSeconds"]);
    for (const ttlSeconds of [0, 30 * 24 * 3600 + 1])
      expect(pointers("transfer.pending", { ...good, ttlSeconds })).toEqual(["/data/ttlSeconds"]);
    expect(pointers("account.opened", { ...open("a/b")[1], currency: "euro" })).toEqual([
      "/data/account",
      "/data/currency",
    ]);
    expect(pointers("account.opened", { ...open("a")[1], limit: "some" })).toEqual(["/data/limit"]);
    expect(pointers("pending.posted", { book, transfer: "x", amount: 0 })).toEqual([
      "/data/amount",
    ]);
  });

  test("OnePartition: an event and all its entities belong to its book", () => {
    expect(validate(...post("x", "ann", "bob", 1))).toMatchObject({ partition: "b" });
    expect(entity("account/ann@b")?.partition).toBe("b");
    expect(entity("transfer/x@b")?.partition).toBe("b");
    for (const none of ["account/a", "account/a@b@c", "transfer/a b@c", "stock/a@b"])
      expect(entity(none)).toBeUndefined();
  });
});
