/** Who may be believed about stored rows, and what is said of rows that prove false. */
import type { GenesisDocument } from "../shared/genesis.ts";
import type { Verify } from "../shared/node/crypto.ts";
import type { Quorum } from "../shared/quorum.ts";
import type { TermSource } from "../shared/term-book.ts";
import { certifiedIn, termAt } from "../shared/terms.ts";
import type { Certificate } from "../shared/types.ts";
import type { Seats } from "../shared/verify.ts";

export interface Trust {
  readonly genesis: GenesisDocument;
  readonly quorum: Quorum;
  readonly verify: Verify;
  readonly terms: TermSource;
}

/** A stored row is not what its certificate says: an incident, never an answer. Height 0 is the genesis. */
export class LedgerCorrupt extends Error {
  override readonly name = "LedgerCorrupt";
  readonly court: number;
  readonly height: number;
  readonly what: string;
  constructor(court: number, height: number, what: string) {
    super(`court ${court} height ${height}: ${what}`);
    this.court = court;
    this.height = height;
    this.what = what;
  }
}

/** By a quorum of the term of its height, as far as terms are known. */
export function certified(trust: Trust, certificate: Certificate): boolean {
  const { terms, quorum, verify } = trust;
  return certifiedIn(terms.of(certificate.court), certificate, quorum.q, verify);
}

interface Place {
  readonly court: number;
  readonly height: number;
}

/** Who may speak for the court about a height. */
export function seatsOf({ terms, quorum }: Trust, { court, height }: Place): Seats {
  return { keys: termAt(terms.of(court), height).keys, quorum };
}

/** The key that a Warden had there. */
export function sealKeyOf({ terms }: Trust, { court, height }: Place, warden: number): string {
  return termAt(terms.of(court), height).wardenKeys[warden] ?? "";
}
