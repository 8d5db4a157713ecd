/**
 * What a domain is: one module that says which events there are, what they touch and what they come to. Everything here
 * must be a deterministic function of its arguments (no clock, randomness, I/O, floats, or order that depends on arrival).
 */
import type { z } from "zod";
import type { Json } from "../shared/canonical.ts";

interface EntityView {
  readonly version: number;
  readonly state: Json;
}

/** Read access to the entities an event declared; reading another one is a deterministic rejection. */
export type Entities = (entity: string) => EntityView | undefined;

/** The height is not in it: where one block ends and the next begins must not matter. */
export interface DecisionContext {
  /** Block time, Unix milliseconds. */
  readonly time: number;
  readonly domainVersion: number;
}

/**
 * Codes are `lower_snake`, at most 64 characters and none of the Arbiter's own (outcome.ts); a detail has at most
 * `LIMITS.reasonBytes`. A domain that gives anything else is rejected as `domain_error`.
 */
export type Decision =
  | { readonly accept: readonly { readonly entity: string; readonly state: Json }[] }
  | { readonly reject: { readonly code: string; readonly detail: string } };

export interface EventType<Data> {
  readonly schema: z.ZodType<Data>;
  /** Partition key: tenant and this pick the court. Every entity of the event has the same one. */
  readonly partition: (data: Data) => string;
  /** `type/id` of every entity the event may read or write, without the tenant. */
  readonly entities: (data: Data) => readonly string[];
  /** Further ones that only the state of the first can name. All events of such an event's partition run in order. */
  readonly entitiesAfter?: (data: Data, entities: Entities) => readonly string[];
  readonly decide: (data: Data, entities: Entities, context: DecisionContext) => Decision;
  /** What must hold between the states before and after an accepted event; otherwise its outcome is `invariant`. */
  readonly invariant?: (data: Data, before: Entities, after: Entities) => boolean;
}

export interface EntityType {
  /** Bytes of the largest after-state, canonical. */
  readonly maxBytes: number;
  /** Partition key of an entity, from its id; null for an id this type cannot have. */
  readonly partition: (id: string) => string | null;
  /** What must hold of every after-state. */
  readonly invariant?: (state: Json) => boolean;
  /** Block time at which the state lapses, or null. */
  readonly expires?: (state: Json) => number | null;
  /**
   * Entities an expiry may touch beside its own, and what it comes to: the ordered effect `assize.expired`. It must write
   * its own entity; one that fails or rejects lapses without effect, the state kept as it was.
   */
  readonly expiry?: {
    readonly entities: (id: string) => readonly string[];
    readonly entitiesAfter?: (id: string, entities: Entities) => readonly string[];
    readonly decide: (id: string, entities: Entities, context: DecisionContext) => Decision;
  };
}

export interface Domain {
  readonly name: string;
  // Data differs per event type; the registry hands each its own, parsed by its own schema.
  // oxlint-disable-next-line typescript/no-explicit-any -- existential type, closed by `eventType()`
  readonly events: { readonly [type: string]: EventType<any> };
  readonly entities: { readonly [type: string]: EntityType };
}

/** Ties an event type's schema to its functions. */
export function eventType<Data>(type: EventType<Data>): EventType<Data> {
  return type;
}
