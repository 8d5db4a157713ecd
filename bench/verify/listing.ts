// The list of a tenant's events, as it is served, against the blocks: each right after its block, none left out, none added.
import { canonical } from "../../objects/shared/canonical.ts";
import { leafOf } from "./bytes.ts";
import type { Flaws } from "./flaws.ts";
import type { Block, EventDocument } from "./shapes.ts";

interface Expected {
  readonly court: number;
  readonly height: number;
  readonly index: number;
  /** Canonical text of the document that lists it. */
  readonly document: string;
}

export class Listing {
  /** Listed as they must be. */
  events = 0;
  readonly #tenant: string;
  readonly #flaws: Flaws;
  #next: Expected[] = [];

  constructor(tenant: string, flaws: Flaws) {
    this.#tenant = tenant;
    this.#flaws = flaws;
  }

  /** The tenant's events of this block are to be listed next. */
  expect(block: Block): void {
    const { court, height } = block.header;
    const events = block.entries.flatMap(({ writ, first, count }) =>
      writ.events.slice(first, first + count),
    );
    // The effects of the system come first.
    const system = block.outcomes.length - events.length;
    this.#next = block.outcomes.flatMap((outcome, index) => {
      const event = events[index - system] ?? null;
      const document = documentOf(block, { outcome, index, event }, this.#tenant);
      return document === null ? [] : [{ court, height, index, document }];
    });
  }

  // Rule: FindServedOtherwise.
  take(event: EventDocument): void {
    const { court, height, index } = event.receipt;
    const at = this.#next.findIndex(
      (each) => each.court === court && each.height === height && each.index === index,
    );
    const expected = this.#next[at];
    if (expected === undefined) {
      const what = "an event is listed that does not stand there";
      this.#flaws.add({ kind: "served", what, court, height, index, found: canonical(event) });
      return;
    }
    this.#missing(this.#next.splice(0, at));
    this.#next.shift();
    const pair = { expected: expected.document, found: canonical(event) };
    const what = "an event is listed otherwise than it was agreed";
    if (this.#flaws.compare("served", what, { court, height, index }, pair)) this.events += 1;
  }

  /** Something else comes: what has not been listed is not. */
  end(): void {
    this.#missing(this.#next.splice(0));
  }

  #missing(left: readonly Expected[]): void {
    for (const { court, height, index } of left)
      this.#flaws.add({ kind: "served", what: "an event is not listed", court, height, index });
  }
}

interface Parsed {
  readonly tenant: string;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: unknown;
  readonly changes: unknown;
  readonly first?: unknown;
}

/** How a published event is shown: outcome, receipt, and the event as a CloudEvent. Null for what is another tenant's. */
function documentOf(
  { header, certificate }: Block,
  {
    outcome,
    index,
    event,
  }: { readonly outcome: string; readonly index: number; readonly event: string | null },
  tenant: string,
): string | null {
  const parsed = outcomeIn(outcome);
  if (parsed?.tenant !== tenant) return null;
  const { id, source, type, status, reason, changes, first } = parsed;
  const { court, height, time, domainVersion } = header;
  return canonical({
    id,
    source,
    type,
    status,
    ...(status === "accepted" ? { changes } : { reason }),
    receipt: {
      court,
      height,
      index,
      streamTime: new Date(time).toISOString(),
      domainVersion,
      block: certificate.block,
      outcome: leafOf(outcome),
    },
    first,
    event: event === null ? null : cloudEvent(event),
    published: true,
  });
}

function cloudEvent(text: string): object {
  const event = JSON.parse(text) as object;
  return { specversion: "1.0", ...event, tenant: undefined };
}

/** Null for what is no outcome: that has been noted where it was compared. */
function outcomeIn(text: string): Parsed | null {
  try {
    return JSON.parse(text) as Parsed | null;
  } catch {
    return null;
  }
}
