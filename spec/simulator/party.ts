/** Who takes part in a run beside the court. */
import type { Officer } from "./court.ts";

export interface Party {
  /** The faults end: what it makes of them ends too, and nothing new is begun. */
  calm(): void;
  /** What is not yet decided, answered or published, in words; empty when everything is. */
  pending(): readonly string[];
  /** How much longer than agreement itself it may be about what it has to do in the calm, milliseconds. */
  longer(): number;
  /** All keys have ended: what was sent before is sent anew. */
  anew(): void;
  /**
   * Nothing more is done: tells what there is to be told of it all. Throws a `Violation` for what must not be. Where not all is
   * `settled`, somebody may be ahead of every sound seat.
   */
  end(settled: boolean): void;
  /** The run is over, well or not. */
  close(): void;
  /** How often what happened, by name. */
  counts(): Readonly<Record<string, number>>;
}

/** What parties and checkers may know of a run. */
export interface Setting {
  /** Seats that are faulty in any way, wiped and damaged ones among them: nobody may rely on them. */
  readonly faulty: ReadonlySet<number>;
  /** Of these, the ones that lie or compute wrongly: what they decide, store or say counts for nothing. */
  readonly lying: ReadonlySet<number>;
  /** Has the court take in again whoever lost its storage, under its new key. */
  readonly readmit: (officer: Officer) => void;
}
