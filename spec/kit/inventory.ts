/** Random inventory events, and a model of their totals that shares no code with the domain. */
import fc from "fast-check";
import type { Subject, World } from "../../kit/checks.ts";
import { stepsOf } from "../../kit/draw.ts";
import type { Step } from "../../kit/draw.ts";
import { inventory } from "../../objects/arbiter/domains/inventory.ts";
import type { Json } from "../../objects/shared/canonical.ts";

const item = fc.constantFrom("a", "b");
const warehouse = fc.constantFrom("v", "w", "x");
const reservation = fc.constantFrom("p", "q", "r", "s");
const quantity = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 1, arbitrary: fc.constant(Number.MAX_SAFE_INTEGER) },
);
const delta = quantity.chain((size) => fc.constantFrom(size, -size));
const place = { item, warehouse };

const happenings: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  "stock.received": fc.record({ ...place, quantity }),
  "stock.adjusted": fc.record({ ...place, delta, reason: fc.constant("any") }),
  "stock.moved": fc.record({ item, from: warehouse, to: warehouse, quantity }),
  "stock.counted": fc.record({ ...place, quantity: fc.nat({ max: 12 }) }),
  "stock.reserved": fc.record({
    ...place,
    quantity,
    reservation,
    ttlSeconds: fc.integer({ min: 1, max: 8 }),
  }),
  "reservation.fulfilled": fc.record({ item, reservation }),
  "reservation.released": fc.record({ item, reservation }),
};

/** Steps at rising block times, every event with a key of its own. */
export const sequences: fc.Arbitrary<readonly Step[]> = stepsOf(inventory, happenings);

interface Stocked {
  readonly onHand: number;
  readonly reserved: number;
}

interface Held {
  readonly warehouse: string;
  readonly quantity: number;
  readonly status: string;
}

const everyStock =
  (holds: (stock: Stocked, at: string, world: World) => boolean) =>
  (world: World): boolean =>
    [...world].every(
      ([entity, state]) =>
        !entity.startsWith("stock/") ||
        holds(state as unknown as Stocked, entity.slice("stock/".length), world),
    );

/** What open reservations hold at an `item@warehouse`. */
function heldAt(at: string, world: World): number {
  const [of, where] = at.split("@");
  return [...world]
    .filter(([entity]) => entity.startsWith("reservation/") && entity.endsWith(`@${of}`))
    .map(([, state]) => state as unknown as Held)
    .filter((held) => held.status === "open" && held.warehouse === where)
    .reduce((sum, held) => sum + held.quantity, 0);
}

export const INVENTORY: Subject = {
  domain: inventory,
  always: {
    AvailableNeverNegative: everyStock(({ onHand, reserved }) => onHand >= reserved),
    ReservedNeverNegative: everyStock(({ reserved }) => reserved >= 0),
    ReservedIsSumOfOpen: everyStock(({ reserved }, at, world) => reserved === heldAt(at, world)),
  },
};

/** What each place holds in the end, by `item@warehouse`; only places that some event changed. */
export function totalsOf(
  steps: readonly Step[],
): Record<string, { onHand: number; reserved: number }> {
  const model = new Model();
  for (const { time, events } of steps) {
    model.now = time;
    for (const event of events) {
      const { type, data: of } = JSON.parse(event);
      model.happens(type, of);
    }
  }
  const places = [...model.onHand].map(([at, onHand]) => [
    at,
    { onHand, reserved: model.held(at) },
  ]);
  return Object.fromEntries(places);
}

interface Data {
  readonly item: string;
  readonly warehouse: string;
  readonly from: string;
  readonly to: string;
  readonly quantity: number;
  readonly delta: number;
  readonly reservation: string;
  readonly ttlSeconds: number;
}

interface Hold {
  readonly at: string;
  readonly size: number;
  readonly until: number;
  closed: boolean;
}

/** Holds are never moved into a total: what is held follows from their times. */
class Model {
  now = 0;
  readonly onHand = new Map<string, number>();
  readonly #holds = new Map<string, Hold>();

  held(at: string): number {
    return [...this.#holds.values()]
      .filter((hold) => hold.at === at && this.#isOpen(hold))
      .reduce((sum, { size }) => sum + size, 0);
  }

  happens(type: string, data: Data): void {
    const at = `${data.item}@${data.warehouse}`;
    if (type === "stock.received") this.#grow(at, data.quantity);
    if (type === "stock.adjusted") this.#grow(at, data.delta);
    if (type === "stock.counted" && data.quantity >= this.held(at)) {
      this.onHand.set(at, data.quantity);
    }
    if (type === "stock.moved") this.#move(data);
    if (type === "stock.reserved") this.#hold(at, data);
    if (type.startsWith("reservation.")) this.#close(type, data);
  }

  #isOpen({ closed, until }: Hold): boolean {
    return !closed && this.now < until;
  }

  #grow(at: string, by: number): boolean {
    const total = BigInt(this.onHand.get(at) ?? 0) + BigInt(by);
    if (total < this.held(at) || total > Number.MAX_SAFE_INTEGER) return false;
    this.onHand.set(at, Number(total));
    return true;
  }

  #move({ item: moved, from, to, quantity: size }: Data): void {
    if (from === to || !this.#grow(`${moved}@${from}`, -size)) return;
    if (!this.#grow(`${moved}@${to}`, size)) this.#grow(`${moved}@${from}`, size);
  }

  #hold(at: string, { item: of, reservation: name, quantity: size, ttlSeconds }: Data): void {
    const key = `${name}@${of}`;
    if (this.#holds.has(key) || (this.onHand.get(at) ?? 0) - this.held(at) < size) return;
    this.#holds.set(key, { at, size, until: this.now + ttlSeconds * 1000, closed: false });
  }

  #close(type: string, { item: of, reservation: name }: Data): void {
    const hold = this.#holds.get(`${name}@${of}`);
    if (hold === undefined || !this.#isOpen(hold)) return;
    hold.closed = true;
    if (type === "reservation.fulfilled") this.#grow(hold.at, -hold.size);
  }
}
