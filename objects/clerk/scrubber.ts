/**
 * The scrubber reads every row of every table of the seat again, slowly and for ever: rot in a row that nobody touches is found while
 * there is something to repair it from. It works with each block and alarm, and wakes no object for itself. How far it has come is
 * noted with each block, at the price of one row: a court that is called now and then, its objects evicted in between, would else
 * never come to the end.
 */
import { LIMITS } from "../shared/limits.ts";
import type { Chain } from "./chain.ts";
import type { Incidents } from "./incidents.ts";
import type { SeatNotes } from "./notes.ts";
import { RowDamaged } from "./rows.ts";
import type { AgreedState } from "./state.ts";

interface Scrubbed {
  readonly chain: Chain;
  readonly state: AgreedState;
  readonly notes: SeatNotes;
  readonly incidents: Incidents;
  readonly now: () => number;
}

/** Where it stands: a table, and the row of it that was read last. */
interface Mark {
  readonly table: number;
  readonly after: string | null;
  /** Whole passes so far. */
  readonly passes: number;
}

/** Reads on above a row; where it came to, or null at the table's end. Throws `RowDamaged` for what it cannot repair. */
type Pass = (after: string | null) => string | null;

const START: Mark = { table: 0, after: null, passes: 0 };
const NOTE = "scrub";
/** The first ones: what was taken from others is in them. */
const STATE_TABLES = 2;

export class Scrubber {
  readonly #of: Scrubbed;
  readonly #tables: readonly Pass[];
  #mark: Mark | null = null;
  #noted = "";

  constructor(of: Scrubbed) {
    this.#of = of;
    const { state, chain, notes } = of;
    this.#tables = [
      (after) => state.scrub(after, LIMITS.scrubRows),
      (after) => state.keys.scrub(after, LIMITS.scrubRows),
      (after) => this.#heights(after),
      (after) => chain.scrubWrits(after, LIMITS.scrubBytes),
      () => chain.scrubStrays(),
      (after) => this.#last(chain.ranges.after(after, LIMITS.scrubRows)),
      (after) => this.#last(notes.check(after ?? "", LIMITS.scrubRows)),
      (after) => this.#incidents(after),
    ];
  }

  /** Tables of the state, and those of them that this pass has read. */
  get progress(): { readonly done: number; readonly of: number } {
    return { done: Math.min(this.#at().table, STATE_TABLES), of: STATE_TABLES };
  }

  /** Whole passes so far. */
  get passes(): number {
    return this.#at().passes;
  }

  /** Reads a slice. Throws `RowDamaged` for a damaged row that is not repaired; the next slice begins there again. */
  // Rule: ScrubByAndBy.
  slice(): void {
    const { table, after, passes } = this.#at();
    const next = this.#tables[table]?.(after) ?? null;
    if (next !== null) this.#mark = { table, after: next, passes };
    else if (table + 1 < this.#tables.length)
      this.#mark = { table: table + 1, after: null, passes };
    else this.#mark = { ...START, passes: passes + 1 };
  }

  /** From the first row on. */
  restart(): void {
    this.#mark = START;
  }

  /** Part of a block's transaction. */
  keep(): void {
    const text = JSON.stringify(this.#at());
    if (text !== this.#noted) this.#of.notes.put(NOTE, text);
    this.#noted = text;
  }

  #at(): Mark {
    this.#mark ??= this.#read();
    return this.#mark;
  }

  #read(): Mark {
    try {
      const text = this.#of.notes.get(NOTE);
      return text === undefined ? START : (JSON.parse(text) as Mark);
    } catch (error) {
      if (error instanceof RowDamaged) return START;
      throw error;
    }
  }

  #last(places: readonly (string | number)[]): string | null {
    return String(places.at(-1) ?? "") || null;
  }

  /** Blocks with all that belongs to them. */
  #heights(after: string | null): string | null {
    const { chain } = this.#of;
    let height = after === null ? chain.lowest() - 1 : Number(after);
    for (
      let bytes = 0, rows = 0;
      bytes < LIMITS.scrubBytes && rows < LIMITS.scrubRows;
      rows += 16
    ) {
      if (height >= chain.height()) return null;
      height += 1;
      bytes += chain.check(height);
    }
    return String(height);
  }

  /** Nothing can bring an incident back. */
  // Rule: ForgetDamagedNote.
  #incidents(after: string | null): string | null {
    const { incidents, chain, now } = this.#of;
    try {
      return this.#last(incidents.check(Number(after ?? 0), LIMITS.scrubRows));
    } catch (error) {
      if (!(error instanceof RowDamaged) || error.place === null) throw error;
      incidents.remove(Number(error.place.key));
      incidents.record({ kind: "repair", ...error.place, height: chain.height() }, now());
      return after;
    }
  }
}
