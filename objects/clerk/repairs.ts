/** A seat's rows against its own chain: what is repaired where it is met, and what the seat loses by the rest. */
import { rowsOf } from "../arbiter/adopt.ts";
import { contextOf, eventsOf } from "../arbiter/evaluation.ts";
import type { Rules } from "../arbiter/evaluation.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Verify } from "../shared/node/crypto.ts";
import type { Block, EntityRow } from "../shared/types.ts";
import type { Chain } from "./chain.ts";
import { blockObjection } from "./consensus/check.ts";
import type { Setup } from "./consensus/seat.ts";
import type { Incidents } from "./incidents.ts";
import { repairedEntities, repairedKey } from "./repair.ts";
import type { Archive, Bucket, Made } from "./repair.ts";
import type { StateRoots } from "./roots.ts";
import { RowDamaged } from "./rows.ts";
import type { Place } from "./rows.ts";
import type { StandingNote } from "./standing.ts";
import { isWhole, isWritten } from "./state.ts";
import type { AgreedState, StoredEntity } from "./state.ts";

interface Workshop {
  readonly chain: Chain;
  readonly state: AgreedState;
  readonly roots: StateRoots;
  readonly standing: StandingNote;
  readonly incidents: Incidents;
  readonly rules: Rules;
  readonly verify: Verify;
  readonly now: () => number;
  /** K. */
  readonly every: number;
}

export class Repairs {
  readonly #of: Workshop;
  /** What blocks are verified against; without it nothing is repaired. */
  #setup: (() => Setup) | null = null;
  #done = 0;

  constructor(of: Workshop) {
    this.#of = of;
  }

  /** The terms as far as the seat's own chain reaches. */
  verifyBy(setup: () => Setup): void {
    this.#setup = setup;
  }

  /** Reads again as long as what is met can be repaired; throws what cannot. `read` changes nothing. */
  mending<T>(read: () => T): T {
    for (;;) {
      try {
        return read();
      } catch (error) {
        if (!(error instanceof RowDamaged) || !this.#mended(error)) throw error;
      }
    }
  }

  #mended({ place }: RowDamaged): boolean {
    if (place === null || place.within === undefined) return false;
    const { within } = place;
    return this.#tried(() =>
      place.table === "keys" ? this.#key(place, within) : this.#entities(place.table, within),
    );
  }

  /** Whether everything damaged of a bucket has been put right. */
  // Rules: RepairRowFromChain, TakeOutStrayRow.
  #entities(table: string, bucket: number): boolean {
    const { state } = this.#of;
    const stored = state.stored(table, bucket);
    const damaged = stored.filter((row) => !isWhole(row));
    const astray = damaged.filter(isWritten);
    const other = damaged.filter((row) => !isWritten(row));
    const rows = other.length === 0 ? [] : this.#repaired(table, bucket, stored);
    if (damaged.length === 0 || rows === null) return false;
    for (const row of astray) state.move(table, row);
    state.replace(table, other, rows);
    for (const { key, height, digest } of damaged) this.#note({ table, key, height, digest });
    return true;
  }

  #repaired(table: string, id: number, stored: readonly StoredEntity[]): EntityRow[] | null {
    return repairedEntities(this.#archive(), this.#bucket(table, id, stored));
  }

  /** Whether a damaged used key has been put right. */
  // Rule: RepairRowFromChain.
  #key(place: Place, table: number): boolean {
    const { keys } = this.#of.state;
    const damaged = keys.stored(table, place.height ?? 0, String(place.key));
    if (damaged === undefined) return false;
    const held = (height: number) => keys.heldAt(table, height);
    const row = repairedKey(this.#archive(), damaged, held, this.#height());
    if (row === null) return false;
    keys.replace(table, damaged, row);
    const { key, height, digest } = damaged;
    this.#note({ table: "keys", key, height, digest });
    return true;
  }

  /** Whether a quorum of the terms here has signed this block. */
  believes(block: Block): boolean {
    const setup = this.#setup?.();
    return setup !== undefined && blockObjection(block, setup, this.#of.verify) === null;
  }

  #tried(repair: () => boolean): boolean {
    if (this.#setup === null || this.#done >= LIMITS.repairs) return false;
    try {
      const repaired = repair();
      if (repaired) this.#done += 1;
      return repaired;
    } catch (error) {
      // What it would be repaired from is damaged too.
      if (error instanceof RowDamaged) return false;
      throw error;
    }
  }

  #note(place: Place): void {
    const { incidents, chain, now } = this.#of;
    incidents.record({ kind: "repair", ...place, height: place.height ?? chain.height() }, now());
  }

  /** Height that the state is of. */
  #height(): number {
    const { chain, standing } = this.#of;
    return standing.now.replaying ?? chain.height();
  }

  #archive(): Archive {
    const { chain } = this.#of;
    return {
      lowest: () => chain.lowest(),
      holding: (text, after, upTo) => chain.holding(text, after, upTo),
      made: (height) => this.#made(height),
    };
  }

  #made(height: number): Made | null {
    const { chain, rules } = this.#of;
    const block = chain.block(height);
    if (block === undefined || !this.believes(block)) return null;
    return rowsOf(contextOf(block), eventsOf(block), block.outcomes, rules);
  }

  #bucket(table: string, id: number, stored: readonly StoredEntity[]): Bucket {
    const { state, roots, every } = this.#of;
    const height = this.#height();
    const newest = height - (height % every);
    const base = [newest, newest - every].find((at) => at > 0 && roots.parts(at) !== null) ?? 0;
    const parts = base > 0 ? roots.parts(base) : null;
    const live = state.stored("entities", id).filter(isWhole);
    const images = state.imagesAt(base).flatMap((of) => state.stored(of, id).filter(isWhole));
    const upTo = table === "entities" ? height : Number(table.slice("images_".length));
    const later = table === "entities" ? [] : state.imagesSince(upTo);
    const asOf = [
      ...stored.filter(isWhole),
      ...later.flatMap((of) => state.stored(of, id).filter(isWhole)),
      ...(table === "entities" ? [] : live),
    ].filter((row) => row.height <= upTo);
    return {
      id,
      upTo,
      sound: live.map(rowOf),
      damaged: stored.filter((row) => !isWritten(row)),
      held: new Set(asOf.map(({ key }) => key)),
      base,
      part: parts?.find((part) => part.kind === "entities" && part.id === id) ?? null,
      images: images.map(rowOf).filter((row) => row.height <= base),
    };
  }
}

function rowOf({ key, version, state, height, expires }: StoredEntity): EntityRow {
  return { key, version, state, height, expires };
}
