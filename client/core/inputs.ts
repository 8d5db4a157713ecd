/** What happens to a sender of events, and what it then does. Times are milliseconds of the clock that the shell reads. */

export type ClientInput =
  /** An event is handed over. `bytes` is what it adds to a request. */
  | {
      readonly kind: "submit";
      readonly key: number;
      readonly lane: number;
      readonly bytes: number;
      readonly deadline: number;
    }
  /** A request was answered: for some of its events the answer is the last, others are to be asked about again. */
  | {
      readonly kind: "answered";
      readonly lane: number;
      readonly request: number;
      readonly final: readonly number[];
      readonly retryAfterMs: number;
    }
  /** Nobody wants to know any more. */
  | { readonly kind: "abort"; readonly key: number }
  /** What is handed over by now waits for no company. */
  | { readonly kind: "flush" }
  | { readonly kind: "tick" }
  | { readonly kind: "close" };

/** Why an event is over without an answer. */
export type GivenUp = "deadline" | "aborted" | "closed" | "overloaded";

export type ClientEffect =
  /** In this order; the lane has no other request under way. */
  | {
      readonly kind: "send";
      readonly lane: number;
      readonly request: number;
      readonly keys: readonly number[];
    }
  /** What was answered is told by whoever has the answer. */
  | { readonly kind: "settle"; readonly key: number; readonly why: "answered" }
  /** `sent`: it may have been kept, and may yet be decided. */
  | {
      readonly kind: "settle";
      readonly key: number;
      readonly why: GivenUp;
      readonly sent: boolean;
    }
  /** Nobody waits for any event of the request. */
  | { readonly kind: "cancel"; readonly request: number };

/** Time and chance of one step. */
export interface Moment {
  readonly now: number;
  /** At least 0 and below 1. */
  readonly chance: number;
}
