/** From what the Wardens said to what the client reads. */
import type { WardenAnswer } from "../../objects/shared/rpc.ts";
import type { LedgerEvent } from "../../objects/shared/types.ts";
import { Problem, problemDocument } from "./problems.ts";

/** What a Warden said, or that it said nothing: the event may be kept, and nobody can tell. */
export type Answer = WardenAnswer | typeof SILENCE;
export const SILENCE = { kind: "silent" } as const;

/** An event that came no further than the door. */
export interface Refused {
  readonly id: string | undefined;
  readonly problem: Problem;
}

/** What became of one event: refused at the door, or answered by its Warden. */
export type Decided = Refused | { readonly event: LedgerEvent; readonly answer: Answer };

export interface Reply {
  readonly decided: readonly Decided[];
  /** Whether the client asked not to be kept waiting. */
  readonly asynchronous: boolean;
  readonly path: string;
}

/** The one event's outcome as it was decided, byte for byte; throws its {@link Problem} otherwise. */
// Rules: AnswerSettled, AnswerReplay, PromiseOutcome.
export function answerSingle({ decided, asynchronous }: Reply): Response {
  const [only] = decided;
  if (only === undefined) throw new Problem("malformed", "There is no event.");
  if ("problem" in only) throw only.problem;
  const { event, answer } = only;
  if (answer.kind === "settled") {
    return jsonText(answer.body, 200, answer.replayed ? { "Idempotent-Replayed": "true" } : {});
  }
  if (answer.kind === "pending" && asynchronous) {
    const headers = { Location: locationOf(event), "Preference-Applied": "respond-async" };
    return jsonText(JSON.stringify(promised(event)), 202, headers);
  }
  throw problemOf(answer);
}

/**
 * An element for every event, in the order they were sent; throws `overloaded` or `no-quorum` if, of all that were fit to be asked
 * about, nothing was taken in.
 */
// Rules: AnswerEachInOrder, RefuseWholeRequest.
export function answerArray({ decided, asynchronous, path }: Reply): Response {
  const asked = decided.flatMap((each) => ("answer" in each ? [each.answer] : []));
  const [first] = asked;
  if (first !== undefined && isRefusal(first) && asked.every(isRefusal)) throw problemOf(first);
  const elements = decided.map((each, index) => elementOf(each, asynchronous, `${path}#/${index}`));
  const waiting = asynchronous && asked.some(({ kind }) => kind === "pending");
  const headers = waiting ? { "Preference-Applied": "respond-async" } : {};
  return jsonText(`[${elements.join(",")}]`, waiting ? 202 : 200, headers);
}

/**
 * What a Warden's answers are worth that was replaced under the call: a refusal promises that nothing was kept, but the life before may
 * have kept the event, and lost its storage since.
 */
export function ofLaterLife(answers: readonly WardenAnswer[]): Answer[] {
  return answers.map((answer) => (isRefusal(answer) ? SILENCE : answer));
}

type Refusal = Extract<Answer, { kind: "overloaded" | "no-quorum" }>;

function isRefusal(answer: Answer): answer is Refusal {
  return answer.kind === "overloaded" || answer.kind === "no-quorum";
}

function elementOf(each: Decided, asynchronous: boolean, instance: string): string {
  if ("problem" in each) {
    const problem = problemDocument(each.problem, instance);
    return JSON.stringify({
      ...(each.id === undefined ? {} : { id: each.id }),
      status: "invalid",
      problem,
    });
  }
  const { event, answer } = each;
  if (answer.kind === "settled") {
    return answer.replayed ? `${answer.body.slice(0, -1)},"replayed":true}` : answer.body;
  }
  if (answer.kind === "pending" && asynchronous) return JSON.stringify(promised(event));
  const problem = problemDocument(problemOf(answer), instance);
  return JSON.stringify({ id: event.id, status: STATUS_OF[answer.kind], problem });
}

const STATUS_OF = {
  "key-reused": "conflict",
  "too-old": "invalid",
  "no-quorum": "refused",
  overloaded: "refused",
  pending: "pending",
  silent: "pending",
} as const;

// Rules: AnswerRefused, AnswerUndecided.
export function problemOf(answer: Exclude<Answer, { kind: "settled" }>): Problem {
  switch (answer.kind) {
    case "key-reused":
      return new Problem(
        "key-reused",
        "An event with this source and id and other content came before.",
      );
    case "too-old":
      return new Problem(
        "too-old",
        "By its sentat the event may have been decided and forgotten; it was not kept.",
      );
    case "no-quorum":
    case "overloaded":
      return new Problem(answer.kind, answer.detail);
    case "pending":
      return new Problem("pending", "The event is kept; ask again with the same key.");
    case "silent":
      return new Problem("pending", "The event may be kept; ask again with the same key.");
  }
}

interface Promised {
  readonly id: string;
  readonly status: "pending";
  readonly location: string;
}

function promised(event: LedgerEvent): Promised {
  return { id: event.id, status: "pending", location: locationOf(event) };
}

function locationOf({ id, source }: LedgerEvent): string {
  return `/v1/events/${encodeURIComponent(id)}?source=${encodeURIComponent(source)}`;
}

/** A response of JSON text that is sent as it is. */
export function jsonText(
  text: string,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return new Response(text, {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}
