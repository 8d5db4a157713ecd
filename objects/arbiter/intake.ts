/** What is settled about an event before any entity is read: its form, its key, its type, what it touches. */
import { z } from "zod";
import { canonical } from "../shared/canonical.ts";
import type { Json } from "../shared/canonical.ts";
import { LIMITS } from "../shared/limits.ts";
import type { KeyRow, LedgerEvent } from "../shared/types.ts";
import { fromDomain, judged, refuse } from "./decide.ts";
import type { Task } from "./decide.ts";
import type { BlockContext, Rules, StateReader } from "./evaluation.ts";
import { condemned, NOBODY, rejected } from "./outcome.ts";
import type { Identity, Verdict } from "./outcome.ts";
import { keyRow } from "./rows.ts";

const text = z.string();
const name = text.min(1).max(LIMITS.nameBytes);
const shape = z.strictObject({
  // It begins the keys of all its entities, up to the first slash.
  tenant: name.regex(/^[^/]*$/),
  source: name,
  id: name,
  type: name,
  subject: text.optional(),
  time: text.optional(),
  sentat: text.optional(),
  // Its own type's schema judges it.
  data: z.custom<Json>((data) => data !== undefined),
});

/** The event a canonical text stands for, or null for any other text. */
export function parsedEvent(event: string): LedgerEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(event);
    if (canonical(value) !== event) return null;
  } catch {
    return null;
  }
  const parsed = shape.safeParse(value);
  // The value as it came: its members are those of the text, none added.
  return parsed.success ? (value as LedgerEvent) : null;
}

/** A submitted event: settled, or to be decided. */
export interface Submitted {
  readonly identity: Identity;
  readonly step: Verdict | Task;
}

/** An event as it was read, and the key that it would use up. */
interface Keyed {
  readonly event: LedgerEvent;
  readonly fresh: KeyRow;
}

/** Settles the events of one block in order: their keys depend on nothing but that order. */
export class Intake {
  readonly #block: BlockContext;
  readonly #rules: Rules;
  readonly #keys = new Map<string, KeyRow>();

  constructor(block: BlockContext, rules: Rules) {
    this.#block = block;
    this.#rules = rules;
  }

  /** All events of the block; `first` is the place of the first one in it. */
  // Rule: TakeEachInOrder.
  submitted(events: readonly string[], first: number, reader: StateReader): Submitted[] {
    const keyed = events.map((event, at) => this.#keyed(event, first + at));
    const asked = new Set(keyed.flatMap((one) => (one === null ? [] : [one.fresh.key])));
    const used = new Map(reader.keyRows([...asked]).map((row) => [row.key, row]));
    return keyed.map((one) => this.#settled(one, used));
  }

  #keyed(submitted: string, index: number): Keyed | null {
    const event = parsedEvent(submitted);
    return event === null ? null : { event, fresh: keyRow(event, index, this.#block, this.#rules) };
  }

  // Rules: RejectMalformedEvent, ReferToFirstUse, RejectReusedKey, RecordFreshKey, RejectCondemnedEvent.
  #settled(keyed: Keyed | null, stored: ReadonlyMap<string, KeyRow>): Submitted {
    if (keyed === null) return { identity: NOBODY, step: rejected("invalid_event") };
    const { event, fresh } = keyed;
    const { tenant, source, id, type } = event;
    const identity = { tenant, source, id, type, fingerprint: fresh.fingerprint };
    const used = this.#live(this.#keys.get(fresh.key) ?? stored.get(fresh.key));
    if (used === undefined) {
      this.#keys.set(fresh.key, fresh);
      const code = this.#block.condemned;
      if (code !== undefined) return { identity, step: condemned(code) };
      return { identity, step: judged(() => taskOf(event, this.#block, this.#rules)) };
    }
    const { height, index: first } = used;
    const duplicate: Verdict = { status: "duplicate", first: { height, index: first } };
    return {
      identity,
      step: used.fingerprint === fresh.fingerprint ? duplicate : rejected("key_reused"),
    };
  }

  keys(): Iterable<KeyRow> {
    return this.#keys.values();
  }

  #live(row: KeyRow | undefined): KeyRow | undefined {
    return row === undefined || row.expires < this.#block.time ? undefined : row;
  }
}

// Rules: RejectUnfitEvent, RejectMisroutedEvent.
function taskOf(event: LedgerEvent, block: BlockContext, { registry, courtOf }: Rules): Task {
  const type = registry.eventType(event.type);
  if (type === undefined) return refuse("invalid_event");
  const parsed = fromDomain(() => type.schema.safeParse(event.data));
  if (!parsed.success) return refuse("invalid_event");
  const { data } = parsed;
  const { entitiesAfter, invariant } = type;
  const partition = fromDomain(() => type.partition(data));
  if (courtOf(event.tenant, partition) !== block.court) refuse("foreign_entity");
  return {
    tenant: event.tenant,
    partition,
    entities: fromDomain(() => [...type.entities(data)]),
    entitiesAfter: entitiesAfter && ((entities) => entitiesAfter(data, entities)),
    decide: (entities, context) => type.decide(data, entities, context),
    invariant: invariant && ((before, after) => invariant(data, before, after)),
    expiring: null,
  };
}
