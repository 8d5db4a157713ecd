/** Who lies how: drawn from the seed, up to f seats, each in its own way or two together. */
import type { Dice } from "../../kit/dice.ts";
import type { Court } from "../court.ts";
import { Archivist } from "./archivist.ts";
import { Evil } from "./evil.ts";
import { Hearsay } from "./hearsay.ts";
import { Inventor } from "./inventor.ts";
import { Librarian } from "./librarian.ts";
import type { Mouth, Place } from "./mouth.ts";
import { Mutator } from "./mutator.ts";
import { Equivocator, Resigner, Silent, WrongOutcome, Yes } from "./plain.ts";
import { Petitioner } from "./petitioner.ts";
import { Poisoner } from "./poisoner.ts";
import { Replayer } from "./replayer.ts";
import { Usurper } from "./usurper.ts";

const EARLY_LIES = [
  "evil",
  "silent",
  "partly-silent",
  "equivocator",
  "mutator",
  "replayer",
  "yes",
  "wrong-outcome",
  "inventor",
  "librarian",
  "poisoner",
  "petitioner",
  "resigner",
  "corrupt",
  "corrupt-state",
  "forgetful",
  "twins",
  "evil-twins",
] as const;
/** Drawn in place of one of the others, so that those stay with their seeds. */
export const LATER_LIES = ["censor"] as const;
/** Never drawn: told where somebody asks for them. */
const ASKED_LIES = ["archivist", "usurper"] as const;
export const LIES = [...EARLY_LIES, ...LATER_LIES, ...ASKED_LIES] as const;
export type Lie = (typeof LIES)[number];

/** What the machine of a liar does besides what its mouth does; the rest is {@link mouthOf}. */
export interface Traits {
  /** Two replicas with one key and separate disks. */
  readonly twins: boolean;
  /** Evaluates to something else. */
  readonly corruptEvaluation: boolean;
  /** Rows of its state are changed behind its back. */
  readonly corruptState: boolean;
  /** Starts again without its votes and view. */
  readonly forgetsVotes: boolean;
  /** Leaves the writs of one Warden out. */
  readonly censors: boolean;
}

export function traitsOf(lie: Lie): Traits {
  return {
    twins: lie === "twins" || lie === "evil-twins",
    corruptEvaluation: lie === "corrupt",
    corruptState: lie === "corrupt-state",
    forgetsVotes: lie === "forgetful",
    censors: lie === "censor",
  };
}

/** Its machine is wrong, and its core keeps the rules all the same. */
export function computesWrongly(lie: Lie): boolean {
  const { corruptEvaluation, corruptState } = traitsOf(lie);
  return corruptEvaluation || corruptState;
}

/** One for each replica; null where the core speaks for itself. Those who share hearsay lie together. */
export function mouthOf(lie: Lie, place: Place, hearsay?: Hearsay): Mouth | null {
  switch (lie) {
    case "evil":
    case "evil-twins":
      return new Evil(place, hearsay);
    case "silent":
      return new Silent(place, false);
    case "partly-silent":
      return new Silent(place, true);
    case "equivocator":
      return new Equivocator(place);
    case "mutator":
      return new Mutator(place);
    case "replayer":
      return new Replayer(place);
    case "yes":
      return new Yes(place);
    case "wrong-outcome":
      return new WrongOutcome(place);
    case "inventor":
      return new Inventor(place);
    case "librarian":
      return new Librarian(place);
    case "poisoner":
      return new Poisoner(place);
    case "petitioner":
      return new Petitioner(place);
    case "resigner":
      return new Resigner(place);
    case "archivist":
      return new Archivist(place);
    case "usurper":
      return new Usurper(place);
    case "corrupt":
    case "corrupt-state":
    case "forgetful":
    case "twins":
    case "censor":
      return null;
  }
}

export interface Liars {
  readonly seats: readonly { readonly seat: number; readonly lie: Lie }[];
  /** They have each other's keys and ears. */
  readonly together: boolean;
}

/** How many lie: `exactly` so many, be it too many, or else up to `most`, in one run of eight none. */
export interface Share {
  readonly most: number;
  readonly exactly?: number | undefined;
  /** How all of them lie; then none of those that may keeps to the truth. */
  readonly lie?: Lie | undefined;
}

/** Half of all lies are those of one who knows the protocol. */
export function drawLiars(dice: Dice, n: number, { most, exactly, lie: given }: Share): Liars {
  const some =
    given !== undefined
      ? most
      : dice.percent(12)
        ? 0
        : Math.min(most, 1 + dice.below(Math.max(1, most)));
  const count = exactly ?? some;
  const seats: { seat: number; lie: Lie }[] = [];
  const together = count > 1 && dice.percent(50);
  while (seats.length < count) {
    const seat = dice.below(n);
    if (seats.some((other) => other.seat === seat)) continue;
    const lie = given ?? (together || dice.percent(35) ? "evil" : dice.one(EARLY_LIES));
    seats.push({ seat, lie });
  }
  return { seats, together };
}

/** Gives the liars' replicas their mouths; what {@link traitsOf} says is the machine's to do. */
export function corrupt(court: Court, { seats, together }: Liars, dice: Dice): void {
  const all = seats.map(({ seat }) => seat);
  const common = new Hearsay(court.setup(0).quorum.q);
  for (const replica of court.replicas) {
    const liar = seats.find(({ seat }) => seat === replica.seat);
    if (liar === undefined) continue;
    const place: Place = {
      seat: replica.seat,
      setup: court.setup(replica.seat),
      dice,
      liars: together ? all : [replica.seat],
      core: () => replica.core(),
      now: () => replica.now(),
      later: (ms, { to, message }) => {
        court.world.after(ms, () => court.send(replica, to, message, true));
      },
      sign: (seat, digest) => court.sign(seat, digest),
    };
    const mouth = mouthOf(liar.lie, place, together ? common : undefined);
    if (mouth !== null) court.give(replica, mouth);
  }
}
