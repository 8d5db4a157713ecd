/** What a Warden keeps of the keys it is sent. That needs neither a genesis nor a court. */
import { BrokenInvariant, known } from "../shared/assert.ts";
import type { Submission, WardenAnswer } from "../shared/rpc.ts";
import { admission } from "./core/admission.ts";
import type { AdmissionState } from "./core/admission.ts";
import type { Book } from "./core/book.ts";
import { heldBySeats } from "./core/expiry.ts";
import type { Doubt } from "./core/held.ts";
import { answerOf } from "./lookup.ts";
import type { Answered, Store } from "./store.ts";

export interface Keeping {
  readonly book: Book;
  readonly store: Store;
  readonly windowMs: number;
  /** As found at the start of this life. */
  readonly doubts: readonly Doubt[];
}

/** Settled rows of the keys that are not in the book. */
export function answeredTo(
  { book, store }: Keeping,
  submissions: readonly Submission[],
): Map<string, Answered> {
  return store.answered(
    submissions.map(({ key }) => key).filter((key) => book.find(key) === undefined),
  );
}

/** What of the admission of a submission does not depend on its court. */
export function keptState(
  keeping: Keeping,
  { key, court }: Submission,
  answered: ReadonlyMap<string, Answered>,
  now: number,
): Omit<AdmissionState, "courtOpen" | "overloaded"> {
  const { book, windowMs, doubts } = keeping;
  const lost = doubts.some((doubt) => doubt.court === court && doubt.lost);
  const state = { now, windowMs, mayHaveLost: lost && book.halted.includes(court) };
  const entry = book.find(key);
  if (entry !== undefined) {
    const status = entry.settlement === null ? "pending" : "settled";
    return { ...state, known: { status, fingerprint: entry.fingerprint } };
  }
  const row = answered.get(key);
  if (row === undefined) return { ...state, known: null };
  if (row.intact) return { ...state, known: { status: "settled", fingerprint: row.fingerprint } };
  return {
    ...state,
    known: { status: "damaged", heldBySeats: heldBySeats(row.ends, now, windowMs) },
  };
}

export function replayOf(
  { book }: Keeping,
  key: string,
  answered: ReadonlyMap<string, Answered>,
): WardenAnswer {
  const settlement = book.find(key)?.settlement;
  const row = answered.get(key);
  const kept = row?.intact === true ? row.body : undefined;
  const body = settlement?.kind === "settled" ? settlement.body : kept;
  return { kind: "settled", body: known(body, "a settled key has its body"), replayed: true };
}

/** Answers while no court can be reached: what is kept is told as ever, and nothing fresh is. */
export function answersAlone(
  keeping: Keeping,
  submissions: readonly Submission[],
  now: number,
  detail: string,
): WardenAnswer[] {
  const answered = answeredTo(keeping, submissions);
  return submissions.map((submission): WardenAnswer => {
    const state = keptState(keeping, submission, answered, now);
    const verdict = admission(submission, { ...state, courtOpen: false, overloaded: false });
    switch (verdict) {
      case "pending":
      case "key-reused":
      case "too-old":
        return { kind: verdict };
      case "replay":
        return replayOf(keeping, submission.key, answered);
      case "join": {
        const entry = known(keeping.book.find(submission.key), "a pending key has its entry");
        return answerOf({ entry, joined: true });
      }
      case "no-quorum":
        return { kind: verdict, detail };
      case "overloaded":
      case "reserve":
        throw new BrokenInvariant(`nothing is ${verdict} where no court is open`);
    }
  });
}
