/** Messages of a queue: how one is read, and what is to be done with it when its event has its answer (spec/queue.allium). */
import { LIMITS } from "../objects/shared/limits.ts";
import type { Decided } from "./http/answers.ts";
import { problemOf } from "./http/answers.ts";
import type { SentEvent } from "./http/events.ts";
import { readJson } from "./http/json.ts";
import { Problem, problemDocument } from "./http/problems.ts";
import type { ProblemDocument } from "./http/problems.ts";

/** What is sent on about a message that can never be decided. */
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
  | { readonly fate: "dead"; readonly problem: Problem };

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

// Rules: DiscardUnfit, AcknowledgeDecided, DeliverLater, DiscardRefused.
export function fateOf(decided: Decided, attempts: number): Fate {
  if ("problem" in decided) return { fate: "dead", problem: decided.problem };
  const { answer } = decided;
  switch (answer.kind) {
    case "settled":
      return { fate: "decided" };
    case "key-reused":
    case "too-old":
      return { fate: "dead", problem: problemOf(answer) };
    case "no-quorum":
    case "overloaded":
    case "pending":
    case "silent":
      return later(attempts);
  }
}

export function later(attempts: number): Extract<Fate, { fate: "again" }> {
  const delay = LIMITS.queueDelayS * 2 ** Math.min(Math.max(attempts, 1) - 1, 30);
  return { fate: "again", delaySeconds: Math.min(delay, LIMITS.queueDelayCapS) };
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
