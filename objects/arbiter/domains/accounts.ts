/**
 * Double-entry accounts in books, and transfers between them: posted at once, or pending until they are posted, voided or expired
 * by block time.
 *
 * `account/{account}@{book}` is `{ currency, limit, debitsPosted, debitsPending, creditsPosted, creditsPending }`, amounts in the
 * smallest unit of the currency. The limit bounds what is posted and pending on one side by what is posted on the other.
 * `transfer/{transfer}@{book}` is `{ debit, credit, amount, posted, status, expiresAt }`; a name is used once in a book.
 */
import { z } from "zod";
import { known } from "../../shared/assert.ts";
import type { Json } from "../../shared/canonical.ts";
import { eventType } from "../domain.ts";
import type { Decision, DecisionContext, Domain, Entities, EntityType } from "../domain.ts";
import { instantOf, instantText } from "../instant.ts";

const name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const currency = z.string().regex(/^[A-Z]{3}$/);
const amount = z.int().min(1);
const sum = z.int().min(0);
const limit = z.enum(["none", "debits_within_credits", "credits_within_debits"]);
const MAX_TTL_SECONDS = 30 * 24 * 3600;

const accountState = z.strictObject({
  currency,
  limit,
  debitsPosted: sum,
  debitsPending: sum,
  creditsPosted: sum,
  creditsPending: sum,
});
type Account = z.infer<typeof accountState>;

const transferState = z.strictObject({
  debit: name,
  credit: name,
  amount,
  posted: sum,
  status: z.enum(["posted", "pending", "voided", "expired"]),
  expiresAt: z
    .string()
    .refine((text) => instantOf(text) !== null)
    .nullable(),
});
type Transfer = z.infer<typeof transferState>;

interface Named {
  readonly book: string;
  readonly transfer: string;
}

/** What a transfer is to move: both of its entries have the amount. */
interface Ordered extends Named {
  readonly debit: string;
  readonly credit: string;
  readonly amount: number;
}

const accountOf = (book: string, account: string): string => `account/${account}@${book}`;
const transferOf = ({ book, transfer }: Named): string => `transfer/${transfer}@${book}`;

function accountAt(entities: Entities, entity: string): Account | undefined {
  const view = entities(entity);
  return view === undefined ? undefined : accountState.parse(view.state);
}

function transferAt(entities: Entities, named: Named): Transfer | undefined {
  const view = entities(transferOf(named));
  return view === undefined ? undefined : transferState.parse(view.state);
}

function rejection(code: string, detail: string): Decision {
  return { reject: { code, detail } };
}

// Sums of two exact integers may not be exact, but are then never taken for one that is: 2^53 is none.
const debitsOf = (account: Account): number => account.debitsPosted + account.debitsPending;
const creditsOf = (account: Account): number => account.creditsPosted + account.creditsPending;

function withinLimit(account: Account): boolean {
  switch (account.limit) {
    case "none":
      return true;
    case "debits_within_credits":
      return debitsOf(account) <= account.creditsPosted;
    case "credits_within_debits":
      return creditsOf(account) <= account.debitsPosted;
  }
}

const countable = (account: Account): boolean =>
  Number.isSafeInteger(debitsOf(account)) && Number.isSafeInteger(creditsOf(account));

/** What is added to the four sums of an account. */
type Entry = Partial<Omit<Account, "currency" | "limit">>;

function entered(account: Account, entry: Entry): Account {
  return {
    ...account,
    debitsPosted: account.debitsPosted + (entry.debitsPosted ?? 0),
    debitsPending: account.debitsPending + (entry.debitsPending ?? 0),
    creditsPosted: account.creditsPosted + (entry.creditsPosted ?? 0),
    creditsPending: account.creditsPending + (entry.creditsPending ?? 0),
  };
}

/** The accounts of a transfer after both of its entries. */
function bothEntered(
  { book, debit, credit }: Pick<Ordered, "book" | "debit" | "credit">,
  entities: Entities,
  moved: { readonly posted: number; readonly pending: number },
): { readonly source: Account; readonly target: Account } {
  const source = known(accountAt(entities, accountOf(book, debit)), "a transfer has accounts");
  const target = known(accountAt(entities, accountOf(book, credit)), "a transfer has accounts");
  const { posted, pending } = moved;
  return {
    source: entered(source, { debitsPosted: posted, debitsPending: pending }),
    target: entered(target, { creditsPosted: posted, creditsPending: pending }),
  };
}

/** Why a transfer cannot be made, the first reason there is, or null. */
// Rules: RejectTransferWithinAccount, RejectUsedTransfer, RejectUnknownAccount, RejectOtherCurrency, RejectTransferOverflow.
function objection(data: Ordered, entities: Entities): Decision | null {
  const { book, debit, credit } = data;
  if (debit === credit) return rejection("same_account", `${debit} is on both sides`);
  if (transferAt(entities, data) !== undefined)
    return rejection("transfer_exists", `${data.transfer} has been used in ${book}`);
  const accounts = [debit, credit].map((each) => accountAt(entities, accountOf(book, each)));
  const [source, target] = accounts;
  if (source === undefined || target === undefined) {
    const missing = source === undefined ? debit : credit;
    return rejection("no_such_account", `${missing} is no account of ${book}`);
  }
  if (source.currency !== target.currency) {
    const detail = `${debit} is in ${source.currency}, ${credit} in ${target.currency}`;
    return rejection("currency_mismatch", detail);
  }
  const after = bothEntered(data, entities, { posted: data.amount, pending: 0 });
  if (!countable(after.source) || !countable(after.target))
    return rejection("overflow", "more than can be counted exactly");
  return beyondLimit(data, { source, target }, after);
}

// Rules: RejectBeyondCredits, RejectBeyondDebits.
function beyondLimit(
  { debit, credit, amount: asked }: Ordered,
  before: { readonly source: Account; readonly target: Account },
  after: { readonly source: Account; readonly target: Account },
): Decision | null {
  // A limit on the other side cannot be broken: it only gets more room.
  if (before.source.limit === "debits_within_credits" && !withinLimit(after.source)) {
    const room = before.source.creditsPosted - debitsOf(before.source);
    return rejection("exceeds_credits", `${debit} can be debited ${room}, ${asked} asked`);
  }
  if (before.target.limit === "credits_within_debits" && !withinLimit(after.target)) {
    const room = before.target.debitsPosted - creditsOf(before.target);
    return rejection("exceeds_debits", `${credit} can be credited ${room}, ${asked} asked`);
  }
  return null;
}

/** Writes a transfer and moves its two accounts. */
function written(
  named: Named,
  transfer: Transfer,
  entities: Entities,
  moved: { readonly posted: number; readonly pending: number },
): Decision {
  const { book } = named;
  const { source, target } = bothEntered({ ...transfer, book }, entities, moved);
  return {
    accept: [
      { entity: transferOf(named), state: transfer },
      { entity: accountOf(book, transfer.debit), state: source },
      { entity: accountOf(book, transfer.credit), state: target },
    ],
  };
}

/** Whether debits and credits of the accounts grew by the same, posted and pending. */
function balanced(
  book: string,
  accounts: readonly string[],
  before: Entities,
  after: Entities,
): boolean {
  const grew = (of: (account: Account) => number): number =>
    accounts
      .map((account) => accountOf(book, account))
      .map((entity) => ({ was: accountAt(before, entity), is: accountAt(after, entity) }))
      .reduce(
        (all, { was, is }) =>
          all + ((is === undefined ? 0 : of(is)) - (was === undefined ? 0 : of(was))),
        0,
      );
  return (
    grew((account) => account.debitsPosted) === grew((account) => account.creditsPosted) &&
    grew((account) => account.debitsPending) === grew((account) => account.creditsPending)
  );
}

// Rules: OpenAccount, RejectUsedAccount.
const opened = eventType({
  schema: z.strictObject({ book: name, account: name, currency, limit: limit.default("none") }),
  partition: ({ book }) => book,
  entities: ({ book, account }) => [accountOf(book, account)],
  decide(data, entities) {
    const entity = accountOf(data.book, data.account);
    if (entities(entity) !== undefined)
      return rejection("account_exists", `${data.account} is an account of ${data.book} already`);
    const empty = { debitsPosted: 0, debitsPending: 0, creditsPosted: 0, creditsPending: 0 };
    const state: Account = { currency: data.currency, limit: data.limit, ...empty };
    return { accept: [{ entity, state }] };
  },
});

const order = { book: name, transfer: name, debit: name, credit: name, amount };

const orderedEntities = ({ book, debit, credit, ...data }: Ordered): readonly string[] => [
  transferOf({ ...data, book }),
  accountOf(book, debit),
  accountOf(book, credit),
];

// Rule: PostTransfer.
const posted = eventType({
  schema: z.strictObject(order),
  partition: ({ book }) => book,
  entities: orderedEntities,
  decide(data, entities) {
    const { book, transfer, ...said } = data;
    const made: Transfer = { ...said, posted: said.amount, status: "posted", expiresAt: null };
    const moved = { posted: said.amount, pending: 0 };
    return objection(data, entities) ?? written({ book, transfer }, made, entities, moved);
  },
  invariant: ({ book, debit, credit }, before, after) =>
    balanced(book, [debit, credit], before, after),
});

// Rule: HoldTransfer.
const pending = eventType({
  schema: z.strictObject({
    ...order,
    ttlSeconds: z.int().min(1).max(MAX_TTL_SECONDS).optional(),
  }),
  partition: ({ book }) => book,
  entities: orderedEntities,
  decide(data, entities, { time }) {
    const { book, transfer, ttlSeconds, ...said } = data;
    const expiresAt = ttlSeconds === undefined ? null : instantText(time + ttlSeconds * 1000);
    const held: Transfer = { ...said, posted: 0, status: "pending", expiresAt };
    const moved = { posted: 0, pending: said.amount };
    return objection(data, entities) ?? written({ book, transfer }, held, entities, moved);
  },
  invariant: ({ book, debit, credit }, before, after) =>
    balanced(book, [debit, credit], before, after),
});

/** The accounts that a transfer moves: only its state names them. */
function movedAccounts(named: Named, entities: Entities): readonly string[] {
  const held = transferAt(entities, named);
  return held === undefined ? [] : [held.debit, held.credit].map((of) => accountOf(named.book, of));
}

/** The transfer that can still be resolved, or why there is none. */
// Rules: RejectUnknownTransfer, RejectNotPending.
function resolvable(named: Named, entities: Entities, { time }: DecisionContext) {
  const held = transferAt(entities, named);
  if (held === undefined) {
    const detail = `${named.transfer} is no transfer of ${named.book}`;
    return rejection("no_such_transfer", detail);
  }
  // At its time it is over, whether or not its expiry has had its turn.
  const over = held.expiresAt !== null && instantText(time) >= held.expiresAt;
  if (held.status === "pending" && !over) return held;
  const became = held.status === "pending" ? "expired" : held.status;
  return rejection("not_pending", `${named.transfer} is ${became}`);
}

/** Ends the pending phase: so much is posted, the rest is free again. */
function resolved(
  named: Named,
  held: Transfer,
  entities: Entities,
  { status, part }: { readonly status: Transfer["status"]; readonly part: number },
): Decision {
  const ended: Transfer = { ...held, status, posted: part };
  return written(named, ended, entities, { posted: part, pending: -held.amount });
}

function balancedAfter(named: Named, before: Entities, after: Entities): boolean {
  const held = transferAt(before, named);
  return held !== undefined && balanced(named.book, [held.debit, held.credit], before, after);
}

// Rules: PostPending, RejectBeyondPending.
const pendingPosted = eventType({
  schema: z.strictObject({ book: name, transfer: name, amount: amount.optional() }),
  partition: ({ book }) => book,
  entities: (data) => [transferOf(data)],
  entitiesAfter: movedAccounts,
  decide(data, entities, context) {
    const held = resolvable(data, entities, context);
    if ("reject" in held || "accept" in held) return held;
    const part = data.amount ?? held.amount;
    if (part > held.amount)
      return rejection("exceeds_pending", `${held.amount} are pending, ${part} asked`);
    return resolved(data, held, entities, { status: "posted", part });
  },
  invariant: balancedAfter,
});

// Rule: VoidPending.
const pendingVoided = eventType({
  schema: z.strictObject({ book: name, transfer: name }),
  partition: ({ book }) => book,
  entities: (data) => [transferOf(data)],
  entitiesAfter: movedAccounts,
  decide(data, entities, context) {
    const held = resolvable(data, entities, context);
    if ("reject" in held || "accept" in held) return held;
    return resolved(data, held, entities, { status: "voided", part: 0 });
  },
  invariant: balancedAfter,
});

const AT = /^([A-Za-z0-9._-]{1,64})@([A-Za-z0-9._-]{1,64})$/;
const bookIn = (id: string): string | null => AT.exec(id)?.[2] ?? null;

const account: EntityType = {
  maxBytes: 256,
  partition: bookIn,
  invariant(state: Json) {
    const { data } = accountState.safeParse(state);
    return data !== undefined && countable(data) && withinLimit(data);
  },
};

function namedBy(id: string): Named {
  const [, transfer = "", book = ""] = AT.exec(id) ?? [];
  return { transfer, book };
}

const transfer: EntityType = {
  maxBytes: 384,
  partition: bookIn,
  invariant(state: Json) {
    const { data } = transferState.safeParse(state);
    return data !== undefined && data.posted <= data.amount;
  },
  expires(state) {
    const { status, expiresAt } = transferState.parse(state);
    return status === "pending" && expiresAt !== null ? instantOf(expiresAt) : null;
  },
  expiry: {
    entities: () => [],
    entitiesAfter: (id, entities) => movedAccounts(namedBy(id), entities),
    // Rule: ExpireTransfer.
    decide(id, entities) {
      const named = namedBy(id);
      const held = known(transferAt(entities, named), "what expires exists");
      return resolved(named, held, entities, { status: "expired", part: 0 });
    },
  },
};

export const accounts: Domain = {
  name: "accounts",
  events: {
    "account.opened": opened,
    "transfer.posted": posted,
    "transfer.pending": pending,
    "pending.posted": pendingPosted,
    "pending.voided": pendingVoided,
  },
  entities: { account, transfer },
};
