/** Published events as they come, over server-sent events: a cut is resumed behind the last event that was handed on. */
import { createParser } from "eventsource-parser";
import { AssizeError, errorOf, problemIn } from "./errors.ts";
import { aborted, begin, outOfContract, pauseFor, pauseMs, reasonOf } from "./http.ts";
import type { Access, Call } from "./http.ts";
import { heeded, retryAfterIn } from "./replies.ts";
import type { EventDocument } from "./types.ts";

export interface Streamed {
  /** `<height>.<index>`: a later stream goes on behind it. */
  readonly id: string;
  readonly event: EventDocument;
}

export interface Watch {
  readonly court: number;
  /** Begin behind this one; without it with the first that was published. */
  readonly after?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A connection on which nothing comes for so long, not even a heartbeat, is taken for cut. */
  readonly silenceMs: number;
  /** How long to try before giving up; a connection that brought an event, a heartbeat or a pause begins anew. */
  readonly deadlineMs: number;
  /** Told of every cut, with the reason. */
  readonly onCut?: ((why: string) => void) | undefined;
}

/** What an answer can have that a later one may not: refused for good, or worth another try. */
type Opened = { readonly response: Response } | { readonly why: string; readonly waitMs: number };

/** A line of the stream is at most an event with its outcome and receipt; four times the largest there can be. */
const MOST_CHARACTERS = 2 * 1024 * 1024;

// Rules: ResumeAfterCut, HandOnOnce, PassOverKnown, StopWhenRefused, GoOnWhileServed, GiveUpUnserved.
export async function* streamed(access: Access, watch: Watch): AsyncGenerator<Streamed, void> {
  let last = watch.after;
  let until = access.clock.now() + watch.deadlineMs;
  let why = "";
  for (let attempt = 0; ; attempt++) {
    const wire = new Wire(access, watch, until);
    let waitMs = 0;
    try {
      const opened = await wire.open(last);
      if ("response" in opened) {
        for await (const item of wire.items(opened.response)) {
          attempt = 0;
          if (last !== undefined && !isBehind(item.id, last)) continue;
          last = item.id;
          yield item;
        }
        why = "the server closed it";
      } else ({ why, waitMs } = opened);
    } catch (error) {
      if (error instanceof AssizeError) throw error;
      // That the deadline ended the last try says less than what the one before came to.
      if (!wire.late || why === "") why = reasonOf(error);
    } finally {
      wire.close();
    }
    if (wire.brought) until = access.clock.now() + watch.deadlineMs;
    if (watch.signal?.aborted) throw aborted(watch.signal.reason);
    waitMs += pauseMs(attempt, access.random());
    if (access.clock.now() + waitMs >= until)
      throw new AssizeError("unreachable", `the stream of ${access.url} is cut: ${why}`);
    watch.onCut?.(why);
    // What it asks for while it serves is no time that it is away.
    until += wire.retryMs;
    await pauseFor(access.clock, waitMs + wire.retryMs, watch.signal);
  }
}

/** One connection. */
class Wire {
  readonly #access: Access;
  readonly #watch: Watch;
  readonly #until: number;
  readonly #controller = new AbortController();
  readonly #give = (): void => this.#controller.abort(this.#watch.signal?.reason);
  #cancel: () => void = () => undefined;
  /** Whether the server streamed anything, and how long it asks to wait before the next connection. */
  brought = false;
  /** Whether the deadline ended it. */
  late = false;
  retryMs = 0;

  /** Unless it brings something, it is over at the deadline. */
  constructor(access: Access, watch: Watch, until: number) {
    this.#access = access;
    this.#watch = watch;
    this.#until = until;
    if (watch.signal?.aborted) throw aborted(watch.signal.reason);
    watch.signal?.addEventListener("abort", this.#give, { once: true });
  }

  async open(last: string | undefined): Promise<Opened> {
    this.#listen();
    const resume = last === undefined ? {} : { "last-event-id": last };
    const headers = { accept: "text/event-stream", ...resume };
    const call: Call = { path: `/v1/events/stream?court=${this.#watch.court}`, headers };
    const response = await begin(this.#access, call, this.#controller.signal);
    const { status } = response;
    if (status === 200 && isEventStream(response)) return { response };
    const body = await response.text();
    const waitMs = retryAfterIn(response.headers.get("retry-after"), this.#access.clock.now());
    if (status >= 500 || [408, 425, 429].includes(status))
      return { why: `it answered ${status}`, waitMs };
    const problem = problemIn(jsonIn(body));
    throw problem === undefined ? outOfContract(call, status) : errorOf(problem);
  }

  /** Reads on only when it is asked to: who consumes slowly holds the server back. */
  async *items(response: Response): AsyncGenerator<Streamed, void> {
    const items: Streamed[] = [];
    let endless = false;
    const parser = createParser({
      maxBufferSize: MOST_CHARACTERS,
      onEvent: ({ id, data }) => {
        this.brought = true;
        items.push(itemIn(id, data));
      },
      onComment: () => {
        this.brought = true;
      },
      onRetry: (ms) => {
        this.brought = true;
        this.retryMs = heeded(ms);
      },
      onError: ({ type }) => {
        endless ||= type === "max-buffer-size-exceeded";
      },
    });
    const reader = response.body?.getReader();
    const text = new TextDecoder();
    for (;;) {
      this.#listen();
      const chunk = await reader?.read();
      // How long the consumer takes is not the server's silence.
      this.#cancel();
      if (chunk === undefined || chunk.done) return;
      parser.feed(text.decode(chunk.value, { stream: true }));
      yield* items.splice(0);
      if (endless)
        throw new AssizeError("out-of-contract", "the stream brought a line without end");
    }
  }

  #listen(): void {
    this.#cancel();
    const left = this.brought ? Infinity : Math.max(0, this.#until - this.#access.clock.now());
    const ms = Math.min(left, this.#watch.silenceMs);
    const why = `nothing came for ${ms / 1000} s`;
    this.#cancel = this.#access.clock.after(ms, () => {
      this.late = left <= ms;
      this.#controller.abort(new Error(why));
    });
  }

  close(): void {
    this.#cancel();
    this.#watch.signal?.removeEventListener("abort", this.#give);
    this.#controller.abort(new Error("the stream is over"));
  }
}

function isEventStream({ headers }: Response): boolean {
  return (headers.get("content-type") ?? "").toLowerCase().startsWith("text/event-stream");
}

function itemIn(id: string | undefined, data: string): Streamed {
  const event = jsonIn(data);
  if (id === undefined || placeIn(id) === null || typeof event !== "object" || event === null)
    throw new AssizeError("out-of-contract", "the stream brought what is no published event");
  return { id, event: event as EventDocument };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function placeIn(id: string): readonly [height: number, index: number] | null {
  const [, height, index] = /^(\d{1,16})\.(\d{1,16})$/.exec(id) ?? [];
  return height === undefined || index === undefined ? null : [Number(height), Number(index)];
}

/** Whether an event comes after another one of its court. */
function isBehind(id: string, last: string): boolean {
  const [[height, index], [lastHeight, lastIndex]] = [
    placeIn(id) ?? [0, 0],
    placeIn(last) ?? [-1, 0],
  ];
  return height > lastHeight || (height === lastHeight && index > lastIndex);
}
