import type { Watched } from "../directed/direct.ts";
import type { Options } from "../draw.ts";

/** Which kind of run shows a bug. */
export type How =
  /** The random mix of faults, liars and work, with what these options fix. */
  | { readonly run: "mix"; readonly options: Options }
  /** Schedules of who leads, who hears whom and how far each view gets; a seed is a schedule's number. */
  | { readonly run: "directed"; readonly watched: Watched }
  /** None at all. */
  | { readonly run: "nothing" };
