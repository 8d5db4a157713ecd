/** What somebody outside a court knows of its terms: the genesis, and what was proven to it since. */
import type { GenesisDocument } from "./genesis.ts";
import type { Verify } from "./node/crypto.ts";
import type { Quorum } from "./quorum.ts";
import { firstTerms, lastTerm, termsProven } from "./terms.ts";
import type { TermProof, Terms } from "./terms.ts";

/** Whose keys count in a court, as far as is known. */
export interface TermSource {
  readonly of: (court: number) => Terms;
  /** Takes up what the proofs show, of a court, in their order; whether all of them hold. Never throws: a liar may have made them. */
  readonly learn: (court: number, proofs: readonly TermProof[]) => boolean;
  /** What showed the terms after the first, in order. */
  readonly proofs: (court: number) => readonly TermProof[];
}

export class TermBook implements TermSource {
  readonly #genesis: GenesisDocument;
  readonly #judge: { readonly quorum: Quorum; readonly verify: Verify };
  readonly #courts = new Map<number, Terms>();
  readonly #proofs = new Map<number, readonly TermProof[]>();

  constructor(genesis: GenesisDocument, quorum: Quorum, verify: Verify) {
    this.#genesis = genesis;
    this.#judge = { quorum, verify };
  }

  readonly of = (court: number): Terms =>
    this.#courts.get(court) ?? firstTerms(this.#genesis, court);

  readonly learn = (court: number, proofs: readonly TermProof[]): boolean => {
    try {
      const before = this.of(court);
      const grown = termsProven(before, proofs, court, this.#judge);
      if (grown === null) return false;
      const { from } = lastTerm(before);
      const fresh = proofs.filter(({ header }) => header.height >= from);
      this.#courts.set(court, grown);
      this.#proofs.set(court, [...this.proofs(court), ...fresh]);
      return true;
    } catch {
      return false;
    }
  };

  readonly proofs = (court: number): readonly TermProof[] => this.#proofs.get(court) ?? [];

  /** As {@link learn}, of a text from elsewhere. */
  read(court: number, text: string): boolean {
    try {
      return this.learn(court, JSON.parse(text) as TermProof[]);
    } catch {
      return false;
    }
  }
}
