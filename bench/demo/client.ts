// The client's side of the contract: every request ends, and what may be tried again is tried with the same keys.
import { setTimeout as sleep } from "node:timers/promises";

import type { StockEvent } from "./sample.ts";

/** An event as it is sent; `sentat` is the same on every retry. */
export type Sent = StockEvent & { readonly sentat: string };

/** What the demo reads of an element of the reply to an array. */
export interface Answer {
  readonly id: string;
  readonly status: "accepted" | "rejected" | "invalid" | "conflict" | "refused" | "pending";
  readonly reason?: { readonly code: string };
  readonly changes?: readonly { readonly entity: string; readonly state: Stock }[];
  readonly receipt?: Receipt;
  readonly replayed?: boolean;
  readonly problem?: { readonly type: string };
}

export interface Stock {
  readonly onHand: number;
  readonly reserved: number;
}

export interface Receipt {
  readonly court: number;
  readonly height: number;
  readonly index: number;
  readonly block: string;
  readonly outcome: string;
}

/** What the demo reads of `GET /v1/courts/{c}`. */
export interface Court {
  readonly court: number;
  readonly quorum: number;
  readonly view: number;
  readonly leader: number;
  readonly height: number;
  readonly published: number;
  readonly members: readonly {
    readonly seat: number;
    readonly publicKey: string;
    readonly ready: boolean;
    readonly stage: string;
    readonly height: number | null;
  }[];
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const REQUEST_MS = 15_000;
const ATTEMPTS = 40;
const PAUSE_MS = 50;
const PAUSE_CAP_MS = 2_000;

interface Attempt extends Reply {
  /** 0 where the server says nothing. */
  readonly retryAfterMs: number;
}

interface Access {
  readonly url: string;
  readonly token: string;
  /** Gives everything up. */
  readonly signal: AbortSignal;
}

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
      const reply = await this.#once(method, path, body);
      const why = whyAgain(reply);
      return why === undefined && reply !== null ? { done: reply } : { again: [why], reply };
    });
  }

  /** The final answers to an array of events, in its order. Those without one are sent again, in order. */
  async submit(events: readonly Sent[]): Promise<Answer[]> {
    const answers = new Map<string, Answer>();
    let open = events;
    return this.#persist("POST /v1/events", async () => {
      const reply = await this.#once("POST", "/v1/events", open);
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
    attempt: () => Promise<{ done: T } | { again: (string | undefined)[]; reply: Attempt | null }>,
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

  /** Nothing where no answer came. */
  async #once(method: string, path: string, body: unknown): Promise<Attempt | null> {
    const { url, token, signal } = this.#access;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
    try {
      const response = await fetch(url + path, { method, headers, ...sent, signal: limit });
      const retryAfterMs = Number(response.headers.get("retry-after") ?? 0) * 1000;
      return { status: response.status, retryAfterMs, body: await response.json() };
    } catch (error) {
      if (signal.aborted) throw error;
      return null;
    }
  }
}

function whyAgain(reply: Reply | null): string | undefined {
  if (reply === null) return "no answer";
  return [429, 503, 504].includes(reply.status) ? slugIn(reply.body) : undefined;
}

function slugIn(problem: unknown): string {
  const { type } = (problem ?? {}) as { readonly type?: string };
  return type?.replace("/problems/", "") ?? "unknown";
}

/** Why there is no outcome: the problem's slug. */
export function slugOf({ problem }: Answer): string {
  return slugIn(problem);
}

function isFinal({ status }: Answer): boolean {
  return status !== "refused" && status !== "pending";
}

/** Throws for a reply that the contract does not allow. */
function elementsOf({ status, body }: Reply, events: readonly Sent[]): Answer[] {
  const elements = body as Answer[];
  const fits =
    status === 200 &&
    Array.isArray(elements) &&
    elements.length === events.length &&
    elements.every(({ id }, index) => id === events[index]?.id);
  if (!fits) throw new Error(`POST /v1/events: ${status} ${JSON.stringify(body).slice(0, 500)}`);
  return elements;
}
