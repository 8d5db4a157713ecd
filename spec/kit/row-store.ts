/** A seat's state in memory as `objects/clerk/state.ts` keeps it: agreed rows, images of what was overwritten after a base, eras of keys. */
import type { Page, Room, RootNotes, StateSource } from "../../objects/clerk/roots.ts";
import type { Control } from "../../objects/shared/control.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import {
  bucketOf,
  byBytes,
  cursorOf,
  entityStateRow,
  eraOf,
  keyStateRow,
  stateRowDigest,
  wardenStateRow,
} from "../../objects/shared/state-root.ts";
import type { Cursor, PartId, StateRow } from "../../objects/shared/state-root.ts";
import type { EntityRow, Entry, KeyRow, WritProgress } from "../../objects/shared/types.ts";

interface Term {
  readonly height: number;
  readonly epoch: number;
  readonly domainVersion: number;
}

const FIRST_TERM: Term = { height: 0, epoch: 1, domainVersion: 1 };

interface Placed {
  readonly row: EntityRow;
  readonly bucket: number;
}

export class RowStore {
  readonly #every: number;
  readonly entities = new Map<string, EntityRow>();
  /** Buckets of all keys seen. */
  readonly #buckets = new Map<string, number>();
  /** By base. */
  readonly #images = new Map<number, Map<string, EntityRow>>();
  readonly #keys = new Map<number, KeyRow[]>();
  /** After each height that moved it. */
  #progress: { readonly height: number; readonly row: WritProgress }[] = [];
  /** After each control event. */
  #terms: Term[] = [];
  readonly #times = new Map<number, number>();

  constructor(every: number) {
    this.#every = every;
  }

  apply(
    { entities, keys }: Pick<Evaluation, "entities" | "keys">,
    height: number,
    time: number,
    entries: readonly Entry[],
  ): void {
    const base = height - 1 - ((height - 1) % this.#every);
    for (const row of entities) {
      this.#keepImage(row.key, base);
      this.entities.set(row.key, row);
    }
    const era = eraOf(height, this.#every);
    if (keys.length > 0) this.#keys.set(era, [...(this.#keys.get(era) ?? []), ...keys]);
    for (const { writ, first, count } of entries) {
      const { warden, number, events } = writ;
      const next = first + count;
      const row = { warden, number, next, complete: next === events.length };
      this.#progress.push({ height, row });
    }
    if (height % this.#every === 0) this.#newBase(height, time);
  }

  changeTerm(height: number, control: Control): void {
    const last = this.#terms.at(-1) ?? FIRST_TERM;
    const changed =
      control.kind === "key" ? { epoch: last.epoch + 1 } : { domainVersion: control.domainVersion };
    this.#terms.push({ ...last, ...changed, height });
  }

  /** A Warden has another key, and has used no number under it. */
  restartNumbers(height: number, warden: number): void {
    this.#progress.push({ height, row: { warden, number: 0, next: 0, complete: true } });
  }

  page({ kind, id }: PartId, base: number, after: Cursor | null, room: Room): Page {
    const rows = this.#rows(kind, id, base).filter((row) => after === null || isAfter(row, after));
    const some = rows.slice(0, room.rows).map((row) => ({ row, digest: stateRowDigest(row) }));
    return { rows: some, last: some.length === rows.length };
  }

  source(): StateSource {
    return {
      page: (part, base, after, room) => this.page(part, base, after, room),
      eras: () => [...this.#keys.keys()],
      timeOf: (base) => this.#times.get(base) ?? 0,
    };
  }

  progressAt(base: number): WritProgress[] {
    const last = new Map<number, WritProgress>();
    for (const { height, row } of this.#progress) if (height <= base) last.set(row.warden, row);
    return [...last.values()]
      .filter(({ number }) => number > 0)
      .toSorted((a, b) => a.warden - b.warden);
  }

  /** Takes the rows of a base in place of what was here. */
  install(base: number, time: number, rows: Iterable<StateRow>): void {
    this.entities.clear();
    this.#images.clear();
    this.#keys.clear();
    this.#progress = [];
    this.#terms = [];
    this.#times.set(base, time);
    for (const row of rows) this.#take(row, base);
  }

  keyRows(): KeyRow[] {
    return [...this.#keys.values()].flat();
  }

  #take(row: StateRow, base: number): void {
    if (row[0] === "entity") {
      const [, key, version, state, height, expires] = row;
      this.entities.set(key, { key, version, state, height, expires });
    } else if (row[0] === "key") {
      const [, key, fingerprint, height, index, expires] = row;
      const era = eraOf(height, this.#every);
      const kept = { key, fingerprint, height, index, expires };
      this.#keys.set(era, [...(this.#keys.get(era) ?? []), kept]);
    } else if (row[0] === "term") {
      const [, epoch, domainVersion] = row;
      this.#terms.push({ height: base, epoch, domainVersion });
    } else if (row[0] === "warden") {
      const [, warden, number, next, complete] = row;
      const progress = { warden, number, next, complete: complete === 1 };
      this.#progress.push({ height: base, row: progress });
    }
  }

  #newBase(height: number, time: number): void {
    this.#times.set(height, time);
    const served = height - this.#every;
    for (const base of this.#images.keys()) if (base < served) this.#images.delete(base);
    const last = this.progressAt(served);
    this.#progress = [
      ...last.map((row) => ({ height: served, row })),
      ...this.#progress.filter((kept) => kept.height > served),
    ];
  }

  #keepImage(key: string, base: number): void {
    const row = this.entities.get(key);
    if (row === undefined || base === 0 || row.height > base) return;
    const images = this.#images.get(base) ?? new Map<string, EntityRow>();
    this.#images.set(base, images);
    if (!images.has(key)) images.set(key, row);
  }

  #rows(kind: PartId["kind"], id: number, base: number): StateRow[] {
    if (kind === "court")
      return [this.#termRow(base), ...this.progressAt(base).map((row) => wardenStateRow(row))];
    if (kind === "keys")
      return (this.#keys.get(id) ?? [])
        .toSorted((a, b) => a.height - b.height || byBytes(a.key, b.key))
        .map((row) => keyStateRow(row));
    const tables = [this.entities, this.#images.get(base), this.#images.get(base + this.#every)];
    return tables
      .flatMap((table) => [...(table?.values() ?? [])])
      .map((row): Placed => ({ row, bucket: this.#bucketOf(row.key) }))
      .filter(({ row, bucket }) => bucket === id && row.height <= base)
      .toSorted((a, b) => byBytes(a.row.key, b.row.key))
      .map(({ row }) => entityStateRow(row));
  }

  #termRow(base: number): StateRow {
    const { epoch, domainVersion } =
      this.#terms.findLast(({ height }) => height <= base) ?? FIRST_TERM;
    return ["term", epoch, domainVersion];
  }

  #bucketOf(key: string): number {
    const bucket = this.#buckets.get(key) ?? bucketOf(key);
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

export class MemoryNotes implements RootNotes {
  readonly #texts = new Map<string, string>();
  readonly get = (key: string): string | undefined => this.#texts.get(key);
  readonly put = (key: string, text: string): void => {
    this.#texts.set(key, text);
  };
  readonly delete = (key: string): void => {
    this.#texts.delete(key);
  };
  readonly forget = (prefix: string): void => {
    for (const key of this.#texts.keys()) if (key.startsWith(prefix)) this.#texts.delete(key);
  };
}

function isAfter(row: StateRow, [height, key]: Cursor): boolean {
  const [ofHeight, ofKey] = cursorOf(row);
  return ofHeight > height || (ofHeight === height && byBytes(ofKey, key) > 0);
}
