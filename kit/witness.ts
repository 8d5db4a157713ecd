/** A domain that is watched: what goes wrong in its functions is noted where it happens, before the evaluation makes a code of it. */
import type { Decision, DecisionContext, Domain, Entities } from "../objects/arbiter/domain.ts";
import type { EntityType, EventType } from "../objects/arbiter/domain.ts";
import { isDomainReason } from "../objects/arbiter/outcome.ts";
import { canonical } from "../objects/shared/canonical.ts";
import type { Json, NotCanonical } from "../objects/shared/canonical.ts";

export interface Watch {
  /** What went wrong, in order. */
  readonly notes: string[];
  /** By which the members of what a domain is handed are put into another order; absent: as they come. */
  readonly order?: number;
}

export function watched(domain: Domain, watch: Watch): Domain {
  const events = Object.entries(domain.events).map(([type, event]) => [
    type,
    watchedEvent(type, event as EventType<unknown>, watch),
  ]);
  const entities = Object.entries(domain.entities).map(([type, entity]) => [
    type,
    watchedEntity(type, entity, watch),
  ]);
  return {
    name: domain.name,
    events: Object.fromEntries(events),
    entities: Object.fromEntries(entities),
  };
}

function watchedEvent(type: string, event: EventType<unknown>, watch: Watch): EventType<unknown> {
  const { schema, entitiesAfter, invariant } = event;
  const told = teller(type, watch);
  // Frozen too: a decision that changes what it was handed would decide otherwise the second time.
  const handed = (data: unknown): unknown => frozen(reordered(data, watch.order));
  const after: EventType<unknown>["entitiesAfter"] =
    entitiesAfter &&
    ((data, entities) =>
      told("entitiesAfter", () => entitiesAfter(handed(data), reading(told, entities, watch))));
  const declared = (data: unknown, entities: Entities): ReadonlySet<string> =>
    new Set([...event.entities(data), ...(entitiesAfter?.(data, entities) ?? [])]);
  return {
    schema,
    partition: (data) => told("partition", () => event.partition(handed(data))),
    entities: (data) => told("entities", () => event.entities(handed(data))),
    ...(after === undefined ? {} : { entitiesAfter: after }),
    decide: (data, entities, context) =>
      told("decide", () => {
        const decision = event.decide(handed(data), reading(told, entities, watch), context);
        return judged(decision, declared(data, entities), told);
      }),
    ...(invariant === undefined
      ? {}
      : {
          invariant: (data, before, then) =>
            told("invariant", () =>
              told.holds(
                invariant(handed(data), reading(told, before, watch), reading(told, then, watch)),
              ),
            ),
        }),
  };
}

function watchedEntity(type: string, entity: EntityType, watch: Watch): EntityType {
  const { maxBytes, invariant, expires, expiry } = entity;
  const told = teller(type, watch);
  const handed = (state: Json): Json => reordered(state, watch.order) as Json;
  return {
    maxBytes,
    partition: (id) => told("partition", () => entity.partition(id)),
    ...(invariant === undefined
      ? {}
      : {
          invariant: (state) =>
            told("invariant", () => told.holds(invariant(handed(state)), canonical(state))),
        }),
    ...(expires === undefined
      ? {}
      : { expires: (state) => told("expires", () => expires(handed(state))) }),
    ...(expiry === undefined ? {} : { expiry: watchedExpiry(expiry, told, watch) }),
  };
}

type Expiry = NonNullable<EntityType["expiry"]>;

function watchedExpiry(expiry: Expiry, told: Told, watch: Watch): Expiry {
  const { entitiesAfter } = expiry;
  const after: Expiry["entitiesAfter"] =
    entitiesAfter &&
    ((id, entities) =>
      told("expiry.entitiesAfter", () => entitiesAfter(id, reading(told, entities, watch))));
  return {
    entities: (id) => told("expiry.entities", () => expiry.entities(id)),
    ...(after === undefined ? {} : { entitiesAfter: after }),
    decide: (id: string, entities: Entities, context: DecisionContext) =>
      told("expiry.decide", () =>
        judged(expiry.decide(id, reading(told, entities, watch), context), null, told),
      ),
  };
}

/** Runs a function of the domain's under its name, and notes what it throws. */
interface Told {
  <T>(what: string, call: () => T): T;
  /** The innermost function's note. */
  readonly note: (what: string) => void;
  readonly holds: (holds: boolean, of?: string) => boolean;
}

function teller(type: string, { notes }: Watch): Told {
  let at = type;
  const note = (what: string): void => {
    const told = `${at} of ${type} ${what}`;
    // One thing wrong is met on the way up by each function around it.
    if (notes.at(-1) !== told) notes.push(told);
  };
  const told = <T>(what: string, call: () => T): T => {
    const before = at;
    at = what;
    const known = notes.length;
    try {
      return call();
    } catch (error) {
      if (notes.length === known) note(`throws ${placed(error)}`);
      throw error;
    } finally {
      at = before;
    }
  };
  const holds = (is: boolean, of?: string): boolean => {
    if (!is) note(`does not hold${of === undefined ? "" : ` of ${of}`}`);
    return is;
  };
  return Object.assign(told, { note, holds });
}

/** What was thrown, and the line of the domain that did it. */
function placed(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const line = error.stack?.split("\n").find((each) => each.includes("/") && !FOREIGN.test(each));
  return `${error.message}${line === undefined ? "" : ` (${line.trim()})`}`;
}
const FOREIGN = /node_modules|node:|arbiter\/(?:ambient|decide|evaluate)\.ts/;

/** Reading, with what is not declared noted by its name. */
function reading(told: Told, entities: Entities, { order }: Watch): Entities {
  return (entity) => {
    const view = seen(told, entities, entity);
    if (view === undefined) return undefined;
    return { version: view.version, state: reordered(view.state, order) as Json };
  };
}

function seen(told: Told, entities: Entities, entity: string): ReturnType<Entities> {
  try {
    return entities(entity);
  } catch (error) {
    told.note(`reads ${entity}, which the event does not declare`);
    throw error;
  }
}

/** `declared`: null where only the evaluation knows. */
function judged(decision: Decision, declared: ReadonlySet<string> | null, told: Told): Decision {
  const { accept, reject }: { accept?: unknown; reject?: unknown } = { ...decision };
  if (accept === undefined && reject === undefined)
    told.note("returns neither changes nor a rejection");
  if ("reject" in decision && !isDomainReason(decision.reject))
    told.note(`rejects by ${decision.reject.code}, which is no code or has too long a detail`);
  for (const { entity, state } of "accept" in decision ? decision.accept : []) {
    if (declared?.has(entity) === false)
      told.note(`writes ${entity}, which the event does not declare`);
    try {
      canonical(state);
    } catch (error) {
      const { pointer, message } = error as NotCanonical;
      told.note(`writes ${entity} with ${pointer || "a state"} of no canonical form: ${message}`);
    }
  }
  return decision;
}

/** Members in an order that the number makes; null and what is no object stay as they are. */
function reordered(value: unknown, order: number | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => reordered(item, order));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, of]) => [name, reordered(of, order)] as const);
  if (order === undefined) return Object.fromEntries(members);
  const place = new Map(members.map(([name]) => [name, mixed(name, order)]));
  return Object.fromEntries(
    members.toSorted(([a], [b]) => (place.get(a) ?? 0) - (place.get(b) ?? 0)),
  );
}

/** FNV-1a over the name, begun by the number. */
function mixed(name: string, order: number): number {
  let hash = (0x811c9dc5 ^ order) >>> 0;
  for (let at = 0; at < name.length; at++)
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}

function frozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const of of Object.values(value)) frozen(of);
  return Object.freeze(value);
}
