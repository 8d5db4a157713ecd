/**
 * AvailableNeverNegative, ReservedNeverNegative, ReservedIsSumOfOpen and StockConserved, from the agreed outcomes alone: what came in, less
 * what went out, is what all warehouses hold.
 */
import type { Outcome } from "../../../objects/shared/types.ts";
import type { Line } from "./decided.ts";
import type { Hold, Stock } from "./inventory.ts";
import { must } from "./part.ts";
import type { Part } from "./part.ts";

interface Account {
  /** By entity. */
  readonly stocks: Map<string, Stock>;
  readonly holds: Map<string, Hold>;
  /** Held by open reservations, by stock entity. */
  readonly held: Map<string, bigint>;
}

export function stock(): Part {
  const accounts = new Map<string, Account>();
  return {
    block({ height, lines }) {
      for (const line of lines) {
        const { tenant } = line.outcome;
        const account = accounts.get(tenant) ?? fresh();
        accounts.set(tenant, account);
        book(account, line, `${height}/${line.index}`);
      }
    },
  };
}

function fresh(): Account {
  return { stocks: new Map(), holds: new Map(), held: new Map() };
}

function book(account: Account, line: Line, place: string): void {
  const { changes } = line.outcome;
  const touched = new Set<string>();
  let grown = 0n;
  for (const { entity, state } of changes) {
    if (entity.startsWith("stock/")) {
      const { onHand } = account.stocks.get(entity) ?? { onHand: 0 };
      const after = state as unknown as Stock;
      grown += BigInt(after.onHand) - BigInt(onHand);
      account.stocks.set(entity, after);
      touched.add(entity);
    } else if (entity.startsWith("reservation/")) {
      touched.add(hold(account, entity, state as unknown as Hold));
    }
  }
  for (const entity of touched) judge(account, entity, place);
  const came = inflow(line, account);
  must(
    came === null || came === grown,
    "StockConserved",
    () => `${place}: the warehouses hold ${grown} more, but ${came} came in`,
  );
}

/** Its stock's entity. */
function hold(account: Account, entity: string, state: Hold): string {
  const item = entity.slice(entity.indexOf("@") + 1);
  const name = `stock/${item}@${state.warehouse}`;
  const before = account.holds.get(entity);
  const [was, is] = [before, state].map((of) =>
    of?.status === "open" ? BigInt(of.quantity) : 0n,
  ) as [bigint, bigint];
  account.held.set(name, (account.held.get(name) ?? 0n) + is - was);
  account.holds.set(entity, state);
  return name;
}

function judge({ stocks, held }: Account, entity: string, place: string): void {
  const { onHand, reserved } = stocks.get(entity) ?? { onHand: 0, reserved: 0 };
  must(onHand >= reserved, "AvailableNeverNegative", () => `${place}: ${entity} at ${onHand}`);
  must(reserved >= 0, "ReservedNeverNegative", () => `${place}: ${entity} at ${reserved}`);
  const open = held.get(entity) ?? 0n;
  must(
    BigInt(reserved) === open,
    "ReservedIsSumOfOpen",
    () => `${place}: ${entity} has ${reserved} reserved, ${open} in open reservations`,
  );
}

/** What an outcome must add to all warehouses together; null where only the count itself tells. */
function inflow({ outcome, event }: Line, { holds }: Account): bigint | null {
  if (outcome.status !== "accepted") return 0n;
  const data = (event?.data ?? {}) as Readonly<Record<string, number>>;
  switch (outcome.type) {
    case "stock.received":
      return BigInt(data["quantity"] ?? 0);
    case "stock.adjusted":
      return BigInt(data["delta"] ?? 0);
    case "stock.counted":
      return null;
    case "reservation.fulfilled":
      return -BigInt(closedIn(outcome, holds)?.quantity ?? 0);
    default:
      return 0n;
  }
}

function closedIn({ changes }: Outcome, holds: ReadonlyMap<string, Hold>): Hold | undefined {
  const closed = changes.find(({ entity }) => entity.startsWith("reservation/"));
  return closed === undefined ? undefined : holds.get(closed.entity);
}
