/**
 * RootIsOfState: every K-th result carries the root of all replicated state as of K heights before, which here is computed from the model
 * (rows in parts, a digest a part, an RFC 6962 tree over the parts); no other result carries one.
 */
import type { EntityRow, KeyRow } from "../../../objects/shared/types.ts";
import { canonicalText, rootOf, tagged } from "./bytes.ts";
import type { Decided } from "./decided.ts";
import type { Model } from "./model.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";
import { rekeyedWarden } from "./terms.ts";

type Row = readonly (string | number | null)[];

const BUCKETS = 256;
const RUN = 256;

export function roots({ rootEvery }: Options, model: Model): Part {
  const state = new Whole();
  let base: { readonly leaves: readonly string[]; readonly wardens: readonly Row[] } | null = {
    leaves: state.leaves(0),
    wardens: [],
  };
  /** Epoch and version of the height after the base. */
  let term: Row = [];
  return {
    block(decided) {
      const { block, height, time } = decided;
      const { epoch, domainVersion } = block.header;
      if ((height - 1) % rootEvery === 0) term = ["term", epoch, domainVersion];
      const carries = height % rootEvery === 0;
      const own =
        carries && base !== null
          ? rootOf([leafOf("court", 0, 0, [term, ...base.wardens]), ...base.leaves])
          : null;
      must(
        block.result.state === own,
        "RootIsOfState",
        () => `height ${height} carries the root ${block.result.state}, not ${own}`,
      );
      state.follow(decided, model);
      if (!carries) return;
      state.endEra(height / rootEvery);
      base = { leaves: state.leaves(time), wardens: state.wardens() };
    },
  };
}

class Whole {
  readonly #buckets = new Map<number, Map<string, EntityRow>>();
  readonly #leaves: string[] = [];
  readonly #dirty = new Set<number>();
  readonly #eras: { readonly leaf: string; readonly until: number }[] = [];
  readonly #progress = new Map<number, Row>();
  #era: KeyRow[] = [];

  constructor() {
    for (let bucket = 0; bucket < BUCKETS; bucket++)
      this.#leaves.push(leafOf("entities", bucket, 0, []));
  }

  follow({ block, height }: Decided, model: Model): void {
    const { entities = [], keys = [] } = model.rows(height) ?? {};
    for (const row of entities) {
      const bucket = Number.parseInt(tagged("state-bucket", [row.key]).slice(0, 2), 16);
      const rows = this.#buckets.get(bucket) ?? new Map<string, EntityRow>();
      this.#buckets.set(bucket, rows.set(row.key, row));
      this.#dirty.add(bucket);
    }
    this.#era.push(...keys);
    const rekeyed = rekeyedWarden(block.header);
    if (rekeyed !== null) this.#progress.delete(rekeyed);
    for (const { writ, first, count } of block.entries) {
      const { warden, number, events } = writ;
      const next = first + count;
      this.#progress.set(warden, ["warden", warden, number, next, next === events.length ? 1 : 0]);
    }
  }

  /** Keys of K heights are one part, whole until the last of them has ended. */
  endEra(era: number): void {
    const rows = this.#era
      .toSorted((a, b) => a.height - b.height || (a.key < b.key ? -1 : 1))
      .map(({ key, fingerprint, height, index, expires }) => {
        return ["key", key, fingerprint, height, index, expires];
      });
    const until = Math.max(0, ...this.#era.map(({ expires }) => expires));
    if (rows.length > 0) this.#eras.push({ leaf: leafOf("keys", era, until, rows), until });
    this.#era = [];
  }

  /** Of entities and keys. */
  leaves(time: number): string[] {
    for (const bucket of this.#dirty) {
      const rows = [...(this.#buckets.get(bucket)?.values() ?? [])]
        .toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
        .map(({ key, version, state, height, expires }) => {
          return ["entity", key, version, state, height, expires];
        });
      this.#leaves[bucket] = leafOf("entities", bucket, 0, rows);
    }
    this.#dirty.clear();
    const eras = this.#eras.filter(({ until }) => until >= time);
    return [...this.#leaves, ...eras.map(({ leaf }) => leaf)];
  }

  wardens(): Row[] {
    return [...this.#progress].toSorted(([a], [b]) => a - b).map(([, row]) => row);
  }
}

/** The text under a leaf. */
function leafOf(kind: string, id: number, until: number, rows: readonly Row[]): string {
  let chain = "";
  for (let from = 0; from < rows.length; from += RUN) {
    const run = rows.slice(from, from + RUN).map((row) => tagged("state-row", row));
    chain = tagged("state-rows", [chain, ...run]);
  }
  const texts = rows.flat().filter((field) => typeof field === "string");
  const size = texts.reduce((sum, text) => sum + text.length, 0);
  const part = tagged("state-part", [kind, id, chain]);
  return canonicalText([kind, id, rows.length, size, until, part]);
}
