/** What a seat has seen go wrong, with its evidence; the oldest make room. */
import type { Flaw } from "../ledger/repair.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Message } from "./consensus/messages.ts";
import type { Incident } from "./consensus/seat.ts";

/** Incidents of the shell beside those of the core. */
export type SeatIncident =
  | Incident
  | { readonly kind: "recovery"; readonly height: number; readonly incarnation: number }
  | { readonly kind: "quarantine"; readonly height: number; readonly detail: string }
  | { readonly kind: "ledger-conflict"; readonly height: number; readonly detail: string }
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
};

export class Incidents {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS incidents (
      id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, height INTEGER NOT NULL, seat INTEGER,
      evidence TEXT NOT NULL
    ) STRICT`);
  }

  record(incident: SeatIncident, now: number): void {
    const { kind, height } = incident;
    const seat = "seat" in incident ? incident.seat : null;
    const evidence = evidenceOf(incident);
    this.#sql.exec(
      "INSERT INTO incidents (at, kind, height, seat, evidence) VALUES (?, ?, ?, ?, ?)",
      now,
      kind,
      height,
      seat,
      evidence,
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
      "SELECT id, at, kind, height, seat, evidence FROM incidents WHERE id > ? ORDER BY id LIMIT ?",
      id,
      LIMITS.incidentsPage,
    );
    for (const row of rows) {
      size += row.evidence.length;
      if (page.length > 0 && size > LIMITS.incidentsPageSize) break;
      const evidence = JSON.parse(row.evidence) as unknown;
      page.push({ ...row, at: new Date(row.at).toISOString(), evidence });
    }
    return page;
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
