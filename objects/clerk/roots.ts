/**
 * The root of a seat's state at each base (a multiple of K), computed in slices while the next K heights are decided. Only what
 * changed is read again, and by and by the rest: so a row that rots untouched is found too.
 */
import {
  ENTITY_BUCKETS,
  PartTally,
  bucketOf,
  cursorOf,
  eraOf,
  stateRoot,
} from "../shared/state-root.ts";
import type { Cursor, Part, PartId, StateRow } from "../shared/state-root.ts";
import type { EntityRow } from "../shared/types.ts";
import { RowDamaged } from "./rows.ts";

export interface DigestedRow {
  readonly row: StateRow;
  readonly digest: string;
}

export interface Page {
  readonly rows: readonly DigestedRow[];
  /** Nothing comes after it. */
  readonly last: boolean;
}

/** At most so many rows, and bytes unless one row alone has more. */
export interface Room {
  readonly rows: number;
  readonly bytes: number;
}

/** A seat's state as of a base: of the newest one, and of the one before. Each method throws {@link RowDamaged}. */
export interface StateSource {
  readonly page: (part: PartId, base: number, after: Cursor | null, room: Room) => Page;
  /** Eras of which any key is here. */
  readonly eras: () => readonly number[];
  /** Block time of a base above 0. */
  readonly timeOf: (base: number) => number;
}

/** Where parts and changed buckets survive the seat's life; part of the block's transaction. */
export interface RootNotes {
  readonly get: (key: string) => string | undefined;
  readonly put: (key: string, text: string) => void;
  readonly delete: (key: string) => void;
  /** Deletes all whose keys begin so. */
  readonly forget: (prefix: string) => void;
}

/** Rows between two looks at the bound of a slice. */
const PAGE: Room = { rows: 256, bytes: 1024 * 1024 };
/** Of the buckets that did not change one in so many is read again at each root. */
const SCRUB = 16;

interface Work {
  readonly base: number;
  readonly parts: Part[];
  readonly left: (Part | PartId)[];
  tally: PartTally | null;
  after: Cursor | null;
}

export class StateRoots {
  readonly #source: StateSource;
  readonly #notes: RootNotes;
  readonly #every: number;
  #work: Work | null = null;

  constructor(source: StateSource, notes: RootNotes, every: number) {
    this.#source = source;
    this.#notes = notes;
    this.#every = every;
  }

  /** The root as of a base: the newest one below the next height. Throws {@link RowDamaged}. */
  root(base: number): string {
    const work = this.#workOn(base);
    while (work.left.length > 0) this.#readOn(work);
    return stateRoot(work.parts);
  }

  /** Reads on towards the root as of the newest base at or below a height; whether that is done. */
  advance(height: number, rows: number): boolean {
    const work = this.#workOn(height - (height % this.#every));
    let left = rows;
    while (left > 0 && work.left.length > 0) left -= this.#readOn(work);
    return work.left.length === 0;
  }

  /**
   * Part of the transaction of a block: notes which buckets it changed. With the block whose result carries a root the parts
   * under it are kept, if they are this seat's too, and are served from then on.
   */
  agreed(height: number, changed: readonly EntityRow[], certified: string | null): void {
    if (height % this.#every === 0) this.#settle(height - this.#every, certified);
    if (changed.length === 0) return;
    const era = eraOf(height, this.#every);
    const before = this.#changed(era);
    const after = new Set([...before, ...changed.map(({ key }) => bucketOf(key))]);
    if (after.size > before.size)
      this.#notes.put(`changed/${era}`, JSON.stringify([...after].toSorted((a, b) => a - b)));
  }

  /** The parts as of a base whose root is certified; null for any other. Throws {@link RowDamaged}. */
  parts(base: number): readonly Part[] | null {
    const text = this.#notes.get(`parts/${base}`);
    return text === undefined ? null : (JSON.parse(text) as Part[]);
  }

  /** Begins from certified parts, as they were received; without any from the state before the first block. */
  begin(base: number, parts: readonly Part[] | null): void {
    this.#work = null;
    if (parts === null) this.#notes.delete(`parts/${base}`);
    else this.#notes.put(`parts/${base}`, JSON.stringify(parts));
  }

  /** Nothing noted of the parts is believed any more: the next roots are read from all rows. */
  readAll(height: number): void {
    this.#work = null;
    this.#notes.forget("parts/");
    const all = JSON.stringify(Array.from({ length: ENTITY_BUCKETS }, (_, id) => id));
    const era = eraOf(height + 1, this.#every);
    for (const open of [era - 1, era]) this.#notes.put(`changed/${open}`, all);
  }

  // Rule: ServeCertifiedParts.
  #settle(base: number, certified: string | null): void {
    const own = this.#ownParts(base);
    this.#notes.delete(`parts/${base - this.#every}`);
    this.#notes.delete(`changed/${eraOf(base, this.#every)}`);
    this.#work = null;
    if (own !== null && stateRoot(own) === certified)
      this.#notes.put(`parts/${base}`, JSON.stringify(own));
  }

  /** Null where they cannot be read: the next root is then computed from all rows. */
  #ownParts(base: number): readonly Part[] | null {
    try {
      this.root(base);
      return this.#workOn(base).parts;
    } catch (error) {
      if (error instanceof RowDamaged) return null;
      throw error;
    }
  }

  #changed(era: number): Set<number> {
    return new Set(JSON.parse(this.#notes.get(`changed/${era}`) ?? "[]") as number[]);
  }

  #workOn(base: number): Work {
    if (this.#work?.base === base) return this.#work;
    this.#work = { base, parts: [], left: this.#toRead(base), tally: null, after: null };
    return this.#work;
  }

  /** In the order of the root: parts that stand as they were, and the ids of those to be read. */
  // Rules: RootAsOfBase, ReadAgainWhatRests.
  #toRead(base: number): (Part | PartId)[] {
    const era = eraOf(base, this.#every);
    const prior = base === 0 ? null : this.parts(base - this.#every);
    const changed = this.#changed(era);
    const entities = Array.from({ length: ENTITY_BUCKETS }, (_, id) => {
      const stands = prior?.[1 + id];
      const read = stands === undefined || changed.has(id) || id % SCRUB === era % SCRUB;
      return read ? ({ kind: "entities", id } as const) : stands;
    });
    return [{ kind: "court", id: 0 }, ...entities, ...this.#eras(base, prior)];
  }

  #eras(base: number, prior: readonly Part[] | null): (Part | PartId)[] {
    if (base === 0) return [];
    const era = eraOf(base, this.#every);
    const time = this.#source.timeOf(base);
    if (prior === null) {
      const here = this.#source.eras().filter((id) => id <= era);
      return here.toSorted((a, b) => a - b).map((id) => ({ kind: "keys", id }) as const);
    }
    const live = prior.filter(({ kind, until }) => kind === "keys" && until >= time);
    const scrubbed = live.map((part, at) =>
      at === era % live.length ? ({ kind: "keys", id: part.id } as const) : part,
    );
    return [...scrubbed, { kind: "keys", id: era }];
  }

  /** Takes up what stands, or reads a page; how many rows that were, at least one. */
  #readOn(work: Work): number {
    const next = work.left[0];
    if (next === undefined) return 1;
    if ("digest" in next) {
      work.left.shift();
      work.parts.push(next);
      return 1;
    }
    const page = this.#source.page(next, work.base, work.after, PAGE);
    work.tally ??= new PartTally(next);
    for (const { row, digest } of page.rows) {
      work.tally.add(row, digest);
      work.after = cursorOf(row);
    }
    if (page.last) this.#close(work, next, work.tally);
    return Math.max(page.rows.length, 1);
  }

  /** An era without a key that is still alive is no part. */
  #close(work: Work, { kind }: PartId, tally: PartTally): void {
    const part = tally.part();
    const ended = kind === "keys" && part.until < this.#source.timeOf(work.base);
    if (!ended) work.parts.push(part);
    work.left.shift();
    work.tally = null;
    work.after = null;
  }
}
