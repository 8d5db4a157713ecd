/**
 * PublishedIsAgreed, AllOrNothing, PublishedNeverChanges, PublishedIsAttested, WordIsKept: what stands in the Ledger is the agreed chain from its first height on,
 * whole and certified; what was said to be published is there; what was there once stays.
 */
import type { Block, Certificate } from "../../../objects/shared/types.ts";
import type { LedgerTables } from "../history.ts";
import { canonicalText, digestOfWrit, sha256, tagged } from "./bytes.ts";
import type { Decided } from "./decided.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";
import type { Signatures } from "./statements.ts";

type Row = LedgerTables["blocks"][number];
type Table = Exclude<keyof LedgerTables, "attestations">;

const IS_AGREED = "PublishedIsAgreed";
const KEPT: readonly Table[] = ["genesis", "blocks", "writs", "events", "entity_versions"];
/** What tells the rows of a table apart. */
const KEYS = ["court", "height", "position", "idx", "tenant", "entity", "version"] as const;

export function ledger(options: Options, signatures: Signatures): Part {
  const chain: Decided[] = [];
  let published = 0;
  /** Rows as they were seen first. */
  const seen = new Map<string, string>();
  return {
    on: {
      published({ seat, height }) {
        if (!options.liars.has(seat)) published = Math.max(published, height);
      },
      ledger({ tables }) {
        new Look(tables, chain, options, signatures).all();
        const { length } = tables.blocks.filter((row) => row["court"] === options.court);
        must(
          length >= published,
          "PublishedNeverChanges",
          () => `seats said height ${published} was published, and the Ledger ends at ${length}`,
        );
        const enough = attested(tables, options);
        must(
          published <= enough,
          "PublishedIsAttested",
          () => `seats said height ${published} was published, and enough vouch for ${enough} only`,
        );
        unchanged(tables, seen);
      },
    },
    block(decided) {
      chain.push(decided);
    },
  };
}

/** Height up to which so many seats vouch for the Ledger that one of them is honest, of two seats both; words never fall. */
function attested({ attestations }: LedgerTables, { court, n, f }: Options): number {
  const heights = attestations
    .filter((row) => row["court"] === court)
    .map((row) => Number(row["height"]))
    .toSorted((a, b) => b - a);
  return heights[n === 2 ? 1 : f] ?? 0;
}

/** Every row that was there is there as it was. */
function unchanged(tables: LedgerTables, seen: Map<string, string>): void {
  const now = new Map<string, string>();
  for (const table of KEPT) {
    for (const row of tables[table]) {
      const key = KEYS.map((column) => row[column] ?? "");
      now.set(canonicalText([table, ...key]), canonicalText(row));
    }
  }
  for (const [key, row] of seen) {
    must(
      now.get(key) === row,
      "PublishedNeverChanges",
      () => `the row ${key} of the Ledger was ${row} and is ${now.get(key)}`,
    );
  }
  for (const [key, row] of now) seen.set(key, row);
}

class Look {
  readonly #tables: LedgerTables;
  readonly #chain: readonly Decided[];
  readonly #options: Options;
  readonly #signatures: Signatures;

  constructor(
    tables: LedgerTables,
    chain: readonly Decided[],
    options: Options,
    signatures: Signatures,
  ) {
    this.#tables = tables;
    this.#chain = chain;
    this.#options = options;
    this.#signatures = signatures;
  }

  all(): void {
    const { genesis, court } = this.#options;
    for (const { digest, document } of this.#tables.genesis) {
      const own = tagged("genesis", [JSON.parse(String(document))]);
      must(
        own === digest && own === genesis.block,
        IS_AGREED,
        () => `the Ledger's genesis is ${own}`,
      );
    }
    const blocks = this.#tables.blocks.filter((row) => row["court"] === court);
    const agreed = blocks.map((row, at) => this.#block(row, at + 1));
    this.#rows("writs", agreed.flatMap(writRows), ["seal"]);
    this.#rows("events", agreed.flatMap(eventRows));
    this.#rows("entity_versions", agreed.flatMap(versionRows).toSorted(byEntity));
    for (const { seat, height, block, signature } of this.#tables.attestations) {
      // One of no seat counts for nothing.
      if (this.#options.liars.has(Number(seat)) || Number(seat) >= this.#options.n) continue;
      const keys = this.#signatures.terms.seatKeys(Number(seat));
      const digested = tagged("attest", [court, height, block]);
      must(
        agreed[Number(height) - 1]?.digest === block &&
          keys.some((key) => this.#options.verify(key, digested, String(signature))),
        "WordIsKept",
        () => `seat ${seat} vouches for ${block} at height ${height}`,
      );
    }
  }

  /** The agreed block that a row stands for. */
  #block(row: Row, height: number): Decided {
    const decided = this.#chain[height - 1];
    must(
      decided !== undefined && row["height"] === height,
      IS_AGREED,
      () =>
        `the Ledger has height ${row["height"]} where ${height} follows of ${this.#chain.length}`,
    );
    const { header, result, outcomes } = decided.block;
    const certificate = JSON.parse(String(row["certificate"])) as Certificate;
    const flaw = this.#signatures.flawOf(certificate, header.parent);
    must(flaw === null, IS_AGREED, () => `the Ledger's height ${height}: ${flaw}`);
    const same =
      certificate.block === decided.digest &&
      certificate.height === height &&
      canonicalText(JSON.parse(String(row["header"]))) === canonicalText(header) &&
      row["outcomes"] === outcomes.length &&
      row["prior"] === result.prior &&
      row["root"] === result.root &&
      row["state"] === result.state &&
      row["leaves"] === outcomes.map((text) => sha256(`\u0000${text}`)).join("");
    must(same, IS_AGREED, () => `the Ledger's height ${height} is another block`);
    return decided;
  }

  #rows(table: Table, expected: readonly Row[], signed: readonly string[] = []): void {
    const { court } = this.#options;
    const rows = this.#tables[table].filter((row) => row["court"] === court);
    must(
      rows.length === expected.length,
      "AllOrNothing",
      () => `the Ledger has ${rows.length} rows of ${table}, not ${expected.length}`,
    );
    rows.forEach((row, at) => {
      for (const [column, value] of Object.entries(expected[at] ?? {})) {
        const { [column]: given = null } = row;
        const holds = signed.includes(column) ? this.#sealed(row, String(value)) : given === value;
        must(
          holds,
          IS_AGREED,
          () => `${column} of ${table} ${canonicalText(row)} is ${given}, not ${value}`,
        );
      }
    });
  }

  /** `digested` is what the seal must be over. */
  #sealed({ height, warden, seal }: Row, digested: string): boolean {
    const epoch = this.#chain[Number(height) - 1]?.block.header.epoch ?? 0;
    const key = this.#signatures.terms.wardenKey(epoch, Number(warden));
    return key !== undefined && this.#options.verify(key, digested, String(seal));
  }
}

function writRows({ block, height, system }: Decided): Row[] {
  let start = system;
  return block.entries.map(({ writ, first, count, poison }, position) => {
    const here = writ.events.slice(first, first + count);
    const rest = writ.events.filter((_, at) => at < first || at >= first + count);
    const row = {
      height,
      position,
      warden: writ.warden,
      number: writ.number,
      start,
      count,
      bytes: here.reduce((sum, event) => sum + Buffer.byteLength(event), 0),
      seal: digestOfWrit(writ),
      rest: JSON.stringify(rest),
      poison: poison === undefined ? null : canonicalText(poison),
    };
    start += count;
    return row;
  });
}

function eventRows({ block, height, lines }: Decided): Row[] {
  const positions: (number | null)[] = lines.map(() => null);
  let index = lines.length - sizeOf(block);
  block.entries.forEach(({ count }, position) => {
    positions.fill(position, index, index + count);
    index += count;
  });
  return lines.map(({ index: idx, submitted, text }) => {
    return { height, idx, writ: positions[idx] ?? null, event: submitted, outcome: text };
  });
}

function sizeOf({ entries }: Block): number {
  return entries.reduce((sum, { count }) => sum + count, 0);
}

function versionRows({ height, lines }: Decided): Row[] {
  return lines.flatMap(({ index: idx, outcome: { tenant, changes } }) =>
    changes.map(({ entity, version }) => ({ tenant, entity, version, height, idx })),
  );
}

/** As the dump of the table is ordered: by the bytes of tenant and entity, then by version. */
function byEntity(one: Row, other: Row): number {
  const texts = (row: Row): Buffer[] =>
    [row["tenant"], row["entity"]].map((of) => Buffer.from(String(of)));
  const [a, b] = [texts(one), texts(other)];
  return (
    Buffer.compare(a[0] ?? Buffer.of(), b[0] ?? Buffer.of()) ||
    Buffer.compare(a[1] ?? Buffer.of(), b[1] ?? Buffer.of()) ||
    Number(one["version"]) - Number(other["version"])
  );
}
