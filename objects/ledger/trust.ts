/** Who may be believed about stored rows, and what is said of rows that prove false. */
import { seatKeys } from "../shared/genesis.ts";
import type { GenesisDocument } from "../shared/genesis.ts";
import type { Verify } from "../shared/node/crypto.ts";
import type { Quorum } from "../shared/quorum.ts";
import type { Certificate } from "../shared/types.ts";
import { certificateValid } from "../shared/verify.ts";
import type { Seats } from "../shared/verify.ts";

export interface Trust {
  readonly genesis: GenesisDocument;
  readonly quorum: Quorum;
  readonly verify: Verify;
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

export function certified(trust: Trust, certificate: Certificate): boolean {
  const { keys, quorum } = seatsOf(trust, certificate);
  return certificateValid(certificate, keys, quorum.q, trust.verify);
}

/** Who may speak for the court. */
export function seatsOf({ genesis, quorum }: Trust, { court }: { readonly court: number }): Seats {
  return { keys: seatKeys(genesis, court), quorum };
}
