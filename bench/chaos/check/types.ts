// What the checks are given. Nothing in this folder is imported from the project it checks.

/** An event as a client sends it. */
export interface Sent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time?: string;
  readonly sentat: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What identifies an event to the ledger, of one tenant. */
export const keyOf = ({ source, id }: { readonly source: string; readonly id: string }): string =>
  `${source} ${id}`;

/** A block as the ledger shows it. */
export interface Standing {
  readonly height: number;
  /** Unix milliseconds. */
  readonly time: number;
  readonly digest: string;
  /** Whether the court decided about itself in it. */
  readonly control: boolean;
  readonly events: readonly Sent[];
  /** Texts: those of the system first, then one for each event in order. */
  readonly outcomes: readonly string[];
}

/** What is read of an outcome. */
export interface Outcome {
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly status: "accepted" | "rejected" | "duplicate";
  readonly reason?: { readonly code: string };
  readonly changes: readonly Change[];
  readonly first?: { readonly height: number; readonly index: number };
}

export interface Change {
  readonly entity: string;
  readonly version: number;
  readonly state: unknown;
}

/** Whether a comes before b where events have their order, or is it. */
export function notBefore(a: Place, b: Place): boolean {
  return a.height > b.height || (a.height === b.height && a.index >= b.index);
}

export interface Place {
  readonly height: number;
  readonly index: number;
}

/** The same text for the same value, whatever the order of its members. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
