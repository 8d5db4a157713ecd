/**
 * A court for directed schedules: real cores with nothing around them but memory, a script that says which messages pass, and
 * checkers that see everything. No Wardens, no Ledger, no chance of its own.
 */
import { objection } from "../../../objects/clerk/consensus/check.ts";
import type { Message } from "../../../objects/clerk/consensus/messages.ts";
import { seatFrom } from "../../../objects/clerk/consensus/seat.ts";
import type { Durable, Effect, Input, Seat, Setup } from "../../../objects/clerk/consensus/seat.ts";
import { matters, step } from "../../../objects/clerk/consensus/step.ts";
import { BrokenInvariant, known } from "../../../objects/shared/assert.ts";
import { writDigest } from "../../../objects/shared/digests.ts";
import type { Evaluation } from "../../../objects/shared/evaluation.ts";
import { sha256 } from "../../../objects/shared/node/crypto.ts";
import { quorumOf } from "../../../objects/shared/quorum.ts";
import type { Mode } from "../../../objects/shared/quorum.ts";
import type { Batch, Block, Header, Writ, WritProgress } from "../../../objects/shared/types.ts";
import { evaluationOf, tipOf } from "../../kit/cluster.ts";
import type { Mouth } from "../court.ts";
import { History, Violation } from "../history.ts";
import { modelledKeys } from "../signatures.ts";
import { START } from "../world.ts";

/** One running copy of a seat, and what survives it. */
export class Body {
  readonly seat: number;
  readonly copy: number;
  readonly chain: Block[] = [];
  readonly writs = new Map<string, Writ>();
  durable: Durable | null = null;
  incarnation = 0;
  armed: number | null = null;
  /** What it notes before it evaluates it. */
  noted: string | null = null;
  quarantined: string | null = null;
  mouth: Mouth | null = null;
  /** Evaluates to something else. */
  corrupt = false;
  /** A liar's broken invariants are its own affair: it is gone then. */
  gone = false;
  #core: Seat | null = null;

  constructor(seat: number, copy: number) {
    this.seat = seat;
    this.copy = copy;
  }

  get core(): Seat {
    return known(this.#core, "a body that has started");
  }

  set core(core: Seat) {
    this.#core = core;
  }
}

export interface Flight {
  readonly from: Body;
  readonly to: Body;
  readonly message: Message;
}

export type Fate = "pass" | "hold" | "lose";

export interface Cast {
  readonly mode: Mode;
  readonly n: number;
  readonly liars: readonly number[];
  /** Whether liars have two copies. */
  readonly twins: boolean;
}

/** Above every height of a run. */
const ROOT_EVERY = 256;
const STEPS = 4_000;
/** Property of a run that ends with something pending. */
export const LIVENESS = "everything pending is decided";
const HELD = 400;
const keys = modelledKeys();

export class Stage {
  readonly history = new History();
  readonly bodies: readonly Body[];
  readonly liars: ReadonlySet<number>;
  readonly verify = keys.verify;
  readonly setups: readonly Setup[];
  now = START;
  /** What becomes of a message now. */
  fate: (flight: Flight) => Fate = () => "pass";
  /** Which of those under way comes next. */
  pick: (length: number) => number = () => 0;
  /** Messages that were held back, oldest first. */
  held: Flight[] = [];
  steps = 0;
  readonly #queue: Flight[] = [];
  readonly #overheard = new Set<string>();

  constructor({ mode, n, liars, twins }: Cast) {
    const quorum = quorumOf(mode, n);
    this.liars = new Set(liars);
    const seats = Array.from({ length: n }, (_, seat) => seat);
    const names = seats.map((seat) => keys.publicKey(`seat ${seat}`));
    const wardenKeys = [keys.publicKey("warden 0")];
    const terms = [{ epoch: 1, from: 1, keys: names, wardenKeys, domainVersion: 1 }];
    this.setups = names.map((key, seat) => {
      return { court: 0, seat, key, quorum, rootEvery: ROOT_EVERY, terms };
    });
    this.bodies = seats.flatMap((seat) =>
      twins && this.liars.has(seat) ? [new Body(seat, 0), new Body(seat, 1)] : [new Body(seat, 0)],
    );
  }

  setup(seat: number): Setup {
    return known(this.setups[seat], "a seat of the court");
  }

  honest(): Body[] {
    return this.bodies.filter(({ seat }) => !this.liars.has(seat));
  }

  sign(seat: number, digest: string): string {
    return keys.sign(`seat ${seat}`, digest);
  }

  writ(number: number, events: readonly string[]): Writ {
    const bare = { court: 0, warden: 0, number, events };
    return { ...bare, seal: keys.sign("warden 0", writDigest(bare)) };
  }

  startAll(): void {
    for (const body of this.bodies) this.start(body);
  }

  start(body: Body): void {
    body.incarnation += 1;
    body.armed = null;
    body.core = this.#load(body);
    const { incarnation, voice } = body.core;
    this.history.add(this.now, { kind: "started", seat: body.seat, incarnation, voice });
    this.input(body, { kind: "start", now: this.now });
  }

  restart(body: Body): void {
    this.history.add(this.now, { kind: "stopped", seat: body.seat, how: "crash" });
    this.start(body);
  }

  give(body: Body, writ: Writ): void {
    this.input(body, { kind: "writs", writs: [writ], now: this.now });
  }

  tick(body: Body): void {
    this.input(body, { kind: "tick", now: this.now });
  }

  input(body: Body, input: Input): void {
    if (body.gone) return;
    let decided = false;
    for (const effect of this.#step(body, input)) decided = this.#carryOut(body, effect) || decided;
    if (decided) this.input(body, { kind: "applied", nextExpiry: null, now: this.now });
    const { noted } = body;
    body.noted = null;
    if (noted !== null) this.input(body, { kind: "attempted", what: noted, now: this.now });
  }

  /** Delivers what is under way, and what that causes, as far as it passes. */
  settle(): void {
    while (this.#queue.length > 0) {
      if (++this.steps > STEPS) throw new Violation(LIVENESS, "the network never empties");
      const [flight] = this.#queue.splice(this.pick(this.#queue.length), 1);
      if (flight === undefined) continue;
      const fate = this.fate(flight);
      if (fate === "pass") this.deliver(flight);
      else if (fate === "hold" && this.held.length < HELD) this.held.push(flight);
    }
  }

  deliver({ to, message }: Flight): void {
    if (to.gone) return;
    const { core } = to;
    if (matters(core, message)) {
      const objected = objection(message, core.setup, this.verify);
      if (objected === null) this.input(to, { kind: "message", message, now: this.now });
      else this.#objected(to, message, objected);
    }
    if (to.mouth !== null && !this.#overheard.has(message.signature)) this.#hears(to, message);
  }

  /** Lets time pass, firing every timer on its way, with everything delivered in between. */
  pass(ms: number, done: () => boolean): void {
    const until = this.now + ms;
    for (;;) {
      this.settle();
      const next = this.#nextTimer();
      if (done() || next?.armed === undefined || next.armed === null || next.armed > until) return;
      this.now = Math.max(this.now, next.armed);
      this.tick(next);
    }
  }

  #nextTimer(): Body | null {
    let next: Body | null = null;
    for (const body of this.bodies) {
      if (body.gone || body.armed === null) continue;
      if (next === null || body.armed < (next.armed ?? 0)) next = body;
    }
    return next;
  }

  /** Nothing that an honest seat says may be refused by another. */
  #objected(to: Body, message: Message, why: string): void {
    const honest = !this.liars.has(message.from) && !this.liars.has(to.seat);
    if (honest && this.#overheard.has(message.signature))
      throw new Violation("HonestIsHeard", `seat ${to.seat} refuses a ${message.kind}: ${why}`);
  }

  #step(body: Body, input: Input): Effect[] {
    try {
      return step(body.core, input);
    } catch (error) {
      if (!(error instanceof BrokenInvariant)) throw error;
      if (!this.liars.has(body.seat))
        throw new Violation("crash", `seat ${body.seat}: ${error.message}`);
      body.gone = true;
      return [];
    }
  }

  #carryOut(body: Body, effect: Effect): boolean {
    const { seat } = body;
    switch (effect.kind) {
      case "persist":
        body.durable = effect.durable;
        for (const writ of effect.writs) body.writs.set(writDigest(writ), writ);
        this.history.add(this.now, { kind: "stored", seat, durable: effect.durable });
        return false;
      case "agree": {
        body.chain.push(effect.block);
        for (const { writ } of effect.block.entries) body.writs.set(writDigest(writ), writ);
        const { block, evaluation } = effect;
        this.history.add(this.now, { kind: "agreed", seat, block, evaluation });
        return true;
      }
      case "send":
        this.#speak(body, effect.to, effect.message);
        return false;
      case "arm":
        body.armed = effect.at;
        return false;
      case "attempt":
        body.noted = effect.what;
        return false;
      case "accuse":
        this.history.add(this.now, { kind: "accused", seat, incident: effect.incident });
        return false;
      case "quarantine":
        body.quarantined ??= effect.reason;
        this.history.add(this.now, { kind: "silenced", seat, reason: effect.reason });
        return false;
      case "stage":
      case "install":
        if (!this.liars.has(seat))
          throw new Violation("state", `seat ${seat} takes a state, and no run gets so far`);
        // Outvoted for its lies, its core ends; its mouth goes on.
        return false;
    }
  }

  #speak(body: Body, to: number, message: Message): void {
    const told = body.mouth?.instead(to, message) ?? [{ to, message }];
    for (const one of told) this.#send(body, one.to, one.message, one.message !== message);
  }

  #send(from: Body, to: number, message: Message, lie: boolean): void {
    this.history.add(this.now, { kind: "said", seat: from.seat, to, message, lie });
    for (const body of this.bodies)
      if (body.seat === to && body !== from) this.#queue.push({ from, to: body, message });
    if (!this.liars.has(from.seat)) this.#overhear(message);
  }

  /** Liars hear whatever honest seats say to anybody, at once. */
  #overhear(message: Message): void {
    if (this.#overheard.has(message.signature)) return;
    this.#overheard.add(message.signature);
    for (const body of this.bodies)
      if (body.mouth !== null && body.incarnation > 0 && !body.gone) this.#hears(body, message);
  }

  #hears(body: Body, message: Message): void {
    for (const { to, message: said } of body.mouth?.heard(message) ?? [])
      this.#send(body, to, said, true);
  }

  #load(body: Body): Seat {
    const tip = tipOf(body.chain);
    return seatFrom({
      setup: this.setup(body.seat),
      world: {
        evaluate: (batch) => evaluate(batch, body.corrupt),
        adopt: ({ outcomes }) => evaluationOf(outcomes),
        sign: (digest) => this.sign(body.seat, digest),
        supports: (version) => version === 1,
        stateRoot: () => sha256("no run gets so far"),
        blocksAbove: (height) => body.chain.slice(height),
        lowestBlock: () => 1,
        offer: () => null,
        page: () => null,
      },
      incarnation: body.incarnation,
      tip,
      progress: progressOf(body.chain),
      nextExpiry: null,
      durable: body.durable,
      batchOf: (header) => batchOf(body, header),
      voice: body.quarantined === null,
      rebuiltAt: null,
    });
  }
}

function evaluate(batch: Batch, corrupt: boolean): Evaluation {
  const outcomes = batch.entries.flatMap(({ writ, first, count }) =>
    writ.events.slice(first, first + count).map((event) => `outcome of ${event}`),
  );
  return evaluationOf(corrupt ? outcomes.map((outcome) => `wrong ${outcome}`) : outcomes);
}

function progressOf(chain: readonly Block[]): WritProgress[] {
  const rows = new Map<number, WritProgress>();
  for (const { writ, first, count } of chain.flatMap((block) => block.entries)) {
    const { warden, number, events } = writ;
    const next = first + count;
    rows.set(warden, { warden, number, next, complete: next === events.length });
  }
  return [...rows.values()];
}

function batchOf(body: Body, header: Header): Batch {
  const entries = header.entries.map(([digested, first, count]) => {
    return { writ: known(body.writs.get(digested), "a vote has its writs"), first, count };
  });
  return { header, entries };
}
