/** Drawn events of the accounts, and what always holds of them, by code that shares nothing with the domain. */
import fc from "fast-check";
import type { Subject, World } from "../../kit/checks.ts";
import { accounts } from "../../objects/arbiter/domains/accounts.ts";
import type { Json } from "../../objects/shared/canonical.ts";

const book = fc.constantFrom("b", "c");
const account = fc.constantFrom("ann", "bob", "till");
const transfer = fc.constantFrom("p", "q", "r", "s", "t", "u");
const amount = fc.oneof(
  { weight: 16, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 1, arbitrary: fc.constant(Number.MAX_SAFE_INTEGER) },
);
const currency = fc.oneof(
  { weight: 8, arbitrary: fc.constant("EUR") },
  { weight: 1, arbitrary: fc.constant("USD") },
);
const limit = fc.constantFrom("none", "none", "debits_within_credits", "credits_within_debits");
const order = { book, transfer, debit: account, credit: account, amount };

const data: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  "account.opened": fc.record(
    { book, account, currency, limit },
    { requiredKeys: ["book", "account", "currency"] },
  ),
  "transfer.posted": fc.record(order),
  "transfer.pending": fc.record(
    { ...order, ttlSeconds: fc.integer({ min: 1, max: 8 }) },
    { requiredKeys: ["book", "transfer", "debit", "credit", "amount"] },
  ),
  "pending.posted": fc.record({ book, transfer, amount }, { requiredKeys: ["book", "transfer"] }),
  "pending.voided": fc.record({ book, transfer }),
};

interface Account {
  readonly name: string;
  readonly book: string;
  readonly currency: string;
  readonly limit: string;
  readonly debitsPosted: number;
  readonly debitsPending: number;
  readonly creditsPosted: number;
  readonly creditsPending: number;
}

interface Transfer {
  readonly book: string;
  readonly debit: string;
  readonly credit: string;
  readonly amount: number;
  readonly posted: number;
  readonly status: string;
}

function all<T>(world: World, type: string): T[] {
  return [...world].flatMap(([entity, state]) => {
    const [, kind, name, of] = /^(\w+)\/(.+)@(.+)$/.exec(entity) ?? [];
    return kind === type ? [{ name, book: of, ...(state as object) } as T] : [];
  });
}

const sum = <T>(these: readonly T[], each: (one: T) => number): bigint =>
  these.reduce((total, one) => total + BigInt(each(one)), 0n);

const everyAccount = (holds: (account: Account) => boolean) => (world: World) =>
  all<Account>(world, "account").every(holds);

/** In every book, and in it in every currency. */
const inEvery = (holds: (accounts: readonly Account[]) => boolean) => (world: World) =>
  [...Map.groupBy(all<Account>(world, "account"), (one) => `${one.book} ${one.currency}`)].every(
    ([, together]) => holds(together),
  );

/** What an account has by its transfers is what it has. */
const byTransfers =
  (holds: (account: Account, out: readonly Transfer[], into: readonly Transfer[]) => boolean) =>
  (world: World) => {
    const transfers = all<Transfer>(world, "transfer");
    return all<Account>(world, "account").every((one) => {
      const its = transfers.filter((each) => each.book === one.book);
      const out = its.filter(({ debit }) => debit === one.name);
      return holds(
        one,
        out,
        its.filter(({ credit }) => credit === one.name),
      );
    });
  };

const open = (transfers: readonly Transfer[]): Transfer[] =>
  transfers.filter(({ status }) => status === "pending");
const most = BigInt(Number.MAX_SAFE_INTEGER);

export const ALWAYS = {
  DebitsEqualCredits: inEvery(
    (these) => sum(these, (one) => one.debitsPosted) === sum(these, (one) => one.creditsPosted),
  ),
  PendingDebitsEqualCredits: inEvery(
    (these) => sum(these, (one) => one.debitsPending) === sum(these, (one) => one.creditsPending),
  ),
  AmountsNeverNegative: everyAccount((one) =>
    [one.debitsPosted, one.debitsPending, one.creditsPosted, one.creditsPending].every(
      (each) => each >= 0,
    ),
  ),
  DebitsWithinCredits: everyAccount(
    (one) =>
      one.limit !== "debits_within_credits" ||
      one.debitsPosted + one.debitsPending <= one.creditsPosted,
  ),
  CreditsWithinDebits: everyAccount(
    (one) =>
      one.limit !== "credits_within_debits" ||
      one.creditsPosted + one.creditsPending <= one.debitsPosted,
  ),
  CountedExactly: everyAccount(
    (one) =>
      BigInt(one.debitsPosted) + BigInt(one.debitsPending) <= most &&
      BigInt(one.creditsPosted) + BigInt(one.creditsPending) <= most,
  ),
  PendingIsSumOfOpen: byTransfers(
    (one, out, into) =>
      BigInt(one.debitsPending) === sum(open(out), ({ amount: held }) => held) &&
      BigInt(one.creditsPending) === sum(open(into), ({ amount: held }) => held),
  ),
  PostedIsSumOfTransfers: byTransfers(
    (one, out, into) =>
      BigInt(one.debitsPosted) === sum(out, ({ posted }) => posted) &&
      BigInt(one.creditsPosted) === sum(into, ({ posted }) => posted),
  ),
  NeverMoreThanAmount: (world: World) =>
    all<Transfer>(world, "transfer").every(
      ({ posted, amount: whole }) => posted >= 0 && posted <= whole,
    ),
} as const;

export const ACCOUNTS: Subject = { domain: accounts, data, always: ALWAYS };
