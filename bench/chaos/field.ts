// What a blow is given, and what it is.
import type { Dice } from "../../spec/kit/dice.ts";
import type { Arena } from "./arena.ts";
import type { Load } from "./load/load.ts";
import type { Manners } from "./load/submitter.ts";

/** What is waited for at most: that everybody is back, that everything is published. */
export const RECOVERY_MS = 120_000;

export interface Field {
  readonly arena: Arena;
  readonly load: Load;
  readonly manners: Manners;
  readonly dice: Dice;
  /** How long who is killed stays down. */
  readonly downSeconds: number;
  /** How much of the load a harm lasts for that ends when it is healed. */
  readonly share: number;
}

/** Tells what was done, to whom. */
export type Blow = (field: Field) => Promise<string>;
