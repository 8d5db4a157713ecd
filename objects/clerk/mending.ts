/**
 * Blocks of which a row is damaged here are had again: from the seat's own rows where these suffice, else from a peer, else from the
 * Ledger. It runs beside the agreement; whoever gives a block counts for nothing, the certificate for all.
 */
import { LIMITS } from "../shared/limits.ts";
import type { Block } from "../shared/types.ts";
import type { Clock } from "./publisher.ts";

/** The seat and everybody who may have a block of its chain. */
export interface Ward {
  /** Heights of damaged rows, the lowest first. */
  readonly wounds: () => readonly number[];
  /** From own rows; null where one of them is damaged. */
  readonly own: (height: number) => Block | null;
  /** Everybody else, in the order in which they are asked; each rejects, gives null or keeps silent where it has none. */
  readonly others: readonly ((height: number) => Promise<Block | null>)[];
  /** Verifies and stores it, in one synchronous piece; a false one changes nothing. */
  readonly mend: (block: Block) => void;
  readonly clock: Pick<Clock, "wait">;
}

export class Mending {
  readonly #ward: Ward;
  #running = false;

  constructor(ward: Ward) {
    this.#ward = ward;
  }

  /** Goes on while anything is damaged; harmless when it already runs. */
  wake(): void {
    if (this.#running || this.#ward.wounds().length === 0) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
    });
  }

  async #run(): Promise<void> {
    const { wounds, clock } = this.#ward;
    for (let tries = 0; wounds().length > 0; tries++) {
      if (tries > 0) {
        const pause = LIMITS.mendPauseMs * 2 ** Math.min(tries - 1, 16);
        await clock.wait(Math.min(pause, LIMITS.alarmMs));
      }
      const before = wounds().length;
      for (const height of new Set(wounds())) await this.#mend(height);
      if (wounds().length < before) tries = 0;
    }
  }

  async #mend(height: number): Promise<void> {
    const { own, others, mend, wounds } = this.#ward;
    const here = own(height);
    if (here !== null) mend(here);
    for (const other of others) {
      if (!wounds().includes(height)) return;
      const silence = this.#ward.clock.wait(LIMITS.statusMs).then(() => null);
      const block = await Promise.race([other(height).catch(() => null), silence]);
      if (block !== null && block.header.height === height) mend(block);
    }
  }
}
