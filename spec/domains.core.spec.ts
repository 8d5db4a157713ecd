/** All domains that ship, by the kit that whoever writes another one has. */
import { describe, expect, it } from "vitest";
import { CHECKS, keepsItsBounds } from "../kit/checks.ts";
import type { Subject, World } from "../kit/checks.ts";
import { SHIPPED } from "../objects/arbiter/domains/shipped.ts";
import type { Json } from "../objects/shared/canonical.ts";
import { ACCOUNTS, ALWAYS } from "./kit/accounts.ts";
import { INVENTORY } from "./kit/inventory.ts";

/** Of the inventory the schemas say enough to draw by; so they do of a domain that nobody said more about. */
const SAID: readonly (readonly [string, Subject])[] = [
  ["inventory", INVENTORY],
  ["accounts", ACCOUNTS],
];
const SUBJECTS: typeof SAID = [
  ...SAID,
  ...SHIPPED.filter(({ name }) => SAID.every(([said]) => said !== name)).map(
    (domain) => [domain.name, { domain }] as const,
  ),
];

describe.each(SUBJECTS)("%s", (name, subject) => {
  it.each(CHECKS)("%s", (_, check) => expect(check(subject)).toBeNull());

  it("is called so", () => {
    expect(subject.domain.name).toBe(name);
  });
});

it("leaves no domain out", () => {
  expect(new Set(SUBJECTS.map(([, { domain }]) => domain))).toEqual(new Set(SHIPPED));
});

it("AvailableNeverNegative, ReservedNeverNegative, ReservedIsSumOfOpen: after every block of the inventory", () => {
  expect(Object.keys(INVENTORY.always ?? {})).toHaveLength(3);
  expect(keepsItsBounds(INVENTORY)).toBeNull();
});

it("DebitsEqualCredits, PendingDebitsEqualCredits, CurrenciesApart, AmountsNeverNegative, DebitsWithinCredits, CreditsWithinDebits, CountedExactly, PendingIsSumOfOpen, PostedIsSumOfTransfers and NeverMoreThanAmount: after every block of the accounts", () => {
  expect(Object.keys(ACCOUNTS.always ?? {})).toHaveLength(9);
  expect(keepsItsBounds(ACCOUNTS)).toBeNull();
});

describe("what always holds of the accounts", () => {
  const { MAX_SAFE_INTEGER: MOST } = Number;
  const account = (sums: readonly number[], limit = "none", currency = "EUR"): Json => {
    const [debitsPosted = 0, debitsPending = 0, creditsPosted = 0, creditsPending = 0] = sums;
    return { currency, limit, debitsPosted, debitsPending, creditsPosted, creditsPending };
  };
  const transfer = (amount: number, posted: number, status: string): Json => ({
    debit: "a",
    credit: "z",
    amount,
    posted,
    status,
    expiresAt: null,
  });
  const broken = (world: World): string[] =>
    Object.entries(ALWAYS).flatMap(([name, holds]) => (holds(world) ? [] : [name]));
  const worldOf = (a: Json, z: Json, t: Json): World =>
    new Map([
      ["account/a@b", a],
      ["account/z@b", z],
      ["transfer/t@b", t],
    ]);

  it("holds where debits and credits are those of the transfers", () => {
    const posted = [account([5]), account([0, 0, 5]), transfer(5, 5, "posted")] as const;
    expect(broken(worldOf(...posted))).toEqual([]);
    const pending = [account([0, 5]), account([0, 0, 0, 5]), transfer(5, 0, "pending")] as const;
    expect(broken(worldOf(...pending))).toEqual([]);
  });

  it.each([
    ["PostedIsSumOfTransfers", account([5]), account([0, 0, 5]), transfer(5, 4, "posted")],
    ["PendingIsSumOfOpen", account([0, 5]), account([0, 0, 0, 5]), transfer(4, 0, "pending")],
    [
      "DebitsWithinCredits",
      account([5], "debits_within_credits"),
      account([0, 0, 5]),
      transfer(5, 5, "posted"),
    ],
    [
      "CreditsWithinDebits",
      account([5]),
      account([0, 0, 5], "credits_within_debits"),
      transfer(5, 5, "posted"),
    ],
    ["NeverMoreThanAmount", account([6]), account([0, 0, 6]), transfer(5, 6, "posted")],
    [
      "AmountsNeverNegative,NeverMoreThanAmount",
      account([-5]),
      account([0, 0, -5]),
      transfer(5, -5, "posted"),
    ],
    [
      "DebitsEqualCredits,PostedIsSumOfTransfers",
      account([6]),
      account([0, 0, 5]),
      transfer(5, 5, "posted"),
    ],
    [
      "DebitsEqualCredits",
      account([5], "none", "USD"),
      account([0, 0, 5]),
      transfer(5, 5, "posted"),
    ],
    [
      "PendingDebitsEqualCredits,PendingIsSumOfOpen",
      account([0, 5]),
      account([]),
      transfer(5, 0, "pending"),
    ],
    [
      "CountedExactly,PendingIsSumOfOpen",
      account([MOST, 1]),
      account([0, 0, MOST, 1]),
      transfer(MOST, MOST, "posted"),
    ],
  ])("does not hold: %s", (names, a, z, t) => {
    expect(
      broken(worldOf(a, z, t))
        .toSorted()
        .join(),
    ).toBe(names);
  });
});
