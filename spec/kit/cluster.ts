/**
 * A court of real consensus cores over a scripted network: virtual time, memory for disks, modelled signatures. Nothing is
 * delivered unless the script says so.
 */
import { objection } from "../../objects/clerk/consensus/check.ts";
import { statementDigest } from "../../objects/clerk/consensus/messages.ts";
import type { Message, Statement } from "../../objects/clerk/consensus/messages.ts";
import { seatFrom } from "../../objects/clerk/consensus/seat.ts";
import type { Effect, Incident, Input, Seat, Setup } from "../../objects/clerk/consensus/seat.ts";
import { matters, step } from "../../objects/clerk/consensus/step.ts";
import { known } from "../../objects/shared/assert.ts";
import { controlOutcome } from "../../objects/shared/control.ts";
import type { Control } from "../../objects/shared/control.ts";
import { writDigest } from "../../objects/shared/digests.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import { sha256 } from "../../objects/shared/node/crypto.ts";
import { quorumOf } from "../../objects/shared/quorum.ts";
import type { Mode } from "../../objects/shared/quorum.ts";
import { termsWith } from "../../objects/shared/terms.ts";
import type { Terms } from "../../objects/shared/terms.ts";
import type { Batch, Writ } from "../../objects/shared/types.ts";
import { evaluationOf, Member, rowsAfter } from "./member.ts";

export { evaluationOf, tipOf } from "./member.ts";

export const START = 1_000_000;

export const keyOf = (who: string): string => sha256(`key of ${who}`);
const signModel = (key: string, digested: string): string =>
  sha256(`${key} signs ${digested}`).repeat(2);
export const verifyModel = (key: string, digested: string, signature: string): boolean =>
  signModel(key, digested) === signature;

export interface Sent {
  readonly from: number;
  readonly to: number;
  readonly message: Message;
}

class Death extends Error {
  override readonly name = "Death";
}

export class Cluster {
  /** Of what is forged. */
  epoch = 1;
  /** How often each Warden has lost its key. */
  readonly lostKeys = new Map<number, number>();
  readonly mode: Mode;
  readonly n: number;
  now = START;
  members: Member[];
  readonly seats: Seat[] = [];
  network: Sent[] = [];
  /** Messages for which this is false are lost. */
  passes: (sent: Sent) => boolean = () => true;
  /** Block times at which something expires. */
  expiries: number[] = [];
  /** Wardens with keys. */
  readonly wardens: number;
  fits = Number.MAX_SAFE_INTEGER;
  /** Events that each seat comes to another outcome for. */
  readonly nondeterministic = new Set<string>();
  /** Events that whoever evaluates them dies of, unless it is immune. */
  readonly lethal = new Set<string>();
  /** What seats note before they evaluate it is not answered by itself. */
  holdsNotes = false;
  readonly #dead: number[] = [];
  /** K. */
  readonly rootEvery: number;

  constructor(mode: Mode = "bft", n = 4, wardens = 2, rootEvery = 256) {
    this.mode = mode;
    this.n = n;
    this.wardens = wardens;
    this.rootEvery = rootEvery;
    this.members = Array.from({ length: n }, () => new Member(rootEvery));
    this.members.forEach((_, at) => this.seats.push(this.#load(at)));
  }

  /** As its storage has it. */
  setup(seat: number): Setup {
    const member = this.member(seat);
    const height = member.replaying ?? member.height();
    const headers = member.controls.map(({ header }) => header);
    const terms = termsWith(
      this.#firstTerms(),
      headers.filter((header) => header.height <= height),
    );
    const quorum = quorumOf(this.mode, this.n);
    return { court: 0, seat, key: this.seatKey(seat), quorum, rootEvery: this.rootEvery, terms };
  }

  #firstTerms(): Terms {
    const keys = Array.from({ length: this.n }, (_, seat) => keyOf(`seat ${seat}`));
    const wardenKeys = Array.from({ length: this.wardens }, (_, at) => keyOf(`warden ${at}`));
    return [{ epoch: 1, from: 1, keys, wardenKeys, domainVersion: 1 }];
  }

  /** The key that an object has now. */
  seatKey(seat: number): string {
    const { wiped } = this.member(seat);
    return keyOf(wiped === 0 ? `seat ${seat}` : `seat ${seat}, ${wiped}`);
  }

  wardenKey(warden: number): string {
    const lost = this.lostKeys.get(warden) ?? 0;
    return keyOf(lost === 0 ? `warden ${warden}` : `warden ${warden}, ${lost}`);
  }

  member(at: number): Member {
    return known(this.members[at], "a seat of the court");
  }

  seat(at: number): Seat {
    return known(this.seats[at], "a seat of the court");
  }

  writ(number: number, events: readonly string[], warden = 0): Writ {
    const bare = { court: 0, warden, number, events };
    return { ...bare, seal: signModel(this.wardenKey(warden), writDigest(bare)) };
  }

  sign(seat: number, digested: string): string {
    return signModel(this.seatKey(seat), digested);
  }

  /** A statement under a seat's signature, whether or not that seat would say it. */
  said<S extends Statement>(
    from: number,
    statement: S,
    sequence = 1_000_000,
  ): Extract<Message, { kind: S["kind"] }> {
    const by = { court: 0, epoch: this.epoch, from, incarnation: 1, sequence };
    const signature = this.sign(from, statementDigest(statement, by));
    return { ...statement, ...by, signature } as unknown as Extract<Message, { kind: S["kind"] }>;
  }

  give(seat: number, writ: Writ): void {
    this.input(seat, { kind: "writs", writs: [writ], now: this.now });
  }

  giveAll(writ: Writ): void {
    for (let seat = 0; seat < this.n; seat++) this.give(seat, writ);
  }

  /** An operator asks these seats, each of which has fetched the key itself. */
  ask(control: Control, seats: readonly number[] = [...this.seats.keys()]): void {
    for (const seat of seats) this.input(seat, { kind: "control", control, now: this.now });
  }

  readmission(seat: number): Control {
    return { kind: "key", officer: { kind: "clerk", seat }, key: this.seatKey(seat) };
  }

  /** Storage and key gone; it starts again at once. */
  wipe(at: number): void {
    this.crash(at);
    const { wiped } = this.member(at);
    this.members = this.members.with(at, new Member(this.rootEvery));
    this.member(at).wiped = wiped + 1;
    this.restart(at);
  }

  /** A seat takes an input; what it sends is put on the network, unless the machine stops before that. */
  input(at: number, input: Input, stopsBeforeSending = false): void {
    const member = this.member(at);
    if (member.down) return;
    let decided = false;
    for (const effect of this.#step(at, input)) {
      member.journal.push(effect);
      if (stopsBeforeSending && effect.kind === "send") continue;
      decided = this.#carryOut(at, effect) || decided;
    }
    if (member.over) return this.restart(at);
    if (decided) {
      const nextExpiry = this.expiries.find((time) => time > this.seat(at).tip.time) ?? null;
      this.input(at, { kind: "applied", nextExpiry, now: this.now }, stopsBeforeSending);
    }
    const { noted } = member;
    if (noted === null || this.holdsNotes) return;
    member.noted = null;
    this.input(at, { kind: "attempted", what: noted, now: this.now }, stopsBeforeSending);
  }

  /** A machine that dies of an evaluation does nothing of the step, and comes back once the network is empty. */
  #step(at: number, input: Input): Effect[] {
    try {
      return step(this.seat(at), input);
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      this.crash(at);
      this.member(at).deaths += 1;
      this.#dead.push(at);
      return [];
    }
  }

  #revive(): void {
    for (const at of this.#dead.splice(0)) if (this.member(at).down) this.restart(at);
  }

  tick(at: number): void {
    this.input(at, { kind: "tick", now: this.now });
  }

  /** Delivers what is under way, and what that causes, until the network is empty. */
  settle(): void {
    for (let rounds = 0; this.network.length + this.#dead.length > 0; rounds++) {
      if (rounds > 20_000) throw new Error("the network never empties");
      if (this.network.length === 0) this.#revive();
      const [sent] = this.network.splice(0, 1);
      if (sent !== undefined) this.deliver(sent);
    }
  }

  deliver(sent: Sent): void {
    if (this.member(sent.from).down || !this.passes(sent)) return;
    this.hear(sent.to, sent.message);
  }

  /** Gives a seat a message as its shell would; null if it took it, else why not. */
  hear(to: number, message: Message): string | null {
    const seat = this.seat(to);
    if (this.member(to).down) return "down";
    if (!matters(seat, message)) return "does not matter";
    const objected = objection(message, seat.setup, verifyModel);
    if (objected === null) this.input(to, { kind: "message", message, now: this.now });
    return objected;
  }

  /** Lets time pass, firing every timer on its way, with everything delivered in between. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (let fired = 0; ; fired++) {
      if (fired > 100_000) throw new Error("timers never rest");
      this.settle();
      const next = this.nextTimer();
      if (next === null || next.at > until) break;
      this.now = Math.max(this.now, next.at);
      this.tick(next.seat);
    }
    this.now = until;
  }

  nextTimer(): { at: number; seat: number } | null {
    let next: { at: number; seat: number } | null = null;
    this.members.forEach(({ armed, down }, seat) => {
      if (!down && armed !== null && (next === null || armed < next.at)) next = { at: armed, seat };
    });
    return next;
  }

  crash(seat: number): void {
    this.member(seat).down = true;
    this.member(seat).noted = null;
    this.network = this.network.filter((sent) => sent.from !== seat && sent.to !== seat);
  }

  /** A new instance from what was stored. */
  restart(at: number): void {
    this.crash(at);
    this.member(at).down = false;
    this.seats[at] = this.#load(at);
    this.input(at, { kind: "start", now: this.now });
    if (this.member(at).rebuild && this.member(at).replaying === null) this.rebuild(at);
  }

  /** As an operator orders it, or the seat itself in its last life. */
  rebuild(at: number): void {
    const member = this.member(at);
    if (!member.rebuild) {
      member.rebuild = true;
      member.quarantined ??= "to be rebuilt";
      return this.restart(at);
    }
    this.input(at, { kind: "rebuild", now: this.now });
  }

  heights(): number[] {
    return this.seats.map((seat) => seat.tip.height);
  }

  views(): number[] {
    return this.seats.map((seat) => seat.view);
  }

  quarantined(): (string | null)[] {
    return this.members.map((member) => member.quarantined);
  }

  incidents(at: number, kind: Incident["kind"]): Incident[] {
    return this.member(at).incidents.filter((incident) => incident.kind === kind);
  }

  /** What a seat has sent so far of one kind. */
  sent<K extends Message["kind"]>(at: number, kind: K): Extract<Message, { kind: K }>[] {
    return this.member(at).journal.flatMap((effect) =>
      effect.kind === "send" && isOf(effect.message, kind) ? [effect.message] : [],
    );
  }

  #load(at: number): Seat {
    const member = this.member(at);
    member.incarnation += 1;
    member.vault.clean();
    member.over = false;
    const voice = member.quarantined === null && member.replaying === null;
    return seatFrom({
      setup: this.setup(at),
      world: {
        evaluate: (batch) => this.#evaluate(member, batch),
        adopt: (block) =>
          member.unadoptable
            ? null
            : { ...evaluationOf(block.outcomes), ...rowsAfter(member, block) },
        sign: (digested) => this.sign(at, digested),
        stateRoot: (base) => member.vault.roots.root(base),
        blocksAbove: (height) => member.blocksAbove(height),
        lowestBlock: () => member.bottom + 1,
        offer: () => member.offer(),
        page: (base, part, after) => member.vault.page(base, part, after),
        supports: (version) => member.versions.includes(version),
      },
      incarnation: member.incarnation,
      tip: member.tip(),
      progress: member.progress(),
      nextExpiry: this.expiries.find((time) => time > member.tip().time) ?? null,
      rebuiltAt: member.rebuiltAt,
      durable: voice ? member.durable : null,
      batchOf: (header) => member.batch(header),
      voice,
    });
  }

  #evaluate(member: Member, batch: Batch): Evaluation {
    member.evaluations += 1;
    const own = ` corrupted in ${this.members.indexOf(member)}`;
    const outcomes = batch.entries.flatMap(({ writ, first, count, poison }) =>
      writ.events.slice(first, first + count).map((event) => {
        if (poison !== undefined) return `${poison.reason} is ${event}${member.corrupt ? own : ""}`;
        if (this.lethal.has(event) && !member.immune) throw new Death(event);
        const flawed = member.corrupt || this.nondeterministic.has(event);
        return `outcome of ${event}${flawed ? own : ""}`;
      }),
    );
    const { control } = batch.header;
    const system = control === null ? [] : [controlOutcome(control)];
    return {
      ...evaluationOf([...system, ...outcomes]),
      ...rowsAfter(member, batch),
      fits: Math.min(this.fits, outcomes.length),
    };
  }

  #carryOut(at: number, effect: Effect): boolean {
    const member = this.member(at);
    switch (effect.kind) {
      case "persist":
        member.durable = effect.durable;
        for (const writ of effect.writs) member.writs.set(writDigest(writ), writ);
        return false;
      case "agree":
        member.agree(effect.block, effect.evaluation);
        return true;
      case "send":
        this.network.push({ from: at, to: effect.to, message: effect.message });
        return false;
      case "arm":
        member.armed = effect.at;
        return false;
      case "attempt":
        member.noted = effect.what;
        return false;
      case "accuse":
        member.incidents.push(effect.incident);
        return false;
      case "quarantine":
        member.quarantined ??= effect.reason;
        member.rebuild ||= effect.rebuild;
        return false;
      case "stage":
        member.vault.stage(effect);
        return false;
      case "install":
        member.install(effect.offer);
        return false;
    }
  }
}

function isOf<K extends Message["kind"]>(
  message: Message,
  kind: K,
): message is Extract<Message, { kind: K }> {
  return message.kind === kind;
}
