/** What a Warden says of a key it is asked for. */
import { Refused } from "../shared/rpc.ts";
import type { Lookup } from "../shared/rpc.ts";
import type { Book } from "./core/book.ts";
import type { Store } from "./store.ts";

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
