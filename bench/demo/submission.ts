// Submitting all of it, one request at a time for each source: requests side by side would lose the order of its events.
import type { Answer } from "../lib/contract.ts";
import type { Client, Sent } from "./client.ts";
import type { StockEvent } from "../lib/sample.ts";

export interface Submission {
  /** What has been answered, in the order of the answers. */
  readonly sent: Sent[];
  /** By event id. */
  readonly answers: Map<string, Answer>;
  /** When each request was answered, in milliseconds of the monotonic clock, ascending. */
  readonly answeredAt: number[];
  readonly startedAt: number;
}

export function newSubmission(): Submission {
  return { sent: [], answers: new Map(), answeredAt: [], startedAt: performance.now() };
}

/** Returns when everything is answered; `answered` is called after every request. */
export async function submitAll(
  client: Client,
  queues: readonly (readonly (readonly StockEvent[])[])[],
  into: Submission,
  answered: () => void,
): Promise<void> {
  const submitQueue = async (requests: readonly (readonly StockEvent[])[]): Promise<void> => {
    for (const events of requests) {
      const sentat = new Date().toISOString();
      const stamped = events.map((event) => ({ ...event, sentat }));
      const answers = await client.submit(stamped);
      into.answeredAt.push(performance.now());
      into.sent.push(...stamped);
      for (const answer of answers) into.answers.set(answer.id, answer);
      answered();
    }
  };
  await Promise.all(queues.map(submitQueue));
}

/** The longest time without any answer, from `since` on. */
export function longestGap(answeredAt: readonly number[], since: number): number {
  const later = answeredAt.filter((at) => at >= since);
  const gaps = later.map((at, index) => at - (later[index - 1] ?? since));
  return Math.max(0, ...gaps);
}
