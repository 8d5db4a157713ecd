/** What a seed means: everything a run is to be, drawn before it begins. The same seed and options draw the same. */
import { assert } from "../../objects/shared/assert.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { quorumOf } from "../../objects/shared/quorum.ts";
import type { Mode, Quorum } from "../../objects/shared/quorum.ts";
import { Dice } from "../kit/dice.ts";
import { drawLiars, LATER_LIES } from "./liars/catalogue.ts";
import type { Liars, Lie } from "./liars/catalogue.ts";
import { CALM } from "./network.ts";
import type { Weather } from "./network.ts";
import { WHIMS } from "./operator.ts";
import type { Whim } from "./operator.ts";
import type { Habits } from "./parties/client.ts";
import { laterPlanOf, planOf, printedPlan } from "./parties/plan.ts";
import { SMOOTH } from "./parties/reach.ts";
import type { EarlyPlan, LaterPlan, PartiesPlan } from "./parties/plan.ts";

export interface Options {
  readonly mode?: Mode;
  /** Of mode `bft`: 4 or 7. */
  readonly seats?: number;
  /** Exactly so many liars, even too many; otherwise chance says how many of the f. */
  readonly liars?: number;
  /** How they lie. */
  readonly lie?: Lie;
  /** How a seat fails; then nobody lies but who has to. */
  readonly flaw?: Flaw;
  /**
   * What must befall somebody: the peers of a seat are mute to it, a Warden loses its storage and is taken in again, or seats are told to take
   * their state anew, and else nothing happens; or all of that, so that a seat takes its state that has missed the end of an epoch. Or some
   * events are poison.
   */
  readonly fate?: Fate;
  /** Virtual milliseconds of the first phase. */
  readonly ticks?: number;
}

export const FATES = ["mute", "warden-lost", "taken", "outdated", "poison"] as const;
export type Fate = (typeof FATES)[number];

export interface Mute {
  readonly to: number;
  readonly all: boolean;
  /** Milliseconds from the begin of the run; it starts anew then. */
  readonly from: number;
  readonly until: number;
}

/** How a seat fails that does not lie: something in its storage is found damaged, or all of it is gone. Counts as one of the f. */
export const FLAWS = ["row damaged", "votes damaged", "block damaged", "wiped"] as const;
export type Flaw = (typeof FLAWS)[number];

const POISONS = ["differs", "kills"] as const;

/** How the network is, until chance has it otherwise. */
export interface Storm {
  readonly weather: Weather;
  /** Weights of what is done to the court at each act; see faults.ts. */
  readonly acts: Readonly<Record<Act, number>>;
  /** Milliseconds between two acts, at most. */
  readonly pace: number;
}

export const ACTS = [
  "nothing",
  "crash",
  "doom",
  "restart",
  "restart all",
  "split",
  "isolate",
  "one way",
  "blackout",
  "heal",
  "calm spell",
  "rebuild",
] as const;
export type Act = (typeof ACTS)[number];

export interface Clock {
  readonly skewMs: number;
  /** Beyond what votes allow for. */
  readonly astray: boolean;
  readonly driftPpm: number;
}

export interface Drawn {
  readonly seed: number;
  readonly mode: Mode;
  readonly seats: number;
  readonly chaosMs: number;
  /** Seats that lie, and those whose machine computes or reads wrongly. */
  readonly liars: Liars;
  readonly flaws: readonly { readonly seat: number; readonly flaw: Flaw }[];
  readonly clocks: readonly Clock[];
  /** Of some events every seat makes something else, as of code that is not deterministic; or dies of them, as of an endless loop. */
  readonly poison: (typeof POISONS)[number] | null;
  readonly slow: { readonly seat: number; readonly ms: number } | null;
  readonly storm: Storm;
  /** Whether an operator has a wiped seat taken in again. */
  readonly readmits: boolean;
  /** What an operator does besides. */
  readonly whim: Whim | null;
  /** Seats whose build carries the next version of the domain: all, or too few to have it decided. */
  readonly carriers: readonly number[];
  /** For a while its peers give this seat no blocks, or say nothing to it. */
  readonly mute: Mute | null;
  /** Share of texts that come garbled, where there are any. */
  readonly garbling: number;
  /** Messages travel as text. */
  readonly textual: boolean;
  /** Messages are frozen. */
  readonly frozen: boolean;
  /** Ed25519 in place of the model. */
  readonly realKeys: boolean;
  readonly wardens: number;
  readonly parties: PartiesPlan;
  /** K: heights from one state root to the next. */
  readonly rootEvery: number;
  /** When all is settled, nothing happens until no key is in use any more, and then clients use some again. */
  readonly longQuiet: boolean;
}

export function draw(seed: number, options: Options = {}): Drawn {
  const dice = new Dice(seed);
  // What was thought of later has chances of its own: the rest of a run stays what it was.
  const later = new Dice(seed ^ 0x1a7e);
  const mode = options.mode ?? "bft";
  const seats = mode === "bft" ? (options.seats ?? 4) : mode === "detect" ? 2 : 1;
  const { n, f } = quorumOf(mode, seats);
  const drawn = mode === "bft" && dice.percent(8) ? dice.one(POISONS) : null;
  const asked = mode === "bft" && options.fate === "poison" ? later.one(POISONS) : drawn;
  const poison = options.lie === undefined && options.flaw === undefined ? asked : null;
  // Only all seats together can show that an event is poison: with one that is faulty its court may wait for ever.
  const sound = poison !== null && dice.percent(70);
  const { liars, flaws } = faulty(dice, { n, f: sound ? 0 : f }, options);
  const slowed = dice.percent(20);
  const slow = slowed ? { seat: dice.below(n), ms: dice.one([20, 150, 800]) } : null;
  const drawnWardens = dice.one([1, 2, 2, 3]);
  const drawnStorm = stormOf(dice);
  const longQuiet = later.percent(15);
  const backlogBlocks = later.percent(40) ? later.below(6) : LIMITS.publishBacklogBlocks;
  const drawnMs = options.ticks ?? dice.one([3_000, 5_000, 8_000, 12_000]);
  const outdated = options.fate === "outdated";
  const chaosMs = outdated ? Math.max(drawnMs, OUTDATED_MS) : drawnMs;
  const muted = later.percent(10) || options.fate === "mute" ? muteOf(later, n) : null;
  const mute = outdated ? outdatedOf(later, n, liars) : muted;
  const garbling = later.percent(50) ? 4 : 0;
  const lying = relied(later, liars, { ...options, rebuilds: drawnStorm.acts.rebuild > 0 });
  const censored = lying.seats.some(({ lie }) => lie === "censor");
  const taken = outdated || options.fate === "taken";
  const quiet = censored || taken;
  const acts = taken ? { ...FAIR, rebuild: 20 } : FAIR;
  const storm = quiet ? { ...drawnStorm, acts, weather: CALM } : drawnStorm;
  const wardens = censored ? Math.max(2, drawnWardens) : drawnWardens;
  return {
    seed,
    mode,
    seats: n,
    chaosMs,
    liars: lying,
    flaws,
    poison,
    clocks: clocksOf(dice, n, f),
    slow,
    storm,
    readmits: mode === "bft" && dice.below(4) > 0,
    textual: dice.below(8) === 0,
    frozen: dice.below(8) === 0,
    realKeys: dice.below(128) === 0,
    wardens,
    parties: partiesOf(
      planOf(dice, wardens),
      { backlogBlocks, garbling, ...laterPlanOf(later) },
      { mode, mute, fate: options.fate, censored },
    ),
    // A state can be taken only where there is a root.
    rootEvery:
      storm.acts.rebuild > 0 ? 2 : dice.one([3, 6, LIMITS.rootHeights, LIMITS.rootHeights]),
    longQuiet,
    whim: mode === "bft" && later.percent(12) ? later.one(WHIMS) : null,
    carriers: carriersOf(later, n, quorumOf(mode, seats)),
    ...(outdated ? { whim: "another version, surely", carriers: seatsOf(n) } : {}),
    mute,
    garbling,
  };
}

interface Fated {
  readonly mode: Mode;
  readonly mute: Mute | null;
  readonly fate: Fate | undefined;
  readonly censored: boolean;
}

/** Sends so much that heights go by while others wait. */
function busy(client: Habits): Habits {
  return { ...client, events: 5 * client.events, pace: 200, batch: 1, way: SMOOTH };
}

/** Sends much at once, so that there are parts of several rows. */
function crowded(client: Habits): Habits {
  return { ...client, batch: 8 };
}

/** In a hundred rows, where that is what a run is for. */
const MISREADS = 20;

/** Who is given no blocks by its peers must find them elsewhere; and who is censored must be so for many heights. */
function partiesOf(
  early: EarlyPlan,
  later: LaterPlan,
  { mode, mute, fate, censored }: Fated,
): PartiesPlan {
  const { clients } = early;
  const outdated = fate === "outdated";
  const lost = outdated || fate === "warden-lost";
  return {
    ...early,
    ...later,
    // Only there can a key be changed.
    readmits: mode === "bft" && (later.readmits || lost),
    wardenLost: later.wardenLost || lost,
    misreads: fate === "mute" ? MISREADS : later.misreads,
    ledger: early.ledger || (mute !== null && !outdated),
    clients: censored ? clients.map(busy) : outdated ? clients.map(crowded) : clients,
    // Several, so that each Warden has some.
    sources: censored ? 4 : early.sources,
  };
}

/** Liars that were thought of later take the place of some; and where states are taken, there is more to lie about to who takes them. */
function relied(
  later: Dice,
  liars: Liars,
  { lie, rebuilds }: Options & { readonly rebuilds: boolean },
): Liars {
  const instead = later.percent(8)
    ? later.one(LATER_LIES)
    : rebuilds && later.percent(30)
      ? later.one(["librarian", "mutator"] as const)
      : null;
  // Who leads the first view can leave writs out from the begin on.
  if (lie === "censor" && liars.seats.length === 1) return { ...liars, seats: [{ seat: 0, lie }] };
  if (lie !== undefined || liars.together || instead === null) return liars;
  return { ...liars, seats: liars.seats.map(({ seat }) => ({ seat, lie: instead })) };
}

/** With f liars that endorse whatever they hear of, and one seat more, too few would be q. */
function carriersOf(later: Dice, n: number, { q, f }: Quorum): number[] {
  const all = seatsOf(n);
  if (later.percent(50)) return all;
  const first = later.below(n);
  return all.filter((seat) => (seat - first + n) % n < q - f - 1);
}

function seatsOf(n: number): number[] {
  return Array.from({ length: n }, (_, seat) => seat);
}

function muteOf(later: Dice, n: number): Mute {
  const from = later.below(1_500);
  return {
    to: later.below(n),
    all: later.percent(50),
    from,
    until: from + 6_000 + later.below(8_000),
  };
}

/** Who is to miss the end of an epoch, and a version, hears nothing meanwhile, and is told in that time to take its state. */
const OUTDATED_MS = 8_000;

function outdatedOf(later: Dice, n: number, { seats }: Liars): Mute {
  const lying = seats.map(({ seat }) => seat);
  const sound = seatsOf(n).filter((at) => !lying.includes(at));
  // Some heights are decided by then, or it would have nothing to take.
  const from = 1_500 + later.below(1_500);
  return { to: later.one(sound), all: true, from, until: from + 5_000 + later.below(4_000) };
}

function faulty(
  dice: Dice,
  { n, f }: { readonly n: number; readonly f: number },
  { liars: asked, lie, flaw }: Options,
): Pick<Drawn, "liars" | "flaws"> {
  assert(asked === undefined || (asked >= 0 && asked <= n), `of ${n} seats no more can lie`);
  const free = asked === undefined && lie === undefined;
  const flawed = flaw !== undefined || (free && f > 0 && dice.percent(15)) ? 1 : 0;
  const liars = drawLiars(dice, n, { most: f - flawed, exactly: asked, lie });
  const lying = liars.seats.map(({ seat }) => seat);
  const sound = seatsOf(n).filter((at) => !lying.includes(at));
  return {
    liars,
    flaws: flawed === 0 ? [] : [{ seat: dice.one(sound), flaw: flaw ?? dice.one(FLAWS) }],
  };
}

/** What befalls a court that a censor leads: nothing else, or it would not lead for long. */
const FAIR: Readonly<Record<Act, number>> = {
  nothing: 20,
  crash: 0,
  doom: 0,
  restart: 0,
  "restart all": 0,
  split: 0,
  isolate: 0,
  "one way": 0,
  blackout: 0,
  heal: 0,
  "calm spell": 0,
  rebuild: 0,
};

/** Of two clocks one is at most twice as far ahead of the other: so far a vote lets it be. */
const NEAR_MS = LIMITS.clockAheadMs / 2;

/** Within the bounds that votes allow for; of at most f seats, sometimes, far beyond. */
function clocksOf(dice: Dice, n: number, f: number): Clock[] {
  const spread = dice.one([0, 20, 200, NEAR_MS]);
  const astray = dice.percent(15) && f > 0 ? dice.below(n) : null;
  return Array.from({ length: n }, (_, seat) => {
    const drift = dice.one([0, 0, 50, 500]);
    const far = dice.one([-60_000, -12_000, 3_000, 60_000]);
    const near = spread === 0 ? 0 : dice.below(2 * spread + 1) - spread;
    return {
      skewMs: seat === astray ? far : near,
      astray: seat === astray,
      driftPpm: dice.percent(50) ? drift : -drift,
    };
  });
}

function stormOf(dice: Dice): Storm {
  const delay = dice.one([1, 1, 5, 40, 150]);
  const weather = {
    loss: dice.one([0, 0, 2, 5, 15, 30]),
    twice: dice.one([0, 2, 10]),
    delay,
    jitter: dice.one([3, delay, 4 * delay, 10 * delay]),
    strays: dice.one([0, 0, 2, 10]),
    strayMs: dice.one([500, 2_000, 5_000]),
  };
  // Each kind of fault is left out of some runs and rules in others.
  const weight = (most: number) => (dice.percent(60) ? dice.below(most + 1) : 0);
  const acts: Record<Act, number> = {
    nothing: 20,
    crash: weight(10),
    doom: weight(20),
    restart: 20 + weight(20),
    "restart all": weight(2),
    split: weight(12),
    isolate: weight(8),
    "one way": weight(10),
    blackout: weight(20),
    heal: 6 + weight(12),
    "calm spell": 1,
    rebuild: dice.percent(30) ? 20 : 0,
  };
  return { weather, acts, pace: dice.one([100, 200, 400, 1_000]) };
}

/** One line for each thing drawn. */
export function printed(drawn: Drawn): string[] {
  const { weather, acts, pace } = drawn.storm;
  const weighed = Object.entries(acts).flatMap(([act, weight]) =>
    weight > 0 ? [`${act} ${weight}`] : [],
  );
  const clocks = drawn.clocks.map(({ skewMs, driftPpm }) => `${skewMs} ms ${driftPpm} ppm`);
  const lying = drawn.liars.seats.map(({ seat, lie }) => `${seat} ${lie}`);
  const flaws = drawn.flaws.map(({ seat, flaw }) => `${seat} ${flaw}`);
  return [
    `seed ${drawn.seed}, mode ${drawn.mode}, ${drawn.seats} seats, ${drawn.wardens} Wardens, a state root every ${drawn.rootEvery} heights, ${drawn.chaosMs} ms of faults`,
    `liars: ${lying.join(", ") || "none"}${drawn.liars.together ? ", together" : ""}; flaws: ${flaws.join(", ") || "none"}${drawn.poison === null ? "" : `; some events are poison that ${drawn.poison}`}`,
    `network: ${JSON.stringify(weather)}`,
    `operator: ${drawn.whim ?? "as it should be"}, next version at ${drawn.carriers.join(" ") || "nobody"}; mute: ${drawn.mute === null ? "nobody" : JSON.stringify(drawn.mute)}; garbled: ${drawn.garbling} %`,
    `acts, one in ${pace} ms at most: ${weighed.join(", ")}`,
    `clocks: ${clocks.join("; ")}; slow: ${drawn.slow === null ? "none" : JSON.stringify(drawn.slow)}`,
    `messages: ${drawn.textual ? "as text" : "as objects"}${drawn.frozen ? ", frozen" : ""}${drawn.longQuiet ? "; a long quiet" : ""}; keys: ${drawn.realKeys ? "Ed25519" : "modelled"}`,
    ...printedPlan(drawn.parties),
  ];
}
