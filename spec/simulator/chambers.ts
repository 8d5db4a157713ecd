/** What a seat's core is loaded from and asks for: its disk as `restore.ts` reads it, the Arbiter as `Agreement` hands it in. */
import { rowsOf } from "../../objects/arbiter/adopt.ts";
import { evaluateBlock } from "../../objects/arbiter/evaluate.ts";
import { contextOf, eventsOf } from "../../objects/arbiter/evaluation.ts";
import { blockObjection } from "../../objects/clerk/consensus/check.ts";
import { seatFrom } from "../../objects/clerk/consensus/seat.ts";
import type { Seat, Tip, World } from "../../objects/clerk/consensus/seat.ts";
import type { Made } from "../../objects/clerk/repair.ts";
import { RowDamaged } from "../../objects/clerk/rows.ts";
import { leafDigest } from "../../objects/shared/digests.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import { DOMAIN_VERSION } from "../../objects/shared/genesis.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { termsWith } from "../../objects/shared/terms.ts";
import type { Batch, Block } from "../../objects/shared/types.ts";
import type { VirtualCourt } from "./court.ts";
import type { Disk } from "./disk.ts";
import { repaired } from "./repairs.ts";

/** Whose chambers they are. */
export interface Occupant {
  readonly seat: number;
  readonly disk: Disk;
  /** What a machine that computes wrongly makes of an evaluation. */
  readonly flaw: ((evaluation: Evaluation, batch: Batch) => Evaluation) | null;
  /** Whether its build has the domain's next version too, which evaluates alike. */
  readonly carriesNext: boolean;
  core(): Seat;
}

export class Chambers {
  readonly #court: VirtualCourt;
  readonly #of: Occupant;

  constructor(court: VirtualCourt, of: Occupant) {
    this.#court = court;
    this.#of = of;
  }

  /** Throws {@link RowDamaged} for what a voice needs and the disk has lost; `BrokenInvariant` for votes that do not fit the chain. */
  seat(voice: boolean): Seat {
    const { disk, seat } = this.#of;
    if (voice && disk.votesDamaged) throw new RowDamaged("notes: votes");
    const setup = this.#court.setup(seat);
    const tip = voice ? this.#tip(disk.chain.height()) : this.#highestTip();
    const controls = disk.chain.controls().filter(({ height }) => height <= tip.height);
    return seatFrom({
      setup: { ...setup, terms: termsWith(setup.terms, controls) },
      world: this.#world(),
      incarnation: disk.incarnation,
      tip,
      progress: disk.replaying === null ? disk.chain.progress() : disk.rows.progressAt(tip.height),
      nextExpiry: disk.state.nextExpiry(),
      durable: voice ? disk.durable : null,
      batchOf: (header) => disk.chain.batch(header),
      voice,
      rebuiltAt: disk.rebuiltAt,
    });
  }

  /** Without a voice it follows from the highest block that it can read. */
  #highestTip(): Tip {
    for (let height = this.#of.disk.replaying ?? this.#of.disk.chain.height(); ; height--) {
      try {
        return this.#tip(height);
      } catch (error) {
        if (!(error instanceof RowDamaged)) throw error;
      }
    }
  }

  #tip(height: number): Tip {
    const { chain } = this.#of.disk;
    if (height === 0) return this.#court.genesisTip;
    const { header, certificate } = chain.head(height);
    const { block, batch, result } = certificate;
    return { height, block, batch, result, time: header.time, certificate };
  }

  #world(): World {
    return {
      evaluate: (batch) => this.#evaluate(batch),
      adopt: (block) => this.#adopt(block),
      supports: (version) =>
        version === DOMAIN_VERSION || (version === DOMAIN_VERSION + 1 && this.#of.carriesNext),
      sign: (digest) => this.#court.sign(this.#of.seat, digest),
      stateRoot: (base) => this.#given(() => this.#of.disk.roots.root(base), ""),
      blocksAbove: (height) =>
        this.#given(
          () => this.#of.disk.chain.above(height, LIMITS.syncBlocks, LIMITS.syncBytes),
          [],
        ),
      lowestBlock: () => 1,
      offer: () => this.#given(() => this.#of.disk.offer(this.#of.core().tip.height), null),
      page: (base, part, after) =>
        this.#given(() => this.#of.disk.vault.page(base, part, after), null),
    };
  }

  /** What others may have of this seat; without a voice nothing where it is damaged. */
  #given<T>(read: () => T, otherwise: T): T {
    try {
      return this.#mending(read);
    } catch (error) {
      if (error instanceof RowDamaged && !this.#of.core().voice) return otherwise;
      throw error;
    }
  }

  #evaluate(batch: Batch): Evaluation {
    const { state } = this.#of.disk;
    try {
      const context = contextOf(batch);
      const evaluation = this.#mending(() =>
        evaluateBlock(context, eventsOf(batch), state, this.#court.rules),
      );
      return this.#of.flaw?.(evaluation, batch) ?? evaluation;
    } catch (error) {
      if (error instanceof RowDamaged && !this.#of.core().voice) return NO_EVALUATION;
      throw error;
    }
  }

  /** Reads again as long as what is met can be repaired. */
  #mending<T>(read: () => T): T {
    for (;;) {
      try {
        return read();
      } catch (error) {
        const place = error instanceof RowDamaged ? error.place : null;
        if (place?.within === undefined) throw error;
        if (!repaired(this.#of.disk, place, (height) => this.#made(height))) throw error;
        this.#court.world.note({ kind: "repaired", seat: this.#of.seat });
      }
    }
  }

  /** Blocks of its chain that its own terms prove. */
  #made(height: number): Made | null {
    const block = this.#of.disk.chain.block(height);
    if (block === undefined) return null;
    if (blockObjection(block, this.#of.core().setup, this.#court.verify) !== null) return null;
    return rowsOf(contextOf(block), eventsOf(block), block.outcomes, this.#court.rules);
  }

  #adopt(block: Block): Evaluation | null {
    const { outcomes, result, entries } = block;
    const rows = rowsOf(contextOf(block), eventsOf(block), outcomes, this.#court.rules);
    if (rows === null) return null;
    const submitted = entries.reduce((sum, entry) => sum + entry.count, 0);
    const system = outcomes.length - submitted;
    const leaves = outcomes.map(leafDigest);
    return { ...rows, outcomes, leaves, root: result.root, system, fits: submitted };
  }
}

const NO_EVALUATION: Evaluation = {
  outcomes: [],
  leaves: [],
  root: "",
  system: 0,
  fits: LIMITS.blockEvents,
  entities: [],
  keys: [],
};
