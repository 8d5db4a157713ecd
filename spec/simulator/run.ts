/**
 * One run, from one seed: a phase of faults, then a calm one in which everything pending must be decided. Whatever happens is
 * a function of seed and options.
 */
import type { Seat } from "../../objects/clerk/consensus/seat.ts";
import { subjectOf } from "../../objects/shared/control.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { quorumOf } from "../../objects/shared/quorum.ts";
import { termAt } from "../../objects/shared/terms.ts";
import { Dice } from "../kit/dice.ts";
import { checkersFor } from "./checkers/checkers.ts";
import type { Checks, Options as Checked } from "./checkers/part.ts";
import { VirtualCourt } from "./court.ts";
import { draw, printed } from "./draw.ts";
import type { Drawn, Options } from "./draw.ts";
import { Faults, isPoison } from "./faults.ts";
import { Violation } from "./history.ts";
import { computesWrongly, traitsOf } from "./liars/catalogue.ts";
import { joinsInTime } from "./joining.ts";
import { Parties } from "./parties/parties.ts";
import { Operator } from "./operator.ts";
import type { Party, Setting } from "./party.ts";
import type { SeatReplica } from "./replica.ts";
import { realKeys } from "./signatures.ts";
import { Tally } from "./tally.ts";
import { Trace } from "./trace.ts";
import { World } from "./world.ts";

export interface Failure {
  /** Of a crash: something was thrown that is no violation, by an honest seat's own code or by the simulator's. */
  readonly kind: "safety" | "liveness" | "crash";
  /** Name of the property that does not hold, or of the error. */
  readonly property: string;
  readonly detail: string;
}

export interface Result {
  readonly seed: number;
  readonly drawn: Drawn;
  /** As a person reads them. */
  readonly parameters: readonly string[];
  readonly failure: Failure | null;
  /** SHA-256 over all facts. */
  readonly digest: string;
  /** Tasks done. */
  readonly events: number;
  /** How often what happened. */
  readonly counts: Readonly<Record<string, number>>;
  /** The last facts, as text; only of a failure. */
  readonly trace: readonly string[];
}

/** Property of a run whose calm phase ends with something pending. */
export const LIVENESS = "everything pending is decided";

/**
 * How long the calm phase may take. Patience may have grown to its cap in the storm; then each of the f faulty leaders may
 * have to be waited for, one view more for seats that are not yet in the same one, and two more for what a decision sets free:
 * an expiry, and writs that came after it.
 */
export function calmMs(mode: Drawn["mode"], seats: number): number {
  const { f } = quorumOf(mode, seats);
  return LIMITS.suspicionMs * LIMITS.suspicionCapFactor * (2 * f + 4);
}

const MOST_EVENTS = 2_000_000;
/** How far a clock may drift in a run. */
const DRIFTED_MS = 500;
const LOOK_MS = 250;
/** Each poisonous event is looked for by halves, at the price of up to two views or of two lives of every seat a half. */
const POISON_PATIENCE = 6;

export async function runSeed(seed: number, options: Options = {}): Promise<Result> {
  const run = new Run(draw(seed, options));
  return run.result();
}

class Run {
  readonly #drawn: Drawn;
  readonly #world: World;
  readonly #court: VirtualCourt;
  readonly #setting: Setting;
  readonly #checks: Checks;
  readonly #operator: Operator;
  readonly #faults: Faults;
  readonly #parties: readonly Party[];
  readonly #trace = new Trace();
  readonly #tally = new Tally();
  /** Highest height of which a client was told. */
  #told = 0;

  constructor(drawn: Drawn) {
    this.#drawn = drawn;
    // Another chain of chances than the parameters': these stay the same when something else is drawn first.
    this.#world = new World(new Dice(drawn.seed ^ 0x5eed));
    this.#court = new VirtualCourt(this.#world, {
      mode: drawn.mode,
      seats: drawn.seats,
      wardens: drawn.wardens,
      windowMs: drawn.parties.windowMs,
      rootEvery: drawn.rootEvery,
      twins: drawn.liars.seats.flatMap(({ seat, lie }) => (traitsOf(lie).twins ? [seat] : [])),
      ...(drawn.realKeys ? { keys: realKeys() } : {}),
    });
    const lying = drawn.liars.seats.map(({ seat }) => seat);
    const flawed = drawn.flaws.map(({ seat }) => seat);
    this.#operator = new Operator(this.#court, drawn.whim);
    this.#setting = {
      faulty: new Set([...lying, ...flawed]),
      lying: new Set(lying),
      readmit: (officer) => this.#operator.readmit(officer),
    };
    for (const replica of this.#court.replicas)
      replica.excused = this.#setting.faulty.has(replica.seat);
    const { history } = this.#world;
    history.watch((noted) => this.#trace.add(noted));
    history.watch((noted) => this.#tally.add(noted));
    history.watch(({ fact }) => {
      if (fact.kind !== "answered" || fact.told.kind !== "outcome") return;
      this.#told = Math.max(this.#told, fact.told.height);
    });
    this.#checks = checkersFor(this.#checked());
    history.watch(this.#checks.checker);
    joinsInTime(this.#court, this.#setting);
    this.#faults = new Faults(this.#court, drawn, this.#operator);
    this.#parties = [new Parties(this.#court, drawn.parties, this.#setting)];
  }

  #checked(): Checked {
    const { genesisTip, verify, rules, deployment } = this.#court;
    const { keys, wardenKeys } = termAt(this.#court.setup(0).terms, 1);
    return {
      court: 0,
      ...deployment.quorum,
      liars: this.#setting.lying,
      wrong: new Set(
        this.#drawn.liars.seats.filter(({ lie }) => computesWrongly(lie)).map(({ seat }) => seat),
      ),
      genesis: genesisTip,
      keys,
      wardenKeys,
      verify,
      skewMs: this.#drawn.clocks.map(({ skewMs }) => Math.abs(skewMs) + DRIFTED_MS),
      parties: true,
      ...(this.#drawn.poison === null ? {} : { poisonous: isPoison }),
      rootEvery: deployment.rootEvery,
      retentionMs: rules.windowMs + rules.clockBoundMs,
    };
  }

  async result(): Promise<Result> {
    const failure = await this.#failure();
    return {
      seed: this.#drawn.seed,
      drawn: this.#drawn,
      parameters: printed(this.#drawn),
      failure,
      digest: this.#trace.digest(),
      events: this.#world.events,
      counts: this.#counts(),
      trace: failure === null ? [] : this.#trace.lines(),
    };
  }

  async #failure(): Promise<Failure | null> {
    try {
      await this.#storm();
      await this.#calm();
      return null;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (!(error instanceof Violation))
        return { kind: "crash", property: error.name, detail: error.stack ?? error.message };
      const kind = error.property === LIVENESS ? "liveness" : "safety";
      return { kind, property: error.property, detail: error.message };
    } finally {
      for (const party of this.#parties) party.close();
    }
  }

  async #storm(): Promise<void> {
    for (const replica of this.#court.replicas) replica.start();
    this.#faults.begin();
    await this.#world.run(this.#world.now + this.#drawn.chaosMs, () => this.#endless());
  }

  async #calm(): Promise<void> {
    this.#world.note({ kind: "calm" });
    this.#faults.heal();
    for (const party of this.#parties) party.calm();
    const { mode, seats, poison, longQuiet } = this.#drawn;
    const longer = this.#parties.reduce((sum, party) => sum + party.longer(), 0);
    const patience = calmMs(mode, seats) * (poison === null ? 1 : POISON_PATIENCE) + longer;
    let settled = await this.#settle(patience);
    if (settled && longQuiet) {
      await this.#longQuiet();
      settled = await this.#settle(patience);
    }
    // Of what only liars know to be decided somebody may have been told.
    for (const party of this.#parties) party.end(settled);
    this.#checks.end(settled);
  }

  /** Silence until every key has ended; then clients use some of them again. */
  async #longQuiet(): Promise<void> {
    const world = this.#world;
    const retentionMs = this.#court.rules.windowMs + LIMITS.clockBoundMs;
    const width = Math.ceil(retentionMs / LIMITS.windowBuckets);
    // A Warden forgets in buckets, and counts from what the sender's clock said.
    await world.run(world.now + retentionMs + width + LIMITS.clockBoundMs, () => this.#endless());
    for (const party of this.#parties) party.anew();
    world.note({ kind: "forgotten" });
  }

  /** Whether all came to be decided; what must and does not is a violation. */
  async #settle(patience: number): Promise<boolean> {
    let looked = 0;
    let settled = false;
    await this.#world.run(this.#world.now + patience, () => {
      if (this.#endless()) return true;
      if (this.#world.now < looked + LOOK_MS) return false;
      looked = this.#world.now;
      settled = this.#pending().length === 0;
      if (!settled) this.#wakeIdle();
      return settled;
    });
    const left = settled ? [] : this.#pending();
    if (left.length > 0 && !this.#mayStall()) throw new Violation(LIVENESS, left.join(", "));
    return left.length === 0;
  }

  /** More are faulty than the court can bear, or one where all must be heard. */
  #mayStall(): boolean {
    const { f } = this.#court.deployment.quorum;
    return this.#setting.faulty.size > (this.#drawn.poison === null ? f : 0);
  }

  #endless(): boolean {
    if (this.#world.events < MOST_EVENTS) return false;
    throw new Violation(LIVENESS, `it never rests: ${MOST_EVENTS} events`);
  }

  #pending(): string[] {
    const behind = this.#behind().map(
      ({ seat, disk }) => `seat ${seat} at height ${disk.chain.height()}`,
    );
    // A decision may be known to a liar alone, and be told by it.
    const voted = this.#sound().filter((replica) => votedFor(replica.core()));
    return [
      ...behind,
      ...voted.map(({ seat }) => `seat ${seat} has voted and not decided`),
      ...this.#operator.pending(),
      ...this.#parties.flatMap((party) => party.pending()),
    ];
  }

  #sound(): SeatReplica[] {
    return this.#court.replicas.filter(({ seat }) => !this.#setting.faulty.has(seat));
  }

  /** Sound seats below the highest of them, or below what a liar that was ahead of them told a client of. */
  #behind(): SeatReplica[] {
    const sound = this.#sound();
    const highest = Math.max(this.#told, ...sound.map(({ disk }) => disk.chain.height()));
    return sound.filter(({ disk }) => disk.chain.height() < highest);
  }

  /** Who missed the last heights of a court that is quiet now cannot know: it asks when it is next woken. */
  #wakeIdle(): void {
    if (this.#parties.some((party) => party.pending().length > 0)) return;
    for (const replica of this.#behind().filter(({ idle }) => idle)) {
      replica.stop("asleep");
      replica.start();
    }
  }

  #counts(): Record<string, number> {
    const counts: Record<string, number> = { ...this.#tally.counts() };
    const add = (name: string, count: number): void => {
      counts[name] = (counts[name] ?? 0) + count;
    };
    for (const [name, count] of Object.entries(this.#court.network.counts))
      add(`message ${name}`, count);
    for (const [name, count] of this.#operator.counts) add(name, count);
    for (const [name, count] of this.#faults.counts) add(`fault ${name}`, count);
    for (const party of this.#parties)
      for (const [name, count] of Object.entries(party.counts())) add(name, count);
    return counts;
  }
}

/** Whether there is a vote whose decision somebody must bring about: a control that was given up is the operator's to ask for again. */
function votedFor({ vote, commit, controls }: Seat): boolean {
  if (vote === null || commit !== null) return vote !== null;
  const { control } = vote.batch.header;
  return (
    control === null ||
    [...controls.values()].some((kept) => subjectOf(kept.control) === subjectOf(control))
  );
}
