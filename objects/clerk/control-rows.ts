/** The control events that this seat's chain has decided, each with what proves it; below a state that was taken too. */
import type { TermProof } from "../shared/terms.ts";
import { checkRow, rowDigest } from "./rows.ts";

type StoredControl = { height: number; warden: number | null; proof: string; digest: string };

export class ControlRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS controls (
      height INTEGER PRIMARY KEY, warden INTEGER, proof TEXT NOT NULL, digest TEXT NOT NULL
    ) STRICT`);
  }

  keep({ header, certificate }: TermProof): void {
    const { height, control } = header;
    if (control === null) return;
    const officer = control.kind === "key" ? control.officer : null;
    const warden = officer?.kind === "warden" ? officer.warden : null;
    const row = [height, warden, JSON.stringify({ header, certificate })] as const;
    const digest = rowDigest("controls", ...row);
    this.#sql.exec("INSERT OR REPLACE INTO controls VALUES (?, ?, ?, ?)", ...row, digest);
  }

  /** Since when a Warden has the key that it has at a height. */
  since(warden: number, height: number): number {
    const sql = "SELECT max(height) AS since FROM controls WHERE warden = ? AND height < ?";
    return this.#sql.exec<{ since: number | null }>(sql, warden, height).one().since ?? 0;
  }

  /** Those up to a height, in order. Throws `RowDamaged`. */
  upTo(height: number): TermProof[] {
    return this.#sql
      .exec<StoredControl>("SELECT * FROM controls WHERE height <= ? ORDER BY height", height)
      .toArray()
      .map(({ height: at, warden, proof, digest }) => {
        checkRow("controls", digest, at, warden, proof);
        return JSON.parse(proof) as TermProof;
      });
  }

  has(height: number): boolean {
    return this.#sql.exec("SELECT 1 FROM controls WHERE height = ?", height).toArray().length > 0;
  }

  /** Of the chain's blocks that have a control, those whose row is not here. */
  missing(): number[] {
    return this.#sql
      .exec<{ height: number }>(
        `SELECT height FROM blocks AS b WHERE header ->> '$.control' IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM controls AS c WHERE c.height = b.height)`,
      )
      .toArray()
      .map(({ height }) => height);
  }
}
