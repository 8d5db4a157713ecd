/** The ordered effect of block time: entities whose time has come, as system events before all submitted ones. */
import { known } from "../shared/assert.ts";
import { utf8Length } from "../shared/canonical.ts";
import { LIMITS } from "../shared/limits.ts";
import type { EntityRow } from "../shared/types.ts";
import { fromDomain, judged, refuse, undertake } from "./decide.ts";
import type { Bench, Task } from "./decide.ts";
import { EXPIRED, outcomeText } from "./outcome.ts";
import type { Identity, Verdict } from "./outcome.ts";
import { entityRow } from "./rows.ts";

/**
 * Outcomes of the expiries of the due entity keys, in that order. They stop where half of the block's outcomes is used up;
 * the rest wait for the next block.
 */
// Rules: RunDueExpiry, DeferExpiry.
export function expire(bench: Bench, due: readonly string[]): string[] {
  const outcomes: string[] = [];
  let bytes = 0;
  for (const key of due) {
    if (bytes >= LIMITS.outcomesBytes / 2) break;
    const row = known(bench.overlay.row(key), "an entity that is due exists");
    // An expiry before it in this block has closed it or put it off.
    if (row.expires === null || row.expires > bench.block.time) continue;
    const outcome = outcomeText(expiryIdentity(row), expired(row, bench));
    bytes += utf8Length(outcome);
    outcomes.push(outcome);
  }
  return outcomes;
}

/** Type and id of the entity stand in the event's id, with the time that was due. */
function expiryIdentity({ key, expires }: EntityRow): Identity {
  const { tenant, entity } = splitKey(key);
  return { tenant, source: "/", id: `${entity}@${String(expires)}`, type: EXPIRED };
}

/** The entity whose expiry an outcome's id names. */
export function expiringEntity(id: string): string {
  return id.slice(0, id.lastIndexOf("@"));
}

function splitKey(key: string): { readonly tenant: string; readonly entity: string } {
  const slash = key.indexOf("/");
  return { tenant: key.slice(0, slash), entity: key.slice(slash + 1) };
}

function expired(row: EntityRow, bench: Bench): Verdict {
  const { tenant, entity } = splitKey(row.key);
  const verdict = judged(() =>
    undertake(
      fromDomain(() => taskOf(tenant, entity, bench)),
      bench,
    ),
  );
  return verdict.status === "rejected" ? lapsed(row, entity, verdict, bench) : verdict;
}

/** An expiry that fails must not come again in every block: the state stays, as a new version that is due no more. */
// Rule: LapseWithoutEffect.
function lapsed(
  row: EntityRow,
  entity: string,
  { reason }: Extract<Verdict, { status: "rejected" }>,
  { block, overlay, rules }: Bench,
): Verdict {
  const after = { entity, version: row.version + 1, state: row.state };
  overlay.write(entityRow({ key: row.key, after, by: "lapse" }, block, rules.registry));
  return { status: "accepted", changes: [after], reason };
}

function taskOf(tenant: string, entity: string, { rules }: Bench): Task {
  const located = rules.registry.entity(entity);
  const expiry = located?.type.expiry;
  const entitiesAfter = expiry?.entitiesAfter;
  const id = located?.id ?? "";
  return {
    tenant,
    partition: located?.partition ?? "",
    entities: [entity, ...(expiry?.entities(id) ?? [])],
    entitiesAfter: entitiesAfter && ((entities) => entitiesAfter(id, entities)),
    decide: (entities, context) => expiry?.decide(id, entities, context) ?? refuse("domain_error"),
    invariant: undefined,
    expiring: entity,
  };
}
