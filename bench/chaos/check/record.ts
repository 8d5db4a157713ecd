// Whether the ledger bears out what clients were told, and holds nothing else: what is lost, doubled, diverged.
import { createHash } from "node:crypto";

import { isLawful } from "./recount.ts";
import { keyOf, textOf } from "./types.ts";
import type { Change, Outcome, Place, Sent, Standing } from "./types.ts";

/** What a client sent under one key, and everything it was told of it. */
export interface Told {
  readonly event: Sent;
  /** Final answers that differ from one another, as texts: one if all is well. */
  readonly answers: readonly string[];
}

/** What is read of a final answer. */
export interface Final {
  readonly id: string;
  readonly source?: string;
  readonly type?: string;
  readonly status: "accepted" | "rejected" | "invalid" | "conflict";
  readonly reason?: { readonly code: string };
  readonly changes?: readonly Change[];
  readonly receipt?: Place & {
    readonly streamTime: string;
    readonly block: string;
    readonly outcome: string;
  };
  readonly problem?: string;
}

export interface Counts {
  /** Sent under a key, or answered, and the ledger has no outcome for the key. */
  readonly lost: string[];
  /** Outcomes beyond the one of a key, and outcomes of what nobody sent. */
  readonly doubled: string[];
  /** Two accounts of the same that differ. */
  readonly diverged: string[];
}

interface Found extends Place {
  readonly text: string;
  readonly time: number;
  readonly block: string;
}

/** What stands in the ledger, by key. */
export class Record {
  readonly #standing = new Map<string, Found>();
  readonly #flaws: Counts = { lost: [], doubled: [], diverged: [] };

  /** Once for each block, in order. `sent` knows what was sent under a key. */
  take(block: Standing, sent: (key: string) => Sent | undefined): void {
    const { height, time, digest, events, outcomes } = block;
    const system = outcomes.length - events.length;
    events.forEach((event, offset) => {
      const index = system + offset;
      const text = outcomes[index] ?? "{}";
      this.#stand({ height, index, text, time, block: digest }, event, sent(keyOf(event)));
    });
  }

  /** What `take` found since the last time, and what is wrong with what clients were told. */
  judge(told: Iterable<Told>): Counts {
    const { lost, doubled, diverged } = this.#flaws;
    const found: Counts = {
      lost: lost.splice(0),
      doubled: doubled.splice(0),
      diverged: diverged.splice(0),
    };
    for (const each of told) this.#judge(each, found);
    return found;
  }

  #stand(found: Found, event: Sent, sent: Sent | undefined): void {
    const { doubled, diverged } = this.#flaws;
    const key = keyOf(event);
    const where = `${key} at ${found.height}.${found.index}`;
    if (sent === undefined) doubled.push(`${where} was never sent`);
    else if (contentOf(sent) !== contentOf(event)) diverged.push(`${where} is not what was sent`);
    const outcome = JSON.parse(found.text) as Outcome;
    if (keyOf(outcome) !== key) diverged.push(`${where} has the outcome of ${keyOf(outcome)}`);
    const first = this.#standing.get(key);
    if (outcome.status === "duplicate") {
      const refers =
        first?.height === outcome.first?.height && first?.index === outcome.first?.index;
      if (!refers) diverged.push(`${where} refers to another first use`);
    } else if (first === undefined) this.#standing.set(key, found);
    else doubled.push(`${where} stands at ${first.height}.${first.index} too`);
  }

  #judge({ event, answers }: Told, { lost, diverged }: Counts): void {
    const key = keyOf(event);
    const found = this.#standing.get(key);
    const [text] = answers;
    if (answers.length > 1) diverged.push(`${key} was answered in ${answers.length} ways`);
    if (text === undefined) {
      lost.push(`${key} was never answered`);
      return;
    }
    const answer = JSON.parse(text) as Final;
    if (answer.status === "invalid" || answer.status === "conflict") {
      if (isLawful(event)) diverged.push(`${key} was refused: ${answer.problem}`);
      if (found !== undefined) diverged.push(`${key} was refused and stands all the same`);
      return;
    }
    if (!isLawful(event)) diverged.push(`${key} was ${answer.status}, and is no event`);
    if (found === undefined) lost.push(`${key} was ${answer.status} and stands nowhere`);
    else if (!bearsOut(found, answer)) diverged.push(`${key} was told otherwise than it stands`);
  }
}

function contentOf({ type, time, data }: Sent): string {
  return textOf({ type, time, data });
}

function bearsOut({ height, index, text, time, block }: Found, answer: Final): boolean {
  const outcome = JSON.parse(text) as Outcome;
  const { receipt } = answer;
  const leaf = createHash("sha256").update("\0").update(text).digest("hex");
  return (
    receipt?.height === height &&
    receipt.index === index &&
    receipt.block === block &&
    receipt.outcome === leaf &&
    Date.parse(receipt.streamTime) === time &&
    answer.id === outcome.id &&
    answer.source === outcome.source &&
    answer.type === outcome.type &&
    answer.status === outcome.status &&
    textOf(answer.reason) === textOf(outcome.reason) &&
    textOf(answer.changes ?? []) === textOf(outcome.changes)
  );
}
