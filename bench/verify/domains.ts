// The domains whose outcomes are made again: event types and entity types by their names.
import type { Domain, EntityType, EventType } from "../../objects/arbiter/domain.ts";
import { SHIPPED } from "../../objects/arbiter/domains/shipped.ts";

/** The version of the domains whose code this is. */
export const DOMAIN_VERSION = 1;

export interface Located {
  readonly type: EntityType;
  readonly id: string;
  /** With the tenant it picks the court. */
  readonly partition: string;
}

/** The domains that a genesis names; those that this build lacks are missing. */
export class Domains {
  readonly unknown: readonly string[];
  readonly #domains: readonly Domain[];

  constructor({ domains }: { readonly domains: readonly string[] }) {
    this.#domains = SHIPPED.filter(({ name }) => domains.includes(name));
    this.unknown = domains.filter((name) => !SHIPPED.some((domain) => domain.name === name));
  }

  eventType(type: string): EventType<unknown> | undefined {
    return ownOf(
      this.#domains.map(({ events }) => events),
      type,
    );
  }

  /** Of `type/id`; undefined for an unknown type, or an id that its type cannot have. */
  located(entity: string): Located | undefined {
    const slash = entity.indexOf("/");
    if (slash < 0) return undefined;
    const type = ownOf(
      this.#domains.map(({ entities }) => entities),
      entity.slice(0, slash),
    );
    const id = entity.slice(slash + 1);
    const partition = type?.partition(id) ?? null;
    return type === undefined || partition === null ? undefined : { type, id, partition };
  }
}

function ownOf<T>(named: readonly { readonly [name: string]: T }[], name: string): T | undefined {
  return named.find((of) => Object.hasOwn(of, name))?.[name];
}

/** What domain code must not see, since two runs could differ in it: under it a look throws. */
const ABSENT = [
  "Temporal",
  "Intl",
  "crypto",
  "performance",
  "scheduler",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "fetch",
  "caches",
  "process",
] as const;

function nothing(): never {
  throw new TypeError("a decision has no clock, no chance and no outside");
}

/** Runs synchronous work without clock, chance and outside, as the seats do. */
export function secluded<T>(work: () => T): T {
  const undo: (() => void)[] = [];
  const hide = (owner: object, name: string, hidden: PropertyDescriptor): void => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { ...hidden, configurable: true });
    undo.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    });
  };
  // Validation asks whether something is a Date.
  const noDate = Object.defineProperty(nothing.bind(null), "prototype", { value: Date.prototype });
  try {
    // Looked at before any goes: some are made at the first look, with the help of others.
    for (const name of ABSENT) Reflect.get(globalThis, name);
    for (const name of ABSENT) hide(globalThis, name, { get: nothing });
    hide(globalThis, "Date", { value: noDate, writable: true });
    hide(Math, "random", { value: nothing, writable: true });
    return work();
  } finally {
    for (const restore of undo.toReversed()) restore();
  }
}
