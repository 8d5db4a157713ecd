/** This seat's chain: decided blocks with their certificates, the writs they decide, and where each writ was decided. */
import { known } from "../shared/assert.ts";
import { utf8Length } from "../shared/canonical.ts";
import { chunked } from "../shared/chunks.ts";
import { LIMITS } from "../shared/limits.ts";
import { writDigest } from "../shared/digests.ts";
import type { TermProof } from "../shared/terms.ts";
import type {
  Batch,
  Block,
  Certificate,
  Head,
  Header,
  Poison,
  ResultParts,
  Writ,
  WritProgress,
} from "../shared/types.ts";
import { condemning } from "./consensus/kept.ts";
import type { Offer } from "./consensus/messages.ts";
import { ControlRows } from "./control-rows.ts";
import { DecidedRows } from "./decided.ts";
import type { DecidedRange } from "./decided.ts";
import { checkRow, damage, rowDigest } from "./rows.ts";

type StoredBlock = {
  height: number;
  header: string;
  result: string;
  certificate: string;
  digest: string;
};
export class Chain {
  readonly #sql: SqlStorage;
  readonly controlRows: ControlRows;
  readonly ranges: DecidedRows;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.controlRows = new ControlRows(sql);
    this.ranges = new DecidedRows(sql, this.controlRows);
    sql.exec(`
      CREATE TABLE IF NOT EXISTS blocks (
        height INTEGER PRIMARY KEY, header TEXT NOT NULL, result TEXT NOT NULL, certificate TEXT NOT NULL,
        digest TEXT NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS outcomes (
        height INTEGER NOT NULL, chunk INTEGER NOT NULL, body TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (height, chunk)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS writs (
        writ TEXT NOT NULL, epoch INTEGER NOT NULL, body TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (writ, epoch)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS poison (
        height INTEGER PRIMARY KEY, proof TEXT NOT NULL, digest TEXT NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS bottom (height INTEGER NOT NULL, digest TEXT NOT NULL) STRICT;
    `);
  }

  /** The lowest height whose block is here, or the one after the tip's. Throws `RowDamaged`. */
  lowest(): number {
    const row = this.#sql
      .exec<{ height: number; digest: string }>("SELECT height, digest FROM bottom")
      .toArray()[0];
    if (row === undefined) return 1;
    checkRow("bottom", row.digest, row.height);
    return row.height + 1;
  }

  /** Where the chain begins follows from its blocks. */
  mendBottom(): void {
    const sql = "SELECT min(height) AS height FROM blocks";
    const { height } = this.#sql.exec<{ height: number | null }>(sql).one();
    if (height !== null && height > 1) this.#keepBottom(height);
    else this.#sql.exec("DELETE FROM bottom");
  }

  /** Begins anew above a block of which only the head is here, with how far each Warden was decided there. */
  restart({ anchor, controls }: Offer, progress: readonly WritProgress[]): void {
    const { height } = anchor.header;
    // A vote above blocks that are to come again still stands, and needs its writs.
    if (this.height() <= height) this.#sql.exec("DELETE FROM writs");
    for (const table of ["blocks", "outcomes", "poison", "controls", "bottom"])
      this.#sql.exec(`DELETE FROM ${table}`);
    this.#keepHead(anchor);
    for (const proof of controls) if (proof.header.height <= height) this.controlRows.keep(proof);
    this.#keepBottom(height);
    this.ranges.begin(height, progress);
  }

  #keepBottom(height: number): void {
    this.#sql.exec("DELETE FROM bottom");
    this.#sql.exec("INSERT INTO bottom VALUES (?, ?)", height, rowDigest("bottom", height));
  }

  #keepHead({ header, result, certificate }: Head): void {
    const row = [
      header.height,
      JSON.stringify(header),
      JSON.stringify(result),
      JSON.stringify(certificate),
    ] as const;
    this.#sql.exec(
      "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?)",
      ...row,
      rowDigest("blocks", ...row),
    );
  }

  /** Writs are kept from the vote on, once an epoch: another key may seal the same again. */
  keepWrits(writs: readonly Writ[], epoch: number): void {
    for (const writ of writs) this.#keepWrit(writDigest(writ), epoch, writ);
  }

  /** Its own digest covers a writ but for the seal. */
  #keepWrit(digested: string, epoch: number, writ: Writ): void {
    const held = this.#sql
      .exec("SELECT 1 FROM writs WHERE writ = ? AND epoch = ?", digested, epoch)
      .toArray();
    if (held.length > 0) return;
    const digest = rowDigest("writs", digested, epoch, writ.seal);
    const body = JSON.stringify(writ);
    this.#sql.exec("INSERT INTO writs VALUES (?, ?, ?, ?)", digested, epoch, body, digest);
  }

  #writ(digested: string, epoch: number): Writ {
    const row = this.#sql
      .exec<{ body: string; digest: string }>(
        "SELECT body, digest FROM writs WHERE writ = ? AND epoch = ?",
        digested,
        epoch,
      )
      .toArray()[0];
    const writ = row === undefined ? null : writIn(row.body, digested);
    if (row === undefined || writ === null)
      throw damage({ table: "writs", key: digested, height: null, digest: row?.digest ?? null });
    checkRow("writs", row.digest, digested, epoch, writ.seal);
    return writ;
  }

  /** A header's batch from the stored writs, without proofs: those of a vote or a block are there. Throws `RowDamaged`. */
  batch(header: Header): Batch {
    const entries = header.entries.map(([digested, first, count]) => {
      return { writ: this.#writ(digested, header.epoch), first, count };
    });
    return { header, entries };
  }

  /** Part of the block's transaction. A seat that lost its last blocks to damage is given them again, hence the replacing. */
  append(block: Block): void {
    const { header, certificate, outcomes, entries } = block;
    this.#keepHead(block);
    chunked(outcomes).forEach((chunk, number) => {
      const part = [header.height, number, chunk.join("\n")] as const;
      this.#sql.exec(
        "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?)",
        ...part,
        rowDigest("outcomes", ...part),
      );
    });
    entries.forEach((entry, position) => {
      const [digested] = known(header.entries[position], "a header names each of its entries");
      this.#keepWrit(digested, header.epoch, entry.writ);
      if (entry.poison !== undefined) this.#keepPoison(header.height, entry.poison);
    });
    this.ranges.keep(block);
    this.controlRows.keep({ header, certificate });
  }

  /** The control events up to a height, in order, each with what proves it. Throws `RowDamaged`. */
  controls(upTo: number): TermProof[] {
    return this.controlRows.upTo(upTo);
  }

  #keepPoison(height: number, poison: Poison): void {
    const row = [height, JSON.stringify(poison)] as const;
    this.#sql.exec(
      "INSERT OR REPLACE INTO poison VALUES (?, ?, ?)",
      ...row,
      rowDigest("poison", ...row),
    );
  }

  /** The proof against the one event of a block. Throws `RowDamaged`. */
  #poison(height: number): Poison {
    const row = this.#sql
      .exec<{ proof: string; digest: string }>(
        "SELECT proof, digest FROM poison WHERE height = ?",
        height,
      )
      .toArray()[0];
    if (row === undefined) throw damage({ table: "poison", key: height, height, digest: null });
    checkRow("poison", row.digest, height, row.proof);
    return JSON.parse(row.proof) as Poison;
  }

  /** How far each of the Wardens is decided at a height. Throws `RowDamaged`. */
  progress(wardens: number, height: number = this.height()): WritProgress[] {
    return this.ranges.progress(wardens, height);
  }

  height(): number {
    return (
      this.#sql.exec<{ height: number | null }>("SELECT max(height) AS height FROM blocks").one()
        .height ?? 0
    );
  }

  /** Of a block that is there. Throws `RowDamaged` if it is not: the chain has no gaps. */
  head(height: number): Head {
    const row = this.#sql
      .exec<StoredBlock>("SELECT * FROM blocks WHERE height = ?", height)
      .toArray()[0];
    if (row === undefined) throw damage({ table: "blocks", key: height, height, digest: null });
    checkRow("blocks", row.digest, row.height, row.header, row.result, row.certificate);
    return {
      header: JSON.parse(row.header) as Header,
      result: JSON.parse(row.result) as ResultParts,
      certificate: JSON.parse(row.certificate) as Certificate,
    };
  }

  /** As many as the block's result counts. Throws `RowDamaged`. */
  outcomes(height: number, count: number): string[] {
    const outcomes = this.#sql
      .exec<{ chunk: number; body: string; digest: string }>(
        "SELECT chunk, body, digest FROM outcomes WHERE height = ? ORDER BY chunk",
        height,
      )
      .toArray()
      .flatMap(({ chunk, body, digest }) => {
        checkRow("outcomes", digest, height, chunk, body);
        return body.split("\n");
      });
    if (outcomes.length !== count)
      throw damage({ table: "outcomes", key: height, height, digest: null });
    return outcomes;
  }

  /** Undefined where the chain does not reach. */
  block(height: number): Block | undefined {
    if (height < this.lowest() || height > this.height()) return undefined;
    const { header, result, certificate } = this.head(height);
    const outcomes = this.outcomes(height, result.count);
    const batch = this.batch(header);
    const condemned = header.entries.some(([, , , poison]) => poison !== null);
    const whole = condemned ? condemning(batch, this.#poison(height)) : batch;
    return { ...whole, result, certificate, outcomes };
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

  /** Where the ranges of a writ were decided, in order, as far as their blocks are here. Throws `RowDamaged`. */
  decided(warden: number, number: number): DecidedRange[] {
    return this.ranges.of(warden, number, { from: this.lowest(), upTo: this.height() });
  }

  /** Highest height in (after, upTo] whose outcomes hold the text, or null. Throws `RowDamaged` for any it cannot read. */
  holding(text: string, after: number, upTo: number): number | null {
    for (let height = upTo; height > after; height--) {
      const { count } = this.head(height).result;
      if (this.outcomes(height, count).some((outcome) => outcome.includes(text))) return height;
    }
    return null;
  }

  /** Everything of one height, read once more; its bytes. Throws `RowDamaged`. */
  check(height: number): number {
    const block = this.block(height);
    if (block === undefined) return 0;
    this.ranges.check(block);
    if (block.header.control !== null && !this.controlRows.has(height))
      throw damage({ table: "controls", key: height, height, digest: null });
    return sizeOf(block);
  }

  /** Writs above one, read once more; the last of them, or null at the end. Throws `RowDamaged`. */
  scrubWrits(after: string | null, bytes: number): string | null {
    const [writ, epoch] = after === null ? ["", 0] : (JSON.parse(after) as [string, number]);
    // All of them at once: a cursor that is not read to its end keeps tables from being dropped.
    const rows = this.#sql
      .exec<{ writ: string; epoch: number; size: number }>(
        `SELECT writ, epoch, length(body) AS size FROM writs
         WHERE (writ, epoch) > (?, ?) ORDER BY writ, epoch LIMIT ?`,
        writ,
        epoch,
        LIMITS.scrubRows,
      )
      .toArray();
    let last: string | null = null;
    let size = 0;
    for (const row of rows) {
      this.#writ(row.writ, row.epoch);
      last = JSON.stringify([row.writ, row.epoch]);
      size += row.size;
      if (size > bytes) break;
    }
    return last;
  }

  /** Rows of no height of the chain, which only damage brings about. Throws `RowDamaged` for the first. */
  scrubStrays(): null {
    this.controls(Number.MAX_SAFE_INTEGER);
    for (const table of ["outcomes", "poison"]) {
      const sql = `SELECT height, digest FROM ${table} WHERE height < ? OR height > ? LIMIT 1`;
      const [stray] = this.#sql
        .exec<{ height: number; digest: string }>(sql, this.lowest(), this.height())
        .toArray();
      if (stray !== undefined) throw damage({ table, key: stray.height, ...stray });
    }
    return null;
  }

  /** A certified block in the place of what is here of its height. */
  rewrite(block: Block): void {
    const { height, epoch, entries } = block.header;
    // Of the block that a state was taken after, the head is all there is.
    if (height < this.lowest()) return this.#keepHead(block);
    for (const table of ["blocks", "outcomes", "poison", "controls", "decided"])
      this.#sql.exec(`DELETE FROM ${table} WHERE height = ?`, height);
    for (const [digested] of entries)
      this.#sql.exec("DELETE FROM writs WHERE writ = ? AND epoch = ?", digested, epoch);
    this.append(block);
  }
}

/** Null for what is not the writ of that digest, or is damaged beyond reading. */
function writIn(body: string, digested: string): Writ | null {
  try {
    const writ = JSON.parse(body) as Writ;
    return writDigest(writ) === digested ? writ : null;
  } catch {
    return null;
  }
}

function sizeOf(block: Block): number {
  const texts = [...block.outcomes, ...block.entries.flatMap((entry) => entry.writ.events)];
  return texts.reduce((sum, text) => sum + utf8Length(text), LIMITS.eventBytes);
}
