/** The disjoint answers to a submission, in this order: exactly one applies. */
import type { Submission } from "../../shared/rpc.ts";

export type Known =
  | { readonly status: "pending" | "settled"; readonly fingerprint: string }
  /** Its answer failed its own digest; `heldBySeats` while the seats' key table surely still has the key. */
  | { readonly status: "damaged"; readonly heldBySeats: boolean };

export interface AdmissionState {
  /** What the Warden keeps of the key. */
  readonly known: Known | null;
  /** The Warden's clock, Unix milliseconds. */
  readonly now: number;
  readonly windowMs: number;
  readonly courtOpen: boolean;
  readonly overloaded: boolean;
  /** Rows of pending events are damaged, and the court's seats have not said yet what they hold. */
  readonly mayHaveLost: boolean;
}

export type Admission =
  /** ReplaySettledOutcome. */
  | "replay"
  /** JoinPendingKey. */
  | "join"
  /** AnswerPendingInDoubt. */
  | "pending"
  /** RefuseReusedKey. */
  | "key-reused"
  /** RefuseLateRetry. */
  | "too-old"
  /** RefuseWithoutQuorum. */
  | "no-quorum"
  /** RefuseOverload. */
  | "overloaded"
  /** ReserveFreshKey, or AskAgainForDamagedAnswer. */
  | "reserve";

// Rules: ReplaySettledOutcome, JoinPendingKey, RefuseReusedKey, AnswerPendingInDoubt, RefuseLateRetry,
// RefuseWithoutQuorum, RefuseOverload, ReserveFreshKey, AskAgainForDamagedAnswer.
export function admission(
  submission: Pick<Submission, "fingerprint" | "sentAt">,
  state: AdmissionState,
): Admission {
  const { known } = state;
  if (known !== null && known.status !== "damaged") {
    if (known.fingerprint !== submission.fingerprint) return "key-reused";
    return known.status === "settled" ? "replay" : "join";
  }
  // The damaged row may be its own: no refusal would be true, for it may have been kept, and given out.
  if (known === null && state.mayHaveLost) return "pending";
  // A damaged answer is asked again: the seats refer the repetition to the first use, for as long as they hold its key.
  const late = known === null ? isLate(submission.sentAt, state) : !known.heldBySeats;
  if (late) return "too-old";
  if (!state.courtOpen) return "no-quorum";
  return state.overloaded ? "overloaded" : "reserve";
}

function isLate(sentAt: number | null, state: AdmissionState): boolean {
  return sentAt !== null && state.now - sentAt > state.windowMs;
}
