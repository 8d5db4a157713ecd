/** What a Warden says of what it was sent, and of a key it is asked for. */
import { Refused } from "../shared/rpc.ts";
import type { Lookup, WardenAnswer } from "../shared/rpc.ts";
import type { Book, Entry } from "./core/book.ts";
import type { Store } from "./store.ts";

/** What a submission came to at once: an answer, or an entry whose settlement is the answer. */
export type Decision =
  | { readonly answer: WardenAnswer }
  | { readonly entry: Entry; readonly joined: boolean };

export function answerOf(decision: Decision): WardenAnswer {
  if ("answer" in decision) return decision.answer;
  const { settlement } = decision.entry;
  if (settlement === null) return { kind: "pending" };
  if (settlement.kind === "key-reused") return settlement;
  return {
    kind: "settled",
    body: settlement.body,
    replayed: settlement.replayed || decision.joined,
  };
}

/** What is kept of a key; throws {@link Refused} `not-ready` when its row is damaged. */
export function lookedUp(key: string, book: Book, store: Store): Lookup | null {
  const entry = book.find(key);
  if (entry !== undefined) {
    const { event, settlement } = entry;
    return settlement?.kind === "settled"
      ? { status: "settled", event, body: settlement.body }
      : { status: "pending", event };
  }
  const row = store.answered([key]).get(key);
  if (row === undefined) return null;
  // The event cannot be trusted either; the sender's retry carries it, and the seats hold the outcome.
  if (!row.intact)
    throw new Refused(
      "not-ready",
      "the answer to this key is damaged; sending the event again repairs it",
    );
  return { status: "settled", event: row.event, body: row.body };
}
