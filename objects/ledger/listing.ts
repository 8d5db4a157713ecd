/** Which events a page holds and where the next one begins. */
import { LIMITS } from "../shared/limits.ts";
import { cursorOf, placesOf, versionOf } from "./cursor.ts";
import type { Places } from "./cursor.ts";
import type { Ledger } from "./ledger.ts";
import { budget, PLACE, PLACE_JOINS } from "./load.ts";
import type { Place } from "./load.ts";
import { LedgerCorrupt } from "./trust.ts";

/** Highest believable height by court: `attestedHeights`. */
export type Heights = readonly number[];

export interface EventsQuery {
  readonly tenant: string;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly type?: string | undefined;
  /** `type/id` */
  readonly entity?: string | undefined;
  readonly court?: number | undefined;
}

/** One listing to be merged: at most `limit` + 1 places that pass, and the place at which the look ended early. */
interface Scan {
  readonly places: readonly (Place & { readonly version: number })[];
  readonly cut: { readonly height: number; readonly idx: number; readonly version: number } | null;
}

interface Selection {
  readonly taken: readonly Place[];
  readonly next: string | null;
}

/** Places and cut of `source`, whose last parameter ?9 bounds its rows; ?7 is the type or null, ?8 the places wanted. */
function scan(
  ledger: Ledger,
  source: string,
  order: string,
  binds: readonly (string | number)[],
  asked: EventsQuery,
) {
  const wanted = limited(asked.limit) + 1;
  const looked = asked.type === undefined ? wanted : LIMITS.pageScan;
  const bind = (sql: string) =>
    ledger.db.prepare(sql).bind(...binds, asked.type ?? null, wanted, looked);
  return [
    bind(
      `SELECT ${PLACE}, found.version FROM (${source}) found ${PLACE_JOINS}
       WHERE ?7 IS NULL OR found.type = ?7 OR found.type IS NULL ORDER BY ${order} LIMIT ?8`,
    ),
    bind(`SELECT height, idx, version FROM (${source}) found WHERE ?8 > 0 AND ?7 IS NOT NULL
       ORDER BY ${order} LIMIT 1 OFFSET ?9 - 1`),
  ];
}

async function scanned(
  ledger: Ledger,
  statements: readonly D1PreparedStatement[],
): Promise<Scan[]> {
  const results = await ledger.db.batch<Scan["places"][number]>([...statements]);
  const scans: Scan[] = [];
  for (let at = 0; at < results.length; at += 2) {
    scans.push({ places: results[at]?.results ?? [], cut: results[at + 1]?.results[0] ?? null });
  }
  return scans;
}

/** A tenant's events of one court or, in turns, of all. */
// Rules: PageInOrder, HideUnattested, HideOtherTenants.
export async function byCourt(
  ledger: Ledger,
  asked: EventsQuery,
  attested: Heights,
): Promise<Selection> {
  const { turn, places } = placesOf(asked.after, ledger.genesis.courts);
  const courts = places
    .map((_, at) => (turn + at) % places.length)
    .filter((court) => (asked.court ?? court) === court);
  // Left to itself the planner walks every tenant's rows in the order of the primary key.
  const source = `SELECT court, height, idx, type, 0 AS version FROM events INDEXED BY events_by_tenant
    WHERE generation = ?1 AND tenant = ?2 AND court = ?3 AND (height, idx) > (?4, ?5) AND height <= ?6
    ORDER BY height, idx LIMIT ?9`;
  const statements = courts.flatMap((court) => {
    const [height, idx] = places[court] ?? [0, -1];
    const binds = [
      ledger.genesis.generation,
      asked.tenant,
      court,
      height,
      idx,
      attested[court] ?? 0,
    ];
    return scan(ledger, source, "found.height, found.idx", binds, asked);
  });
  const scans = statements.length === 0 ? [] : await scanned(ledger, statements);
  const fits = budget();
  const taken: Place[] = [];
  const reached: Places = { turn, places: [...places] };
  let more = false;
  scans.forEach((each, at) => {
    const court = courts[at] ?? 0;
    const here = takeWhile(
      each.places,
      (place) => taken.length < limited(asked.limit) && fits(place),
      taken,
    );
    const last =
      here === each.places.length ? (each.cut ?? each.places.at(-1)) : each.places[here - 1];
    more ||= here < each.places.length || each.cut !== null;
    if (last !== undefined) reached.places[court] = [last.height, last.idx];
    if (here > 0) reached.turn = (court + 1) % places.length;
  });
  return { taken, next: more ? cursorOf(reached) : null };
}

/** The events that made an entity's versions, and these. */
// Rules: PageInOrder, HideUnattested, HideOtherTenants.
export async function byEntity(
  ledger: Ledger,
  asked: EventsQuery & { readonly entity: string },
  attested: Heights,
): Promise<Selection & { readonly versions: readonly number[] }> {
  const after = versionOf(asked.after);
  const source = `SELECT v.court, v.height, v.idx, e.type, v.version FROM entity_versions v
    LEFT JOIN events e ON e.generation = ?1 AND e.court = v.court AND e.height = v.height AND e.idx = v.idx
    WHERE v.generation = ?1 AND v.tenant = ?2 AND v.entity = ?3 AND v.version > ?4 AND v.height <= ?5 ->> v.court
      AND (?6 = -1 OR v.court = ?6)
    ORDER BY v.version LIMIT ?9`;
  const { generation } = ledger.genesis;
  const binds = [
    generation,
    asked.tenant,
    asked.entity,
    after,
    JSON.stringify(attested),
    asked.court ?? -1,
  ];
  const [each] = await scanned(ledger, scan(ledger, source, "found.version", binds, asked));
  const places = each?.places ?? [];
  const fits = budget();
  const taken: Place[] = [];
  const here = takeWhile(
    places,
    (place) => taken.length < limited(asked.limit) && fits(place),
    taken,
  );
  const more = here < places.length || (each?.cut ?? null) !== null;
  const last = here === places.length ? (each?.cut ?? places.at(-1)) : places[here - 1];
  const versions = places.slice(0, here).map(({ version }) => version);
  if (asked.type === undefined) demandEvery(places.slice(0, here), after, asked.entity);
  return {
    taken,
    versions,
    next: more && last !== undefined ? cursorOf({ version: last.version }) : null,
  };
}

/** Versions are numbered one after the other: one that is not there is not passed over. */
function demandEvery(places: readonly Scan["places"][number][], after: number, entity: string) {
  places.forEach(({ court, height, version }, at) => {
    if (version !== after + 1 + at)
      throw new LedgerCorrupt(court, height, `no version ${after + 1 + at} of ${entity}`);
  });
}

/** Moves the leading places that pass to `taken` and says how many they were. */
export function takeWhile(
  places: readonly Place[],
  passes: (place: Place) => boolean,
  taken: Place[],
): number {
  for (const [at, place] of places.entries()) {
    if (!passes(place)) return at;
    taken.push(place);
  }
  return places.length;
}

export function limited(limit: number): number {
  return Math.max(1, Math.min(limit, LIMITS.pageItems));
}
