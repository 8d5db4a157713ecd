// What the clients submit: the real invoice lines over and over, moves that contend for a few items, and reservations of
// them, some of which run out.
import { eventsOf, requestsOf } from "../../lib/sample.ts";
import type { InvoiceLine } from "../../lib/sample.ts";
import type { Sent } from "../check/types.ts";
import { Dice } from "../../../spec/kit/dice.ts";

export type Event = Omit<Sent, "sentat">;

/** One client's requests, sent one after the other; a request of one event is sent as that event, not as an array. */
export type Queue = readonly (readonly Event[])[];

export interface Volume {
  readonly events: number;
  /** In ids, so that one run's are not another's. */
  readonly run: string;
  /** Of events, at most, in an array. */
  readonly request: number;
}

/** Invoice lines from one receipt of stock to the next. */
const LINES = 500;
const HOT = ["hot-1", "hot-2", "hot-3"];
const WAREHOUSES = ["north", "east", "south"];
/** Clients that contend, and of them those that send single events. */
const MOVERS = 4;
const SINGLE_MOVERS = 2;
const DESKS = 2;
/** Shares of all events; the rest are invoice lines. */
const MOVED = 0.14;
const SINGLY_MOVED = 0.02;
const RESERVED = 0.06;

export function queuesOf(lines: readonly InvoiceLine[], volume: Volume, dice: Dice): Queue[] {
  const { events } = volume;
  const share = (part: number, among: number): number => Math.ceil((events * part) / among);
  // Dice of its own for each: what one draws does not change what another does.
  const own = (): Dice => new Dice(dice.below(2 ** 31));
  const movers = Array.from({ length: MOVERS }, (_, mover) => {
    const single = mover < SINGLE_MOVERS;
    const count = share(single ? SINGLY_MOVED : MOVED, single ? SINGLE_MOVERS : MOVERS);
    const moved = movesOf({ ...volume, events: count }, mover, own());
    return cut(moved, single ? 1 : volume.request);
  });
  const desks = Array.from({ length: DESKS }, (_, desk) => {
    const held = reservationsOf({ ...volume, events: share(RESERVED, DESKS) }, desk, own());
    // Some alone, some together.
    return cut(held, Math.ceil(volume.request / 10));
  });
  const contended = [...movers, ...desks];
  const rest = events - contended.flat(2).length;
  const tills = requestsOf(linesAgain(lines, volume.run, rest), volume.request);
  return [...tills, ...contended];
}

function cut(events: readonly Event[], size: number): Queue {
  return Array.from({ length: Math.ceil(events.length / size) }, (_, index) =>
    events.slice(index * size, (index + 1) * size),
  );
}

function linesAgain(lines: readonly InvoiceLine[], run: string, count: number): Event[] {
  const events: Event[] = [];
  for (let round = 0; events.length < count; round += 1) {
    const from = (round * LINES) % lines.length;
    for (const event of eventsOf(lines.slice(from, from + LINES)))
      events.push({ ...event, id: `${run}.${round}.${event.id}`, data: { ...event.data } });
  }
  return events.slice(0, count);
}

/** Every client receives some of each item first; what is moved may not be there, or go from a warehouse to itself. */
function movesOf({ events, run }: Volume, mover: number, dice: Dice): Event[] {
  const source = `/movers/${mover}`;
  return Array.from({ length: events }, (_, index): Event => {
    const id = `${run}.${index}`;
    const item = HOT[index] ?? dice.one(HOT);
    const quantity = 1 + dice.below(40);
    const [from, to] = [dice.one(WAREHOUSES), dice.one(WAREHOUSES)];
    if (index < HOT.length) {
      const data = { item, warehouse: from, quantity: quantity * 10 };
      return { id, source, type: "stock.received", data };
    }
    if (dice.below(50) === 0)
      return { id, source, type: "stock.counted", data: { item, warehouse: from, quantity } };
    return { id, source, type: "stock.moved", data: { item, from, to, quantity } };
  });
}

/** Each is closed a few events later, by then perhaps expired, or never. */
function reservationsOf({ events, run }: Volume, desk: number, dice: Dice): Event[] {
  const source = `/desks/${desk}`;
  const open: { readonly item: string; readonly reservation: string }[] = [];
  return Array.from({ length: events }, (_, index): Event => {
    const id = `${run}.${index}`;
    const oldest = open.length > 4 || dice.below(2) === 0 ? open.shift() : undefined;
    if (oldest !== undefined) {
      const type = dice.below(2) === 0 ? "reservation.fulfilled" : "reservation.released";
      return { id, source, type, data: oldest };
    }
    const held = { item: dice.one(HOT), reservation: `${run}-${desk}-${index}` };
    // What is never closed runs out soon, and so may some that is to be closed.
    const closes = dice.below(4) !== 0;
    if (closes) open.push(held);
    const ttlSeconds = closes && dice.below(4) !== 0 ? 600 : 1 + dice.below(3);
    const data = {
      ...held,
      warehouse: dice.one(WAREHOUSES),
      quantity: 1 + dice.below(5),
      ttlSeconds,
    };
    return { id, source, type: "stock.reserved", data };
  });
}
