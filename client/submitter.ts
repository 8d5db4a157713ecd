/** The shell around the sender of events: promises, texts, the timer and the requests of what `core/` decides. */
import { NotCanonical, canonical, utf8Length } from "../objects/shared/canonical.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { ClientEffect, ClientInput, GivenUp } from "./core/inputs.ts";
import { hasRoom, newSending } from "./core/state.ts";
import type { Bounds, Sending } from "./core/state.ts";
import { nextStep, step } from "./core/step.ts";
import { AssizeError } from "./errors.ts";
import type { SentKey } from "./errors.ts";
import { exchange } from "./http.ts";
import type { Access } from "./http.ts";
import { verdictsOf } from "./replies.ts";
import type { Verdict } from "./replies.ts";
import type { Outcome } from "./types.ts";

/** An event as it is handed over, its domain's types left behind. */
export interface Given {
  readonly type: string;
  readonly data: unknown;
  readonly id?: string | undefined;
  readonly source?: string | undefined;
  readonly subject?: string | undefined;
  readonly time?: string | undefined;
  readonly sentat?: string | undefined;
}

export interface Waited {
  /** For this event, from now on. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface Promised {
  readonly id: string;
  readonly source: string;
  /** Set once, when the event is first sent. */
  sentat: string | undefined;
  /** JSON of the event without its last brace and without `sentat`: the same bytes at every retry. */
  readonly text: string;
  /** Why it was sent again, at last. */
  why: string;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: AssizeError) => void;
  readonly unlisten: () => void;
}

/** `,"sentat":"` and `"}` around it. */
const TAIL_BYTES = 13;
/** `2026-11-22T10:00:00.000Z` */
const SENTAT_BYTES = 24;

export class Submitter {
  readonly #access: Access;
  readonly #newId: () => string;
  readonly #sending: Sending;
  readonly #promised = new Map<number, Promised>();
  readonly #requests = new Map<number, AbortController>();
  #keys = 0;
  #wake: { readonly at: number; readonly cancel: () => void } | null = null;
  /** Those who wait for room, and for all up to a key to be over. */
  #roomy: (() => void)[] = [];
  #flushing: { readonly last: number; readonly go: () => void }[] = [];

  constructor(access: Access, bounds: Bounds, newId: () => string) {
    this.#access = access;
    this.#newId = newId;
    this.#sending = newSending(bounds);
  }

  submit(given: Given, waited: Waited): Promise<Outcome> {
    const key = this.#keys;
    this.#keys += 1;
    return new Promise((resolve, reject) => {
      const { id = this.#newId(), source = "/", sentat } = given;
      const text = textOf(given, id, source);
      if (typeof text !== "string") return reject(text);
      const { signal } = waited;
      if (signal?.aborted) return reject(overBy("aborted", { id, source }, false, ""));
      const abort = (): void => this.#step({ kind: "abort", key });
      signal?.addEventListener("abort", abort, { once: true });
      const unlisten = (): void => signal?.removeEventListener("abort", abort);
      this.#promised.set(key, { id, source, sentat, text, why: "", resolve, reject, unlisten });
      const lane = laneOf(source, this.#sending.lanes.length);
      const deadline = this.#access.clock.now() + waited.deadlineMs;
      // And the comma behind it.
      const bytes = sizeOf(text, sentat) + 1;
      return this.#step({ kind: "submit", key, lane, bytes, deadline });
    });
  }

  /** Comes once another event would not have to wait for room. */
  room(): Promise<void> {
    if (this.#isRoomy()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#roomy.push(resolve);
    });
  }

  /** Comes once all that was handed over by now is over; none of it waits for company. */
  flush(): Promise<void> {
    const last = this.#keys - 1;
    const over = new Promise<void>((go) => {
      this.#flushing.push({ last, go });
    });
    this.#step({ kind: "flush" });
    return over;
  }

  close(): void {
    this.#step({ kind: "close" });
  }

  #isRoomy(): boolean {
    const { closed, waiting } = this.#sending;
    return closed || (waiting.length === 0 && hasRoom(this.#sending, LIMITS.eventBytes));
  }

  #step(input: ClientInput, answers: ReadonlyMap<number, Verdict> = new Map()): void {
    const { clock, random } = this.#access;
    const effects = step(this.#sending, input, { now: clock.now(), chance: random() });
    for (const effect of effects) this.#carryOut(effect, answers);
    this.#schedule();
    if (this.#isRoomy()) for (const go of this.#roomy.splice(0)) go();
    this.#tellFlushed();
  }

  #tellFlushed(): void {
    if (this.#flushing.length === 0) return;
    // In the order they were handed over.
    const [first = Infinity] = this.#promised.keys();
    const over = this.#flushing.filter(({ last }) => last < first);
    this.#flushing = this.#flushing.filter(({ last }) => last >= first);
    for (const { go } of over) go();
  }

  #carryOut(effect: ClientEffect, answers: ReadonlyMap<number, Verdict>): void {
    switch (effect.kind) {
      case "send":
        void this.#send(effect);
        return undefined;
      case "cancel":
        this.#requests.get(effect.request)?.abort(new Error("nobody waits for it"));
        return undefined;
      case "settle":
        return this.#settle(effect, answers.get(effect.key));
    }
  }

  #settle(effect: Extract<ClientEffect, { kind: "settle" }>, verdict: Verdict | undefined): void {
    const promised = this.#promised.get(effect.key);
    if (promised === undefined) return;
    this.#promised.delete(effect.key);
    promised.unlisten();
    if (effect.why !== "answered")
      promised.reject(overBy(effect.why, keyOf(promised), effect.sent, promised.why));
    else if (verdict !== undefined && "outcome" in verdict) promised.resolve(verdict.outcome);
    else if (verdict !== undefined && "error" in verdict) promised.reject(verdict.error);
  }

  /** Never throws: what goes wrong is no answer. */
  async #send({ lane, request, keys }: Extract<ClientEffect, { kind: "send" }>): Promise<void> {
    const sentat = new Date(this.#access.clock.now()).toISOString();
    const events = keys.flatMap((key) => {
      const promised = this.#promised.get(key);
      if (promised === undefined) return [];
      promised.sentat ??= sentat;
      return [{ key, promised, sent: keyOf(promised) }];
    });
    const texts = events.map(
      ({ promised }) => `${promised.text},"sentat":${JSON.stringify(promised.sentat)}}`,
    );
    const controller = new AbortController();
    this.#requests.set(request, controller);
    let why = "no answer";
    const call = {
      method: "POST",
      path: "/v1/events",
      headers: { "content-type": "application/json" },
      body: `[${texts.join(",")}]`,
      signal: controller.signal,
    } as const;
    const reply = await exchange(this.#access, call, (said) => {
      why = said;
    }).catch(() => null);
    this.#requests.delete(request);
    const verdicts = verdictsOf(
      reply,
      events.map(({ sent }) => sent),
    );
    const answers = new Map<number, Verdict>();
    for (const [index, { key, promised }] of events.entries()) {
      const verdict = verdicts[index] ?? { again: why };
      if ("again" in verdict) promised.why = reply === null ? why : verdict.again;
      else answers.set(key, verdict);
    }
    const retryAfterMs = reply?.retryAfterMs ?? 0;
    this.#step(
      { kind: "answered", lane, request, final: [...answers.keys()], retryAfterMs },
      answers,
    );
  }

  #schedule(): void {
    const at = nextStep(this.#sending);
    if (at === this.#wake?.at) return;
    this.#wake?.cancel();
    this.#wake = null;
    if (at === null) return;
    const { clock } = this.#access;
    const cancel = clock.after(Math.max(0, at - clock.now()), () => {
      this.#wake = null;
      this.#step({ kind: "tick" });
    });
    this.#wake = { at, cancel };
  }
}

const keyOf = ({ id, source, sentat }: Promised): SentKey => ({ id, source, sentat });

/** The event's text, or why it has none that the server would take. */
function textOf(given: Given, id: string, source: string): string | AssizeError {
  const { type, subject, time, data } = given;
  const event = { id, source };
  try {
    const whole = canonical({ specversion: "1.0", id, source, type, subject, time, data });
    const text = whole.slice(0, -1);
    if (sizeOf(text, given.sentat) <= LIMITS.eventBytes) return text;
    const message = `event ${id}: it has more than ${LIMITS.eventBytes} bytes`;
    return new AssizeError("too-large", message, { event });
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error;
    const message = `event ${id}: ${error.pointer} ${error.message}`;
    return new AssizeError("invalid-event", message, { event, cause: error });
  }
}

function sizeOf(text: string, sentat: string | undefined): number {
  const value = sentat === undefined ? SENTAT_BYTES : utf8Length(JSON.stringify(sentat)) - 2;
  return utf8Length(text) + TAIL_BYTES + value;
}

const WHY: Record<GivenUp, string> = {
  deadline: "it was not answered in time",
  aborted: "it was given up by the caller",
  closed: "the client is closed",
  overloaded: "too many events wait for room already: wait for room() between submissions",
};

function overBy(why: GivenUp, event: SentKey, sent: boolean, last: string): AssizeError {
  const hint = sent
    ? "; it may have been kept: submit it again with the same id and sentat"
    : "; it was never sent";
  const reason = last === "" ? "" : ` (at last: ${last})`;
  const code = why === "overloaded" ? "queue-full" : why;
  return new AssizeError(code, `event ${event.id}: ${WHY[why]}${reason}${hint}`, { event, sent });
}

/** FNV-1a: the same source always has the same lane, so that its events are never under way side by side. */
function laneOf(source: string, lanes: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < source.length; index++)
    hash = Math.imul(hash ^ source.charCodeAt(index), 0x01000193) >>> 0;
  return hash % lanes;
}
