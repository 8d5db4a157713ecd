/** An agreed block, read once for all checkers. */
import type { Block, LedgerEvent, Outcome, Writ } from "../../../objects/shared/types.ts";
import { canonicalText } from "./bytes.ts";

/** One outcome and, unless the system made it, the event it is of. */
export interface Line {
  readonly index: number;
  readonly text: string;
  readonly outcome: Outcome;
  /** The event's own text; null for an effect of the system. */
  readonly submitted: string | null;
  readonly event: LedgerEvent | null;
  readonly writ: Writ | null;
  /** Why the court rejected it without evaluating it; null where it did evaluate it. */
  readonly condemned: string | null;
}

export interface Decided {
  readonly block: Block;
  readonly height: number;
  /** Block time. */
  readonly time: number;
  readonly digest: string;
  readonly lines: readonly Line[];
  /** How many of them, from the first, the system made. */
  readonly system: number;
  /** Of these, the last: what the court decides about itself has one outcome. */
  readonly control: Line | null;
}

export function decidedBy(block: Block): Decided {
  const { header, entries, outcomes, certificate } = block;
  const events = entries.flatMap(({ writ, first, count, poison }) =>
    writ.events
      .slice(first, first + count)
      .map((submitted) => ({ writ, submitted, condemned: poison?.reason ?? null })),
  );
  const system = outcomes.length - events.length;
  const lines = outcomes.map((text, index) => {
    const outcome = JSON.parse(text) as Outcome;
    const given = events[index - system] ?? { writ: null, submitted: null, condemned: null };
    return { index, text, outcome, event: eventOf(given.submitted), ...given };
  });
  const { height, time } = header;
  const control = header.control === null ? null : (lines[system - 1] ?? null);
  return { block, height, time, digest: certificate.block, lines, system, control };
}

const TEXTS = ["tenant", "source", "id", "type"] as const;
const MEMBERS: readonly string[] = [...TEXTS, "subject", "time", "sentat", "data"];

/** The event that a canonical text stands for; null for any other text. */
function eventOf(text: string | null): LedgerEvent | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || canonicalText(value) !== text) return null;
    const event = value as Readonly<Record<string, unknown>>;
    const named =
      TEXTS.every((member) => isName(event[member])) &&
      !canonicalText(event["tenant"]).includes("/");
    const optional = ["subject", "time", "sentat"].every(
      (member) => event[member] === undefined || typeof event[member] === "string",
    );
    const foreign = Object.keys(event).some((member) => !MEMBERS.includes(member));
    return named && optional && !foreign && "data" in event ? (value as LedgerEvent) : null;
  } catch {
    return null;
  }
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value.length >= 1 && value.length <= 128;
}
