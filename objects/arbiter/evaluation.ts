/** The Arbiter's contract with the Clerk. */
import type { Control } from "../shared/control.ts";
import type { Batch, EntityRow, KeyRow } from "../shared/types.ts";
import type { CourtCode } from "./outcome.ts";
import type { Registry } from "./registry.ts";

export interface BlockContext {
  readonly court: number;
  readonly height: number;
  /** Block time, Unix milliseconds. */
  readonly time: number;
  readonly domainVersion: number;
  /** What the block decides about the court itself; such a block has no events. */
  readonly control?: Control | null;
  /** Why its one event is rejected without being evaluated. */
  readonly condemned?: CourtCode | undefined;
}

/** The context of a batch: nothing but what its seats agree on. */
export function contextOf({ header, entries }: Pick<Batch, "header" | "entries">): BlockContext {
  const { court, height, time, domainVersion, control } = header;
  const condemned = entries[0]?.poison?.reason;
  return { court, height, time, domainVersion, control, condemned };
}

/** Canonical texts of the submitted events, in order. */
export function eventsOf({ entries }: Pick<Batch, "entries">): string[] {
  return entries.flatMap(({ writ, first, count }) => writ.events.slice(first, first + count));
}

/** What a deployment evaluates by; the same on every seat. */
export interface Rules {
  readonly registry: Registry;
  /** The idempotency window, and what is added where the Warden's clock meets block time; milliseconds. */
  readonly windowMs: number;
  readonly clockBoundMs: number;
  readonly courtOf: (tenant: string, partition: string) => number;
}

/**
 * Agreed state as of the block before; the evaluation lays its overlay over it and never writes. It
 * is asked while clocks, chance and the outside are away (ambient.ts), for a row at most once a block.
 */
export interface StateReader {
  /** Of the entities (`tenant/type/id`, each once) those that exist, in any order. */
  entityRows(keys: readonly string[]): readonly EntityRow[];
  /** Of the used keys (digests, each once) those that the key table has, ended or not, in any order. */
  keyRows(keys: readonly string[]): readonly KeyRow[];
  /** Keys of entities that expire at or before the time, ordered by (expires, key), at most `limit`. */
  due(time: number, limit: number): readonly string[];
}
