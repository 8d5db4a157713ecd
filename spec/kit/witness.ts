/** The client's sender of events with a witness beside it, who sees inputs and effects only and checks after every step. */
import type { ClientEffect, ClientInput } from "../../client/core/inputs.ts";
import { newSending } from "../../client/core/state.ts";
import type { Bounds, Sending } from "../../client/core/state.ts";
import { nextStep, step } from "../../client/core/step.ts";

const BOUNDS: Bounds = {
  lanes: 3,
  lingerMs: 10,
  batchEvents: 4,
  batchBytes: 100,
  queueEvents: 8,
  queueBytes: 200,
  waitingEvents: 5,
  backoffMs: 100,
  backoffCapMs: 1_600,
};

type Send = Extract<ClientEffect, { kind: "send" }>;
type Settled = Extract<ClientEffect, { kind: "settle" }>;
interface Known {
  readonly lane: number;
  readonly bytes: number;
  readonly deadline: number;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

export class Witness {
  readonly sending: Sending;
  now = 1_000;
  readonly known = new Map<number, Known>();
  readonly over = new Map<number, Settled>();
  readonly flights = new Map<number, Send>();
  readonly sent: Send[] = [];
  readonly #pausedUntil = new Map<number, number>();
  readonly #everSent = new Set<number>();

  constructor(bounds: Partial<Bounds> = {}) {
    this.sending = newSending({ ...BOUNDS, ...bounds });
  }

  take(input: ClientInput, chance = 0.5): ClientEffect[] {
    const effects = step(this.sending, input, { now: this.now, chance });
    for (const effect of effects) this.#see(effect);
    this.#check();
    return effects;
  }

  submit(lane = 0, bytes = 10, ms = 10_000): number {
    const key = this.known.size;
    const deadline = this.now + ms;
    this.known.set(key, { lane, bytes, deadline });
    this.take({ kind: "submit", key, lane, bytes, deadline });
    return key;
  }

  answer(request: number, isFinal: (key: number) => boolean, retryAfterMs = 0, chance = 0.5): void {
    const flight = this.flights.get(request);
    if (flight === undefined) throw new Error(`request ${request} is not under way`);
    this.flights.delete(request);
    const final = flight.keys.filter(isFinal);
    const again = flight.keys.filter((key) => !isFinal(key) && !this.over.has(key));
    if (again.length > 0)
      this.#pausedUntil.set(
        flight.lane,
        this.now + retryAfterMs + this.sending.bounds.backoffMs / 2,
      );
    this.take({ kind: "answered", lane: flight.lane, request, final, retryAfterMs }, chance);
  }

  advance(ms: number): void {
    this.now += ms;
    this.take({ kind: "tick" });
  }

  #see(effect: ClientEffect): void {
    if (effect.kind === "cancel") {
      const flight = this.flights.get(effect.request);
      must(
        flight?.keys.every((key) => this.over.has(key)) === true,
        "a request is ended that somebody waits for",
      );
      this.flights.delete(effect.request);
    } else if (effect.kind === "settle") {
      must(!this.over.has(effect.key), `${effect.key} settles twice`);
      this.over.set(effect.key, effect);
      if (effect.why !== "answered")
        must(effect.sent === this.#everSent.has(effect.key), `whether ${effect.key} was sent`);
    } else this.#seeRequest(effect);
  }

  #seeRequest(request: Send): void {
    const { bounds } = this.sending;
    const { lane, keys } = request;
    for (const flight of this.flights.values())
      must(flight.lane !== lane, `two requests of lane ${lane}`);
    must(this.now >= (this.#pausedUntil.get(lane) ?? 0), `lane ${lane} does not pause`);
    const bytes = keys.map((key) => this.known.get(key)?.bytes ?? 0);
    const sum = bytes.reduce((total, each) => total + each, 0);
    must(keys.length > 0 && keys.length <= bounds.batchEvents, `a request of ${keys.length}`);
    must(keys.length === 1 || sum <= bounds.batchBytes, `a request of ${sum} bytes`);
    must(
      keys.every((key) => this.known.get(key)?.lane === lane),
      "another lane's event",
    );
    must(!keys.some((key) => this.over.has(key)), "an event that is over is sent");
    // Nothing of the lane is left that was handed over before.
    const earlier = [...this.known.keys()].filter(
      (key) =>
        this.known.get(key)?.lane === lane && !this.over.has(key) && key <= (keys.at(-1) ?? -1),
    );
    must(String(earlier) === String(keys), `${String(keys)} where ${String(earlier)} is left`);
    for (const key of keys) this.#everSent.add(key);
    this.flights.set(request.request, request);
    this.sent.push(request);
  }

  #check(): void {
    const { bounds, pending, waiting } = this.sending;
    must(waiting.length <= bounds.waitingEvents, `${waiting.length} wait`);
    const admitted = [...pending.values()].filter((event) => event.admitted);
    const bytes = admitted.reduce((sum, event) => sum + event.bytes, 0);
    must(admitted.length === this.sending.events, "events are miscounted");
    must(bytes === this.sending.bytes, "bytes are miscounted");
    must(admitted.length <= bounds.queueEvents, `${admitted.length} are admitted`);
    must(admitted.length < 2 || bytes <= bounds.queueBytes, `${bytes} bytes are admitted`);
    for (const [key, { deadline }] of this.known)
      must(this.over.has(key) || deadline > this.now, `${key} outlived its deadline`);
  }

  /** Goes on by its own timer alone, every request being answered, until nothing is left. */
  finish(): void {
    for (let turn = 0; this.over.size < this.known.size; turn++) {
      must(turn < 1_000, "it comes to no end");
      for (const request of this.flights.keys()) this.answer(request, () => true);
      const next = nextStep(this.sending);
      if (next === null) continue;
      this.now = Math.max(this.now, next);
      this.take({ kind: "tick" });
    }
  }
}
