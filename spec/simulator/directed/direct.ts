/** Runs one directed schedule, with every checker of what seats say, store and decide. */
import { known } from "../../../objects/shared/assert.ts";
import { leaderOf } from "../../../objects/shared/quorum.ts";
import type { Writ } from "../../../objects/shared/types.ts";
import { tipOf } from "../../kit/cluster.ts";
import { agreement } from "../checkers/agreement.ts";
import { evidence } from "../checkers/evidence.ts";
import { together } from "../checkers/part.ts";
import type { Options } from "../checkers/part.ts";
import { persistence } from "../checkers/persistence.ts";
import { Signatures } from "../checkers/statements.ts";
import { voice } from "../checkers/voice.ts";
import { votes } from "../checkers/votes.ts";
import { Violation } from "../history.ts";
import { mouthOf } from "../liars/catalogue.ts";
import { Hearsay } from "../liars/hearsay.ts";
import { oneCertificate } from "./certified.ts";
import { justified } from "./grounds.ts";
import { scheduleOf } from "./schedule.ts";
import type { Phase, Schedule } from "./schedule.ts";
import { Stage } from "./stage.ts";
import type { Body, Cast, Fate, Flight } from "./stage.ts";

const WRITS = 3;
/** Patience is sixteenfold at most, and each of n leaders may have to be waited for. */
const CALM_MS = 180_000;

export interface Directed {
  readonly schedule: Schedule;
  readonly steps: number;
  readonly heights: number;
  readonly views: number;
  readonly violation: { readonly property: string; readonly detail: string } | null;
}

/** Which checkers look on: all, or that of agreement alone, to measure what schedules are worth without the others. */
export type Watched = "all" | "agreement";

/** A violation is told, not thrown. */
export function runDirected(index: number, watched: Watched = "all"): Directed {
  const schedule = scheduleOf(index);
  const play = new Play(schedule, watched);
  let violation: Directed["violation"] = null;
  try {
    play.run();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    const { property, message } = error;
    violation = { property, detail: `directed run ${index}: ${message}` };
  }
  const honest = play.stage.honest();
  return {
    schedule,
    steps: play.stage.steps,
    heights: Math.max(...honest.map(({ chain }) => chain.length)),
    views: Math.max(...honest.map(({ core }) => core.view)),
    violation,
  };
}

/** The stage, its liars and its checkers. `end` is to be called when nothing more will happen. */
export function staged(cast: Cast, watched: Watched = "all"): { stage: Stage; end: () => void } {
  const stage = new Stage(cast);
  const { quorum, keys, wardenKeys } = stage.setup(0);
  const tip = { block: GENESIS.block, result: GENESIS.result, time: 0 };
  const options: Options = {
    court: 0,
    mode: quorum.mode,
    n: quorum.n,
    q: quorum.q,
    f: quorum.f,
    liars: stage.liars,
    genesis: tip,
    keys,
    wardenKeys,
    verify: stage.verify,
    skewMs: [],
    parties: false,
    retentionMs: 0,
  };
  const signatures = new Signatures(options);
  const agreed = agreement(options, signatures);
  const certified = oneCertificate(options);
  const others = [
    persistence(options),
    votes(options, signatures),
    voice(options),
    evidence(options, signatures),
    justified(options, signatures),
  ];
  const parts = watched === "all" ? [agreed, certified, ...others] : [agreed, certified];
  const { checker, end } = together(parts, stage.liars);
  stage.history.watch(checker);
  return { stage, end };
}

class Play {
  readonly stage: Stage;
  readonly #schedule: Schedule;
  readonly #honest: readonly Body[];
  readonly #end: () => void;
  readonly #writs: Writ[];
  #given = 0;

  constructor(schedule: Schedule, watched: Watched) {
    const { liar, lie, corrupt, dice } = schedule;
    const twins = lie === "twins" || lie === "evil-twins";
    const { stage, end } = staged({ mode: "bft", n: 4, liars: [liar], twins }, watched);
    this.stage = stage;
    this.#end = end;
    this.#schedule = schedule;
    this.#honest = stage.honest();
    this.#writs = Array.from({ length: WRITS }, (_, at) =>
      stage.writ(at + 1, [`event ${at + 1}`, `another ${at + 1}`]),
    );
    const hearsay = new Hearsay(stage.setup(0).quorum.q);
    for (const body of stage.bodies.filter(({ seat }) => seat === liar)) {
      body.corrupt = corrupt;
      const place = {
        seat: liar,
        setup: stage.setup(liar),
        dice,
        liars: [liar],
        core: () => body.core,
        now: () => stage.now,
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
    if (at !== null) this.stage.restart(known(this.#honest[at], "an honest seat"));
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
        "liveness",
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

const GENESIS = tipOf([]);
