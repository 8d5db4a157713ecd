/** The rows a block leaves behind, made alike from an evaluation and from certified outcomes. */
import { assert } from "../shared/assert.ts";
import { fingerprintOf, keyDigest } from "../shared/digests.ts";
import type { EntityRow, KeyRow, LedgerEvent } from "../shared/types.ts";
import type { BlockContext, Rules, StateReader } from "./evaluation.ts";
import type { AfterState } from "./outcome.ts";
import type { Registry } from "./registry.ts";

/** An entity changed by an event or another's expiry, by its own expiry, or by one that failed and lapsed. */
export interface Written {
  readonly key: string;
  readonly after: AfterState;
  readonly by: "other" | "own-expiry" | "lapse";
}

/** Throws what the domain throws, or `BrokenInvariant` for an expiry that is no time. */
export function entityRow(
  { key, after, by }: Written,
  block: BlockContext,
  registry: Registry,
): EntityRow {
  const { version, state } = after;
  const due =
    by === "lapse"
      ? null
      : (registry.entity(after.entity)?.type.expires?.(JSON.parse(state)) ?? null);
  assert(due === null || Number.isSafeInteger(due), "an expiry is Unix milliseconds");
  // Its own expiry has had its turn: left due, it would come again in every block.
  const expires = by === "own-expiry" && due !== null && due <= block.time ? null : due;
  return { key, version, state, height: block.height, expires };
}

/** The key an evaluated event used up, for the window by block time. */
export function keyRow(
  event: LedgerEvent,
  index: number,
  block: BlockContext,
  rules: Rules,
): KeyRow {
  return {
    key: keyDigest(event),
    fingerprint: fingerprintOf(event),
    height: block.height,
    index,
    expires: block.time + rules.windowMs + rules.clockBoundMs,
  };
}

export function sortedByKey<Row extends { readonly key: string }>(rows: Iterable<Row>): Row[] {
  return [...rows].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** Agreed entity rows under what the block has written so far. Each is read once. */
export class Overlay {
  readonly #reader: StateReader;
  readonly #rows = new Map<string, EntityRow | undefined>();
  readonly #written = new Set<string>();

  constructor(reader: StateReader) {
    this.#reader = reader;
  }

  /** Reads at once what is sure to be asked for. */
  load(keys: readonly string[]): void {
    const unread = [...new Set(keys)].filter((key) => !this.#rows.has(key));
    if (unread.length === 0) return;
    for (const key of unread) this.#rows.set(key, undefined);
    for (const row of this.#reader.entityRows(unread)) this.#rows.set(row.key, row);
  }

  row(key: string): EntityRow | undefined {
    this.load([key]);
    return this.#rows.get(key);
  }

  write(row: EntityRow): void {
    this.#rows.set(row.key, row);
    this.#written.add(row.key);
  }

  written(): EntityRow[] {
    return sortedByKey([...this.#written].flatMap((key) => this.#rows.get(key) ?? []));
  }
}
