/** What the reply to an array of events says of each of them. What the contract does not have is told as that, and never thrown. */
import { AssizeError, errorOf, problemIn, slugOf } from "./errors.ts";
import type { Problem, SentKey } from "./errors.ts";
import type { Outcome } from "./types.ts";

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
// Rule: JudgeEveryAnswer.
export function verdictsOf(reply: Reply | null, sent: readonly SentKey[]): Verdict[] {
  if (reply === null) return sent.map(() => ({ again: "no answer" }));
  const { status, body } = reply;
  if (status === 200 && Array.isArray(body) && body.length === sent.length)
    return sent.map((key, index) => verdictOf(body[index], key));
  if (isElsewhere(status)) return sent.map((key) => ({ error: strange(key, ELSEWHERE) }));
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

/**
 * Whether it is a redirection. None is followed: most would turn what is sent into something else, and all of them hand it, and maybe
 * the token, to somebody whom nobody named. Browsers show them as status 0.
 */
export function isElsewhere(status: number): boolean {
  return status === 0 || (status >= 300 && status < 400 && status !== 304);
}

export const ELSEWHERE = "a redirection elsewhere";

function verdictOf(element: unknown, key: SentKey): Verdict {
  const { id, status, problem } = membersOf(element);
  if (id !== key.id) return { error: strange(key, `an answer about ${worded(id, "no event")}`) };
  const said = problemIn(problem);
  switch (status) {
    case "accepted":
    case "rejected":
      if (isOutcome(element, key)) return { outcome: wholeOf(element) };
      return { error: strange(key, `an outcome of another shape ("${status}")`) };
    case "invalid":
    case "conflict":
      return { error: errorOf(said ?? nameless(status), key) };
    case "refused":
    case "pending":
      return { again: said === undefined ? status : slugOf(said) };
    default:
      return { error: strange(key, `the status "${worded(status, "missing")}"`) };
  }
}

type Members = Readonly<Record<string, unknown>>;

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null ? (value as Members) : {};
}

/** Not every value of JSON can be made a text of. */
function worded(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

type Answered = Omit<Outcome, "changes" | "replayed"> & Partial<Outcome>;

function isOutcome(element: unknown, { source }: SentKey): element is Answered {
  const outcome = membersOf(element);
  const { code, detail } = membersOf(outcome["reason"]);
  const explained = typeof code === "string" && typeof detail === "string";
  return (
    outcome["source"] === source &&
    typeof outcome["type"] === "string" &&
    (outcome["status"] === "accepted" || explained) &&
    areChanges(outcome["changes"]) &&
    isReceipt(outcome["receipt"]) &&
    (outcome["replayed"] === undefined || typeof outcome["replayed"] === "boolean")
  );
}

function areChanges(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    Array.isArray(value) &&
    value.every((each) => {
      const { entity, version, state } = membersOf(each);
      return typeof entity === "string" && Number.isSafeInteger(version) && state !== undefined;
    })
  );
}

function isReceipt(value: unknown): boolean {
  const receipt = membersOf(value);
  const counts = ["court", "height", "index", "domainVersion"].map((name) => receipt[name]);
  const texts = ["streamTime", "block", "outcome"].map((name) => receipt[name]);
  return (
    counts.every((each) => Number.isSafeInteger(each)) &&
    texts.every((each) => typeof each === "string")
  );
}

function wholeOf(element: Answered): Outcome {
  return { ...element, changes: element.changes ?? [], replayed: element.replayed ?? false };
}

function nameless(status: string): Problem {
  return { type: `/problems/${status}`, title: `The event is ${status}`, status: 422, detail: "" };
}

function strange(event: SentKey, what: string): AssizeError {
  const message = `event ${event.id}: the server answered with ${what}, which the contract does not have`;
  return new AssizeError("out-of-contract", message, { event, sent: true });
}

/** Beyond it a pause is no longer heeded: a clock that is wrong, or a proxy, would stop a client for days. */
const LONGEST_PAUSE_MS = 60_000;

export const heeded = (ms: number): number => Math.min(Math.max(0, ms), LONGEST_PAUSE_MS);

/** RFC 9110: seconds, or a date; 0 where there is neither, a minute at most. */
export function retryAfterIn(header: string | null, now: number): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const until = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1000;
  return Number.isNaN(until) ? 0 : heeded(until);
}
