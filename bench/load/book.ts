// What was sent and answered in one measurement, so that the end can be audited.
import type { Answer, Movement, Status } from "./movement.ts";
import type { Drawn } from "./workloads.ts";

const KEPT = 20;

interface Entry {
  readonly movement: Movement;
  status: Status | null;
}

export class Book {
  readonly #entries = new Map<string, Entry>();
  /** The first few that differ from what must be. */
  readonly wrong: string[] = [];
  readonly #strict: boolean;

  /** `strict`: what is expected must come; otherwise whatever comes is right, as long as it stays so. */
  constructor({ strict }: { readonly strict: boolean }) {
    this.#strict = strict;
  }

  sending(drawn: readonly Drawn[]): void {
    for (const { movement } of drawn)
      if (!this.#entries.has(movement.id))
        this.#entries.set(movement.id, { movement, status: null });
  }

  /** Returns how many of the answers are as they must be. Answers stand in the order of what was sent. */
  told(drawn: readonly Drawn[], answers: readonly Answer[]): number {
    return drawn.filter(({ movement, expect }, index) => {
      const answer = answers[index];
      const entry = this.#entries.get(movement.id);
      if (answer === undefined || entry === undefined) return false;
      const must = entry.status ?? (this.#strict ? expect : null) ?? answer.status;
      entry.status ??= answer.status;
      const right = answer.id === movement.id && answer.status === must;
      if (!right && this.wrong.length < KEPT)
        this.wrong.push(`${movement.id} is ${answer.status} (${answer.id}), and must be ${must}`);
      return right;
    }).length;
  }

  /** Sent, and never answered: it may have been done or not. */
  unanswered(): Movement[] {
    return [...this.#entries.values()]
      .filter(({ status }) => status === null)
      .map(({ movement }) => movement);
  }

  /** The last so many of what was answered: a contender need not remember for ever. */
  answered(most: number): { readonly movement: Movement; readonly status: Status }[] {
    const all = [...this.#entries.values()].flatMap(({ movement, status }) =>
      status === null ? [] : [{ movement, status }],
    );
    return all.slice(-most);
  }

  get accepted(): number {
    return [...this.#entries.values()].filter(({ status }) => status === "accepted").length;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** By item, what the accepted movements changed in all. */
  changes(): Map<string, number> {
    const sums = new Map<string, number>();
    for (const { movement, status } of this.#entries.values())
      if (status === "accepted")
        sums.set(movement.item, (sums.get(movement.item) ?? 0) + movement.delta);
    return sums;
  }
}
