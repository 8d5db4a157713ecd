// One request and what came of it, over connections that are kept.
import { Pool } from "undici";

import type { Book } from "./book.ts";
import type { Running } from "./contenders/contender.ts";
import type { Drawn } from "./workloads.ts";

const REQUEST_MS = 15_000;
/** Sooner than any server closes an idle connection: a request that meets the closing would fail. */
const IDLE_MS = 1_000;
const REASON = 160;
const BUSY: ReadonlySet<number> = new Set([429, 503]);

/** The movements of a workload in order, each index once. */
export class Source {
  readonly #draw: (index: number) => Drawn;
  #next = 0;

  constructor(draw: (index: number) => Drawn) {
    this.#draw = draw;
  }

  take(size: number): Drawn[] {
    const from = this.#next;
    this.#next += size;
    return Array.from({ length: size }, (_, offset) => this.#draw(from + offset));
  }
}

export interface Outcome {
  /** Movements answered as they must be. */
  readonly right: number;
  /** Turned away, with word of when to come back: it has no room for them now. */
  readonly refused: number;
  /** Why the others were not. */
  readonly failure: string | null;
}

export class Client {
  readonly #running: Running;
  readonly #book: Book;
  readonly #pool: Pool;

  constructor(running: Running, book: Book, connections: number) {
    this.#running = running;
    this.#book = book;
    this.#pool = new Pool(running.url, {
      connections,
      headersTimeout: REQUEST_MS,
      bodyTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
    });
  }

  async send(drawn: readonly Drawn[]): Promise<Outcome> {
    this.#book.sending(drawn);
    const movements = drawn.map(({ movement }) => movement);
    try {
      const { path, headers, body } = this.#running.posted(movements);
      const reply = await this.#pool.request({ method: "POST", path, headers, body });
      const text = await reply.body.text();
      if (reply.headers["retry-after"] !== undefined && BUSY.has(reply.statusCode))
        return { right: 0, refused: drawn.length, failure: null };
      const answers = this.#running.answers(reply.statusCode, text, movements);
      const right = this.#book.told(drawn, answers);
      const failure = right === drawn.length ? null : "an answer that must not be";
      return { right, refused: 0, failure };
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      return { right: 0, refused: 0, failure: failure.slice(0, REASON) };
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
