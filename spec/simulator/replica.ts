/** A running copy of a seat: what `Agreement` and `restore.ts` do for the object, over a virtual disk that survives it. */
import { believed, objection, writObjection } from "../../objects/clerk/consensus/check.ts";
import type { Message } from "../../objects/clerk/consensus/messages.ts";
import type { Effect, Input, Seat } from "../../objects/clerk/consensus/seat.ts";
import { matters, step } from "../../objects/clerk/consensus/step.ts";
import { lacksBlocks } from "../../objects/clerk/consensus/sync.ts";
import { RowDamaged } from "../../objects/clerk/rows.ts";
import { BrokenInvariant, known } from "../../objects/shared/assert.ts";
import type { Control } from "../../objects/shared/control.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { termAt, termOf } from "../../objects/shared/terms.ts";
import type { Batch, Block, Writ } from "../../objects/shared/types.ts";
import { Chambers } from "./chambers.ts";
import type { VirtualCourt } from "./court.ts";
import { Disk } from "./disk.ts";
import { Heard } from "./heard.ts";
import type { Hearer } from "./network.ts";
import { Waited, writsIn } from "./waited.ts";
import { START } from "./world.ts";

/**
 * Where a seat that is to crash does so: before anything of a step is written, after that and before it sends, among its
 * sends, or between an agreed block and the report that it is applied.
 */
export const DOOMS = ["unwritten", "unsent", "half-sent", "unapplied"] as const;
export type Doom = (typeof DOOMS)[number];

const RESTART_MS = 10;
const SYNC_MS = 2;

/** What it evaluates ends the machine: nothing of the step was, and it comes back. */
export class Death extends Error {
  override readonly name = "Death";
}

export class SeatReplica implements Hearer {
  readonly seat: number;
  readonly copy: number;
  up = false;
  life = 0;
  disk: Disk;
  /** Of its clock: milliseconds, and millionths. */
  skewMs = 0;
  driftPpm = 0;
  late = 0;
  doom: Doom | null = null;
  /** What a machine that computes wrongly makes of an evaluation. */
  flaw: ((evaluation: Evaluation, batch: Batch) => Evaluation) | null = null;
  /** Of the build it runs: the domain's next version too. */
  carriesNext = false;
  /** The Warden whose writs it lets nobody have decided, if it can help it; of the others' it takes one event at a time. */
  censored: number | null = null;
  /** It begins each life without votes and view. */
  forgetful = false;
  /** A liar's broken invariants are its own affair, and so are those of a disk that was damaged. */
  excused = false;
  readonly #court: VirtualCourt;
  readonly #chambers: Chambers;
  readonly #agreed: ((block: Block, evaluation: Evaluation) => void)[] = [];
  readonly #started: (() => void)[] = [];
  readonly #ticked: (() => void)[] = [];
  #core: Seat | null = null;
  /** Whether it began in quarantine: then the votes in storage are not to be replaced by its own. */
  #follows = false;
  #armedAt: number | null = null;
  /** Its next life must begin from what is on its disk now. */
  #over = false;
  #disarm: () => void = () => {};
  readonly heard = new Heard();
  readonly waited = new Waited();

  constructor(court: VirtualCourt, seat: number, copy: number) {
    this.#court = court;
    this.disk = new Disk(court.deployment.rootEvery);
    this.seat = seat;
    this.copy = copy;
    this.#chambers = new Chambers(court, this);
  }

  /** It waits for nothing but a call: its object may be put to sleep, and begins a new life when it is woken. */
  get idle(): boolean {
    return this.up && this.#armedAt === null;
  }

  core(): Seat {
    return known(this.#core, "a seat that has started");
  }

  now(): number {
    const { now } = this.#court.world;
    return now + this.skewMs + Math.trunc(((now - START) * this.driftPpm) / 1_000_000);
  }

  onAgreed(listener: (block: Block, evaluation: Evaluation) => void): void {
    this.#agreed.push(listener);
  }

  onTick(listener: () => void): void {
    this.#ticked.push(listener);
  }

  onStart(listener: () => void): void {
    this.#started.push(listener);
  }

  /** Begins a life from the disk: a new incarnation, in storage before anything is said in it. */
  start(): void {
    if (this.up) return;
    this.life += 1;
    this.heard.forget();
    this.waited.forget();
    this.#core = this.#restored();
    this.#follows = this.core().silenced;
    this.up = true;
    const { incarnation, voice } = this.core();
    this.#court.world.note({ kind: "started", seat: this.seat, incarnation, voice });
    this.#input({ kind: "start", now: this.now() });
    if (this.up && this.disk.rebuild && this.disk.replaying === null)
      this.#input({ kind: "rebuild", now: this.now() });
    this.#replayOwn();
    for (const listener of this.#started) listener();
  }

  stop(how: string): void {
    if (!this.up) return;
    this.up = false;
    this.doom = null;
    this.#disarm();
    this.#armedAt = null;
    this.#court.world.note({ kind: "stopped", seat: this.seat, how });
  }

  /** As an operator orders it, once the seat has something to take: it is silent until it has its state anew. */
  rebuild(): void {
    const { disk } = this;
    if (!this.up || disk.rebuild || disk.quarantine !== null) return;
    if (disk.chain.height() <= this.#court.deployment.rootEvery) return;
    this.stop("told to take its state anew");
    disk.rebuild = true;
    disk.quarantine = "told to take its state anew";
    this.start();
  }

  /** Storage gone, and the key with it: such a seat has no voice until the court has taken it in again. */
  wipe(): void {
    this.stop("wiped");
    this.disk = new Disk(this.#court.deployment.rootEvery);
    this.#court.forgetKey({ kind: "clerk", seat: this.seat });
    this.#court.world.note({ kind: "wiped", seat: this.seat });
  }

  hear(message: Message): void {
    if (!this.up) return;
    const core = this.core();
    const taken =
      matters(core, message) && objection(message, core.setup, this.#court.verify) === null;
    if (taken) {
      this.#epochNow();
      this.heard.take(message, termOf(core.setup.terms, message.epoch) !== undefined);
      this.#input({ kind: "message", message, now: this.now() });
    }
    this.#court.heard(this, message);
  }

  submit(writ: Writ): boolean {
    if (!this.up || writObjection(writ, this.core().setup, this.#court.verify) !== null)
      return false;
    this.waited.gave(writ);
    this.#input({ kind: "writs", writs: [writ], now: this.now() });
    return true;
  }

  /** As an operator's request that the shell has looked into. */
  control(control: Control): void {
    if (this.up) this.#input({ kind: "control", control, now: this.now() });
  }

  decided(writ: Writ): boolean {
    const done = this.core().progress.get(writ.warden);
    return (
      done !== undefined &&
      (done.number > writ.number || (done.number === writ.number && done.complete))
    );
  }

  found(blocks: readonly Block[]): void {
    if (!this.up) return;
    const sound = believed(blocks, this.core().setup, this.#court.verify);
    this.#court.world.note({ kind: "found", seat: this.seat, blocks: sound.length });
    this.#input({ kind: "blocks-found", blocks: sound, now: this.now() });
  }

  /** Own blocks above a state that was taken need no peer; the one that is damaged here, a peer has. */
  #replayOwn(): void {
    const { disk } = this;
    if (!this.up || disk.replaying === null || this.core().blocks.size > 0) return;
    try {
      this.found(disk.chain.above(this.core().tip.height, LIMITS.syncBlocks, LIMITS.syncBytes));
    } catch (error) {
      if (!(error instanceof RowDamaged)) throw error;
    }
  }

  alone(): boolean {
    const { unasked, setup } = this.core();
    return setup.quorum.n > 1 && unasked === 0 && !this.heard.anybody;
  }

  lacking(): boolean {
    const core = this.core();
    return lacksBlocks(core) && !core.rebuilding && core.transfer === null;
  }

  backlog(full: boolean): void {
    if (this.up) this.#input({ kind: "backlog", full, now: this.now() });
  }

  damaged(error: Error): void {
    if (this.up && this.disk.quarantine === null) this.#broken(error);
  }

  /** It comes back by itself to follow the others. */
  #broken(error: Error): void {
    this.#silence(`damaged storage: ${error.message}`);
    this.#again("damaged storage");
  }

  #again(how: string): void {
    this.stop(how);
    this.#court.world.after(RESTART_MS, () => this.start());
  }

  /** A step, and the one that reports its block applied, as often as that brings another. */
  #input(first: Input): void {
    const agreed: Extract<Effect, { kind: "agree" }>[] = [];
    for (let input: Input | null = first; input !== null && this.up;) {
      const effects = this.#step(input);
      if (effects === null) return;
      this.#carryOut(effects);
      const block = effects.find((effect) => effect.kind === "agree");
      if (block === undefined || !this.up) break;
      if (this.doom === "unapplied") return this.stop("between block and report");
      agreed.push(block);
      input = { kind: "applied", nextExpiry: this.disk.state.nextExpiry(), now: this.now() };
    }
    if (!this.up) return;
    this.#epochNow();
    this.#court.stepped(this);
    for (const { block, evaluation } of agreed)
      for (const listener of this.#agreed) listener(block, evaluation);
  }

  /** Null if the step broke off: then nothing of it was. */
  #step(input: Input): Effect[] | null {
    if (this.censored !== null) {
      this.core().waiting.delete(this.censored);
      this.core().cut = 1;
      if (writsIn(input).some(({ warden }) => warden === this.censored)) return this.#leftOut();
    }
    try {
      return step(this.core(), input);
    } catch (error) {
      if (error instanceof RowDamaged) {
        this.#broken(error);
        return null;
      }
      if (error instanceof Death) {
        this.stop(`died ${error.message}`);
        this.#court.world.after(RESTART_MS, () => this.start());
        return null;
      }
      if (!(error instanceof BrokenInvariant && this.excused)) throw error;
      this.stop(error.message);
      return null;
    }
  }

  #leftOut(): null {
    const { seat } = this;
    this.#court.world.note({ kind: "left out", seat });
    return null;
  }

  /** In their order; what is written in one piece is written whole or not at all. */
  #carryOut(effects: readonly Effect[]): void {
    const end = this.#cutAt(effects);
    for (const effect of effects.slice(0, end)) this.#do(effect);
    if (this.#over && end === effects.length) return this.#again("its state was replaced");
    if (end < effects.length) this.stop(`crashed ${this.doom ?? ""}`);
  }

  #cutAt(effects: readonly Effect[]): number {
    const all = effects.length;
    const first = effects.findIndex(isWrite);
    if (this.doom === null || this.doom === "unapplied" || first === -1) return all;
    if (this.doom === "unwritten") return first;
    const after = effects.findIndex((effect, at) => at > first && !isWrite(effect));
    if (after === -1 || effects[after]?.kind !== "send") return all;
    if (this.doom === "unsent") return after;
    const sends = effects.filter(({ kind }) => kind === "send").length;
    return after + (sends > 1 ? 1 + this.#court.world.dice.below(sends - 1) : 0);
  }

  #do(effect: Effect): void {
    const { world } = this.#court;
    const { seat, disk } = this;
    switch (effect.kind) {
      case "persist":
        if (this.#follows) return;
        disk.chain.keepWrits(effect.writs, effect.durable.vote?.header.epoch ?? 0);
        disk.durable = effect.durable;
        world.note({ kind: "stored", seat, durable: effect.durable });
        return;
      case "agree": {
        const { block, evaluation } = effect;
        const again = disk.replaying !== null;
        this.#over = disk.agree(block, evaluation);
        if (!again) world.note({ kind: "agreed", seat, block, evaluation });
        return;
      }
      case "quarantine":
        disk.rebuild ||= effect.rebuild;
        return this.#silence(effect.reason);
      case "stage":
        return disk.vault.stage(effect);
      case "install":
        this.#took(disk.install(effect.offer));
        this.#over = true;
        return;
      case "send":
        return this.#court.speak(this, effect.to, effect.message);
      case "arm":
        return this.#arm(effect.at);
      case "attempt":
        return this.#noted(effect.what);
      case "accuse":
        disk.incidents.push(effect.incident);
        world.note({ kind: "accused", seat, incident: effect.incident });
    }
  }

  #took(state: ReturnType<Disk["install"]>): void {
    if (state !== null) this.#court.world.note({ kind: "took", seat: this.seat, ...state });
  }

  /** Durable in a later turn, if the seat lives to see it. */
  #noted(what: string): void {
    const { life } = this;
    this.#court.world.after(SYNC_MS, () => {
      if (this.up && this.life === life) this.#input({ kind: "attempted", what, now: this.now() });
    });
  }

  #silence(reason: string): void {
    if (this.disk.quarantine !== null) return;
    this.disk.quarantine = reason;
    this.#court.world.note({ kind: "silenced", seat: this.seat, reason });
  }

  #arm(at: number | null): void {
    if (at === this.#armedAt) return;
    this.#armedAt = at;
    this.#disarm();
    if (at === null) return;
    this.#disarm = this.#court.world.after(Math.max(0, at - this.now()) + this.late, () => {
      this.#armedAt = null;
      this.#input({ kind: "tick", now: this.now() });
      this.#replayOwn();
      for (const listener of this.#ticked) listener();
    });
  }

  #restored(): Seat {
    const { disk } = this;
    disk.open();
    disk.incarnation += 1;
    if (this.forgetful) disk.durable = null;
    this.#over = false;
    if (disk.quarantine !== null || disk.replaying !== null) return this.#chambers.seat(false);
    try {
      return this.#chambers.seat(true);
    } catch (error) {
      const damage = error instanceof RowDamaged || error instanceof BrokenInvariant;
      if (!damage || !this.excused) throw error;
      this.#silence(`damaged storage: ${error.message}`);
      return this.#chambers.seat(false);
    }
  }

  /** What was waited for belongs to an epoch, too. */
  #epochNow(): void {
    const { setup, tip } = this.core();
    if (this.heard.inEpoch(termAt(setup.terms, tip.height + 1).epoch)) this.waited.forget();
  }
}

function isWrite({ kind }: Effect): boolean {
  return kind !== "send" && kind !== "arm" && kind !== "attempt" && kind !== "accuse";
}
