/** The rows after a block, from what was certified: a seat that computed something else, or nothing, adopts them. */
import { z } from "zod";
import { canonical } from "../shared/canonical.ts";
import { controlOutcome } from "../shared/control.ts";
import type { Json } from "../shared/canonical.ts";
import type { Evaluation } from "../shared/evaluation.ts";
import type { EntityRow, KeyRow, LedgerEvent } from "../shared/types.ts";
import { withoutAmbient } from "./ambient.ts";
import { fromDomain, judged } from "./decide.ts";
import type { BlockContext, Rules } from "./evaluation.ts";
import { expiringEntity } from "./expiry.ts";
import { parsedEvent } from "./intake.ts";
import { EXPIRED, NOBODY } from "./outcome.ts";
import type { ArbiterCode } from "./outcome.ts";
import { entityRow, keyRow, sortedByKey } from "./rows.ts";

type BlockRows = Pick<Evaluation, "entities" | "keys">;

/** Null if the outcomes cannot be those of the events. */
// Rules: AdoptCertifiedRows, RefuseUnfittingOutcomes.
export function rowsOf(
  context: BlockContext,
  events: readonly string[],
  outcomes: readonly string[],
  rules: Rules,
): BlockRows | null {
  const system = outcomes.length - events.length;
  const { control = null } = context;
  const expiries = control === null ? system : system - 1;
  if (expiries < 0) return null;
  if (control !== null && outcomes[expiries] !== controlOutcome(control)) return null;
  return withoutAmbient(() => {
    const adoption = new Adoption(context, rules);
    const fit = outcomes.every((text, index) =>
      index < expiries
        ? adoption.expiry(text)
        : index < system ||
          adoption.submitted(text, parsedEvent(events[index - system] ?? ""), index),
    );
    return fit ? adoption.rows() : null;
  });
}

const place = z.int().min(0);
const shape = z.strictObject({
  tenant: z.string(),
  source: z.string(),
  id: z.string(),
  type: z.string(),
  fingerprint: z.string().optional(),
  status: z.enum(["accepted", "rejected", "duplicate"]),
  reason: z.strictObject({ code: z.string(), detail: z.string() }).optional(),
  changes: z.array(
    z.strictObject({
      entity: z.string(),
      version: z.int().min(1),
      state: z.custom<Json>((state) => state !== undefined),
    }),
  ),
  first: z.strictObject({ height: place, index: place }).optional(),
});
type Certified = z.infer<typeof shape>;

const KEY_REUSED: ArbiterCode = "key_reused";

/** Each method tells whether the outcome fits, and if so keeps its rows. */
class Adoption {
  readonly #block: BlockContext;
  readonly #rules: Rules;
  readonly #entities = new Map<string, EntityRow>();
  readonly #keys = new Map<string, KeyRow>();

  constructor(block: BlockContext, rules: Rules) {
    this.#block = block;
    this.#rules = rules;
  }

  expiry(text: string): boolean {
    const outcome = certified(text);
    if (outcome === null || outcome.type !== EXPIRED || outcome.status !== "accepted") return false;
    return this.#change(outcome, expiringEntity(outcome.id));
  }

  submitted(text: string, event: LedgerEvent | null, index: number): boolean {
    const outcome = certified(text);
    if (outcome === null || !isOf(outcome, event)) return false;
    if (event === null) return outcome.status === "rejected";
    const row = keyRow(event, index, this.#block, this.#rules);
    if (outcome.fingerprint !== row.fingerprint) return false;
    if (outcome.status !== "duplicate" && outcome.reason?.code !== KEY_REUSED) {
      const { condemned } = this.#block;
      if (condemned !== undefined && outcome.reason?.code !== condemned) return false;
      if (this.#keys.has(row.key)) return false;
      this.#keys.set(row.key, row);
    }
    return this.#change(outcome, null);
  }

  rows(): BlockRows {
    return {
      entities: sortedByKey(this.#entities.values()),
      keys: sortedByKey(this.#keys.values()),
    };
  }

  #change({ tenant, changes, reason }: Certified, expiring: string | null): boolean {
    return changes.every(({ entity, version, state }) => {
      const key = `${tenant}/${entity}`;
      const before = this.#entities.get(key);
      if (before !== undefined && version !== before.version + 1) return false;
      // Only an expiry that failed has both a reason and a change.
      const by = reason !== undefined ? "lapse" : entity === expiring ? "own-expiry" : "other";
      const written = { key, after: { entity, version, state: canonical(state) }, by } as const;
      const row = judged(() =>
        fromDomain(() => entityRow(written, this.#block, this.#rules.registry)),
      );
      if ("status" in row) return false;
      this.#entities.set(key, row);
      return true;
    });
  }
}

function certified(text: string): Certified | null {
  try {
    const value: unknown = JSON.parse(text);
    const parsed = shape.safeParse(value);
    return parsed.success && isSound(parsed.data) && canonical(value) === text ? parsed.data : null;
  } catch {
    return null;
  }
}

/** What each status has beside it. An expiry that failed is accepted with a reason. */
function isSound({ status, reason, changes, first, type }: Certified): boolean {
  switch (status) {
    case "accepted":
      return first === undefined && (reason === undefined || type === EXPIRED);
    case "rejected":
      return first === undefined && reason !== undefined && changes.length === 0;
    case "duplicate":
      return first !== undefined && reason === undefined && changes.length === 0;
  }
}

function isOf(outcome: Certified, event: LedgerEvent | null): boolean {
  const { tenant, source, id, type } = event ?? NOBODY;
  return (
    outcome.tenant === tenant &&
    outcome.source === source &&
    outcome.id === id &&
    outcome.type === type
  );
}
