// Takes the records of a ledger one by one and checks every word of them; what it keeps is bounded by the state, not by the history.
import { Court } from "./court.ts";
import { Entities } from "./entities.ts";
import { Flaws } from "./flaws.ts";
import type { Flaw } from "./flaws.ts";
import { genesisDigest, isUsable } from "./genesis.ts";
import { Listing } from "./listing.ts";
import { recordShape, Unreadable } from "./records.ts";
import type { LedgerRecord, Rec } from "./records.ts";
import { blockShape, misshapen } from "./shapes.ts";
import type { Block } from "./shapes.ts";
import { Signatures } from "./signatures.ts";
import type { Tally } from "./tally.ts";

export interface Report {
  readonly genesis: {
    readonly digest: string;
    /** Whether it was compared with a digest that the reader knew before. */
    readonly pinned: boolean;
  };
  readonly tenant: string;
  readonly courts: readonly Tally[];
  /** Of what is served to the tenant, how much is as it must be. */
  readonly served: {
    readonly events: number;
    readonly entities: number;
    readonly histories: number;
  };
  /** Valid signatures, of all kinds. */
  readonly signatures: number;
  readonly flaws: { readonly total: number; readonly listed: readonly Flaw[] };
}

/** What is checked against once the first record has come. */
interface Begun {
  readonly ledger: LedgerRecord;
  readonly courts: ReadonlyMap<number, Court>;
  readonly announced: ReadonlyMap<number, number>;
  readonly listing: Listing;
  readonly entities: Entities;
}

// Rule: PrepareWalk.
export class Verifier {
  readonly #flaws = new Flaws();
  readonly #signatures = new Signatures();
  readonly #pinned: string | null;
  #begun: Begun | null = null;
  /** The genesis is none that anything could be checked by. */
  #unusable = false;
  #records = 0;
  #ended = false;
  #blocksOver = false;

  /** `pinned` is the digest of the genesis, if the reader knows it. */
  constructor(pinned: string | null) {
    this.#pinned = pinned;
  }

  get flaws(): number {
    return this.#flaws.total;
  }

  /** By court: how far it is walked. */
  get walked(): readonly Tally[] {
    return [...(this.#begun?.courts.values() ?? [])].map(({ tally }) => tally);
  }

  /** Null stands for what is not JSON. Throws {@link Unreadable} if what comes first is no beginning. */
  // Rule: RefuseUnreadable.
  take(record: unknown): void {
    const parsed = recordShape.safeParse(record);
    if (parsed.success) this.#take(parsed.data);
    else {
      const what = record === null ? "it is not JSON" : misshapen(parsed.error);
      if (this.#begun === null) throw new Unreadable(`this is no ledger: ${what}`);
      this.#misplaced(what);
    }
    this.#records += 1;
  }

  #take(record: Rec): void {
    if (record.record === "ledger") return this.#begin(record);
    const begun = this.#begun;
    if (begun === null)
      throw new Unreadable(`this is no ledger: it begins with "${record.record}"`);
    if (this.#ended) return this.#misplaced("something comes after the end");
    if (this.#unusable) {
      this.#ended = record.record === "end";
      return undefined;
    }
    if (record.record !== "event") begun.listing.end();
    if (record.record !== "version") begun.entities.endHistory();
    switch (record.record) {
      case "block":
        return this.#block(begun, record.court, record.block);
      case "event":
        if (begun.courts.get(record.event.receipt.court)?.stopped === false)
          begun.listing.take(record.event);
        return undefined;
      case "entity":
        this.#endBlocks(begun);
        return begun.entities.take(record.entity, record.history);
      case "version":
        return begun.entities.version(record.version, record.version.event.receipt.index);
      case "end":
        return this.#end(begun, record.records);
    }
  }

  // Rule: BeginWalk.
  #begin(ledger: LedgerRecord): void {
    if (this.#begun !== null) return this.#misplaced("a ledger begins where one goes on");
    const { document } = ledger.genesis;
    const judge = { flaws: this.#flaws, signatures: this.#signatures };
    this.#unusable = !isUsable(ledger.genesis, this.#pinned, judge.flaws, judge.signatures);
    const wanted = this.#unusable
      ? []
      : ledger.courts.filter(({ court }) => court < document.courts);
    const courts = new Map(wanted.map((each) => [each.court, new Court(each, document, judge)]));
    this.#begun = {
      ledger,
      courts,
      announced: new Map(wanted.map(({ court, height }) => [court, height])),
      listing: new Listing(ledger.tenant, this.#flaws),
      entities: new Entities({ tenant: ledger.tenant, document, courts }, this.#flaws),
    };
  }

  #block({ courts, announced, listing, entities }: Begun, number: number, value: unknown): void {
    const court = courts.get(number);
    if (court === undefined)
      return this.#misplaced(`a block of court ${number}, which was not announced`);
    if (court.stopped) return undefined;
    const block = blockShape.safeParse(value);
    if (!block.success) {
      court.stop("shape", `the block is none: ${misshapen(block.error)}`);
      return undefined;
    }
    const came = this.#taken(court, block.data);
    if (came === null) return undefined;
    const { height } = block.data.header;
    if (height <= (announced.get(number) ?? 0)) listing.expect(block.data);
    else entities.made(number, height, came);
  }

  /** A text without a canonical form has no digest either. */
  #taken(court: Court, block: Block): ReturnType<Court["take"]> {
    try {
      return court.take(block);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "NotCanonical") throw error;
      return court.stop("shape", `the block has no digest: ${error.message}`);
    }
  }

  /** From here on every court must have its blocks. */
  #endBlocks({ courts }: Begun): void {
    if (this.#blocksOver) return;
    this.#blocksOver = true;
    for (const court of courts.values())
      if (!court.stopped && court.height < court.tally.published)
        court.stop("chain", `the block is missing, of ${court.tally.published} that are published`);
  }

  // Rule: FindMissingEnd.
  #end(begun: Begun, records: number): void {
    this.#ended = true;
    this.#endBlocks(begun);
    begun.entities.end(begun.announced);
    for (const court of begun.courts.values()) court.vouched();
    if (records !== this.#records)
      this.#misplaced(`${this.#records} records where ${records} were written`);
  }

  #misplaced(what: string): void {
    this.#flaws.add({ kind: "export", what: `record ${this.#records + 1}: ${what}` });
  }

  /** After the last record. Throws {@link Unreadable} if there was none. */
  // Rules: FindMissingEnd, ConfirmLedger, ReportFlaws.
  report(): Report {
    const begun = this.#begun;
    if (begun === null) throw new Unreadable("this is no ledger: it is empty");
    if (!this.#ended) {
      if (!this.#unusable) this.#close(begun);
      this.#misplaced("the end is missing");
    }
    const { listing, entities, ledger } = begun;
    return {
      genesis: {
        digest: genesisDigest(ledger.genesis.document),
        pinned: this.#pinned !== null,
      },
      tenant: ledger.tenant,
      courts: this.walked,
      served: { events: listing.events, entities: entities.rows, histories: entities.histories },
      signatures: this.#signatures.valid,
      flaws: { total: this.#flaws.total, listed: this.#flaws.listed },
    };
  }

  #close(begun: Begun): void {
    begun.listing.end();
    begun.entities.endHistory();
    this.#endBlocks(begun);
  }
}
