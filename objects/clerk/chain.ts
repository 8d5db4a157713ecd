/** This seat's chain: decided blocks with their certificates, the writs they decide, and where each writ was decided. */
import { known } from "../shared/assert.ts";
import { utf8Length } from "../shared/canonical.ts";
import { LIMITS } from "../shared/limits.ts";
import { writDigest } from "../shared/digests.ts";
import type { TermProof } from "../shared/terms.ts";
import type {
  Batch,
  Block,
  Certificate,
  Entry,
  Head,
  Header,
  Poison,
  ResultParts,
  Writ,
  WritProgress,
} from "../shared/types.ts";
import { condemning } from "./consensus/kept.ts";
import type { Offer } from "./consensus/messages.ts";
import { RowDamaged, checkRow, chunked, rowDigest } from "./rows.ts";

type StoredBlock = {
  height: number;
  header: string;
  result: string;
  certificate: string;
  digest: string;
};
type StoredRange = {
  warden: number;
  /** Height of the control that gave the Warden its key; 0 for the genesis. Its numbers begin anew there. */
  since: number;
  number: number;
  first: number;
  count: number;
  complete: number;
  height: number;
  idx: number;
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
        digest TEXT NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS outcomes (
        height INTEGER NOT NULL, chunk INTEGER NOT NULL, body TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (height, chunk)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS writs (
        writ TEXT NOT NULL, epoch INTEGER NOT NULL, body TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (writ, epoch)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS decided (
        warden INTEGER NOT NULL, since INTEGER NOT NULL, number INTEGER NOT NULL, first INTEGER NOT NULL,
        count INTEGER NOT NULL, complete INTEGER NOT NULL, height INTEGER NOT NULL, idx INTEGER NOT NULL,
        digest TEXT NOT NULL, PRIMARY KEY (warden, since, number, first)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS poison (
        height INTEGER PRIMARY KEY, proof TEXT NOT NULL, digest TEXT NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS controls (
        height INTEGER PRIMARY KEY, warden INTEGER, proof TEXT NOT NULL, digest TEXT NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS bottom (height INTEGER NOT NULL, digest TEXT NOT NULL) STRICT;
    `);
  }

  /** The lowest height whose block is here, or the one after the tip's. Throws {@link RowDamaged}. */
  lowest(): number {
    const row = this.#sql
      .exec<{ height: number; digest: string }>("SELECT height, digest FROM bottom")
      .toArray()[0];
    if (row === undefined) return 1;
    checkRow("bottom", row.digest, row.height);
    return row.height + 1;
  }

  /** Begins anew above a block of which only the head is here, with how far each Warden was decided there. */
  restart({ anchor, controls }: Offer, progress: readonly WritProgress[]): void {
    const { height } = anchor.header;
    // A vote above blocks that are to come again still stands, and needs its writs.
    if (this.height() <= height) this.#sql.exec("DELETE FROM writs");
    for (const table of ["blocks", "outcomes", "decided", "poison", "controls", "bottom"])
      this.#sql.exec(`DELETE FROM ${table}`);
    this.#keepHead(anchor);
    for (const proof of controls) if (proof.header.height <= height) this.#keepControl(proof);
    this.#sql.exec("INSERT INTO bottom VALUES (?, ?)", height, rowDigest("bottom", height));
    for (const { warden, number, next, complete } of progress) {
      const since = this.#since(warden, height + 1);
      const range = [warden, since, number, 0, next, complete ? 1 : 0, height, 0] as const;
      this.#sql.exec(
        "INSERT INTO decided VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ...range,
        rowDigest("decided", ...range),
      );
    }
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
    const digest = rowDigest("writs", digested, writ.seal);
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
    const writ = row === undefined ? null : writIn(row.body);
    if (row === undefined || writ === null || writDigest(writ) !== digested)
      throw new RowDamaged(`writs: ${digested}`);
    checkRow("writs", row.digest, digested, writ.seal);
    return writ;
  }

  /** A header's batch from the stored writs, without proofs: those of a vote or a block are there. Throws {@link RowDamaged}. */
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
    chunked(outcomes, (outcome) => outcome).forEach((chunk, number) => {
      const part = [header.height, number, chunk.join("\n")] as const;
      this.#sql.exec(
        "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?)",
        ...part,
        rowDigest("outcomes", ...part),
      );
    });
    let index = outcomes.length - entries.reduce((sum, entry) => sum + entry.count, 0);
    entries.forEach((entry, position) => {
      const [digested] = known(header.entries[position], "a header names each of its entries");
      this.#keepWrit(digested, header.epoch, entry.writ);
      this.#keepRange(entry, header.height, index);
      index += entry.count;
      if (entry.poison !== undefined) this.#keepPoison(header.height, entry.poison);
    });
    this.#keepControl({ header, certificate });
  }

  #keepControl({ header, certificate }: TermProof): void {
    const { height, control } = header;
    if (control === null) return;
    const officer = control.kind === "key" ? control.officer : null;
    const warden = officer?.kind === "warden" ? officer.warden : null;
    const row = [height, warden, JSON.stringify({ header, certificate })] as const;
    const digest = rowDigest("controls", ...row);
    this.#sql.exec("INSERT OR REPLACE INTO controls VALUES (?, ?, ?, ?)", ...row, digest);
  }

  /** Since when a Warden has the key that it has at a height. */
  #since(warden: number, height: number): number {
    return (
      this.#sql
        .exec<{ since: number | null }>(
          "SELECT max(height) AS since FROM controls WHERE warden = ? AND height < ?",
          warden,
          height,
        )
        .one().since ?? 0
    );
  }

  /** The control events up to a height, in order, each with what proves it. Throws {@link RowDamaged}. */
  controls(upTo: number): TermProof[] {
    return this.#sql
      .exec<{ height: number; warden: number | null; proof: string; digest: string }>(
        "SELECT * FROM controls WHERE height <= ? ORDER BY height",
        upTo,
      )
      .toArray()
      .map(({ height, warden, proof, digest }) => {
        checkRow("controls", digest, height, warden, proof);
        return JSON.parse(proof) as TermProof;
      });
  }

  #keepPoison(height: number, poison: Poison): void {
    const row = [height, JSON.stringify(poison)] as const;
    this.#sql.exec(
      "INSERT OR REPLACE INTO poison VALUES (?, ?, ?)",
      ...row,
      rowDigest("poison", ...row),
    );
  }

  /** The proof against the one event of a block. Throws {@link RowDamaged}. */
  #poison(height: number): Poison {
    const row = this.#sql
      .exec<{ proof: string; digest: string }>(
        "SELECT proof, digest FROM poison WHERE height = ?",
        height,
      )
      .toArray()[0];
    if (row === undefined) throw new RowDamaged(`poison: ${height} is missing`);
    checkRow("poison", row.digest, height, row.proof);
    return JSON.parse(row.proof) as Poison;
  }

  #keepRange({ writ, first, count }: Entry, height: number, index: number): void {
    const complete = first + count === writ.events.length ? 1 : 0;
    const { warden, number } = writ;
    const since = this.#since(warden, height);
    const range = [warden, since, number, first, count, complete, height, index] as const;
    this.#sql.exec(
      "INSERT OR REPLACE INTO decided VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...range,
      rowDigest("decided", ...range),
    );
  }

  /** How far each of the Wardens is decided at a height, from where its last writ was. */
  progress(wardens: number, height: number = this.height()): WritProgress[] {
    return Array.from({ length: wardens }, (_, warden) => warden).flatMap((warden) => {
      const last = this.#ranges(
        "warden = ? AND since = ? AND height <= ? ORDER BY number DESC, first DESC LIMIT 1",
        warden,
        this.#since(warden, height + 1),
        height,
      );
      return last.map(({ number, first, count, complete }) => {
        return { warden, number, next: first + count, complete: complete === 1 };
      });
    });
  }

  height(): number {
    return (
      this.#sql.exec<{ height: number | null }>("SELECT max(height) AS height FROM blocks").one()
        .height ?? 0
    );
  }

  /** Of a block that is there. Throws {@link RowDamaged} if it is not: the chain has no gaps. */
  head(height: number): Head {
    const row = this.#sql
      .exec<StoredBlock>("SELECT * FROM blocks WHERE height = ?", height)
      .toArray()[0];
    if (row === undefined) throw new RowDamaged(`blocks: ${height} is missing`);
    checkRow("blocks", row.digest, row.height, row.header, row.result, row.certificate);
    return {
      header: JSON.parse(row.header) as Header,
      result: JSON.parse(row.result) as ResultParts,
      certificate: JSON.parse(row.certificate) as Certificate,
    };
  }

  /** As many as the block's result counts. Throws {@link RowDamaged}. */
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
    if (outcomes.length !== count) throw new RowDamaged(`outcomes: ${height} lacks some`);
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

  /** Where the ranges of a writ were decided, in order, as far as their blocks are here. */
  decided(warden: number, number: number): DecidedRange[] {
    const since = this.#since(warden, this.height() + 1);
    const where = "warden = ? AND since = ? AND number = ? AND height >= ? ORDER BY first";
    return this.#ranges(where, warden, since, number, this.lowest()).map(
      ({ first, count, height, idx }) => ({ height, first, count, index: idx }),
    );
  }

  #ranges(where: string, ...bound: number[]): StoredRange[] {
    const rows = this.#sql
      .exec<StoredRange>(`SELECT * FROM decided WHERE ${where}`, ...bound)
      .toArray();
    for (const { digest, warden, since, number, first, count, complete, height, idx } of rows)
      checkRow("decided", digest, warden, since, number, first, count, complete, height, idx);
    return rows;
  }
}

/** Null for what is damaged beyond reading; the digest tells the rest. */
function writIn(body: string): Writ | null {
  try {
    return JSON.parse(body) as Writ;
  } catch {
    return null;
  }
}

function sizeOf(block: Block): number {
  const texts = [...block.outcomes, ...block.entries.flatMap((entry) => entry.writ.events)];
  return texts.reduce((sum, text) => sum + utf8Length(text), LIMITS.eventBytes);
}
