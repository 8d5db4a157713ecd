/** Checks of digests, switched off by patching the source as it is loaded: what a flipped byte then makes somebody say must be found. */
import type { Patch } from "../../simulator/planted/plant.ts";

/** A patch, and the kind of table in which flips show it. */
export interface Unchecked {
  readonly kind: string;
  readonly patch: Patch;
}

export const UNCHECKED: readonly Unchecked[] = [
  {
    kind: "ledger events",
    patch: {
      file: "objects/ledger/proof.ts",
      find: "leafDigest(row.outcome) === head.leaves[row.idx],",
      replace: "leafDigest(row.outcome).length === 64,",
    },
  },
  {
    kind: "seat entities",
    patch: {
      file: "objects/clerk/state.ts",
      find: "return stateRowDigest(entityStateRow({ key, version, state, height, expires })) === digest;",
      replace:
        "return stateRowDigest(entityStateRow({ key, version, state, height, expires })) !== digest.slice(1);",
    },
  },
];
