// The client's side of the contract: every request ends, and what may be tried again is tried with the same keys.
import { setTimeout as sleep } from "node:timers/promises";

import { elementsOf, isFinal, slugIn, slugOf } from "../lib/contract.ts";
import type { Answer, Reply } from "../lib/contract.ts";
import { exchange } from "../lib/exchange.ts";
import type { Access, Exchanged } from "../lib/exchange.ts";
import type { StockEvent } from "../lib/sample.ts";

/** An event as it is sent; `sentat` is the same on every retry. */
export type Sent = StockEvent & { readonly sentat: string };

const ATTEMPTS = 40;
const PAUSE_MS = 50;
const PAUSE_CAP_MS = 2_000;

export class Client {
  /** How often something was tried again, by the reason. */
  readonly retries = new Map<string, number>();
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Asks until there is an answer that is worth having; throws after 40 attempts. */
  async ask(method: "GET" | "POST", path: string, body?: unknown): Promise<Reply> {
    return this.#persist(`${method} ${path}`, async () => {
      const reply = await exchange(this.#access, method, path, body);
      const why = whyAgain(reply);
      return why === undefined && reply !== null ? { done: reply } : { again: [why], reply };
    });
  }

  /** The final answers to an array of events, in its order. Those without one are sent again, in order. */
  async submit(events: readonly Sent[]): Promise<Answer[]> {
    const answers = new Map<string, Answer>();
    let open = events;
    return this.#persist("POST /v1/events", async () => {
      const reply = await exchange(this.#access, "POST", "/v1/events", open);
      const why = whyAgain(reply);
      if (why !== undefined || reply === null) return { again: [why], reply };
      const elements = elementsOf(reply, open);
      elements.filter(isFinal).forEach((answer) => answers.set(answer.id, answer));
      const rest = elements.filter((answer) => !isFinal(answer));
      open = open.filter(({ id }) => !answers.has(id));
      const settled = events.flatMap(({ id }) => answers.get(id) ?? []);
      return rest.length === 0 ? { done: settled } : { again: rest.map(slugOf), reply };
    });
  }

  async #persist<T>(
    what: string,
    attempt: () => Promise<
      { done: T } | { again: (string | undefined)[]; reply: Exchanged | null }
    >,
  ): Promise<T> {
    let reasons: (string | undefined)[] = [];
    for (let attempts = 0; attempts < ATTEMPTS; attempts += 1) {
      const result = await attempt();
      if ("done" in result) return result.done;
      reasons = [...new Set(result.again)];
      for (const reason of reasons) this.#count(reason ?? "no answer");
      const pause = Math.min(PAUSE_MS * 2 ** attempts, PAUSE_CAP_MS);
      const { signal } = this.#access;
      await sleep(Math.max(pause, result.reply?.retryAfterMs ?? 0), undefined, { signal });
    }
    throw new Error(`${what} was tried ${ATTEMPTS} times, at last: ${reasons.join(", ")}`);
  }

  #count(reason: string): void {
    this.retries.set(reason, (this.retries.get(reason) ?? 0) + 1);
  }
}

function whyAgain(reply: Reply | null): string | undefined {
  if (reply === null) return "no answer";
  return [429, 503, 504].includes(reply.status) ? slugIn(reply.body) : undefined;
}
