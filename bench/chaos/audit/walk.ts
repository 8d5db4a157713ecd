// Up the ledger block by block: each certified, each on the one below, under the keys that the blocks below leave.
import { verifier } from "../../../objects/shared/node/crypto.ts";
import type { Block } from "../../../objects/shared/types.ts";
import { isCertified } from "../../lib/chain.ts";
import type { Court } from "../../lib/contract.ts";
import type { Sent, Standing } from "../check/types.ts";

export class Walk {
  height = 0;
  readonly #quorum: number;
  readonly #verify = verifier();
  #keys: readonly string[];
  #below: Block["certificate"] | undefined;

  /** The court as it was before anybody lost a key. */
  constructor({ members, quorum }: Court) {
    this.#keys = members.map(({ publicKey }) => publicKey);
    this.#quorum = quorum;
  }

  /** What is wrong with the next block. */
  step(block: Block): string[] {
    const { header, result, certificate } = block;
    const below = this.#below;
    const flaws: string[] = [];
    const follows =
      header.height === this.height + 1 &&
      (below === undefined || (header.parent === below.block && result.prior === below.result));
    if (!follows) flaws.push(`block ${header.height} does not follow block ${this.height}`);
    const seats = { keys: this.#keys, quorum: this.#quorum, verify: this.#verify };
    if (!isCertified(block, seats)) flaws.push(`block ${header.height} is not certified`);
    const { control } = header;
    if (control?.kind === "key" && control.officer.kind === "clerk")
      this.#keys = this.#keys.with(control.officer.seat, control.key);
    this.height = header.height;
    this.#below = certificate;
    return flaws;
  }
}

/** What the checks read of a block. */
export function standingOf({ header, entries, outcomes, certificate }: Block): Standing {
  const events = entries.flatMap(({ writ, first, count }) =>
    writ.events.slice(first, first + count).map((text) => JSON.parse(text) as Sent),
  );
  return {
    height: header.height,
    time: header.time,
    digest: certificate.block,
    control: header.control !== null,
    events,
    outcomes,
  };
}
