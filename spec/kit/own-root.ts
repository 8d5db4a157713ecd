/** The state root once more, from its definition alone: what `objects/shared/state-root.ts` and the seats' slices must come to. */
import { createHash } from "node:crypto";
import type { EntityRow, KeyRow, WritProgress } from "../../objects/shared/types.ts";

export interface WholeState {
  readonly entities: readonly EntityRow[];
  readonly keys: readonly KeyRow[];
  readonly progress: readonly WritProgress[];
  /** Block time of the base. */
  readonly time: number;
  readonly every: number;
}

type Field = string | number | null;

const sha = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");
const hashed = (tag: string, ...fields: readonly Field[]): string =>
  sha(JSON.stringify([`assize/1/${tag}`, ...fields]));

/** Rows, as of the base, in any order. */
export function rootOf(state: WholeState): string {
  const { entities, keys, progress, time, every } = state;
  const court = [
    ["term", 1, 1],
    ...progress
      .toSorted((a, b) => a.warden - b.warden)
      .map((row) => ["warden", row.warden, row.number, row.next, row.complete ? 1 : 0]),
  ];
  const leaves = [leafOf("court", 0, 0, court)];
  for (let bucket = 0; bucket < 256; bucket++) {
    const rows = entities
      .filter(({ key }) => Number.parseInt(hashed("state-bucket", key).slice(0, 2), 16) === bucket)
      .toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
      .map((row) => ["entity", row.key, row.version, row.state, row.height, row.expires]);
    leaves.push(leafOf("entities", bucket, 0, rows));
  }
  const byEra = Map.groupBy(keys, ({ height }) => Math.floor((height - 1) / every) + 1);
  for (const [era, of] of [...byEra].toSorted(([a], [b]) => a - b)) {
    const until = Math.max(...of.map(({ expires }) => expires));
    const rows = of
      .toSorted((a, b) => a.height - b.height || (a.key < b.key ? -1 : 1))
      .map((row) => ["key", row.key, row.fingerprint, row.height, row.index, row.expires]);
    if (until >= time) leaves.push(leafOf("keys", era, until, rows));
  }
  return treeHash(leaves);
}

function leafOf(kind: string, id: number, until: number, rows: readonly Field[][]): string {
  let chain = "";
  for (let from = 0; from < rows.length; from += 256) {
    const run = rows.slice(from, from + 256).map((row) => hashed("state-row", ...row));
    chain = hashed("state-rows", chain, ...run);
  }
  const size = rows
    .flat()
    .reduce<number>((sum, of) => sum + (typeof of === "string" ? of.length : 0), 0);
  const part = hashed("state-part", kind, id, chain);
  return sha(`\u0000${JSON.stringify([kind, id, rows.length, size, until, part])}`);
}

/** RFC 6962, section 2.1. */
function treeHash(leaves: readonly string[]): string {
  const [only] = leaves;
  if (only !== undefined && leaves.length === 1) return only;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  const inner = [treeHash(leaves.slice(0, half)), treeHash(leaves.slice(half))];
  return sha(Buffer.from(`01${inner.join("")}`, "hex"));
}
