/** Messages of a queue: how one is read, and what is to be done with it when its event has its answer (spec/queue.allium). */
import { LIMITS } from "../objects/shared/limits.ts";
import type { LedgerEvent } from "../objects/shared/types.ts";
import type { Decided } from "./http/answers.ts";
import { problemOf } from "./http/answers.ts";
import type { SentEvent } from "./http/events.ts";
import { readJson } from "./http/json.ts";
import { Problem, problemDocument } from "./http/problems.ts";
import type { ProblemDocument } from "./http/problems.ts";

/** What is sent on about a message that can never be decided, or was not in time. */
export interface DeadLetter {
  readonly queue: string;
  readonly message: string;
  /** RFC 3339: when it was sent. */
  readonly sentAt: string;
  readonly attempts: number;
  readonly reason: ProblemDocument;
  /** As it came, up to `LIMITS.deadLetterSize`. */
  readonly body: string;
  /** Whether that is all of it. */
  readonly whole: boolean;
}

/** Of a message, what the platform says. */
export interface Letter {
  readonly id: string;
  readonly timestamp: Date;
  readonly body: unknown;
  readonly attempts: number;
}

export type Fate =
  | { readonly fate: "decided" }
  | { readonly fate: "again"; readonly delaySeconds: number }
  | Dead;
type Dead = { readonly fate: "dead"; readonly problem: Problem };

/** Of a message that is not decided: how often it was delivered, when its event was first sent, and for how long that matters. */
export interface Waiting {
  readonly attempts: number;
  /** Unix milliseconds, as `now`. */
  readonly sentAt: number;
  readonly now: number;
  /** Null where the configuration cannot be read. */
  readonly windowMs: number | null;
}

/** What the message says, as text; throws `malformed`. */
export function textOf(body: unknown): string {
  if (typeof body === "string") return body;
  if (body instanceof ArrayBuffer) return decoded(body);
  let text: string | undefined;
  try {
    text = JSON.stringify(body);
  } catch {
    text = undefined;
  }
  if (text === undefined) throw new Problem("malformed", "The message is not JSON.");
  return text;
}

function decoded(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new Problem("malformed", "The message is not UTF-8.");
  }
}

/**
 * One event as plain JSON. Unless it says so itself it was first sent when the message was: delivered again after its key was
 * forgotten it must not count as new. Throws `malformed`.
 */
// Rule: SubmitMessage.
export function eventIn({ body, timestamp }: Letter): SentEvent {
  const { value, flaws } = strict(textOf(body));
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Problem("malformed", "A message is one event, a JSON object.");
  const { sentat } = value as { readonly sentat?: unknown };
  const sent = sentat === undefined || sentat === null ? timestamp.toISOString() : sentat;
  return { value: { ...value, sentat: sent }, flaws };
}

function strict(text: string) {
  try {
    return readJson(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    throw new Problem("malformed", `The message is not JSON: ${why}.`);
  }
}

// Rules: DiscardUnfit, AcknowledgeDecided, DiscardRefused.
export function fateOf(decided: Decided, waiting: Waiting): Fate {
  if ("problem" in decided) return { fate: "dead", problem: decided.problem };
  const { event, answer } = decided;
  switch (answer.kind) {
    case "settled":
      return { fate: "decided" };
    case "key-reused":
      return { fate: "dead", problem: problemOf(answer) };
    case "too-old":
      return { fate: "dead", problem: tooLate(waiting) };
    case "no-quorum":
    case "overloaded":
    case "pending":
    case "silent":
      return later({ ...waiting, sentAt: firstSent(event, waiting) }, problemOf(answer));
  }
}

/** Nobody's: until it can be nobody's any more. */
// Rules: WaitForTenant, DiscardLate, DiscardUnclaimed.
export function fateOfNobodys(waiting: Waiting): Fate {
  const { sentAt, now, windowMs } = waiting;
  if (windowMs !== null && now - sentAt > windowMs)
    return { fate: "dead", problem: tooLate(waiting) };
  return later(waiting, new Problem("internal", "The queue has no tenant: QUEUE_TENANT is empty."));
}

function firstSent({ sentat }: LedgerEvent, { sentAt }: Waiting): number {
  return sentat === undefined ? sentAt : Date.parse(sentat);
}

function tooLate({ windowMs }: Waiting): Problem {
  const window = windowMs === null ? "the window" : `the window of ${windowMs / 1000} s`;
  return new Problem(
    "too-old",
    `The event was first sent longer ago than ${window}: it may have been decided and forgotten, so it was not kept now. GET /v1/events/{id} says whether it was decided.`,
  );
}

/** Delivered again; after the last delivery that the queue makes, dead. */
// Rules: DeliverLater, DiscardLast.
export function later(waiting: Waiting, problem: Problem): Fate {
  if (waiting.attempts >= LIMITS.queueDeliveries) return { fate: "dead", problem };
  return { fate: "again", delaySeconds: pauseS(waiting) };
}

/**
 * Twice as long as before, but never beyond half of what is left of the window: what cannot be kept is tried until its window is
 * over, and what was kept is asked about while its outcome is remembered.
 */
export function pauseS({ attempts, sentAt, now, windowMs }: Waiting): number {
  const doubled = LIMITS.queueDelayS * 2 ** Math.min(Math.max(attempts, 1) - 1, 30);
  if (windowMs === null) return Math.min(doubled, LIMITS.queueDelayCapS);
  const part = Math.floor(windowMs / 1000 / LIMITS.queueWindowParts);
  const most = Math.min(doubled, Math.max(LIMITS.queueDelayCapS, part));
  const left = sentAt + windowMs - now;
  const half = Math.floor(Math.min(left > 0 ? left : windowMs, windowMs) / 2_000);
  return Math.max(Math.min(most, half), 1);
}

export function deadLetter(queue: string, letter: Letter, problem: Problem): DeadLetter {
  const text = quotable(letter.body);
  return {
    queue,
    message: letter.id,
    sentAt: letter.timestamp.toISOString(),
    attempts: letter.attempts,
    reason: problemDocument(problem, `/queues/${queue}/${letter.id}`),
    body: text.slice(0, LIMITS.deadLetterSize),
    whole: text.length <= LIMITS.deadLetterSize,
  };
}

/** Bytes that are no text are quoted in base64. */
function quotable(body: unknown): string {
  try {
    return textOf(body);
  } catch {
    return body instanceof ArrayBuffer ? Buffer.from(body).toString("base64") : String(body);
  }
}
