/** Plays a schedule on a stage, view by view. */
import { leaderOf } from "../../../objects/shared/quorum.ts";
import type { Mode } from "../../../objects/shared/quorum.ts";
import type { Writ } from "../../../objects/shared/types.ts";
import { Violation } from "../history.ts";
import { mouthOf, traitsOf } from "../liars/catalogue.ts";
import { Hearsay } from "../liars/hearsay.ts";
import type { Phase, Schedule } from "./schedule.ts";
import { LIVENESS } from "./stage.ts";
import type { Body, Fate, Flight, Stage } from "./stage.ts";
import { staged } from "./staging.ts";
import type { Watched } from "./staging.ts";

const WRITS = 3;
/** Patience is sixteenfold at most, and each of n leaders may have to be waited for. */
const CALM_MS = 180_000;

/** What is otherwise than in a court of four with one liar. */
export interface Otherwise {
  readonly mode?: Mode;
  readonly n?: number;
  /** How many lie, together. */
  readonly liars?: number;
  readonly watched?: Watched;
}

export class Play {
  readonly stage: Stage;
  readonly #schedule: Schedule;
  readonly #honest: readonly Body[];
  readonly #end: () => void;
  readonly #writs: Writ[];
  #given = 0;

  constructor(schedule: Schedule, otherwise: Otherwise = {}) {
    const { lie, corrupt, dice } = schedule;
    const { mode = "bft", n = 4, liars: count = 1 } = otherwise;
    const liars = Array.from({ length: count }, (_, at) => (schedule.liar + at) % n);
    const { twins } = traitsOf(lie);
    const { stage, end } = staged({ mode, n, liars, twins }, otherwise.watched);
    this.stage = stage;
    this.#end = end;
    this.#schedule = schedule;
    this.#honest = stage.honest();
    this.#writs = Array.from({ length: WRITS }, (_, at) =>
      stage.writ(at + 1, [`event ${at + 1}`, `another ${at + 1}`]),
    );
    const hearsay = new Hearsay(stage.setup(0).quorum.q);
    for (const body of stage.bodies.filter(({ seat }) => liars.includes(seat))) {
      const { seat: own } = body;
      body.corrupt = corrupt;
      const place = {
        seat: own,
        setup: stage.setup(own),
        dice,
        liars,
        core: () => body.core,
        now: () => stage.now,
        // Nobody who needs it plays here.
        later: () => {},
        sign: (seat: number, digest: string) => stage.sign(seat, digest),
      };
      body.mouth = mouthOf(lie, place, hearsay);
    }
    if (schedule.shuffled) stage.pick = (length) => dice.below(length);
  }

  run(): void {
    this.stage.startAll();
    this.#giveWrit();
    this.#schedule.phases.forEach((phase, at) => {
      this.#play(phase, at);
    });
    if (this.#schedule.heals) this.#heal();
    this.#end();
  }

  #play(phase: Phase, at: number): void {
    const { stage } = this;
    this.#restart(phase.restarts);
    stage.fate = (flight) => this.#fate(phase, flight);
    if (this.#honest.every(({ core }) => core.waiting.size === 0)) this.#giveWrit();
    if (at > 0) this.#suspect(phase);
    if (phase.late === "first") this.#late(phase);
    stage.settle();
    this.#restart(phase.restartsLate);
    stage.settle();
    if (phase.again || phase.one >= 0) this.#again();
    if (phase.late === "last") this.#late(phase);
    stage.settle();
  }

  #restart(at: number | null): void {
    const body = at === null ? undefined : this.#honest[at];
    if (body !== undefined) this.stage.restart(body);
  }

  #giveWrit(): void {
    const writ = this.#writs[this.#given];
    if (writ === undefined) return;
    this.#given += 1;
    for (const body of this.stage.bodies) this.stage.give(body, writ);
  }

  /** Their patience ends, everybody's at the latest of them; a seat whose timer does not run says again what it said. */
  #suspect(phase: Phase): void {
    const { stage } = this;
    const moving = stage.bodies.filter((body) => this.#suspects(phase, body));
    const due = moving.map(({ core }) => core.suspectAt ?? core.resendAt ?? stage.now);
    stage.now = Math.max(stage.now + 1, ...due);
    for (const body of moving) stage.tick(body);
  }

  #suspects(phase: Phase, body: Body): boolean {
    const at = this.#honest.indexOf(body);
    return at === -1 || (phase.suspects[at] ?? false);
  }

  #again(): void {
    const { stage } = this;
    const due = this.#honest.map(({ core }) => core.resendAt ?? stage.now);
    stage.now = Math.max(stage.now, Math.min(...due));
    for (const body of stage.bodies) stage.tick(body);
  }

  /** What was held back arrives after all, whatever the sides are now. */
  #late({ lateTo, lateKinds }: Phase): void {
    const { stage } = this;
    const held = stage.held;
    stage.held = [];
    for (const flight of held) {
      const at = this.#honest.indexOf(flight.to);
      if ((lateTo[at] ?? false) && lateKinds.includes(flight.message.kind)) stage.deliver(flight);
      else stage.held.push(flight);
    }
  }

  #fate(phase: Phase, { from, to, message }: Flight): Fate {
    if (message.kind === "forward") return "lose";
    const [source, target] = [this.#sideOf(phase, from), this.#sideOf(phase, to)];
    if (source !== null && target !== null && source !== target) return "hold";
    const at = this.#honest.indexOf(to);
    // What liars hear or say is held back by nobody but themselves.
    if (at === -1 || !this.#honest.includes(from)) return "pass";
    return reaches(phase, message.kind, this.#isOne(phase, to, at)) ? "pass" : "hold";
  }

  /** Null for a liar of one copy: it is on both. */
  #sideOf(phase: Phase, body: Body): number | null {
    const at = this.#honest.indexOf(body);
    if (at !== -1) return phase.sides[at] ?? 0;
    const copies = this.stage.bodies.filter(({ seat }) => seat === body.seat).length;
    return copies === 1 ? null : (phase.copies[body.copy] ?? 0);
  }

  #isOne(phase: Phase, body: Body, at: number): boolean {
    const { n } = this.stage.setup(0).quorum;
    return phase.one === -1 ? leaderOf(body.core.view, n) === body.seat : phase.one === at;
  }

  /** Faults end, the liar's lies do not; then everything must be decided. */
  #heal(): void {
    const { stage } = this;
    while (this.#given < this.#writs.length) this.#giveWrit();
    for (const writ of this.#writs) for (const body of this.#honest) stage.give(body, writ);
    stage.history.add(stage.now, { kind: "calm" });
    stage.fate = () => "pass";
    stage.steps = 0;
    const done = (): boolean =>
      this.#honest.every(
        ({ core }) =>
          core.progress.get(0)?.number === WRITS && core.progress.get(0)?.complete === true,
      );
    stage.pass(CALM_MS, done);
    if (!done())
      throw new Violation(
        LIVENESS,
        `undecided: heights ${this.#honest.map(({ core }) => core.tip.height).join(" ")}`,
      );
  }
}

/** Whether a message between honest seats gets through in a view that gets so far. */
function reaches({ reach }: Phase, kind: Flight["message"]["kind"], isOne: boolean): boolean {
  switch (reach) {
    case "nothing":
      return kind !== "proposal";
    case "proposed":
      return kind !== "prepare" && kind !== "commit" && kind !== "decided";
    case "one-prepared":
      return kind === "prepare" ? isOne : kind !== "commit" && kind !== "decided";
    case "prepared":
      return kind !== "commit" && kind !== "decided";
    case "one-decided":
      return kind === "commit" ? isOne : kind !== "decided";
    case "free":
      return true;
  }
}
