/** How far the ledger may be believed: the seats' signed words on what each has read back and checked. */
import { digest } from "../shared/digests.ts";
import { seatKeys } from "../shared/genesis.ts";
import type { Ledger } from "./ledger.ts";

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

/** Keeps the seat's latest word; one about a lower height changes nothing. Rejects if the ledger holds no such block. */
export async function attest(ledger: Ledger, word: Attestation): Promise<void> {
  await ledger.db
    .prepare(
      // A word at an equal height is replaced, so that a forged one gives way to the seat's own.
      `INSERT INTO attestations (generation, court, seat, height, block, signature) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (generation, court, seat) DO UPDATE
       SET height = excluded.height, block = excluded.block, signature = excluded.signature
       WHERE excluded.height >= attestations.height`,
    )
    .bind(ledger.genesis.generation, word.court, word.seat, word.height, word.block, word.signature)
    .run();
}

/** The seat's latest word, its signature not yet checked; null if it gave none. */
export async function wordOf(
  ledger: Ledger,
  court: number,
  seat: number,
): Promise<Pick<Attestation, "height" | "block" | "signature"> | null> {
  return ledger.db
    .prepare(
      "SELECT height, block, signature FROM attestations WHERE generation = ? AND court = ? AND seat = ?",
    )
    .bind(ledger.genesis.generation, court, seat)
    .first();
}

/** By court, the highest height that r seats vouch for: a word on a height is one on all below it. 0 for none. */
export async function attestedHeights(ledger: Ledger): Promise<number[]> {
  const { results } = await ledger.db
    .prepare(
      `SELECT a.court, a.seat, a.height, a.block, a.signature FROM attestations a
       JOIN blocks b ON b.generation = a.generation AND b.court = a.court AND b.height = a.height AND b.block = a.block
       WHERE a.generation = ?`,
    )
    .bind(ledger.genesis.generation)
    .all<Attestation>();
  return Array.from({ length: ledger.genesis.courts }, (_, court) =>
    vouched(
      ledger,
      court,
      results.filter((word) => word.court === court),
    ),
  );
}

function vouched(ledger: Ledger, court: number, words: readonly Attestation[]): number {
  const keys = seatKeys(ledger.genesis, court);
  const heights = words
    .filter(({ seat, height, block, signature }) =>
      ledger.verify(keys[seat] ?? "", attestDigest(court, height, block), signature),
    )
    .map(({ height }) => height)
    .toSorted((a, b) => b - a);
  return heights[ledger.quorum.r - 1] ?? 0;
}
