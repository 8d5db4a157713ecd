/**
 * What is read from the Ledger: by tenant, no further than the attested heights (by court) that the caller passes in, and nothing
 * unproven. An outcome is served for its leaf under a certificate, an event for its whole writ, an entity's state
 * for the outcome that made it; all of these throw LedgerCorrupt for a row that fails.
 */
import { canonical } from "../shared/canonical.ts";
import type { Block } from "../shared/types.ts";
import { cursorOf, entityOf } from "./cursor.ts";
import type { Ledger } from "./ledger.ts";
import { byCourt, byEntity, limited, takeWhile } from "./listing.ts";
import type { EventsQuery, Heights } from "./listing.ts";
import {
  budget,
  PLACE,
  PLACE_JOINS,
  provenEvents,
  provenOutcomes,
  publishedEvent,
} from "./load.ts";
import type { Place, Proven, PublishedEvent } from "./load.ts";
import { inclusionOf } from "./proof.ts";
import type { Inclusion } from "./proof.ts";
import { storedBlock } from "./stored.ts";
import { LedgerCorrupt } from "./trust.ts";

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Cursor of what follows; null when there is nothing yet. */
  readonly next: string | null;
}

/** The latest use of a key that took it up, or null. Uses that met a taken key are none. */
// Rule: ServeLatestUse.
export async function eventByKey(
  ledger: Ledger,
  key: { readonly tenant: string; readonly source: string; readonly id: string },
  attested: Heights,
): Promise<PublishedEvent | null> {
  const { results } = await ledger.db
    .prepare(
      // One seek a court: the uses of a key are as many as its windows.
      `SELECT e.court, e.height, e.idx, e.writ FROM json_each(?5) a
       CROSS JOIN events e ON (e.generation, e.court, e.height, e.idx) = (
         SELECT generation, court, height, idx FROM events
         WHERE generation = ?1 AND tenant = ?2 AND source = ?3 AND id = ?4 AND first_use = 1
           AND court = a.key AND height <= a.value
         ORDER BY height DESC, idx DESC LIMIT 1)
       ORDER BY e.court`,
    )
    .bind(ledger.genesis.generation, key.tenant, key.source, key.id, JSON.stringify(attested))
    .all<Place>();
  // Which is the latest is not taken from a row either.
  const uses = await provenEvents(ledger, key.tenant, results);
  const [latest] = uses.toSorted((a, b) => b.head.header.time - a.head.header.time);
  return latest === undefined ? null : publishedEvent(latest, latest.event);
}

/** Everything that proves an event to somebody who holds the genesis; null where the tenant has no published event. */
// Rules: ProveInclusion, HideUnattested, HideOtherTenants.
export async function inclusion(
  ledger: Ledger,
  tenant: string,
  at: { readonly court: number; readonly height: number; readonly index: number },
  attested: Heights,
): Promise<Inclusion | null> {
  if (at.height > (attested[at.court] ?? 0)) return null;
  const place = await ledger.db
    .prepare(
      `SELECT court, height, idx, writ FROM events
       WHERE generation = ? AND court = ? AND height = ? AND idx = ? AND tenant = ?`,
    )
    .bind(ledger.genesis.generation, at.court, at.height, at.index, tenant)
    .first<Place>();
  const [found] = await provenOutcomes(ledger, tenant, place === null ? [] : [place]);
  return found === undefined ? null : inclusionOf(found.head, at.index, found.row.outcome);
}

/** The block, checked as an offline verifier would; null above the attested height. */
// Rule: HideUnattested.
export async function blockAt(
  ledger: Ledger,
  court: number,
  height: number,
  attested: Heights,
): Promise<Block | null> {
  if (height < 1 || height > (attested[court] ?? 0)) return null;
  return storedBlock(ledger, court, height);
}

/** Events in the order of their court; with several courts, these take turns. Throws BadCursor. */
export async function eventsPage(
  ledger: Ledger,
  asked: EventsQuery,
  attested: Heights,
): Promise<Page<PublishedEvent>> {
  const { taken, next } =
    asked.entity === undefined
      ? await byCourt(ledger, asked, attested)
      : await byEntity(ledger, { ...asked, entity: asked.entity }, attested);
  const proven = await provenEvents(ledger, asked.tenant, taken);
  return { items: proven.map((item) => publishedEvent(item, item.event)), next };
}

/** One version of an entity. */
export interface EntityState {
  /** `type/id` */
  readonly entity: string;
  readonly version: number;
  /** Canonical text. */
  readonly state: string;
  readonly court: number;
  /** The height that made the version. */
  readonly height: number;
}

/** The latest version at the attested heights, or null if there is none. */
export async function entityState(
  ledger: Ledger,
  tenant: string,
  entity: string,
  attested: Heights,
): Promise<EntityState | null> {
  const found = await ledger.db
    .prepare(
      `SELECT v.court, v.height, v.idx, NULL AS writ, v.version FROM entity_versions v
       WHERE v.generation = ?1 AND v.tenant = ?2 AND v.entity = ?3 AND v.height <= ?4 ->> v.court
       ORDER BY v.version DESC LIMIT 1`,
    )
    .bind(ledger.genesis.generation, tenant, entity, JSON.stringify(attested))
    .first<Place & { version: number }>();
  if (found === null) return null;
  const [proven] = await provenOutcomes(ledger, tenant, [found]);
  return proven === undefined ? null : stateIn(proven, entity, found.version);
}

export interface HistoryItem extends EntityState {
  readonly madeBy: PublishedEvent;
}

/** Every version in order, with the event that made it. Throws BadCursor. */
export async function entityHistory(
  ledger: Ledger,
  asked: {
    readonly tenant: string;
    readonly entity: string;
    readonly after?: string | undefined;
    readonly limit: number;
  },
  attested: Heights,
): Promise<Page<HistoryItem>> {
  const { taken, versions, next } = await byEntity(ledger, asked, attested);
  const proven = await provenEvents(ledger, asked.tenant, taken);
  const items = proven.map((item, at) => ({
    ...stateIn(item, asked.entity, versions[at] ?? 0),
    madeBy: publishedEvent(item, item.event),
  }));
  return { items, next };
}

export interface EntitiesQuery {
  readonly tenant: string;
  /** Of `type/id`: all of a type is `type/`. */
  readonly prefix: string;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Current states at the attested heights, by name. Throws BadCursor. */
export async function entitiesPage(
  ledger: Ledger,
  asked: EntitiesQuery,
  attested: Heights,
): Promise<Page<EntityState>> {
  const after = entityOf(asked.after);
  const limit = limited(asked.limit);
  const { results } = await ledger.db
    .prepare(
      // One seek a name, one a version: a hot entity's many versions are never walked.
      `WITH RECURSIVE names (entity) AS (
         SELECT min(entity) FROM entity_versions
         WHERE generation = ?1 AND tenant = ?2 AND entity ${after === undefined ? ">=" : ">"} ?3 AND entity < ?4
         UNION ALL
         SELECT (SELECT min(v.entity) FROM entity_versions v
           WHERE v.generation = ?1 AND v.tenant = ?2 AND v.entity > names.entity AND v.entity < ?4)
         FROM names WHERE names.entity IS NOT NULL
       )
       SELECT ${PLACE}, found.entity, found.version FROM names
       CROSS JOIN entity_versions found ON found.generation = ?1 AND found.tenant = ?2 AND found.entity = names.entity
         AND found.version = (SELECT v.version FROM entity_versions v
           WHERE v.generation = ?1 AND v.tenant = ?2 AND v.entity = names.entity AND v.height <= ?5 ->> v.court
           ORDER BY v.version DESC LIMIT 1)
       ${PLACE_JOINS} LIMIT ?6`,
    )
    .bind(
      ledger.genesis.generation,
      asked.tenant,
      after ?? asked.prefix,
      `${asked.prefix}\u{10ffff}`,
      JSON.stringify(attested),
      limit + 1,
    )
    .all<Place & { entity: string; version: number }>();
  const fits = budget();
  const taken: Place[] = [];
  const here = takeWhile(
    results,
    (place) => taken.length < limit && fits({ ...place, ofWrit: 0 }),
    taken,
  );
  const proven = await provenOutcomes(ledger, asked.tenant, taken);
  const items = proven.map((item, at) =>
    stateIn(item, results[at]?.entity ?? "", results[at]?.version ?? 0),
  );
  const last = items.at(-1);
  return {
    items,
    next: here < results.length && last !== undefined ? cursorOf({ entity: last.entity }) : null,
  };
}

/** The version as its outcome says it; throws LedgerCorrupt if it does not. */
function stateIn({ row, outcome }: Proven, entity: string, version: number): EntityState {
  const change = outcome.changes.find((made) => made.entity === entity && made.version === version);
  if (change === undefined)
    throw new LedgerCorrupt(row.court, row.height, `a version of ${entity} that no outcome made`);
  return { entity, version, state: canonical(change.state), court: row.court, height: row.height };
}
