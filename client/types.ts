/** What goes in and what comes out, by the HTTP contract. */
import type { EventType } from "../objects/arbiter/domain.ts";
import type { inventory } from "../objects/arbiter/domains/inventory.ts";
import type { Json } from "../objects/shared/canonical.ts";
import type { Change, Receipt } from "../objects/shared/types.ts";

export type { Change, Json, Receipt };

/** Event types with the data that each takes, as an interface or a type. */
export type EventMap<Events> = { readonly [T in keyof Events]: object };

/** The events of a domain, by its schemas. */
export type EventsOf<D extends { readonly events: object }> = {
  readonly [T in keyof D["events"] & string]: D["events"][T] extends EventType<infer Data>
    ? Data extends object
      ? Data
      : never
    : never;
};

/** The domain that ships. */
export type InventoryEvents = EventsOf<typeof inventory>;

/** An event as it is submitted: `data` is what the domain has for its `type`. */
export type Submission<Events extends EventMap<Events>> = {
  readonly [T in keyof Events & string]: {
    readonly type: T;
    readonly data: Events[T];
    /** Up to 128 bytes; one is drawn where none is given. With the source it is what makes a retry a retry. */
    readonly id?: string | undefined;
    /** `/` by default. Events of one source are decided in the order they were submitted, unless one has to be sent again. */
    readonly source?: string | undefined;
    readonly subject?: string | undefined;
    /** When it happened, RFC 3339. */
    readonly time?: string | undefined;
    /** When it was first tried, RFC 3339: only where an earlier attempt, in another process, is taken up again. */
    readonly sentat?: string | undefined;
  };
}[keyof Events & string];

/** What an event came to. A rejection by the domain is an outcome like any other: agreed, recorded, replayed. */
export interface Outcome {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly status: "accepted" | "rejected";
  readonly reason?: { readonly code: string; readonly detail: string };
  /** Of a rejected event there are none. */
  readonly changes: readonly Change[];
  readonly receipt: Receipt;
  /** Whether it was decided before. */
  readonly replayed: boolean;
}

/** An event with its outcome, as `GET /v1/events/{id}` and the listing show it. */
export interface EventDocument {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** `duplicate`: a second use of the key, within the seats' window; `first` says where the first one stands. */
  readonly status: "accepted" | "rejected" | "duplicate" | "pending";
  readonly reason?: { readonly code: string; readonly detail: string };
  readonly changes?: readonly Change[];
  /** Absent while it is pending. */
  readonly receipt?: Receipt;
  readonly first?: { readonly height: number; readonly index: number };
  /** Null where the system made it. */
  readonly event: CloudEvent | null;
  readonly published: boolean;
  /** Only where it is asked for. */
  readonly proof?: unknown;
}

export interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time?: string;
  readonly sentat?: string;
  readonly data: Json;
}

export interface EntityDocument<State = Json> {
  /** `type/id` */
  readonly entity: string;
  readonly version: number;
  readonly state: State;
  /** Of the court, as of which this is the state; in a list, at which it was made. */
  readonly height: number;
}

/** A version, with the event that made it. */
export interface VersionDocument<State = Json> extends EntityDocument<State> {
  readonly event: EventDocument;
}
