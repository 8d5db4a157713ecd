/** How far the ledger may be believed: the seats' signed words on what each has read back and checked. */
import { digest } from "../shared/digests.ts";
import { termsSince } from "../shared/terms.ts";
import type { TermProof } from "../shared/terms.ts";
import type { Ledger } from "./ledger.ts";
import { LedgerCorrupt } from "./trust.ts";

/** A seat's word that the ledger up to `height`, the chain that ends in `block`, is what it agreed. */
export interface Attestation {
  readonly court: number;
  readonly seat: number;
  readonly height: number;
  readonly block: string;
  /** By the seat over {@link attestDigest}. */
  readonly signature: string;
}

export function attestDigest(court: number, height: number, block: string): string {
  return digest("attest", court, height, block);
}

/** What a seat last said, as it is stored. */
export type Word = Pick<Attestation, "height" | "block" | "signature">;

/**
 * Keeps the seat's latest word; one about a lower height changes nothing, unless it is `instead` of one that the seat never gave. Says
 * whether it is kept now. Rejects if the ledger holds no such block.
 */
// Rules: Attest, KeepLaterAttestation.
export async function attest(
  ledger: Ledger,
  word: Attestation,
  instead: Word | null = null,
): Promise<boolean> {
  const kept = await ledger.db
    .prepare(
      // A word at an equal height is replaced, so that a forged one gives way to the seat's own.
      `INSERT INTO attestations (generation, court, seat, height, block, signature) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (generation, court, seat) DO UPDATE
       SET height = excluded.height, block = excluded.block, signature = excluded.signature
       WHERE excluded.height >= attestations.height
         OR (attestations.height, attestations.block, attestations.signature) = (?, ?, ?)
       RETURNING height`,
    )
    .bind(
      ledger.genesis.generation,
      word.court,
      word.seat,
      word.height,
      word.block,
      word.signature,
      instead?.height ?? null,
      instead?.block ?? null,
      instead?.signature ?? null,
    )
    .first<number>("height");
  return kept !== null;
}

/** The seat's latest word, its signature not yet checked; null if it gave none. */
export async function wordOf(ledger: Ledger, court: number, seat: number): Promise<Word | null> {
  return ledger.db
    .prepare(
      "SELECT height, block, signature FROM attestations WHERE generation = ? AND court = ? AND seat = ?",
    )
    .bind(ledger.genesis.generation, court, seat)
    .first();
}

/** The latest word of each seat of a court that gave one, their signatures not checked. */
export async function wordsOf(
  ledger: Ledger,
  court: number,
): Promise<Pick<Attestation, "seat" | "height" | "block" | "signature">[]> {
  const { results } = await ledger.db
    .prepare(
      "SELECT seat, height, block, signature FROM attestations WHERE generation = ? AND court = ? AND seat < ? ORDER BY seat",
    )
    .bind(ledger.genesis.generation, court, ledger.quorum.n)
    .all<Pick<Attestation, "seat" | "height" | "block" | "signature">>();
  return results;
}

/**
 * By court, the highest height that r seats vouch for: a word on a height is one on all below it. 0 for none. Learns the terms that the
 * ledger proves on the way: whatever is read up to these heights can be verified. Throws {@link LedgerCorrupt} where r seats vouch for more
 * than is there: then an honest one does, and a ledger that was published is not told as a younger one.
 */
export async function attestedHeights(ledger: Ledger): Promise<number[]> {
  const attestations = ledger.db
    .prepare(
      `SELECT a.court, a.seat, a.height, a.block, a.signature, b.height IS NOT NULL AS held FROM attestations a
       LEFT JOIN blocks b ON b.generation = a.generation AND b.court = a.court AND b.height = a.height AND b.block = a.block
       WHERE a.generation = ?`,
    )
    .bind(ledger.genesis.generation);
  const [words, controls] = await ledger.db.batch<Record<string, never>>([
    attestations,
    controlsQuery(ledger),
  ]);
  return Array.from({ length: ledger.genesis.courts }, (_, court) => {
    ledger.terms.learn(
      court,
      proofsIn((controls?.results ?? []) as unknown as ControlRow[], court),
    );
    const of = ((words?.results ?? []) as unknown as (Attestation & Held)[]).filter(
      (word) => word.court === court,
    );
    return vouched(ledger, court, of);
  });
}

interface ControlRow {
  readonly court: number;
  readonly header: string;
  readonly certificate: string;
}

/** In the order of their courts' heights: each is proven under the keys before it. */
function controlsQuery(ledger: Ledger): D1PreparedStatement {
  return ledger.db
    .prepare(
      `SELECT court, header, certificate FROM blocks
       WHERE generation = ? AND CASE WHEN json_valid(header) THEN header ->> '$.control' END IS NOT NULL
       ORDER BY court, height`,
    )
    .bind(ledger.genesis.generation);
}

/** Up to the first that cannot be read: those after it are unproven. */
function proofsIn(rows: readonly ControlRow[], court: number): TermProof[] {
  const proofs: TermProof[] = [];
  for (const row of rows) {
    if (row.court !== court) continue;
    try {
      const certificate = JSON.parse(row.certificate) as TermProof["certificate"];
      proofs.push({ header: JSON.parse(row.header) as TermProof["header"], certificate });
    } catch {
      break;
    }
  }
  return proofs;
}

interface Held {
  /** 1 where the block that the word is about is there, else 0. */
  readonly held: number;
}

// Rules: TellAttestedHeight, RefuseMissingVouched.
function vouched(ledger: Ledger, court: number, words: readonly (Attestation & Held)[]): number {
  // A word outlives its seat's key: it was given while the key counted, or by who held it later.
  const given = words.filter(({ seat, height, block, signature }) =>
    termsSince(ledger.terms.of(court), height).some(({ keys }) =>
      ledger.verify(keys[seat] ?? "", attestDigest(court, height, block), signature),
    ),
  );
  const among = (wanted: number): number => {
    const heights = given
      .filter(({ held }) => held === wanted)
      .map(({ height }) => height)
      .toSorted((a, b) => b - a);
    return heights[ledger.quorum.r - 1] ?? 0;
  };
  const [there, gone] = [among(1), among(0)];
  if (gone > there)
    throw new LedgerCorrupt(court, gone, "a block that its seats vouch for is not there");
  return there;
}
