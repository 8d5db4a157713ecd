import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StateRoots } from "../objects/clerk/roots.ts";
import { byBytes, stateRoot } from "../objects/shared/state-root.ts";
import type { EntityRow, KeyRow } from "../objects/shared/types.ts";
import { Dice } from "./kit/dice.ts";
import { rootOf } from "./kit/own-root.ts";
import type { WholeState } from "./kit/own-root.ts";
import { MemoryNotes, RowStore } from "./kit/row-store.ts";

const EVERY = 4;
const KEYS_LIVE = 2_500;

/** A seat's rows under random blocks, with a copy of the whole state at each base. */
class Ledgerless {
  readonly rows = new RowStore(EVERY);
  readonly notes = new MemoryNotes();
  roots = new StateRoots(this.rows.source(), this.notes, EVERY);
  readonly #dice: Dice;
  readonly #keys: KeyRow[] = [];
  readonly #copies = new Map<number, WholeState>();
  height = 0;

  constructor(seed: number) {
    this.#dice = new Dice(seed);
    this.#copy(0);
  }

  /** The next block; what is certified with it is the own root unless another is given. */
  block(certified?: string): string | null {
    const height = ++this.height;
    const time = height * 1000;
    const base = height - EVERY;
    const root = height % EVERY === 0 ? (certified ?? this.roots.root(base)) : null;
    const entities = Array.from({ length: this.#dice.below(3) }, () => this.#entity(height));
    const keys = Array.from({ length: this.#dice.below(3) }, (_, index) => {
      const key = `${height}.${index}`;
      return { key, fingerprint: "f", height, index, expires: time + KEYS_LIVE };
    });
    this.#keys.push(...keys);
    const rows = [...new Map(entities.map((row) => [row.key, row])).values()];
    this.rows.apply({ entities: rows, keys }, height, time, []);
    this.roots.agreed(height, rows, root);
    if (this.#dice.percent(30)) this.roots.advance(height, 40);
    if (this.#dice.percent(10)) this.restart();
    if (height % EVERY === 0) this.#copy(time);
    return root;
  }

  restart(): void {
    this.roots = new StateRoots(this.rows.source(), this.notes, EVERY);
  }

  expected(base: number): string {
    const copy = this.#copies.get(base);
    if (copy === undefined) throw new Error(`no copy of ${base}`);
    return rootOf(copy);
  }

  #copy(time: number): void {
    const entities = [...this.rows.entities.values()];
    const keys = [...this.#keys];
    this.#copies.set(this.height, { entities, keys, progress: [], time, every: EVERY });
  }

  #entity(height: number): EntityRow {
    const key = `t/item/${this.#dice.below(12)}`;
    const version = (this.rows.entities.get(key)?.version ?? 0) + 1;
    const expires = this.#dice.percent(50) ? height * 1000 + 500 : null;
    return { key, version, state: `{"v":${version}}`, height, expires };
  }
}

describe("the root of a seat's state", () => {
  it("RootAsOfBase: is that of all rows as they stood K heights before, whatever was sliced, changed and restarted since", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (seed) => {
        const seat = new Ledgerless(seed);
        const roots = Array.from({ length: 10 * EVERY }, () => seat.block());
        const expected = roots.map((_, at) =>
          (at + 1) % EVERY === 0 ? seat.expected(at + 1 - EVERY) : null,
        );
        expect(roots).toEqual(expected);
      }),
      { numRuns: 8, seed: 7 },
    );
  });

  it("RootAsOfBase: and is the same computed from all rows, where the parts of the base before were lost", () => {
    const seat = new Ledgerless(11);
    for (let height = 1; height < 5 * EVERY; height++) seat.block();
    seat.notes.delete(`parts/${3 * EVERY}`);
    seat.restart();
    expect(seat.block()).toBe(seat.expected(4 * EVERY));
  });

  it("ServeCertifiedParts: the parts under a root are kept once it is certified, until the next one is", () => {
    const seat = new Ledgerless(3);
    for (let height = 1; height < 3 * EVERY; height++) seat.block();
    expect(seat.roots.parts(2 * EVERY)).toBeNull();
    const root = seat.block();
    const parts = seat.roots.parts(2 * EVERY);
    expect(parts === null ? null : stateRoot(parts)).toBe(root);
    expect(seat.roots.parts(EVERY)).toBeNull();
    for (let height = 1; height <= EVERY; height++) seat.block();
    expect(seat.roots.parts(2 * EVERY)).toBeNull();
  });

  it("ServeCertifiedParts: not if the certified root is another", () => {
    const seat = new Ledgerless(3);
    for (let height = 1; height < 2 * EVERY; height++) seat.block();
    seat.block("ab".repeat(32));
    expect(seat.roots.parts(EVERY)).toBeNull();
    for (let height = 1; height < EVERY; height++) seat.block();
    expect(seat.block()).toBe(seat.expected(2 * EVERY));
  });

  it("ReadAgainWhatRests: a row that changed by itself shows within a few roots, though nothing touches its bucket", () => {
    const seat = new Ledgerless(5);
    for (let height = 1; height <= 2 * EVERY; height++) seat.block();
    const row: EntityRow = { key: "t/rest/1", version: 1, state: "{}", height: 1, expires: null };
    seat.rows.entities.set(row.key, row);
    const bases = Array.from({ length: 17 }, (_, at) => (2 + at) * EVERY);
    const shows = bases.filter((base) => {
      for (let height = 1; height < EVERY; height++) seat.block();
      return seat.block() === seat.expected(base);
    });
    expect(shows.at(-1)).toBe(bases.at(-1));
    expect(shows.length).toBeLessThan(bases.length);
  });

  it("sorts texts as their UTF-8 bytes", () => {
    const text = fc.string({ unit: "binary", maxLength: 3 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(byBytes(a, b))).toBe(bytes);
      }),
      { seed: 1 },
    );
  });
});
