/**
 * A court of real consensus cores over a scripted network: virtual time, memory for disks, modelled signatures. Nothing is
 * delivered unless the script says so.
 */
import { objection } from "../../objects/clerk/consensus/check.ts";
import type { Message } from "../../objects/clerk/consensus/messages.ts";
import { seatFrom } from "../../objects/clerk/consensus/seat.ts";
import type { Durable, Effect, Incident, Input, Seat, Setup } from "../../objects/clerk/consensus/seat.ts";
import { matters, step } from "../../objects/clerk/consensus/step.ts";
import { leafDigest, merkleRoot, writDigest } from "../../objects/shared/digests.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import { sha256 } from "../../objects/shared/node/crypto.ts";
import { quorumOf } from "../../objects/shared/quorum.ts";
import type { Mode } from "../../objects/shared/quorum.ts";
import type { Batch, Block, Header, Writ } from "../../objects/shared/types.ts";

const keyOf = (who: string) => sha256(`key of ${who}`);
const signModel = (key: string, digested: string) => sha256(`${key} signs ${digested}`).repeat(2);
const verifyModel = (key: string, digested: string, signature: string) => signModel(key, digested) === signature;

export interface Sent {
  readonly from: number;
  readonly to: number;
  readonly message: Message;
}

export class Cluster {
  readonly n: number;
  now = 1_000_000;
  readonly seats: Seat[] = [];
  readonly chains: Block[][] = [];
  readonly incidents: Incident[][] = [];
  readonly quarantined: (string | null)[] = [];
  /** Effects of every step, in order, by seat. */
  readonly journal: Effect[][] = [];
  network: Sent[] = [];
  readonly down = new Set<number>();
  /** Seats whose evaluation is wrong. */
  readonly corrupt = new Set<number>();
  /** Messages for which this is false are lost. */
  passes: (sent: Sent) => boolean = () => true;
  readonly #mode: Mode;
  readonly #durable: (Durable | null)[] = [];
  readonly #writs: Map<string, Writ>[] = [];
  readonly #incarnation: number[] = [];
  readonly #armed: (number | null)[] = [];
  expiries: number[] = [];

  constructor(mode: Mode = "bft", n = 4) {
    this.#mode = mode;
    this.n = n;
    for (let seat = 0; seat < n; seat++) {
      this.chains.push([]);
      this.incidents.push([]);
      this.journal.push([]);
      this.quarantined.push(null);
      this.#durable.push(null);
      this.#writs.push(new Map());
      this.#incarnation.push(0);
      this.#armed.push(null);
      this.seats.push(this.#load(seat));
    }
  }

  setup(seat: number): Setup {
    return {
      court: 0,
      epoch: 1,
      seat,
      quorum: quorumOf(this.#mode, this.n),
      domainVersion: 1,
      keys: Array.from({ length: this.n }, (_, other) => keyOf(`seat ${other}`)),
      wardenKeys: [keyOf("warden 0"), keyOf("warden 1")],
    };
  }

  writ(number: number, events: string[], warden = 0): Writ {
    const bare = { court: 0, warden, number, events };
    return { ...bare, seal: signModel(keyOf(`warden ${warden}`), writDigest(bare)) };
  }

  sign(seat: number, digested: string): string {
    return signModel(keyOf(`seat ${seat}`), digested);
  }

  give(seat: number, writ: Writ): void {
    this.input(seat, { kind: "writ", writ, now: this.now });
  }

  giveAll(writ: Writ): void {
    for (let seat = 0; seat < this.n; seat++) this.give(seat, writ);
  }

  input(at: number, input: Input): void {
    const seat = this.seats[at];
    if (seat === undefined || this.down.has(at)) return;
    let decided = false;
    for (const effect of step(seat, input)) {
      this.journal[at]?.push(effect);
      decided = this.#carryOut(at, effect) || decided;
    }
    if (decided) this.input(at, { kind: "applied", nextExpiry: this.expiries[0] ?? null, now: this.now });
  }

  /** Delivers what is under way, and what that causes, until the network is empty. */
  settle(): void {
    for (let rounds = 0; this.network.length > 0; rounds++) {
      if (rounds > 10_000) throw new Error("the network never empties");
      const [sent] = this.network.splice(0, 1);
      if (sent !== undefined) this.deliver(sent);
    }
  }

  deliver({ from, to, message }: Sent): void {
    const seat = this.seats[to];
    if (seat === undefined || this.down.has(to) || this.down.has(from) || !this.passes({ from, to, message })) return;
    if (!matters(seat, message)) return;
    // As the wire does: no shared references between seats.
    const copy = structuredClone(message);
    if (objection(copy, seat.setup, verifyModel) !== null) return;
    this.input(to, { kind: "message", message: copy, now: this.now });
  }

  /** Lets time pass, firing every timer on its way, with everything delivered in between. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (let fired = 0; ; fired++) {
      if (fired > 100_000) throw new Error("timers never rest");
      this.settle();
      const due = this.#armed.map((at, seat) => ({ at, seat })).filter(({ at, seat }) => at !== null && at <= until && !this.down.has(seat));
      const [next] = due.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0) || a.seat - b.seat);
      if (next === undefined) break;
      this.now = Math.max(this.now, next.at ?? 0);
      this.input(next.seat, { kind: "tick", now: this.now });
    }
    this.now = until;
  }

  crash(seat: number): void {
    this.down.add(seat);
    this.network = this.network.filter((sent) => sent.from !== seat && sent.to !== seat);
  }

  /** A new instance from what was stored. */
  restart(at: number): void {
    this.down.delete(at);
    this.seats[at] = this.#load(at);
    this.input(at, { kind: "start", now: this.now });
  }

  heights(): number[] {
    return this.seats.map((seat) => seat.tip.height);
  }

  kinds(at: number): string[] {
    return (this.journal[at] ?? []).map((effect) => (effect.kind === "send" ? `send ${effect.message.kind}` : effect.kind));
  }

  #load(at: number): Seat {
    const chain = this.chains[at] ?? [];
    const last = chain.at(-1);
    this.#incarnation[at] = (this.#incarnation[at] ?? 0) + 1;
    const progress = new Map(
      chain.flatMap((block) =>
        block.entries.map(({ writ, first, count }) => {
          const next = first + count;
          return [writ.warden, { warden: writ.warden, number: writ.number, next, complete: next === writ.events.length }] as const;
        }),
      ),
    );
    return seatFrom({
      setup: this.setup(at),
      world: {
        evaluate: (batch) => this.#evaluate(at, batch),
        adopt: (block) => ({ ...evaluationOf(block.outcomes), system: 0 }),
        sign: (digested) => this.sign(at, digested),
        blocksAbove: (height) => chain.slice(height, height + 64),
      },
      incarnation: this.#incarnation[at] ?? 1,
      tip:
        last === undefined
          ? { height: 0, block: sha256("genesis"), batch: "", result: sha256("nothing"), time: 0, certificate: null }
          : {
              height: last.header.height,
              block: last.certificate.block,
              batch: last.certificate.batch,
              result: last.certificate.result,
              time: last.header.time,
              certificate: last.certificate,
            },
      progress: [...progress.values()],
      nextExpiry: this.expiries[0] ?? null,
      durable: this.#durable[at] ?? null,
      batchOf: (header) => this.#batchOf(at, header),
      voice: this.quarantined[at] === null || this.quarantined[at] === undefined,
    });
  }

  #batchOf(at: number, header: Header): Batch {
    const entries = header.entries.map(([digested, first, count]) => {
      const writ = this.#writs[at]?.get(digested);
      if (writ === undefined) throw new Error("a vote without its writs");
      return { writ, first, count };
    });
    return { header, entries };
  }

  #evaluate(at: number, batch: Batch): Evaluation {
    const outcomes = batch.entries.flatMap(({ writ, first, count }) =>
      writ.events.slice(first, first + count).map((event) => `outcome of ${event}${this.corrupt.has(at) ? " corrupted" : ""}`),
    );
    return evaluationOf(outcomes);
  }

  #carryOut(at: number, effect: Effect): boolean {
    switch (effect.kind) {
      case "persist":
        this.#durable[at] = structuredClone(effect.durable);
        for (const writ of effect.writs) this.#writs[at]?.set(writDigest(writ), writ);
        return false;
      case "agree":
        this.chains[at]?.push(structuredClone(effect.block));
        this.expiries = this.expiries.filter((time) => time > effect.block.header.time);
        return true;
      case "send":
        this.network.push({ from: at, to: effect.to, message: effect.message });
        return false;
      case "arm":
        this.#armed[at] = effect.at;
        return false;
      case "accuse":
        this.incidents[at]?.push(effect.incident);
        return false;
      case "quarantine":
        this.quarantined[at] = effect.reason;
        return false;
    }
  }
}

function evaluationOf(outcomes: readonly string[]): Evaluation {
  const leaves = outcomes.map(leafDigest);
  return { outcomes, leaves, system: 0, fits: outcomes.length, root: merkleRoot(leaves), entities: [], keys: [] };
}
