/** One step in the making: the seat, the time, and the effects so far. */
import { assert } from "../../shared/assert.ts";
import { leaderOf } from "../../shared/quorum.ts";
import type { Block, Writ } from "../../shared/types.ts";
import type { Evaluation } from "../../shared/evaluation.ts";
import { statementDigest } from "./messages.ts";
import type { Message, Offer, Statement } from "./messages.ts";
import { holdsKey, termNow } from "./office.ts";
import { durableOf } from "./seat.ts";
import type { Effect, Incident, Seat } from "./seat.ts";

export class Turn {
  readonly seat: Seat;
  /** Unix milliseconds of this seat's clock. */
  readonly now: number;
  #unwritten = false;
  #writs: Writ[] = [];
  readonly #writes: Effect[] = [];
  readonly #sends: Effect[] = [];
  readonly #accusations: Effect[] = [];
  readonly #attempts: Effect[] = [];

  constructor(seat: Seat, now: number) {
    this.seat = seat;
    this.now = now;
  }

  /** Signs a statement as this seat. */
  say<S extends Statement>(statement: S): Extract<Message, { kind: S["kind"] }> {
    const { setup, incarnation, world } = this.seat;
    const by = {
      court: setup.court,
      epoch: holdsKey(this.seat) ? termNow(this.seat).epoch : 0,
      from: setup.seat,
      incarnation,
      sequence: ++this.seat.sequence,
    };
    const signature = world.sign(statementDigest(statement, by));
    return { ...statement, ...by, signature } as unknown as Extract<Message, { kind: S["kind"] }>;
  }

  send(to: number, message: Message): void {
    assert(to !== this.seat.setup.seat, "nobody sends to itself");
    this.#sends.push({ kind: "send", to, message });
  }

  sendAll(message: Message): void {
    for (const peer of this.peers()) this.send(peer, message);
  }

  peers(): number[] {
    const { quorum, seat } = this.seat.setup;
    return Array.from({ length: quorum.n }, (_, peer) => peer).filter((peer) => peer !== seat);
  }

  leads(): boolean {
    return leaderOf(this.seat.view, this.seat.setup.quorum.n) === this.seat.setup.seat;
  }

  /** Votes and view go to storage before anything of this turn is sent (D1). */
  persist(writs: readonly Writ[] = []): void {
    this.#unwritten = true;
    this.#writs.push(...writs);
  }

  /**
   * Writes the votes as they now stand. To be called before they are forgotten: answers may leave ahead of the block's own
   * write, and rest on votes that are durable.
   */
  writeVotes(): void {
    if (!this.#unwritten) return;
    this.#writes.push({ kind: "persist", durable: durableOf(this.seat), writs: this.#writs });
    this.#unwritten = false;
    this.#writs = [];
  }

  agree(block: Block, evaluation: Evaluation): void {
    this.#writes.push({ kind: "agree", block, evaluation });
  }

  attempt(what: string): void {
    this.#attempts.push({ kind: "attempt", what });
  }

  quarantine(reason: string, rebuild = false): void {
    this.seat.silenced = true;
    this.#writes.push({ kind: "quarantine", reason, rebuild });
  }

  stage(rows: Omit<Extract<Effect, { kind: "stage" }>, "kind">): void {
    this.#writes.push({ kind: "stage", ...rows });
  }

  install(offer: Offer | null): void {
    this.#writes.push({ kind: "install", offer });
  }

  accuse(incident: Incident): void {
    this.#accusations.push({ kind: "accuse", incident });
  }

  /** Accuses unless the same was said since the last decision. */
  accuseOnce(what: string, incident: Incident): void {
    if (this.seat.accused.has(what)) return;
    this.seat.accused.add(what);
    this.accuse(incident);
  }

  effects(armAt: number | null): Effect[] {
    this.writeVotes();
    const last = [...this.#accusations, ...this.#attempts];
    return [...this.#writes, ...this.#sends, { kind: "arm", at: armAt }, ...last];
  }
}
