/** The domains of a deployment, as the Usher and the evaluation ask for them. */
import { assert } from "../shared/assert.ts";
import { canonical, NotCanonical } from "../shared/canonical.ts";
import type { Json } from "../shared/canonical.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Domain, EntityType, EventType } from "./domain.ts";

export interface Fault {
  /** JSON pointer (RFC 6901) relative to the event, such as `/data/quantity`. */
  readonly pointer: string;
  readonly detail: string;
}

type Validation =
  /** `data` is the schema's output: what is kept, hashed and evaluated. `partition` picks the court. */
  | { readonly ok: true; readonly data: Json; readonly partition: string }
  | { readonly ok: false; readonly errors: readonly Fault[] };

interface LocatedEntity {
  readonly type: EntityType;
  readonly id: string;
  /** Partition key: tenant and this pick the court. */
  readonly partition: string;
}

export interface Registry {
  /** Of events, in the order of their domains. */
  readonly types: readonly string[];
  readonly entityTypes: readonly string[];
  readonly eventType: (type: string) => EventType<unknown> | undefined;
  /** Of `type/id`; undefined for an unknown type or an id that its type cannot have. */
  readonly entity: (entity: string) => LocatedEntity | undefined;
  readonly validate: (type: string, data: unknown) => Validation;
}

/** Throws `BrokenInvariant` if two domains share a name, or one breaks a bound. */
export function registryOf(domains: readonly Domain[]): Registry {
  const events = collected(domains.map((domain) => domain.events));
  const entities = collected(domains.map((domain) => domain.entities));
  for (const type of events.keys())
    assert(!type.startsWith("assize."), `${type}: assize.* is the system's own`);
  for (const [type, { maxBytes }] of entities) {
    assert(/^[^/]+$/.test(type), `entity type ${type} has no slash`);
    assert(
      maxBytes <= LIMITS.entityBytes,
      `entity type ${type} stays within ${LIMITS.entityBytes} bytes`,
    );
  }
  return {
    types: [...events.keys()],
    entityTypes: [...entities.keys()],
    eventType: (type) => events.get(type),
    entity: (entity) => located(entities, entity),
    validate: (type, data) => validated(events.get(type), data),
  };
}

function collected<T>(parts: readonly { readonly [type: string]: T }[]): ReadonlyMap<string, T> {
  const all = new Map<string, T>();
  for (const [type, value] of parts.flatMap((part) => Object.entries(part))) {
    assert(!all.has(type), `${type} belongs to one domain`);
    all.set(type, value);
  }
  return all;
}

function located(
  types: ReadonlyMap<string, EntityType>,
  entity: string,
): LocatedEntity | undefined {
  const slash = entity.indexOf("/");
  const type = types.get(entity.slice(0, Math.max(slash, 0)));
  if (type === undefined) return undefined;
  const id = entity.slice(slash + 1);
  const partition = type.partition(id);
  return partition === null ? undefined : { type, id, partition };
}

// Rules: RefuseUnknownType, RefuseUnfitData, KeepSchemaOutput.
function validated(eventType: EventType<unknown> | undefined, data: unknown): Validation {
  if (eventType === undefined) {
    return { ok: false, errors: [{ pointer: "/type", detail: "not a known event type" }] };
  }
  const parsed = eventType.schema.safeParse(data);
  if (!parsed.success) return { ok: false, errors: faultsOf(parsed.error.issues) };
  try {
    // The schema vouches for the shape, this for a canonical form: together they make it Json.
    canonical(parsed.data, "/data");
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error;
    return { ok: false, errors: [{ pointer: error.pointer, detail: error.message }] };
  }
  return { ok: true, data: parsed.data as Json, partition: eventType.partition(parsed.data) };
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

function faultsOf(issues: readonly Issue[]): Fault[] {
  return issues
    .flatMap(({ path, message, keys }) =>
      keys === undefined
        ? [{ pointer: pointerOf(path), detail: message }]
        : keys.map((key) => ({
            pointer: pointerOf([...path, key]),
            detail: "not a member of this event's data",
          })),
    )
    .slice(0, LIMITS.validationErrors);
}

function pointerOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => String(step).replaceAll("~", "~0").replaceAll("/", "~1"));
  return ["/data", ...steps].join("/");
}
