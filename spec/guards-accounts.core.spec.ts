/** The conditions of the accounts' rules are run: in every state exactly one applies, and the domain decides as it says. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entities } from "../objects/arbiter/domain.ts";
import { accounts } from "../objects/arbiter/domains/accounts.ts";
import { instantText } from "../objects/arbiter/instant.ts";
import { parting, specification, unvisited } from "./kit/parting.ts";
import type { Case, Sampled } from "./kit/parting.ts";
import { rejectedBy } from "./kit/rejecting.ts";

const MOST = Number.MAX_SAFE_INTEGER;
const TIME = 1_000_000;

const amount = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(MOST - 1, MOST) },
);
const sums = fc.integer({ min: 0, max: 9 });
const limit = fc.constantFrom("none", "debits_within_credits", "credits_within_debits");
const account = fc
  .record({
    currency: fc.constantFrom("EUR", "EUR", "EUR", "USD"),
    limit,
    debits_posted: sums,
    debits_pending: sums,
    credits_posted: sums,
    credits_pending: sums,
  })
  .map((of) => ({
    ...of,
    debits: of.debits_posted + of.debits_pending,
    credits: of.credits_posted + of.credits_pending,
  }));
const states = fc.record({
  source: fc.option(account, { freq: 8 }),
  target: fc.option(account, { freq: 8 }),
  same: fc.integer({ min: 0, max: 6 }).map((one) => one === 0),
  amount,
  part: fc.option(amount),
  timeout: fc.option(fc.constantFrom(60)),
  held: fc.option(
    fc.record({
      amount: fc.integer({ min: 1, max: 4 }),
      status: fc.constantFrom("pending", "pending", "posted", "voided", "expired"),
      expires_at: fc.option(fc.integer({ min: TIME - 2, max: TIME + 2 }).map((at) => at * 1000)),
    }),
  ),
  event: fc.constantFrom("opened", "posted", "pending", "pending posted", "pending voided"),
});
type State = Sampled<typeof states>;

/** The specification's trigger, its parameters, and the event that is the same for the domain. */
function said({ same, amount: asked, part, timeout, event }: State) {
  const [debit, credit] = ["s", same ? "s" : "t"];
  const named = { book: "b", name: "x" };
  const order = { ...named, debit, credit, amount: asked };
  const sent = { book: "b", transfer: "x", debit, credit, amount: asked };
  const ttl = timeout === null ? {} : { ttlSeconds: timeout };
  const ending = { book: "b", transfer: "x", ...(part === null ? {} : { amount: part }) };
  switch (event) {
    case "opened":
      return [
        "AccountOpened",
        { book: "b", name: "s", currency: "EUR", limit: "none" },
        "account.opened",
        { book: "b", account: "s", currency: "EUR", limit: "none" },
      ] as const;
    case "posted":
      return ["TransferPosted", order, "transfer.posted", sent] as const;
    case "pending":
      return [
        "TransferPending",
        { ...order, timeout: timeout === null ? null : timeout * 1000 },
        "transfer.pending",
        { ...sent, ...ttl },
      ] as const;
    case "pending posted":
      return ["PendingPosted", { ...named, amount: part }, "pending.posted", ending] as const;
    case "pending voided":
      return ["PendingVoided", named, "pending.voided", { book: "b", transfer: "x" }] as const;
  }
}

const rowOf = (of: Sampled<typeof account>): object => ({
  currency: of.currency,
  limit: of.limit,
  debitsPosted: of.debits_posted,
  debitsPending: of.debits_pending,
  creditsPosted: of.credits_posted,
  creditsPending: of.credits_pending,
});

/** A transfer that is held has its accounts. */
function rowsOf({ source, target, held }: State): Record<string, object> {
  const rows: Record<string, object> = {};
  if (source !== null) rows["account/s@b"] = rowOf(source);
  if (target !== null) rows["account/t@b"] = rowOf(target);
  if (held === null) return rows;
  const { amount: of, status, expires_at: at } = held;
  const expiresAt = at === null ? null : instantText(at);
  rows["transfer/x@b"] = { debit: "s", credit: "t", amount: of, posted: 0, status, expiresAt };
  return rows;
}

const whole = ({ held, source, target, event }: State): boolean =>
  !event.startsWith("pending ") || held === null || (source !== null && target !== null);

const cases: fc.Arbitrary<Case> = states.filter(whole).map((state) => {
  const [trigger, names, type, data] = said(state);
  const rows = rowsOf(state);
  const entities = ((key: string) =>
    rows[key] === undefined ? undefined : { version: 1, state: rows[key] }) as Entities;
  const context = { time: TIME * 1000, domainVersion: 1 };
  const decision = accounts.events[type]?.decide(data, entities, context);
  const decided =
    decision === undefined ? "nothing" : "accept" in decision ? "accepted" : decision.reject.code;
  const { held, source, target } = state;
  return {
    trigger,
    decided,
    world: {
      names: { ...names },
      now: TIME * 1000,
      config: (): number => MOST,
      find: (entity, { name }): unknown =>
        entity === "Transfer" ? held : name === "s" ? source : target,
    },
  };
});

describe("an event of the accounts", () => {
  it("OneRuleADecision: exactly one rule applies, and is what the domain decides", () => {
    expect(unvisited(specification("accounts"), cases)).toEqual([]);
    expect(parting(specification("accounts"), cases, rejectedBy)).toBe(null);
  });

  it.each([
    [
      "    requires: source.limit = debits_within_credits and source.debits + amount > source.credits_posted",
      "    requires: source.limit = debits_within_credits and source.debits_posted + amount > source.credits_posted",
    ],
    ["    requires: part <= transfer.amount\n", "    requires: part < transfer.amount\n"],
    [
      "    requires: transfer.status != pending or transfer.expires_at <= now",
      "    requires: transfer.status != pending or transfer.expires_at < now",
    ],
  ])("parts where the specification has another guard (%#)", (from, to) => {
    expect(parting(specification("accounts", from, to), cases, rejectedBy)).toMatch(/, the code /);
  });
});
