/**
 * Directed schedules, after the Twins method (Bano et al., arXiv 2004.10617): who leads in which view × which seats hear one another
 * in that view × how far the view gets. A run's number is its schedule; what the number leaves open is drawn from it.
 */
import type { Message } from "../../../objects/clerk/consensus/messages.ts";
import { Dice } from "../../kit/dice.ts";
import type { Lie } from "../liars/catalogue.ts";

export const VIEWS = 5;
const SEATS = 4;

/**
 * How far a view gets on a side: nobody hears a proposal; nobody hears prepares; one seat does, and alone is prepared; all are
 * prepared, and nobody hears commits; one seat decides, and nobody hears of it; everything passes.
 */
export const REACHES = [
  "nothing",
  "proposed",
  "one-prepared",
  "prepared",
  "one-decided",
  "free",
] as const;
export type Reach = (typeof REACHES)[number];

export interface Phase {
  /** Side of each honest seat, in order: they hear one another only on one side. Liars are on both. */
  readonly sides: readonly number[];
  /** Side of each copy of a liar, for those that have two. */
  readonly copies: readonly number[];
  readonly reach: Reach;
  /** The one honest seat, by its place among them; −1 for the leader, if it is honest. */
  readonly one: number;
  /** Which honest seats suspect at the beginning. */
  readonly suspects: readonly boolean[];
  /** When what was held back of the views before arrives: share in a hundred, for each seat. */
  readonly late: "never" | "first" | "last";
  readonly lateTo: readonly boolean[];
  readonly lateKinds: readonly Message["kind"][];
  /** What is sent again is sent again in this view. */
  readonly again: boolean;
  /** An honest seat that starts anew at the beginning, or none. */
  readonly restarts: number | null;
  readonly restartsLate: number | null;
}

export interface Schedule {
  readonly index: number;
  readonly liar: number;
  readonly lie: Lie;
  readonly corrupt: boolean;
  /** Messages of a side arrive in their order, or in any. */
  readonly shuffled: boolean;
  readonly phases: readonly Phase[];
  /** Whether the faults end and everything must then be decided. */
  readonly heals: boolean;
  readonly dice: Dice;
}

/** Honest seats of four, three of them: all together, or one alone. */
const SIDES = [
  [0, 0, 0],
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
] as const;

const STYLES: readonly Lie[] = [
  "evil",
  "evil",
  "evil",
  "evil",
  "evil",
  "evil-twins",
  "twins",
  "yes",
  "wrong-outcome",
  "poisoner",
  "petitioner",
];

/** All of (liar × style × (sides × reach) of each view), without the draws. */
const PER_VIEW = SIDES.length * REACHES.length;
export const SCHEDULES = SEATS * STYLES.length * PER_VIEW ** VIEWS;
// Neighbouring numbers are to differ in everything; odd and coprime to the number of schedules, so that none comes twice.
const STRIDE = 85_736_473;

export function scheduleOf(index: number): Schedule {
  const dice = new Dice(index);
  let rest = Number((BigInt(index) * BigInt(STRIDE)) % BigInt(SCHEDULES));
  const digit = (radix: number): number => {
    const drawn = rest % radix;
    rest = Math.floor(rest / radix);
    return drawn;
  };
  const liar = digit(SEATS);
  const lie = STYLES[digit(STYLES.length)] ?? "evil";
  const phases = Array.from({ length: VIEWS }, () =>
    phaseOf(SIDES[digit(SIDES.length)] ?? SIDES[0], REACHES[digit(REACHES.length)] ?? "free", dice),
  );
  const corrupt = lie === "yes" && dice.percent(50);
  return {
    index,
    liar,
    lie,
    corrupt,
    shuffled: dice.percent(25),
    phases,
    heals: dice.percent(20),
    dice,
  };
}

function phaseOf(sides: readonly number[], reach: Reach, dice: Dice): Phase {
  const honest = sides.map((_, at) => at);
  const everyone = dice.percent(70);
  return {
    sides,
    copies: dice.one([
      [0, 1],
      [0, 1],
      [1, 0],
      [0, 0],
    ]),
    reach,
    one: dice.percent(50) ? -1 : dice.one(honest),
    suspects: honest.map(() => everyone || dice.percent(60)),
    late: dice.one(["never", "never", "first", "last"] as const),
    lateTo: honest.map(() => dice.percent(60)),
    lateKinds: dice.one<readonly Message["kind"][]>([
      ["prepare", "commit"],
      ["prepare"],
      ["commit", "decided"],
      ["proposal", "prepare", "commit", "view-change", "decided"],
    ]),
    again: dice.percent(35),
    restarts: dice.percent(20) ? dice.one(honest) : null,
    restartsLate: dice.percent(8) ? dice.one(honest) : null,
  };
}
