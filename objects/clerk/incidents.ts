/** What a seat has seen go wrong, with its evidence; the oldest make room. */
import type { Flaw } from "../ledger/repair.ts";
import { LIMITS } from "../shared/limits.ts";
import type { IncidentOfLate } from "../shared/rpc.ts";
import type { Certificate } from "../shared/types.ts";
import type { Message, Prepare } from "./consensus/messages.ts";
import type { Incident } from "./consensus/seat.ts";
import { damage, rowDigest } from "./rows.ts";
import type { Place } from "./rows.ts";

/** Incidents of the shell beside those of the core. */
export type SeatIncident =
  | Incident
  | { readonly kind: "recovery"; readonly height: number; readonly incarnation: number }
  | { readonly kind: "quarantine"; readonly height: number; readonly detail: string }
  | { readonly kind: "ledger-conflict"; readonly height: number; readonly detail: string }
  /** A damaged row was replaced by what a quorum signed, or taken out where nothing belongs; `digest` is the old one. */
  | ({ readonly kind: "repair"; readonly height: number } & Place)
  | {
      readonly kind: "ledger-damaged";
      readonly height: number;
      readonly detail: string;
      /** How often rows of the height had been repaired before. */
      readonly repairs?: number;
    }
  | {
      readonly kind: "repair";
      readonly height: number;
      /** The seat that found the rows, and exchanged them. */
      readonly finder: number;
      /** By table and key, counted by row, with the digest of what stood there. */
      readonly rows: readonly Pick<Flaw, "part" | "place" | "number" | "old">[];
    };

export interface RecordedIncident {
  readonly id: number;
  /** RFC 3339, by this seat's clock. */
  readonly at: string;
  readonly kind: string;
  readonly height: number;
  /** The seat it is about, if it is about one. */
  readonly seat: number | null;
  readonly evidence: unknown;
}

type StoredIncident = {
  id: number;
  at: number;
  kind: string;
  height: number;
  seat: number | null;
  evidence: string;
  digest: string;
};

export class Incidents {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS incidents (
      id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, height INTEGER NOT NULL, seat INTEGER,
      evidence TEXT NOT NULL, digest TEXT NOT NULL
    ) STRICT`);
  }

  // Rule: BoundIncidents.
  record(incident: SeatIncident, now: number): void {
    const { kind, height } = incident;
    const seat = "seat" in incident ? incident.seat : null;
    const evidence = evidenceOf(incident);
    const id = this.#last() + 1;
    const row = [id, now, kind, height, seat, evidence] as const;
    this.#sql.exec(
      "INSERT OR REPLACE INTO incidents (id, at, kind, height, seat, evidence, digest) VALUES (?, ?, ?, ?, ?, ?, ?)",
      ...row,
      rowDigest("incidents", ...row),
    );
    this.#sql.exec(
      "DELETE FROM incidents WHERE id <= (SELECT id FROM incidents ORDER BY id DESC LIMIT 1 OFFSET ?)",
      LIMITS.incidents,
    );
    // A liar signs as many contradictions as it likes: they bury older ones of its own, and nobody else's.
    if (seat !== null)
      this.#sql.exec(
        "DELETE FROM incidents WHERE seat = ?1 AND id NOT IN (SELECT id FROM incidents WHERE seat = ?1 ORDER BY id DESC LIMIT ?2)",
        seat,
        LIMITS.incidentsAboutOne,
      );
  }

  /** Of the rows that are what was written: a damaged number would push the others out. */
  #last(): number {
    const rows = this.#sql.exec<StoredIncident>("SELECT * FROM incidents ORDER BY id DESC LIMIT 8");
    return rows.toArray().find(isWhole)?.id ?? 0;
  }

  /** Records what a seat finds again in each of its lives only once. */
  recordOnce(incident: SeatIncident, now: number): void {
    const { kind, height } = incident;
    const known = this.#sql
      .exec(
        "SELECT 1 FROM incidents WHERE kind = ? AND height = ? AND evidence = ? LIMIT 1",
        kind,
        height,
        evidenceOf(incident),
      )
      .toArray();
    if (known.length === 0) this.record(incident, now);
  }

  /** A page of those after an id, at least one if there is any. */
  after(id: number): RecordedIncident[] {
    const page: RecordedIncident[] = [];
    let size = 0;
    const rows = this.#sql.exec<StoredIncident>(
      "SELECT id, at, kind, height, seat, evidence, digest FROM incidents WHERE id > ? ORDER BY id LIMIT ?",
      id,
      LIMITS.incidentsPage,
    );
    for (const row of rows) {
      if (!isWhole(row)) continue;
      const { digest: _, ...shown } = row;
      size += row.evidence.length;
      if (page.length > 0 && size > LIMITS.incidentsPageSize) break;
      const evidence = JSON.parse(row.evidence) as unknown;
      page.push({ ...shown, at: new Date(row.at).toISOString(), evidence });
    }
    return page;
  }

  /** The newest above an id, newest first, without the weight of their evidence. */
  lately(after: number, most: number): IncidentOfLate[] {
    const rows = this.#sql.exec<StoredIncident>(
      "SELECT id, at, kind, height, seat, evidence, digest FROM incidents WHERE id > ? ORDER BY id DESC LIMIT ?",
      after,
      most,
    );
    return rows.toArray().filter(isWhole).map(ofLate);
  }

  /** Ids of the next rows above one. Throws `RowDamaged` for a damaged one. */
  check(after: number, rows: number): number[] {
    const sql = "SELECT * FROM incidents WHERE id > ? ORDER BY id LIMIT ?";
    return this.#sql
      .exec<StoredIncident>(sql, after, rows)
      .toArray()
      .map((row) => {
        const { id, digest } = row;
        if (!isWhole(row)) throw damage({ table: "incidents", key: id, height: null, digest });
        return id;
      });
  }

  /** What nothing can bring back. */
  remove(id: number): void {
    this.#sql.exec("DELETE FROM incidents WHERE id = ?", id);
  }

  /** How many of each kind there are. */
  kept(): Record<string, number> {
    const rows = this.#sql.exec<{ kind: string; kept: number }>(
      "SELECT kind, count(*) AS kept FROM incidents GROUP BY kind ORDER BY kind",
    );
    return Object.fromEntries(rows.toArray().map(({ kind, kept }) => [kind, kept]));
  }

  /** Dissents seen, by seat. */
  dissents(seats: number): number[] {
    const counts = Array.from({ length: seats }, () => 0);
    const rows = this.#sql.exec<{ seat: number; seen: number }>(
      "SELECT seat, count(*) AS seen FROM incidents WHERE kind = 'dissent' GROUP BY seat",
    );
    for (const { seat, seen } of rows) if (seat < seats) counts[seat] = seen;
    return counts;
  }
}

function evidenceOf(incident: SeatIncident): string {
  const { kind: _kind, height: _height, ...rest } = incident;
  return JSON.stringify(rest, (_, value: unknown) => withoutBodies(value));
}

function isWhole({ id, at, kind, height, seat, evidence, digest }: StoredIncident): boolean {
  return rowDigest("incidents", id, at, kind, height, seat, evidence) === digest;
}

/** A proposal's signature covers its header, so the evidence needs neither the writs nor why it was proposed. */
function withoutBodies(value: unknown): unknown {
  if (
    typeof value !== "object" ||
    value === null ||
    !("kind" in value) ||
    value.kind !== "proposal"
  )
    return value;
  const { justification: _, batch, ...proposal } = value as Extract<Message, { kind: "proposal" }>;
  return { ...proposal, batch: { header: batch.header, entries: [] } };
}

interface Evidence {
  readonly prepare?: Prepare;
  readonly certificate?: Certificate;
  readonly because?: string;
  readonly detail?: string;
}

function ofLate({ id, at, kind, height, seat, evidence }: StoredIncident): IncidentOfLate {
  const { prepare, certificate, because, detail } = JSON.parse(evidence) as Evidence;
  const shown = { id, at: new Date(at).toISOString(), kind, height, seat };
  const said = detail ?? because ?? null;
  if (kind !== "dissent" || prepare === undefined || certificate === undefined)
    return { ...shown, detail: said, dissent: null };
  const { from, incarnation, sequence, signature, view, batch, result } = prepare;
  const vote = { seat: from, incarnation, sequence, signature, view, batch, result };
  return { ...shown, detail: said, dissent: { vote, certificate } };
}
