// All clients side by side: each source sends its requests one after the other, and readers read what they change.
import { setTimeout as sleep } from "node:timers/promises";

import { Dice } from "../../../spec/kit/dice.ts";
import { exchange } from "../../lib/exchange.ts";
import type { Access } from "../../lib/exchange.ts";
import type { Event, Queue } from "./events.ts";
import type { Log } from "./log.ts";
import { Submitter } from "./submitter.ts";
import type { Manners } from "./submitter.ts";

const READERS = 2;
const READ_PAUSE_MS = 25;
/** Percent of the reads that are of contended stock. */
const CONTENDED = 60;
/** One request in so many is sent again after it was answered, by a client that did not hear, and in so many at once twice. */
const AGAIN_EVERY = 20;
const TWICE_EVERY = 25;
/** How far back a client sends again; well within the window. */
const BACK = 10;

export interface LoadOptions {
  readonly access: Access;
  readonly log: Log;
  readonly dice: Dice;
  readonly manners: Manners;
}

export class Load {
  readonly total: number;
  readonly #queues: readonly Queue[];
  readonly #options: LoadOptions;
  #limit = Infinity;
  #waiting: { readonly at: number; readonly go: () => void }[] = [];
  #held: (() => void)[] = [];
  #over = false;

  constructor(queues: readonly Queue[], options: LoadOptions) {
    this.#queues = queues;
    this.#options = options;
    this.total = queues.reduce((sum, queue) => sum + queue.flat().length, 0);
  }

  /** Of all events, how many are answered. */
  get progress(): number {
    return this.#options.log.answered / this.total;
  }

  get limit(): number {
    return this.#limit;
  }

  /** No request begins once so much is answered. */
  hold(progress: number): void {
    this.#limit = progress;
    for (const go of this.#held.splice(0)) go();
  }

  /** Comes when so much more is answered, or as much as is let. */
  onwards(share: number): Promise<void> {
    return this.reached(Math.min(this.progress + share, this.#limit));
  }

  /** Comes when so much is answered, or everything. */
  reached(progress: number): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push({ at: progress, go });
      this.#tell();
    });
  }

  /** Comes when everything is answered. */
  async run(): Promise<void> {
    const { dice } = this.#options;
    const clients = this.#queues.map((queue) => this.#client(queue, new Dice(dice.below(2 ** 31))));
    const readers = Array.from({ length: READERS }, () =>
      this.#reader(new Dice(dice.below(2 ** 31))),
    );
    const all = Promise.all(clients).finally(() => {
      this.#over = true;
      this.#tell();
    });
    await Promise.all([all, ...readers]);
  }

  #tell(): void {
    const come = this.#waiting.filter(({ at }) => this.#over || this.progress >= at);
    this.#waiting = this.#waiting.filter((one) => !come.includes(one));
    for (const { go } of come) go();
  }

  async #client(queue: Queue, dice: Dice): Promise<void> {
    const { access, log, manners } = this.#options;
    const submitter = new Submitter(access, log, dice, manners);
    const sent: Parameters<Submitter["submit"]>[0][] = [];
    for (const events of queue) {
      while (this.progress >= this.#limit) await new Promise<void>((go) => this.#held.push(go));
      const sentat = new Date().toISOString();
      const stamped = events.map((event) => ({ ...event, sentat }));
      const twice = dice.below(TWICE_EVERY) === 0;
      await Promise.all([submitter.submit(stamped), ...(twice ? [submitter.submit(stamped)] : [])]);
      this.#tell();
      sent.push(stamped);
      if (sent.length > BACK) sent.shift();
      if (dice.below(AGAIN_EVERY) === 0) await submitter.submit(dice.one(sent));
    }
  }

  async #reader(dice: Dice): Promise<void> {
    const { access, log } = this.#options;
    const entities = stocksOf(this.#queues.flat(2));
    const hot = entities.filter((entity) => entity.startsWith("stock/hot-"));
    while (!this.#over) {
      const entity = dice.one(dice.percent(CONTENDED) ? hot : entities);
      const invoked = performance.now();
      const reply = await exchange(access, "GET", `/v1/entities/${entity}`);
      const answered = performance.now();
      if (reply?.status === 404) {
        log.reads.push({ entity, invoked, answered, version: 0, state: null, height: null });
      } else if (reply?.status === 200) {
        const { version, state, height } = reply.body as Readonly<{
          version: number;
          state: unknown;
          height: number;
        }>;
        log.reads.push({ entity, invoked, answered, version, state, height });
      } else log.again("a read without an answer");
      await sleep(READ_PAUSE_MS, undefined, { signal: access.signal });
    }
  }
}

/** Entities of the stock that some event changes. */
function stocksOf(events: readonly Event[]): string[] {
  const entities = events.flatMap(({ type, data }) => {
    const place = `stock/${String(data["item"])}@${String(data["warehouse"])}`;
    return type === "stock.received" && !place.includes(" ") ? [place] : [];
  });
  return [...new Set(entities)];
}
