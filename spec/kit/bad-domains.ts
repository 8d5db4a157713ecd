/** Domains that each do one thing that none may: the example with one function exchanged. */
import * as checks from "../../kit/checks.ts";
import type { World } from "../../kit/checks.ts";
import { tickets } from "../../kit/example/tickets.ts";
import type { Decision, Domain, EntityType, EventType } from "../../objects/arbiter/domain.ts";
import type { Json } from "../../objects/shared/canonical.ts";

interface Sold {
  readonly show: string;
  readonly seat: number;
  readonly holder: string;
}
type Sale = EventType<Sold>;
type Arguments = Parameters<Sale["decide"]>;

const good = tickets.events["seat.sold"] as Sale;
const goodSeat = tickets.entities["seat"] as EntityType;

const selling = (change: Partial<Sale>): Domain => ({
  ...tickets,
  events: { ...tickets.events, "seat.sold": { ...good, ...change } },
});

const seating = (change: Partial<EntityType>): Domain => ({
  ...tickets,
  entities: { ...tickets.entities, seat: { ...goodSeat, ...change } },
});

/** Decides as the example does, and does something else first. */
const doing = (act: (...args: Arguments) => unknown): Domain =>
  selling({
    decide(...args) {
      act(...args);
      return good.decide(...args);
    },
  });

/** Decides as the example does where that accepts, with this in the place of what is written to the seat. */
const writing = (state: (...args: Arguments) => unknown): Domain => {
  const domain = selling({
    decide(...args) {
      const decision = good.decide(...args);
      if ("reject" in decision) return decision;
      return {
        accept: decision.accept.map(({ entity, state: as }) =>
          entity.startsWith("seat/")
            ? { entity, state: { ...(as as object), holder: state(...args) } as Json }
            : { entity, state: as },
        ),
      };
    },
  });
  const { seat: _, ...rest } = domain.entities;
  // Its invariant would find what is to be found by what follows it.
  const { maxBytes, partition, expires, expiry } = goodSeat;
  return {
    ...domain,
    entities: { ...rest, seat: { maxBytes, partition, expires, expiry } as EntityType },
  };
};

// Laid aside before anybody took clock and chance away.
const now = Date.now.bind(Date);
const chance = Math.random.bind(Math);

let calls = 0;
const sales = new Set<string>();
let instant = { time: 0, sales: 0 };

/** How many sales there were of one block time so far, over all shows. */
function salesAt(time: number): number {
  instant = { time, sales: instant.time === time ? instant.sales + 1 : 1 };
  return instant.sales;
}

interface Shown {
  readonly [member: string]: Json;
  readonly taken: number;
}

const takenIsCounted = (world: World): boolean => {
  const taken = [...world].filter(
    ([entity, state]) =>
      entity.startsWith("seat/") && (state as { status: string }).status !== "free",
  );
  const counted = [...world].reduce(
    (sum, [entity, state]) =>
      sum + (entity.startsWith("show/") ? (state as { taken: number }).taken : 0),
    0,
  );
  return taken.length === counted;
};

/** The example's decision with this in the place of what is written to the show. */
function showing(decision: Decision, change: (show: Shown) => Shown): Decision {
  if ("reject" in decision) return decision;
  return {
    accept: decision.accept.map(({ entity, state }) =>
      entity.startsWith("show/")
        ? { entity, state: { ...(state as Shown), ...change(state as unknown as Shown) } }
        : { entity, state },
    ),
  };
}

/** What must hold of it and does not, what it does instead, and which check says what. */
type Bad = readonly [
  rule: string,
  what: string,
  domain: Domain,
  by: (subject: checks.Subject) => string | null,
  says: RegExp,
];

const { keepsItsBounds, acceptsEveryType, repeats, readsMembersByName } = checks;
const { ignoresBlocks, keepsPartitionsApart, isAdoptable } = checks;

export const BAD: readonly Bad[] = [
  [
    "NoAmbient",
    "looks at the clock",
    doing(() => Date.now()),
    keepsItsBounds,
    /decide of seat\.sold throws Date\.now is not a function .*bad-domains\.ts:/,
  ],
  [
    "NoAmbient",
    "makes a date",
    doing(() => new Date()),
    keepsItsBounds,
    /seat\.sold throws a decision has no clock/,
  ],
  [
    "NoAmbient",
    "asks for chance",
    doing(() => Math.random()),
    keepsItsBounds,
    /seat\.sold throws a decision has no clock/,
  ],
  [
    "NoAmbient",
    "draws an id",
    doing(() => crypto.randomUUID()),
    keepsItsBounds,
    /seat\.sold throws a decision has no clock/,
  ],
  [
    "NothingKept",
    "kept a way to the clock",
    writing(() => `t${String(now())}`),
    repeats,
    /came to something else/,
  ],
  [
    "NothingKept",
    "kept a way to chance",
    writing(() => `r${String(chance())}`),
    repeats,
    /came to something else/,
  ],
  [
    "NothingKept",
    "counts its calls",
    writing(() => `n${String((calls += 1))}`),
    repeats,
    /came to something else/,
  ],
  [
    "NothingKept",
    "remembers what it sold",
    selling({
      decide(data, entities, context) {
        const sale = `${data.seat}@${data.show}`;
        if (sales.has(sale)) return { reject: { code: "seat_taken", detail: "" } };
        sales.add(sale);
        return good.decide(data, entities, context);
      },
    }),
    repeats,
    /came to something else/,
  ],
  [
    "NeverFails",
    "writes a fraction",
    writing(({ seat }) => seat / 7),
    keepsItsBounds,
    /decide of seat\.sold writes seat\/\d+@\S+ with \/holder of no canonical form: numbers must be integers/,
  ],
  [
    "NeverFails",
    "writes more than is exact",
    writing(() => 2 ** 53),
    keepsItsBounds,
    /\/holder of no canonical form: numbers must be integers/,
  ],
  [
    "NeverFails",
    "writes what JSON lacks",
    writing(() => 1n),
    keepsItsBounds,
    /a bigint has no JSON form/,
  ],
  [
    "NeverFails",
    "writes too much",
    writing(() => "x".repeat(200)),
    keepsItsBounds,
    /entity_too_large/,
  ],
  [
    "NeverFails",
    "writes an entity that it did not declare",
    selling({ entities: (data) => [`show/${data.show}`, `seat/${data.seat + 1}@${data.show}`] }),
    keepsItsBounds,
    /undeclared_entity: decide of seat\.sold reads seat\/\d+@\S+, which the event does not declare/,
  ],
  [
    "NeverFails",
    "reads an entity that it did not declare",
    doing(({ show }, entities) => entities(`show/${show}2`)),
    keepsItsBounds,
    /reads show\/\S+2, which the event does not declare/,
  ],
  [
    "OnePartition",
    "declares an entity of another partition",
    selling({ entities: (data) => [...good.entities(data), `show/${data.show}2`] }),
    keepsItsBounds,
    /seat\.sold came to foreign_entity/,
  ],
  [
    "NeverFails",
    "sells a seat twice over",
    selling({
      decide: (...args) =>
        showing(good.decide(...args), ({ taken }) => ({ taken: taken + 99_999 })),
    }),
    keepsItsBounds,
    /seat\.sold came to invariant: invariant of show does not hold of/,
  ],
  [
    "NeverFails",
    "sells and does not count",
    selling({
      decide: (...args) =>
        showing(good.decide(...args), ({ taken }) => ({ taken: Math.max(0, taken - 1) })),
    }),
    keepsItsBounds,
    /takenIsCounted does not hold/,
  ],
  [
    "CopiesOnly",
    "changes what it is handed",
    doing((data) => {
      (data as { seat: number }).seat += 1;
    }),
    keepsItsBounds,
    /seat\.sold throws Cannot assign to read only property/,
  ],
  [
    "NeverFails",
    "decides later",
    selling({ decide: (async (...args: Arguments) => good.decide(...args)) as never }),
    keepsItsBounds,
    /domain_error: decide of seat\.sold returns neither changes nor a rejection/,
  ],
  [
    "NeverFails",
    "rejects by a sentence",
    selling({ decide: () => ({ reject: { code: "Not Today", detail: "" } }) }),
    keepsItsBounds,
    /domain_error: decide of seat\.sold rejects by Not Today, which is no code/,
  ],
  [
    "LapseWithoutEffect",
    "cannot let a hold expire",
    seating({
      expiry: { entities: () => [], decide: () => ({ reject: { code: "no", detail: "" } }) },
    }),
    keepsItsBounds,
    /an expiry lapsed: it came to no/,
  ],
  [
    "NeverFails",
    "lapses in the midst of a millisecond",
    seating({ expires: (state) => (goodSeat.expires?.(state) ?? 0) + 0.5 }),
    keepsItsBounds,
    /domain_error/,
  ],
  [
    "MemberOrderIrrelevant",
    "takes the first member",
    writing((data) => String(Object.values(data)[0])),
    readsMembersByName,
    /with members in another order/,
  ],
  [
    "BatchBoundariesIrrelevant",
    "counts over partitions within an instant",
    writing((_, _entities, { time }) => `n${String(salesAt(time))}`),
    ignoresBlocks,
    /in other blocks/,
  ],
  [
    "GroupOrderIrrelevant",
    "counts over partitions within an instant",
    writing((_, _entities, { time }) => `n${String(salesAt(time))}`),
    keepsPartitionsApart,
    /in another order of the partitions/,
  ],
  [
    "AdoptCertifiedRows",
    "lapses at every other look",
    seating({
      expires(state) {
        calls += 1;
        return calls % 2 === 0 ? null : (goodSeat.expires?.(state) ?? null);
      },
    }),
    isAdoptable,
    /leaves other rows/,
  ],
  [
    "NeverFails",
    "sells nothing at all",
    selling({ decide: () => ({ reject: { code: "closed", detail: "" } }) }),
    acceptsEveryType,
    /none was accepted that is seat\.sold/,
  ],
];

export const badSubject = (domain: Domain): checks.Subject => ({
  domain,
  always: { takenIsCounted },
});
