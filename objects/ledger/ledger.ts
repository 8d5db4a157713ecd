/** What every function of the Ledger is given, and what publishing refuses with. */
import type { Trust } from "./trust.ts";

export { certified, LedgerCorrupt } from "./trust.ts";

/** The ledger of one generation. */
export interface Ledger extends Trust {
  readonly db: D1Database;
}

/** The ledger holds another block (or, at height 0, another genesis) than the one given: an incident, never a retry. */
export class LedgerConflict extends Error {
  override readonly name = "LedgerConflict";
  readonly court: number;
  readonly height: number;
  constructor(court: number, height: number, detail: string) {
    super(`court ${court} height ${height}: ${detail}`);
    this.court = court;
    this.height = height;
  }
}

/** The run starts above what the ledger holds: publish from `height` + 1. */
export class LedgerGap extends Error {
  override readonly name = "LedgerGap";
  readonly court: number;
  /** Highest height the ledger holds. */
  readonly height: number;
  constructor(court: number, height: number) {
    super(`court ${court}: the ledger ends at height ${height}`);
    this.court = court;
    this.height = height;
  }
}
