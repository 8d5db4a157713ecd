/** Carries messages between replicas: late, twice, out of order, or never, as the faults of the moment have it. */
import { parseMessages } from "../../objects/clerk/consensus/check.ts";
import type { Message } from "../../objects/clerk/consensus/messages.ts";
import type { Replica } from "./court.ts";
import { garbledCall } from "./garbler.ts";
import { Violation } from "./history.ts";
import type { World } from "./world.ts";

/** A receiver of messages. */
export interface Hearer extends Replica {
  /** Milliseconds by which it takes each input later than it comes. */
  readonly late: number;
  hear(message: Message): void;
}

/** Shares are in a hundred, times in milliseconds. */
export interface Weather {
  readonly loss: number;
  readonly twice: number;
  /** Of the whole way: least, and what chance adds at most. */
  readonly delay: number;
  readonly jitter: number;
  /** Share of messages that take up to `strayMs` longer. */
  readonly strays: number;
  readonly strayMs: number;
}

export const CALM: Weather = { loss: 0, twice: 0, delay: 1, jitter: 5, strays: 0, strayMs: 0 };

export interface Carried {
  lost: number;
  twice: number;
  cut: number;
  dark: number;
  /** Peers were mute to its receiver. */
  unsaid: number;
  garbled: number;
  /** By the receiver's parser. */
  dropped: number;
  delivered: number;
}

export class Network {
  weather: Weather = CALM;
  /** Whether every message travels as text, and comes out of the receiver's own parser. */
  textual = false;
  /** Whether messages are frozen, so that a core that changes one is found out. */
  frozen = false;
  /** Share of the texts that come out otherwise than they went in. */
  garbling = 0;
  /** A seat that its peers give no blocks, or say nothing at all. */
  mute: { readonly to: number; readonly all: boolean } | null = null;
  readonly counts: Carried = {
    lost: 0,
    twice: 0,
    cut: 0,
    dark: 0,
    unsaid: 0,
    garbled: 0,
    dropped: 0,
    delivered: 0,
  };
  readonly #world: World;
  #hearers: readonly Hearer[] = [];
  /** Group of each hearer: what is between groups is lost. */
  #groups: readonly number[] = [];
  /** Ways that carry nothing: from hearer to hearer. */
  readonly #oneWay = new Set<string>();
  readonly #dark = new Set<string>();
  readonly #texts = new WeakMap<Message, string>();

  constructor(world: World) {
    this.#world = world;
  }

  connect(hearers: readonly Hearer[]): void {
    this.#hearers = hearers;
    this.heal();
  }

  /** A group for each replica, in the order of the court's. */
  split(groups: readonly number[]): void {
    this.#groups = groups;
  }

  /** Nothing gets from one replica to another any more; the way back stays. */
  cut(from: number, to: number): void {
    this.#oneWay.add(`${from}/${to}`);
  }

  /** One kind of message does not reach a seat. */
  darken(kind: Message["kind"], to: number): void {
    this.#dark.add(`${kind}/${to}`);
  }

  heal(): void {
    this.#groups = this.#hearers.map(() => 0);
    this.#oneWay.clear();
    this.#dark.clear();
  }

  /** To every replica of the seat. */
  carry(from: Replica, to: number, message: Message): void {
    if (this.frozen) deepFreeze(message);
    const source = this.#hearers.findIndex((one) => one === from);
    this.#hearers.forEach((hearer, target) => {
      if (hearer.seat === to && target !== source) this.#post(source, target, message);
    });
  }

  #post(source: number, target: number, message: Message): void {
    const { dice } = this.#world;
    const { loss, twice } = this.weather;
    if (loss > 0 && dice.percent(loss)) {
      this.counts.lost += 1;
      return;
    }
    this.#fly(source, target, message);
    if (twice === 0 || !dice.percent(twice)) return;
    this.counts.twice += 1;
    this.#fly(source, target, message);
  }

  #fly(source: number, target: number, message: Message): void {
    const { dice } = this.#world;
    const { delay, jitter, strays, strayMs } = this.weather;
    let ms = delay + dice.below(jitter + 1) + (this.#hearers[target]?.late ?? 0);
    if (strays > 0 && dice.percent(strays)) ms += dice.below(strayMs + 1);
    this.#world.after(ms, () => this.#arrive(source, target, message));
  }

  #arrive(source: number, target: number, message: Message): void {
    const hearer = this.#hearers[target];
    if (hearer === undefined) return;
    if (this.#groups[source] !== this.#groups[target] || this.#oneWay.has(`${source}/${target}`)) {
      this.counts.cut += 1;
      return;
    }
    if (this.#dark.size > 0 && this.#dark.has(`${message.kind}/${hearer.seat}`)) {
      this.counts.dark += 1;
      return;
    }
    if (this.mute?.to === hearer.seat && (this.mute.all || message.kind === "blocks")) {
      this.counts.unsaid += 1;
      return;
    }
    if (!hearer.up) return;
    this.counts.delivered += 1;
    if (this.textual) this.#read(hearer, this.#textOf(message));
    else hearer.hear(message);
  }

  #read(hearer: Hearer, text: string): void {
    const { dice } = this.#world;
    const garbled = this.garbling > 0 && dice.percent(this.garbling);
    const came = garbled ? garbledCall(text, dice) : { text, unreadable: false };
    const { messages, dropped } = parseMessages(came.text);
    if (garbled) this.counts.garbled += 1;
    this.counts.dropped += dropped;
    if (came.unreadable && dropped === 0)
      throw new Violation("GarbledIsDropped", `nothing was dropped of ${came.text.slice(0, 200)}`);
    for (const read of messages) hearer.hear(read);
  }

  #textOf(message: Message): string {
    const text = this.#texts.get(message) ?? JSON.stringify([message]);
    this.#texts.set(message, text);
    return text;
  }
}

export function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
}
