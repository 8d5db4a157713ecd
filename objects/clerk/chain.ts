/** This seat's chain: decided blocks with their certificates, the writs they decide, and where each writ was decided. */
import { known } from "../shared/assert.ts";
import { utf8Length } from "../shared/canonical.ts";
import { LIMITS } from "../shared/limits.ts";
import { writDigest } from "../shared/digests.ts";
import type {
  Batch,
  Block,
  Certificate,
  Header,
  ResultParts,
  Writ,
  WritProgress,
} from "../shared/types.ts";
import { RowDamaged, checkRow, chunked, rowDigest } from "./rows.ts";

type StoredBlock = {
  height: number;
  header: string;
  result: string;
  certificate: string;
  system: number;
  digest: string;
};
type StoredProgress = {
  warden: number;
  number: number;
  next: number;
  complete: number;
  digest: string;
};

/** A range of a writ and where it was decided. `index` is the block index of its first outcome. */
export interface DecidedRange {
  readonly height: number;
  readonly first: number;
  readonly count: number;
  readonly index: number;
}

export class Chain {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS blocks (
        height INTEGER PRIMARY KEY, header TEXT NOT NULL, result TEXT NOT NULL, certificate TEXT NOT NULL,
        system INTEGER NOT NULL, digest TEXT NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS outcomes (
        height INTEGER NOT NULL, chunk INTEGER NOT NULL, body TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (height, chunk)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS writs (digest TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS decided (
        warden INTEGER NOT NULL, number INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
        height INTEGER NOT NULL, idx INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (warden, number, first)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS progress (
        warden INTEGER PRIMARY KEY, number INTEGER NOT NULL, next INTEGER NOT NULL, complete INTEGER NOT NULL,
        digest TEXT NOT NULL
      ) STRICT;
    `);
  }

  /** Writs are kept from the vote on, once; the digest is their identity. */
  keepWrits(writs: readonly Writ[]): void {
    for (const writ of writs) {
      this.#sql.exec(
        "INSERT INTO writs (digest, body) VALUES (?, ?) ON CONFLICT DO NOTHING",
        writDigest(writ),
        JSON.stringify(writ),
      );
    }
  }

  writ(digested: string): Writ | undefined {
    const row = this.#sql
      .exec<{ body: string }>("SELECT body FROM writs WHERE digest = ?", digested)
      .toArray()[0];
    if (row === undefined) return undefined;
    const writ = JSON.parse(row.body) as Writ;
    if (writDigest(writ) !== digested) throw new RowDamaged(`writs: ${digested}`);
    return writ;
  }

  /** A header's batch from the stored writs. */
  batch(header: Header): Batch {
    const entries = header.entries.map(([digested, first, count]) => {
      return {
        writ: known(this.writ(digested), "a voted batch has its writs in storage"),
        first,
        count,
      };
    });
    return { header, entries };
  }

  /** Part of the block's transaction. */
  append(block: Block): void {
    const { header, certificate, outcomes, entries } = block;
    const system = outcomes.length - entries.reduce((sum, entry) => sum + entry.count, 0);
    const row = [
      header.height,
      JSON.stringify(header),
      JSON.stringify(block.result),
      JSON.stringify(certificate),
      system,
    ] as const;
    this.keepWrits(entries.map((entry) => entry.writ));
    this.#sql.exec(
      "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)",
      ...row,
      rowDigest("blocks", ...row),
    );
    chunked(outcomes, (outcome) => outcome).forEach((chunk, number) => {
      const body = chunk.join("\n");
      const digested = rowDigest("outcomes", header.height, number, body);
      this.#sql.exec(
        "INSERT INTO outcomes VALUES (?, ?, ?, ?)",
        header.height,
        number,
        body,
        digested,
      );
    });
    let index = system;
    for (const { writ, first, count } of entries) {
      const range = [writ.warden, writ.number, first, count, header.height, index] as const;
      this.#sql.exec(
        "INSERT INTO decided VALUES (?, ?, ?, ?, ?, ?, ?)",
        ...range,
        rowDigest("decided", ...range),
      );
      index += count;
    }
  }

  keepProgress(rows: Iterable<WritProgress>): void {
    for (const { warden, number, next, complete } of rows) {
      const row = [warden, number, next, complete ? 1 : 0] as const;
      this.#sql.exec(
        "INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?, ?)",
        ...row,
        rowDigest("progress", ...row),
      );
    }
  }

  progress(): WritProgress[] {
    return this.#sql
      .exec<StoredProgress>("SELECT * FROM progress")
      .toArray()
      .map(({ warden, number, next, complete, digest }) => {
        checkRow("progress", digest, warden, number, next, complete);
        return { warden, number, next, complete: complete === 1 };
      });
  }

  height(): number {
    return (
      this.#sql.exec<{ height: number | null }>("SELECT max(height) AS height FROM blocks").one()
        .height ?? 0
    );
  }

  /** Header, result, certificate and number of system outcomes. */
  head(
    height: number,
  ): { header: Header; result: ResultParts; certificate: Certificate; system: number } | undefined {
    const row = this.#sql
      .exec<StoredBlock>("SELECT * FROM blocks WHERE height = ?", height)
      .toArray()[0];
    if (row === undefined) return undefined;
    checkRow("blocks", row.digest, row.height, row.header, row.result, row.certificate, row.system);
    return {
      header: JSON.parse(row.header) as Header,
      result: JSON.parse(row.result) as ResultParts,
      certificate: JSON.parse(row.certificate) as Certificate,
      system: row.system,
    };
  }

  outcomes(height: number): string[] {
    return this.#sql
      .exec<{ chunk: number; body: string; digest: string }>(
        "SELECT chunk, body, digest FROM outcomes WHERE height = ? ORDER BY chunk",
        height,
      )
      .toArray()
      .flatMap(({ chunk, body, digest }) => {
        checkRow("outcomes", digest, height, chunk, body);
        return body.split("\n");
      });
  }

  block(height: number): Block | undefined {
    const head = this.head(height);
    if (head === undefined) return undefined;
    const { header, result, certificate } = head;
    return { ...this.batch(header), result, certificate, outcomes: this.outcomes(height) };
  }

  /** Blocks above a height, in order, as many as `blocks` and `bytes` allow, at least one if there is any. */
  above(height: number, blocks: number, bytes: number): Block[] {
    const run: Block[] = [];
    let size = 0;
    for (let next = height + 1; run.length < blocks; next++) {
      const block = this.block(next);
      if (block === undefined) break;
      size += sizeOf(block);
      if (run.length > 0 && size > bytes) break;
      run.push(block);
    }
    return run;
  }

  decided(warden: number, number: number): DecidedRange[] {
    return this.#sql
      .exec<{ first: number; count: number; height: number; idx: number; digest: string }>(
        "SELECT first, count, height, idx, digest FROM decided WHERE warden = ? AND number = ? ORDER BY first",
        warden,
        number,
      )
      .toArray()
      .map(({ first, count, height, idx, digest }) => {
        checkRow("decided", digest, warden, number, first, count, height, idx);
        return { height, first, count, index: idx };
      });
  }
}

function sizeOf(block: Block): number {
  const texts = [...block.outcomes, ...block.entries.flatMap((entry) => entry.writ.events)];
  return texts.reduce((sum, text) => sum + utf8Length(text), LIMITS.eventBytes);
}
