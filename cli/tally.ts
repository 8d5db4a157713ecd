// What an import came to, row by row, and as it is told at the end.
import type { Row } from "../bench/lib/table.ts";
import { count } from "../bench/lib/table.ts";
import type { Reason } from "./journal.ts";

/** A row that is not as it should be. */
export interface Complaint {
  readonly line: number;
  readonly id?: string;
  /** `bad-row`, a problem's slug, a rejection's code, or why there is no answer. */
  readonly code: string;
  readonly message: string;
}

interface Rejected {
  readonly line: number;
  readonly id: string;
  readonly reason: Reason | undefined;
}

/** Of the complaints so many are kept; all are counted. */
const KEPT = 1_000;

export class Tally {
  rows = 0;
  accepted = 0;
  rejected = 0;
  /** Of the above, decided by an earlier attempt. */
  replayed = 0;
  /** Of the above, settled by an earlier run. */
  skipped = 0;
  /** Rows that are no events, or none that the server takes. */
  refused = 0;
  /** Without an outcome yet. */
  unfinished = 0;
  readonly complaints: Complaint[] = [];
  readonly codes = new Map<string, number>();

  reject({ line, id, reason }: Rejected): void {
    this.rejected += 1;
    const { code = "rejected", detail = "" } = reason ?? {};
    this.complain({ line, id, code, message: detail });
  }

  complain(complaint: Complaint): void {
    this.codes.set(complaint.code, (this.codes.get(complaint.code) ?? 0) + 1);
    if (this.complaints.length < KEPT) this.complaints.push(complaint);
  }

  get complained(): number {
    return [...this.codes.values()].reduce((sum, each) => sum + each, 0);
  }

  lines(): Row[] {
    const codes = [...this.codes].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return [
      ["rows", count(this.rows)],
      ["  accepted", count(this.accepted)],
      ["  rejected", count(this.rejected)],
      ["  refused", count(this.refused)],
      ["  unfinished", count(this.unfinished)],
      ["settled before", count(this.skipped)],
      ["replayed", count(this.replayed)],
      ...codes.map(([code, each]): Row => [code, count(each)]),
    ];
  }

  json(): object {
    const { rows, accepted, rejected, refused, unfinished, skipped, replayed } = this;
    const listed = this.complaints.toSorted((one, other) => one.line - other.line);
    const problems = { total: this.complained, listed };
    return { rows, accepted, rejected, refused, unfinished, skipped, replayed, problems };
  }
}
