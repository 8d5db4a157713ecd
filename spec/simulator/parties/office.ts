/**
 * What a seat's object does beside the agreement, as session.ts and clerk.ts wire it: answers to Wardens, its publisher, its
 * feed to a Registrar. All of it is memory, made anew with each life of the seat.
 */
import { Answers } from "../../../objects/clerk/answers.ts";
import { CatchUp } from "../../../objects/clerk/catch-up.ts";
import { RowDamaged } from "../../../objects/clerk/rows.ts";
import { parseWrit } from "../../../objects/clerk/consensus/check.ts";
import { leaderNow } from "../../../objects/clerk/consensus/step.ts";
import { Feed } from "../../../objects/clerk/feed.ts";
import { heldWrits } from "../../../objects/clerk/held-writs.ts";
import { Publisher } from "../../../objects/clerk/publisher.ts";
import type { Ledger } from "../../../objects/ledger/ledger.ts";
import { storedRun } from "../../../objects/ledger/stored.ts";
import type { Clock } from "../../../objects/shared/clock.ts";
import { LIMITS } from "../../../objects/shared/limits.ts";
import { Refused } from "../../../objects/shared/rpc.ts";
import type { EntityAnswer } from "../../../objects/shared/rpc.ts";
import type { Court, Replica } from "../court.ts";
import type { VirtualD1 } from "./d1.ts";
import { VirtualRegistrar } from "./registrar.ts";

interface Waiter {
  readonly ready: () => boolean;
  readonly end: () => void;
}

/** What goes with the seat's memory. */
interface Desk {
  readonly life: number;
  readonly answers: Answers;
  readonly feed: Feed;
  readonly publisher: Publisher | null;
  readonly catchUp: CatchUp | null;
  readonly waiters: Set<Waiter>;
}

/** How the calls between a seat and its Registrar go; shares are in a hundred. */
export interface Nearby {
  lost: number;
  jitter: number;
}

export class Office {
  readonly replica: Replica;
  readonly registrar: VirtualRegistrar;
  readonly nearby: Nearby = { lost: 0, jitter: 3 };
  /** Obstacles that its publisher met, each once. */
  readonly obstacles: string[] = [];
  readonly #court: Court;
  readonly #d1: VirtualD1 | null;
  readonly #backlogBlocks: number;
  #desk: Desk | null = null;
  #published = 0;
  /** How often it has begun to read the whole Ledger again. */
  rounds = 0;
  /** As noted in the seat's storage. */
  #place: string | null = null;

  constructor(
    court: Court,
    replica: Replica,
    { d1, backlogBlocks }: { readonly d1: VirtualD1 | null; readonly backlogBlocks: number },
  ) {
    this.#court = court;
    this.replica = replica;
    this.#d1 = d1;
    this.#backlogBlocks = backlogBlocks;
    this.registrar = new VirtualRegistrar(court.world, (key) => this.#row(key));
    replica.onStart(() => this.#begin());
    replica.onTick(() => {
      if (replica.up) this.#desk?.catchUp?.wake();
    });
    replica.onAgreed((block, evaluation) => {
      this.#desk?.feed.changed(block.header.height, evaluation.entities);
      court.world.awaited();
      // After this synchronous piece: the tip moves with it.
      court.world.after(0, () => this.#stirred());
    });
  }

  get published(): number {
    return this.#desk?.publisher?.attested ?? 0;
  }

  /** Whether anything agreed here is still to be published, as far as this seat can help it. */
  get behind(): boolean {
    return this.replica.up && (this.#desk?.publisher?.behind() ?? false);
  }

  /** As `ClerkApi.submit`. */
  async submit(text: string, waitMs: number): Promise<string> {
    const desk = this.#open();
    const { replica } = this;
    const writ = parseWrit(text);
    if (writ === null || !replica.submit(writ)) throw new Refused("malformed", "not a sealed writ");
    const decided = (): boolean => replica.decided(writ);
    await this.#until(desk, decided, Math.min(waitMs, LIMITS.answerWaitMs));
    const { view, voice } = replica.core();
    const parts = this.#read(() => (decided() && voice ? desk.answers.of(writ) : []));
    return JSON.stringify({ view, parts });
  }

  /** As `ClerkApi.entity`. */
  async entity(key: string, atLeast: number): Promise<string> {
    const desk = this.#open();
    const seat = this.replica.core();
    const fresh = (): boolean => seat.tip.height >= atLeast && seat.commit === null;
    if (seat.voice) await this.#until(desk, fresh, LIMITS.answerWaitMs);
    if (!seat.voice) throw new Refused("not-ready", "this seat has no voice");
    if (!fresh()) throw new Refused("behind", `height ${seat.tip.height}`);
    return JSON.stringify({ ...this.#rowOf(key), certificate: seat.tip.certificate });
  }

  /** As `ClerkApi.status`, of it what a Warden looks at. */
  status(): string {
    this.#open();
    const { voice, backlogFull } = this.replica.core();
    this.#notePublished();
    return JSON.stringify({
      ready: voice,
      stage: voice ? "ready" : "quarantined",
      published: this.published,
      overloaded: backlogFull,
    });
  }

  /** As `ClerkApi.writs`. */
  writs(warden: number, from: number): string {
    this.#open();
    const seat = this.replica.core();
    if (!seat.voice) throw new Refused("not-ready", "this seat has no voice");
    return JSON.stringify(this.#read(() => heldWrits(this.replica.disk.chain, seat, warden, from)));
  }

  /** As `ClerkApi.terms`. */
  terms(): string {
    this.#open();
    return JSON.stringify(this.replica.disk.chain.termProofs());
  }

  #row(key: string): Promise<EntityAnswer> {
    return new Promise((resolve, reject) => {
      this.#carried(
        () => {
          this.#open();
          if (!this.replica.core().voice) throw new Refused("not-ready", "this seat has no voice");
          return this.#rowOf(key);
        },
        resolve,
        reject,
      );
    });
  }

  #rowOf(key: string): EntityAnswer {
    const { disk } = this.replica;
    const {
      version = 0,
      state = null,
      height: since = 0,
    } = this.#read(() => disk.state.entity(key)) ?? {};
    const { height } = this.replica.core().tip;
    return { height, certificate: null, version, state, since };
  }

  /** As the publisher asks: what is damaged stops the seat by the error that comes of it. */
  #version(key: string): number {
    return this.replica.disk.state.entity(key)?.version ?? 0;
  }

  /** As the object reads for a caller: what it finds damaged costs it its voice. */
  #read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof RowDamaged)) throw error;
      this.replica.damaged(error);
      throw new Refused("not-ready", error.message);
    }
  }

  /** A call that is late both ways or lost. */
  #carried<T>(work: () => T, resolve: (value: T) => void, reject: (error: Error) => void): void {
    const { world } = this.#court;
    const back = (say: () => void): void => {
      world.after(this.#way(), () => {
        world.awaited();
        say();
      });
    };
    if (world.dice.percent(this.nearby.lost)) return back(() => reject(new Error("lost")));
    world.after(this.#way(), () => {
      try {
        const value = work();
        back(() => resolve(value));
      } catch (error) {
        back(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
    });
  }

  #way(): number {
    return this.#court.world.dice.below(this.nearby.jitter + 1);
  }

  #open(): Desk {
    if (!this.replica.up || this.#desk === null) throw new Refused("seat-down", "it is down");
    return this.#desk;
  }

  #begin(): void {
    const { world, deployment } = this.#court;
    const { replica } = this;
    // Whoever waited at the life before hears that it ended.
    for (const { end } of this.#desk?.waiters ?? []) end();
    const { life } = replica;
    const alive = (): boolean => replica.up && replica.life === life;
    const wait = (ms: number): Promise<void> =>
      new Promise((resolve) => {
        world.after(ms, () => {
          if (!alive()) return;
          world.awaited();
          resolve();
        });
      });
    const feed = new Feed(deployment.registrars, replica.disk.chain.height(), {
      registrar: () => ({ push: (after, height, rows) => this.#push([after, height, rows]) }),
      shardOf: () => 0,
      clock: this.#clock(alive),
    });
    const d1 = this.#d1;
    this.#desk = {
      life,
      answers: new Answers(replica.disk.chain),
      feed,
      publisher: d1 === null ? null : this.#publisher(d1.reached(alive), alive, wait),
      catchUp: d1 === null ? null : this.#search(d1, alive, wait),
      waiters: new Set(),
    };
    this.#tend(alive);
  }

  #clock(alive: () => boolean): Clock {
    const { world } = this.#court;
    return {
      now: () => world.now,
      after: (ms, then) =>
        world.after(ms, () => {
          if (!alive()) return;
          world.awaited();
          then();
        }),
    };
  }

  #push(push: readonly [number, number, string]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#carried(() => this.registrar.push(...push), resolve, reject);
    });
  }

  #ledger(db: D1Database): Ledger {
    const { genesis, deployment, verify } = this.#court;
    return {
      db,
      genesis: genesis.document,
      quorum: deployment.quorum,
      verify,
      terms: { of: () => this.replica.core().setup.terms, learn: () => true, proofs: () => [] },
    };
  }

  /** What is false in the Ledger as it reads it here is so on the way only. */
  #search(d1: VirtualD1, alive: () => boolean, wait: (ms: number) => Promise<void>): CatchUp {
    const { replica } = this;
    const ledger = this.#ledger(d1.misread(alive));
    return new CatchUp({
      height: () => replica.core().tip.height,
      lacking: () => replica.lacking(),
      alone: () => replica.alone(),
      above: (height) => storedRun(ledger, 0, height),
      found: (blocks) => replica.found(blocks),
      damaged: () => (d1.counts.noticed += 1),
      clock: { wait },
    });
  }

  #publisher(db: D1Database, alive: () => boolean, wait: (ms: number) => Promise<void>): Publisher {
    const { genesis, world } = this.#court;
    const { seat, disk } = this.replica;
    return new Publisher({
      ledger: this.#ledger(db),
      genesis,
      court: 0,
      seat,
      key: this.#court.setup(seat).key,
      sign: (digest) => this.#court.sign(seat, digest),
      chain: disk.chain,
      incidents: { recordOnce: (obstacle) => this.#met(obstacle) },
      clock: { now: () => world.now, wait },
      voice: () => alive() && this.replica.core().voice,
      leads: () => leaderNow(this.replica.core()) === seat,
      backlog: (blocks) => this.#backlog(blocks),
      damaged: (error) => this.replica.damaged(error),
      versionOf: (key) => this.#version(key),
      place: { get: () => this.#place, put: (text) => this.#walked(text) },
    });
  }

  #walked(place: string): void {
    this.#place = place;
    if (place === '{"height":0}') this.rounds += 1;
  }

  #met(obstacle: { readonly kind: string; readonly height: number }): void {
    const detail = "detail" in obstacle ? String(obstacle.detail) : "";
    this.obstacles.push(`${obstacle.kind} at height ${obstacle.height}: ${detail}`);
  }

  #backlog(blocks: number): void {
    const full = blocks > this.#backlogBlocks;
    if (full !== this.replica.core().backlogFull) this.replica.backlog(full);
  }

  /** The object's alarm, while this life lasts. */
  #tend(alive: () => boolean): void {
    this.#stirred();
    this.#court.world.after(LIMITS.alarmMs, () => {
      if (alive()) this.#tend(alive);
    });
  }

  #stirred(): void {
    const { world } = this.#court;
    const desk = this.#desk;
    if (desk === null || !this.replica.up) return;
    world.awaited();
    for (const waiter of desk.waiters) if (waiter.ready()) waiter.end();
    desk.publisher?.wake();
    desk.catchUp?.wake();
    this.#notePublished();
  }

  #notePublished(): void {
    const { world } = this.#court;
    if (this.published === this.#published) return;
    this.#published = this.published;
    world.note({ kind: "published", seat: this.replica.seat, height: this.#published });
  }

  async #until(desk: Desk, ready: () => boolean, ms: number): Promise<void> {
    if (!ready() && ms > 0) {
      await new Promise<void>((resolve) => {
        const end = (): void => {
          desk.waiters.delete(waiter);
          cancel();
          this.#court.world.awaited();
          resolve();
        };
        const waiter = { ready, end };
        const cancel = this.#court.world.after(ms, end);
        desk.waiters.add(waiter);
      });
    }
    if (this.#desk !== desk || !this.replica.up) throw new Error("the object went away");
  }
}
