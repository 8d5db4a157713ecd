/**
 * Numbered seats of shows: held for a while, sold, and returned.
 *
 * `show/{show}` is `{ seats, taken }`; `seat/{seat}@{show}` is `{ status, holder, until }`, of seats that were ever taken.
 */
import { z } from "zod";
import { eventType } from "../../objects/arbiter/domain.ts";
import type { Decision, Domain, Entities, EntityType } from "../../objects/arbiter/domain.ts";
import { instantOf, instantText } from "../../objects/arbiter/instant.ts";

const name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const number = z.int().min(1).max(100_000);
const seatOfShow = { show: name, seat: number };

const showState = z.strictObject({ seats: number, taken: z.int().min(0) });
type Show = z.infer<typeof showState>;

const seatState = z.strictObject({
  status: z.enum(["held", "sold", "free"]),
  holder: name,
  until: z.string().nullable(),
});
type Seat = z.infer<typeof seatState>;

interface Place {
  readonly show: string;
  readonly seat: number;
}

const showOf = (show: string): string => `show/${show}`;
const seatOf = ({ show, seat }: Place): string => `seat/${String(seat)}@${show}`;

function showAt(entities: Entities, show: string): Show | undefined {
  const view = entities(showOf(show));
  return view === undefined ? undefined : showState.parse(view.state);
}

function seatAt(entities: Entities, place: Place): Seat | undefined {
  const view = entities(seatOf(place));
  return view === undefined ? undefined : seatState.parse(view.state);
}

function rejection(code: string, detail: string): Decision {
  return { reject: { code, detail } };
}

const opened = eventType({
  schema: z.strictObject({ show: name, seats: number }),
  partition: ({ show }) => show,
  entities: ({ show }) => [showOf(show)],
  decide({ show, seats }, entities) {
    if (entities(showOf(show)) !== undefined)
      return rejection("show_exists", `${show} is open already`);
    return { accept: [{ entity: showOf(show), state: { seats, taken: 0 } }] };
  },
});

/** Whether a hold is over: at its time, whether or not its expiry has had its turn. */
const isOver = ({ until }: Seat, time: number): boolean =>
  until !== null && instantText(time) >= until;

/** Takes a seat, or says why it cannot be taken. A seat that is held can be bought by its holder. */
function taken(place: Place, seat: Seat, entities: Entities, time: number): Decision {
  const show = showAt(entities, place.show);
  if (show === undefined) return rejection("no_such_show", `${place.show} is no show`);
  if (place.seat > show.seats)
    return rejection("no_such_seat", `${place.show} has ${String(show.seats)} seats`);
  const before = seatAt(entities, place);
  const counted = before !== undefined && before.status !== "free";
  const own = before?.status === "held" && seat.status === "sold" && before.holder === seat.holder;
  if (counted && !own && !isOver(before, time))
    return rejection("seat_taken", `${String(place.seat)} of ${place.show} is ${before.status}`);
  return {
    accept: [
      { entity: seatOf(place), state: seat },
      { entity: showOf(place.show), state: { ...show, taken: show.taken + (counted ? 0 : 1) } },
    ],
  };
}

const held = eventType({
  schema: z.strictObject({ ...seatOfShow, holder: name, ttlSeconds: z.int().min(1).max(3600) }),
  partition: ({ show }) => show,
  entities: (data) => [seatOf(data), showOf(data.show)],
  decide(data, entities, { time }) {
    const until = instantText(time + data.ttlSeconds * 1000);
    return taken(data, { status: "held", holder: data.holder, until }, entities, time);
  },
});

const sold = eventType({
  schema: z.strictObject({ ...seatOfShow, holder: name }),
  partition: ({ show }) => show,
  entities: (data) => [seatOf(data), showOf(data.show)],
  decide(data, entities, { time }) {
    return taken(data, { status: "sold", holder: data.holder, until: null }, entities, time);
  },
});

/** Gives a seat back that is taken. */
function freed(place: Place, entities: Entities): Decision {
  const [show, seat] = [showAt(entities, place.show), seatAt(entities, place)];
  if (show === undefined || seat === undefined || seat.status === "free")
    return rejection("not_taken", `${String(place.seat)} of ${place.show} is not taken`);
  return {
    accept: [
      { entity: seatOf(place), state: { ...seat, status: "free", until: null } },
      { entity: showOf(place.show), state: { ...show, taken: show.taken - 1 } },
    ],
  };
}

const returned = eventType({
  schema: z.strictObject(seatOfShow),
  partition: ({ show }) => show,
  entities: (data) => [seatOf(data), showOf(data.show)],
  decide: (data, entities) => freed(data, entities),
});

const SEAT = /^([1-9][0-9]{0,5})@([A-Za-z0-9._-]{1,64})$/;

function placeOf(id: string): Place {
  const [, seat = "", show = ""] = SEAT.exec(id) ?? [];
  return { seat: Number(seat), show };
}

const show: EntityType = {
  maxBytes: 64,
  partition: (id) => (name.safeParse(id).success ? id : null),
  invariant(state) {
    const { data } = showState.safeParse(state);
    return data !== undefined && data.taken <= data.seats;
  },
};

const seat: EntityType = {
  maxBytes: 192,
  partition: (id) => SEAT.exec(id)?.[2] ?? null,
  invariant: (state) => seatState.safeParse(state).success,
  expires(state) {
    const { status, until } = seatState.parse(state);
    return status === "held" && until !== null ? instantOf(until) : null;
  },
  expiry: {
    entities: (id) => [showOf(placeOf(id).show)],
    decide: (id, entities) => freed(placeOf(id), entities),
  },
};

export const tickets: Domain = {
  name: "tickets",
  events: {
    "show.opened": opened,
    "seat.held": held,
    "seat.sold": sold,
    "seat.returned": returned,
  },
  entities: { show, seat },
};
