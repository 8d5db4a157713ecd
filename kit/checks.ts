/**
 * What every domain must be, whatever it is about: properties over drawn events, run by the real evaluation.
 *
 *     it.each(CHECKS)("%s", (_, check) => expect(check({ domain: tickets })).toBeNull());
 */
import fc from "fast-check";
import { rowsOf } from "../objects/arbiter/adopt.ts";
import type { Domain } from "../objects/arbiter/domain.ts";
import { EXPIRED, isDomainReason } from "../objects/arbiter/outcome.ts";
import { registryOf } from "../objects/arbiter/registry.ts";
import type { Json } from "../objects/shared/canonical.ts";
import type { EntityRow, LedgerEvent, Outcome } from "../objects/shared/types.ts";
import { stepsOf } from "./draw.ts";
import type { Step } from "./draw.ts";
import { Bench, outcomesOf, rulesOf } from "./memory.ts";
import { watched } from "./witness.ts";
import type { Watch } from "./witness.ts";

/** States of all entities, by `type/id`. */
export type World = ReadonlyMap<string, Json>;

export interface Subject {
  readonly domain: Domain;
  /** How to draw an event type's data, where its schema does not say enough. */
  readonly data?: { readonly [type: string]: fc.Arbitrary<Json> };
  /** What holds of all entities together after every block, by what it is called. */
  readonly always?: { readonly [name: string]: (world: World) => boolean };
}

/** What is shown, and what tells where it is not so: what is wrong, and the events that show it; else null. */
export type Check = readonly [title: string, check: (subject: Subject) => string | null];

/** Something that a domain may not do. */
class Finding extends Error {
  override readonly name = "Finding";
}

const RUNS = { seed: 20_261_128, numRuns: 40 };

/** No event comes to a rejection of the Arbiter's, no expiry lapses, and what is said to hold does. */
export function keepsItsBounds(subject: Subject): string | null {
  const { domain, always = {} } = subject;
  return searched(
    fc.property(drawn(subject), (steps) => {
      const watch: Watch = { notes: [] };
      const bench = benchOf(domain, watch);
      for (const { time, events } of singly(steps)) {
        for (const outcome of outcomesOf(bench.block(time, ...events)))
          assertOwn(outcome, watch.notes);
        watch.notes.length = 0;
        for (const [name, holds] of Object.entries(always))
          if (!holds(worldOf(bench))) throw new Finding(`${name} does not hold`);
      }
    }),
  );
}

/** Every event type is accepted at least once, and some expiry had its turn: a property over nothing but rejections shows nothing. */
export function acceptsEveryType(subject: Subject): string | null {
  const accepted = new Set<string>();
  for (const steps of fc.sample(drawn(subject), RUNS)) {
    const bench = benchOf(subject.domain);
    for (const { time, events } of steps)
      for (const { type, status } of outcomesOf(bench.block(time, ...events)))
        if (status === "accepted") accepted.add(type);
  }
  const { events, entities } = subject.domain;
  const lapsing = Object.values(entities).some(({ expiry }) => expiry !== undefined);
  const wanted = [...Object.keys(events), ...(lapsing ? [EXPIRED] : [])];
  const never = wanted.filter((type) => !accepted.has(type));
  return never.length === 0
    ? null
    : `of all events drawn none was accepted that is ${never.join(" or ")}: give their data, or look why`;
}

/** The same blocks come to the same again, and later. */
export function repeats(subject: Subject): string | null {
  return searched(
    fc.property(drawn(subject), (steps) => {
      const first = lived(benchOf(subject.domain), steps);
      nextInstant();
      same(first, lived(benchOf(subject.domain), steps), "the same events came to something else");
    }),
    // Who remembers what was tried before has no smallest example.
    { ...RUNS, endOnFailure: true },
  );
}

/** In which order the members of data and states come says nothing. */
export function readsMembersByName(subject: Subject): string | null {
  return searched(
    fc.property(drawn(subject), fc.nat(), (steps, order) => {
      const as = lived(benchOf(subject.domain), steps);
      const other = lived(benchOf(subject.domain, { notes: [], order }), steps);
      same(as, other, "with members in another order the same events came to something else");
    }),
  );
}

/** Where one block ends and the next begins says nothing. */
export function ignoresBlocks(subject: Subject): string | null {
  const cuts = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 });
  return searched(
    fc.property(drawn(subject), cuts, (steps, lengths) => {
      const parts = steps.flatMap(({ time, events }) =>
        cut(events, lengths).map((part) => ({ time, events: part })),
      );
      const whole = lived(benchOf(subject.domain), steps);
      same(
        whole,
        lived(benchOf(subject.domain), parts),
        "in other blocks the same events came to something else",
      );
    }),
  );
}

/** Events of different partitions may change places. */
export function keepsPartitionsApart(subject: Subject): string | null {
  const { validate } = registryOf([subject.domain]);
  const partitionOf = (text: string): string => {
    const { type, data } = JSON.parse(text) as LedgerEvent;
    const validation = validate(type, data);
    return validation.ok ? validation.partition : "";
  };
  return searched(
    fc.property(drawn(subject), (steps) => {
      const apart = steps.map(({ time, events }) => {
        const placed = events.map((event) => [partitionOf(event), event] as const);
        const byPartition = placed.toSorted(([a], [b]) => Number(a > b) - Number(a < b));
        return { time, events: byPartition.map(([, event]) => event) };
      });
      const as = sorted(lived(benchOf(subject.domain), steps));
      const other = sorted(lived(benchOf(subject.domain), apart));
      same(as, other, "in another order of the partitions the same events came to something else");
    }),
  );
}

/** A seat that takes over what others agreed comes to the rows that an evaluation leaves. */
export function isAdoptable(subject: Subject): string | null {
  return searched(
    fc.property(drawn(subject), (steps) => {
      const bench = benchOf(subject.domain);
      for (const { time, events } of steps) {
        const { outcomes, entities, keys } = bench.block(time, ...events);
        const context = { court: 0, height: bench.height, time, domainVersion: 1 };
        const [evaluated, adopted] = [
          { entities, keys },
          rowsOf(context, events, outcomes, bench.rules),
        ].map((rows) => JSON.stringify(rows));
        if (evaluated !== adopted)
          throw new Finding(`what was agreed leaves other rows: ${evaluated} and ${adopted}`);
      }
    }),
  );
}

export const CHECKS: readonly Check[] = [
  [
    "NoAmbient, OnePartition, NeverFails: no event comes to a rejection of the Arbiter's",
    keepsItsBounds,
  ],
  ["every event type is accepted at least once, and what can expire does", acceptsEveryType],
  ["NothingKept: the same events come to the same again, and later", repeats],
  ["MemberOrderIrrelevant: members are read by name", readsMembersByName],
  ["BatchBoundariesIrrelevant: blocks may end anywhere", ignoresBlocks],
  ["GroupOrderIrrelevant: partitions are apart", keepsPartitionsApart],
  ["AdoptCertifiedRows: what is agreed can be taken over", isAdoptable],
];

/** What was found, with the events by which it was, as few as they could be made. */
function searched<Drawn>(
  property: fc.IProperty<Drawn>,
  how: fc.Parameters<Drawn> = RUNS,
): string | null {
  const run = fc.check(property, how);
  if (!run.failed) return null;
  const { counterexample, errorInstance: error, seed, counterexamplePath: path } = run;
  if (!(error instanceof Finding)) throw error;
  const by = `${fc.stringify(counterexample)} (seed ${String(seed)}, path ${String(path)})`;
  return `${error.message}\n  by ${by}`;
}

const drawn = ({ domain, data }: Subject): fc.Arbitrary<readonly Step[]> => stepsOf(domain, data);

const benchOf = (domain: Domain, watch?: Watch): Bench =>
  new Bench(rulesOf(watch === undefined ? domain : watched(domain, watch)));

/** Each event in a block of its own; a step without events is time that passes. */
const singly = (steps: readonly Step[]): Step[] =>
  steps.flatMap(({ time, events }) =>
    events.length === 0 ? [{ time, events }] : events.map((event) => ({ time, events: [event] })),
  );

function assertOwn({ type, status, reason }: Outcome, notes: readonly string[]): void {
  const lapsed = status === "accepted" && reason !== undefined;
  if (reason === undefined || (!lapsed && isDomainReason(reason))) return;
  const what = lapsed ? "an expiry lapsed: it" : type;
  const why = notes.length === 0 ? "" : `: ${notes.join("; ")}`;
  throw new Finding(`${what} came to ${reason.code}${why}`);
}

function worldOf({ state }: Bench): World {
  return new Map(
    [...state.entities].map(([key, row]) => [
      key.slice(key.indexOf("/") + 1),
      JSON.parse(row.state) as Json,
    ]),
  );
}

/** What a court has been through: every outcome in order, and the rows in the end, without the heights. */
interface Life {
  readonly outcomes: readonly string[];
  readonly rows: readonly EntityRow[];
}

function lived(bench: Bench, steps: readonly Step[]): Life {
  const outcomes = steps.flatMap(({ time, events }) => bench.block(time, ...events).outcomes);
  const rows = [...bench.state.entities.values()].map((row) => ({ ...row, height: 0 }));
  return { outcomes, rows: rows.toSorted((a, b) => (a.key < b.key ? -1 : 1)) };
}

/** Outcomes that may stand in another order. */
const sorted = ({ outcomes, rows }: Life): Life => ({ outcomes: outcomes.toSorted(), rows });

function same(one: Life, other: Life, what: string): void {
  const at = one.outcomes.findIndex((outcome, index) => outcome !== other.outcomes[index]);
  if (at !== -1)
    throw new Finding(`${what}: ${one.outcomes[at] ?? ""} and ${other.outcomes[at] ?? "nothing"}`);
  const [rows, others] = [one.rows, other.rows].map((of) => JSON.stringify(of));
  if (rows !== others) throw new Finding(`${what}: ${rows ?? ""} and ${others ?? ""}`);
}

/** The list cut into runs of these lengths, the last one taking the rest. */
function cut<T>(list: readonly T[], lengths: readonly number[]): T[][] {
  const runs: T[][] = [];
  let from = 0;
  for (const length of lengths) {
    if (from + length >= list.length) break;
    runs.push(list.slice(from, from + length));
    from += length;
  }
  return [...runs, list.slice(from)];
}

/** Waits until the clock shows something else: who kept a way to it decides by that. */
function nextInstant(): void {
  const now = Date.now();
  while (Date.now() === now);
}
