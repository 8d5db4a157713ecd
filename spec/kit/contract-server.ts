/** What the HTTP contract says of submissions, as a `fetch` that misbehaves as it is told: for what a client must do about it. */

export interface Received {
  readonly id: string;
  readonly source: string;
  readonly sentat: string;
  /** The event's own bytes, as they came. */
  readonly text: string;
}

/** What happens to one request. `cut`: it is taken, and the connection ends before the answer. */
export type Mishap = "none" | "lost" | "cut" | "429" | "503" | "502" | "html" | "mixed";

const problem = (slug: string, status: number): object => ({
  type: `/problems/${slug}`,
  title: slug,
  status,
  detail: `It is ${slug}.`,
});

export class ContractServer {
  /** Every event of every request that arrived, in order. */
  readonly received: Received[] = [];
  /** By id, once decided: how often it had an effect. */
  readonly effects = new Map<string, number>();
  readonly batches: (readonly string[])[] = [];
  /** Requests under way, by source of their first event; more than one at once is noted. */
  readonly #under = new Map<string, number>();
  sideBySide = 0;
  #next: () => Mishap;

  constructor(next: () => Mishap = () => "none") {
    this.#next = next;
  }

  readonly fetch: typeof fetch = async (_, init) => {
    const body = typeof init?.body === "string" ? init.body : "";
    const events = JSON.parse(body) as {
      id: string;
      source: string;
      sentat: string;
      data: unknown;
    }[];
    const mishap = this.#next();
    if (mishap === "lost") throw new TypeError("fetch failed");
    const sources = new Set(events.map(({ source }) => source));
    for (const source of sources) this.#enter(source);
    this.batches.push(events.map(({ id }) => id));
    for (const event of events) {
      const { id, source, sentat } = event;
      this.received.push({ id, source, sentat, text: textIn(body, event) });
    }
    await Promise.resolve();
    for (const source of sources) this.#under.set(source, (this.#under.get(source) ?? 1) - 1);
    return this.#answer(events, mishap);
  };

  #enter(source: string): void {
    const before = this.#under.get(source) ?? 0;
    if (before > 0) this.sideBySide += 1;
    this.#under.set(source, before + 1);
  }

  #answer(
    events: readonly { readonly id: string; readonly source: string }[],
    mishap: Mishap,
  ): Response {
    if (mishap === "429") return refusal("overloaded", 429);
    if (mishap === "503") return refusal("no-quorum", 503);
    const elements = events.map((event, index) => {
      if (mishap === "mixed" && index % 3 === 1)
        return { id: event.id, status: "refused", problem: problem("overloaded", 429) };
      const replayed = this.#decide(event.id);
      if (mishap === "mixed" && index % 3 === 2)
        return { id: event.id, status: "pending", problem: problem("pending", 504) };
      return { ...outcome(event), ...(replayed ? { replayed } : {}) };
    });
    if (mishap === "cut") throw new TypeError("terminated");
    if (mishap === "502") return new Response("bad gateway", { status: 502 });
    if (mishap === "html") return new Response("<html>", { status: 200 });
    return Response.json(elements);
  }

  /** Whether it was decided before. */
  #decide(id: string): boolean {
    if (this.effects.has(id)) return true;
    this.effects.set(id, 1);
    return false;
  }
}

function textIn(body: string, event: object): string {
  const text = JSON.stringify(event);
  return body.includes(text) ? text : "another text";
}

function refusal(slug: string, status: number): Response {
  return Response.json(problem(slug, status), { status, headers: { "retry-after": "1" } });
}

export function outcome(event: { readonly id: string; readonly source: string }): object {
  const { id, source } = event;
  const receipt = receiptOf(event);
  return { id, source, type: "stock.received", status: "accepted", changes: [], receipt };
}

export function receiptOf({ id }: { readonly id: string }): object {
  const digest = id.length.toString(16).padStart(64, "0");
  const streamTime = "2026-11-22T10:00:00.000Z";
  const place = { court: 0, height: 1, index: 0 };
  return { ...place, streamTime, domainVersion: 1, block: digest, outcome: digest };
}
