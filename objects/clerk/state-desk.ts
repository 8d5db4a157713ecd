/**
 * A seat's state as others take it and as it comes from them: rows are kept aside until all of them are there and verified, then
 * take the place of what was here in one transaction. Whatever ends in between begins anew.
 */
import { LIMITS } from "../shared/limits.ts";
import type { Cursor, PartId, StateRow } from "../shared/state-root.ts";
import type { WritProgress } from "../shared/types.ts";
import type { Chain } from "./chain.ts";
import type { Offer } from "./consensus/messages.ts";
import type { Effect, StatePage } from "./consensus/seat.ts";
import type { SeatNotes } from "./notes.ts";
import type { StateRoots, StateSource } from "./roots.ts";
import { RowDamaged } from "./rows.ts";
import type { StandingNote } from "./standing.ts";
import { AgreedState } from "./state.ts";

interface Held {
  readonly chain: Chain;
  readonly notes: SeatNotes;
  readonly state: AgreedState;
  readonly roots: StateRoots;
  readonly source: StateSource;
  readonly standing: StandingNote;
  /** K. */
  readonly every: number;
  readonly wardens: number;
}

type Staging = Extract<Effect, { kind: "stage" }>;

export class StateDesk {
  readonly #sql: SqlStorage;
  readonly #held: Held;
  #staged: AgreedState | null = null;
  #progress: WritProgress[] = [];

  constructor(sql: SqlStorage, held: Held) {
    this.#sql = sql;
    this.#held = held;
  }

  /** Height of the state, where it lies below the chain's: the blocks between are to be applied again. */
  get replaying(): number | null {
    return this.#held.standing.now.replaying;
  }

  /** Whether the state is to be taken anew. */
  get rebuilding(): boolean {
    return this.#held.standing.now.rebuild;
  }

  /** The newest state whose root is certified at or below a height. Throws {@link RowDamaged}. */
  offer(height: number): Offer | null {
    const { chain, roots, every } = this.#held;
    const base = height - (height % every) - every;
    const parts = base > 0 ? roots.parts(base) : null;
    if (parts === null) return null;
    const controls = chain.controls(base + every);
    return { anchor: chain.head(base), rooted: chain.head(base + every), parts, controls };
  }

  /** Throws {@link RowDamaged}. */
  page(base: number, part: PartId, after: Cursor | null): StatePage {
    const room = { rows: LIMITS.stateRows, bytes: LIMITS.stateBytes };
    const { rows, last } = this.#held.source.page(part, base, after, room);
    return { rows: rows.map(({ row }) => row), last };
  }

  /** What an earlier life has left half done. */
  // Rule: StageUntilWhole.
  clean(): void {
    AgreedState.dropStaged(this.#sql);
    this.#staged = null;
    this.#progress = [];
  }

  stage({ part, first, fresh, rows }: Staging): void {
    if (fresh) this.clean();
    this.#staged ??= AgreedState.staged(this.#sql, this.#held.every);
    if (first) this.#staged.empty(part);
    this.#staged.lay(rows);
    if (part.kind !== "court") return;
    this.#progress = [...(first ? [] : this.#progress), ...rows.flatMap(progressOf)];
  }

  /** Part of one transaction, and the end of this life: what reads the tables knows them as they were. */
  install(offer: Offer | null): void {
    const { chain, notes, standing, state, roots, every } = this.#held;
    const staged = offer === null ? null : (this.#staged ??= AgreedState.staged(this.#sql, every));
    state.replaceBy(staged);
    notes.forget("parts/");
    notes.forget("changed/");
    const base = offer?.anchor.header.height ?? 0;
    roots.begin(base, offer?.parts ?? null);
    if (offer !== null && !this.#continues(offer)) {
      // What was decided here is not open again: no voice before the chain is back there.
      standing.change({ reached: Math.max(standing.now.reached, chain.height()) });
      chain.restart(offer, this.#progress);
    }
    this.applied(base);
  }

  /** With a state taken, and with each block applied again after it; whether the state stands where the chain does. */
  applied(height: number): boolean {
    const { chain, standing } = this.#held;
    const { reached, rebuild } = standing.now;
    if (height < Math.max(chain.height(), reached)) {
      standing.change({ replaying: height });
      return false;
    }
    const rebuiltAt = rebuild ? { rebuiltAt: height } : {};
    const verify = rebuild || standing.now.verify;
    standing.change({ replaying: null, reached: 0, rebuild: false, verify, ...rebuiltAt });
    return true;
  }

  /** Whether the own chain holds the block that the state is after, and says of the court what the state does. */
  #continues({ anchor, controls }: Offer): boolean {
    const { chain, wardens } = this.#held;
    const { height } = anchor.header;
    if (height > chain.height()) return false;
    try {
      const own = chain.head(height).certificate.block === anchor.certificate.block;
      const known = controls.filter(({ header }) => header.height <= height);
      const terms = chain.controls(height).length === known.length;
      const progress = JSON.stringify(chain.progress(wardens, height));
      return own && terms && progress === JSON.stringify(this.#progress);
    } catch (error) {
      if (error instanceof RowDamaged) return false;
      throw error;
    }
  }
}

function progressOf(row: StateRow): WritProgress[] {
  if (row[0] !== "warden") return [];
  const [, warden, number, next, complete] = row;
  return [{ warden, number, next, complete: complete === 1 }];
}
