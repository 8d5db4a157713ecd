// The root of a court's state (objects/ledger/README.md, "The state root"): rows in parts, a digest a part, a tree over the parts.
import { canonical } from "../../objects/shared/canonical.ts";
import { leafOf, tagged, treeRoot } from "./bytes.ts";
import { byBytes } from "./state.ts";
import type { State, Use } from "./state.ts";
import type { Term } from "./terms.ts";
import type { Progress } from "./writs.ts";

const BUCKETS = 256;
/** Rows that are hashed together. */
const RUN = 256;

interface Hashed {
  readonly digest: string;
  /** UTF-16 units of its texts. */
  readonly size: number;
}

/** Where the state stands: what of it is in no entity and no key. */
export interface Standing {
  readonly height: number;
  /** Block time there, and the term of the height after. */
  readonly time: number;
  readonly term: Pick<Term, "epoch" | "domainVersion">;
  /** By Warden. */
  readonly writs: readonly Progress[];
}

export class Roots {
  readonly #every: number;
  readonly #buckets: Map<string, Hashed>[] = Array.from({ length: BUCKETS }, () => new Map());
  readonly #leaves = this.#buckets.map((_, id) => leafOfPart(["entities", id], 0, []));
  /** Of used keys, those that have not ended. */
  #eras: { readonly leaf: string; readonly until: number }[] = [];
  #used: Use[] = [];

  constructor(every: number) {
    this.#every = every;
  }

  /** Used since the last root, in the order of heights. */
  use(use: Use): void {
    this.#used.push(use);
  }

  /** As of a height that is a multiple of K. */
  root(state: State, { height, time, term, writs }: Standing): string {
    this.#follow(state);
    if (height > 0) this.#endEra(height / this.#every);
    this.#eras = this.#eras.filter(({ until }) => until >= time);
    const wardens = writs.map(({ warden, number, next, complete }) => {
      return ["warden", warden, number, next, complete ? 1 : 0];
    });
    const court = [["term", term.epoch, term.domainVersion], ...wardens].map(hashed);
    const eras = this.#eras.map(({ leaf }) => leaf);
    return treeRoot([leafOfPart(["court", 0], 0, court), ...this.#leaves, ...eras]);
  }

  #follow(state: State): void {
    const changed = new Set<number>();
    for (const key of state.dirty) {
      const row = state.entities.get(key);
      if (row === undefined) continue;
      const bucket = Number.parseInt(tagged("state-bucket", [key]).slice(0, 2), 16);
      const { version, state: text, height, expires } = row;
      this.#buckets[bucket]?.set(key, hashed(["entity", key, version, text, height, expires]));
      changed.add(bucket);
    }
    state.dirty.clear();
    for (const id of changed) {
      const rows = [...(this.#buckets[id] ?? [])].toSorted(([one], [other]) => byBytes(one, other));
      this.#leaves[id] = leafOfPart(
        ["entities", id],
        0,
        rows.map(([, row]) => row),
      );
    }
  }

  /** Keys of K heights are one part, whole until the last of them has ended. */
  #endEra(era: number): void {
    const used = this.#used.splice(0);
    if (used.length === 0) return;
    const until = Math.max(...used.map(({ expires }) => expires));
    const rows = used
      .toSorted((a, b) => a.height - b.height || byBytes(a.key, b.key))
      .map(({ key, fingerprint, height, index, expires }) =>
        hashed(["key", key, fingerprint, height, index, expires]),
      );
    this.#eras.push({ leaf: leafOfPart(["keys", era], until, rows), until });
  }
}

function hashed(row: readonly (string | number | null)[]): Hashed {
  let size = 0;
  for (const field of row) if (typeof field === "string") size += field.length;
  return { digest: tagged("state-row", row), size };
}

function leafOfPart(
  [kind, id]: readonly [kind: string, id: number],
  until: number,
  rows: readonly Hashed[],
): string {
  let chain = "";
  for (let from = 0; from < rows.length; from += RUN) {
    const run = rows.slice(from, from + RUN).map(({ digest }) => digest);
    chain = tagged("state-rows", [chain, ...run]);
  }
  const size = rows.reduce((sum, row) => sum + row.size, 0);
  const part = tagged("state-part", [kind, id, chain]);
  return leafOf(canonical([kind, id, rows.length, size, until, part]));
}
