/** What the reply to an array of events says of each of them. */
import { AssizeError, errorOf, problemIn, slugOf } from "./errors.ts";
import type { Problem, SentKey } from "./errors.ts";
import type { Element, Outcome } from "./types.ts";

export interface Reply {
  readonly status: number;
  readonly retryAfterMs: number;
  /** JSON, or text where it is none. */
  readonly body: unknown;
}

/** The last word on an event, or that it is to be sent again, and why. */
export type Verdict =
  | { readonly outcome: Outcome }
  | { readonly error: AssizeError }
  | { readonly again: string };

/** Of every event in the order sent. */
export function verdictsOf(reply: Reply | null, sent: readonly SentKey[]): Verdict[] {
  if (reply === null) return sent.map(() => ({ again: "no answer" }));
  const { status, body } = reply;
  if (status === 200 && Array.isArray(body) && body.length === sent.length)
    return sent.map((key, index) => verdictOf(body[index] as Element, key));
  const problem = problemIn(body);
  if (problem !== undefined && isLasting(status))
    return sent.map((key) => ({ error: errorOf(problem, key) }));
  if (isLasting(status))
    return sent.map((key) => ({ error: strange(key, `${status} without a problem document`) }));
  const again = problem === undefined ? `${status} without a problem document` : slugOf(problem);
  return sent.map(() => ({ again }));
}

/** Whether asking again would bring the same. */
function isLasting(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
}

function verdictOf(element: Element | null, key: SentKey): Verdict {
  const { id, status, problem } = element ?? { status: "missing" };
  if (id !== key.id) return { error: strange(key, `an answer about ${id ?? "no event"}`) };
  switch (status) {
    case "accepted":
    case "rejected":
      return { outcome: outcomeIn(element as unknown as Outcome) };
    case "invalid":
    case "conflict":
      return { error: errorOf(problemIn(problem) ?? nameless(status), key) };
    case "refused":
    case "pending":
      return { again: problem === undefined ? status : slugOf(problem) };
    default:
      return { error: strange(key, `the status "${status}"`) };
  }
}

function outcomeIn(element: Outcome): Outcome {
  return { ...element, changes: element.changes ?? [], replayed: element.replayed ?? false };
}

function nameless(status: string): Problem {
  return { type: `/problems/${status}`, title: `The event is ${status}`, status: 422, detail: "" };
}

function strange(event: SentKey, what: string): AssizeError {
  const message = `event ${event.id}: the server answered with ${what}, which the contract does not have`;
  return new AssizeError("out-of-contract", message, { event, sent: true });
}

/** RFC 9110: seconds, or a date; 0 where there is neither. */
export function retryAfterIn(header: string | null, now: number): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const until = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(until) ? Math.max(0, until) : 0;
}
