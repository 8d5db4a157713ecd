/**
 * Canonical texts and digests, written again from the documents (objects/ledger/README.md, consensus/README.md, RFC 8785, RFC 6962),
 * so that a mistake of the system is not a mistake of its checkers.
 */
import { hash } from "node:crypto";
import type { Certificate, Header, ResultParts, Writ } from "../../../objects/shared/types.ts";

export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

const HALF_CHARACTER = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** RFC 8785 over integers, well-formed texts, arrays and objects; throws `TypeError` for anything else. */
export function canonicalText(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return JSON.stringify(value);
  if (typeof value === "string" && !HALF_CHARACTER.test(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (typeof value !== "object") throw new TypeError(`a ${typeof value} without canonical text`);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => `${canonicalText(name)}:${canonicalText(member)}`);
  return `{${members.join(",")}}`;
}

/** H(tag, fields …) of the documents. */
export function tagged(tag: string, fields: readonly unknown[]): string {
  return sha256(canonicalText([`assize/1/${tag}`, ...fields]));
}

export function digestOfBatch(header: Header): string {
  const { court, epoch, height, parent, time, domainVersion, control, entries } = header;
  return tagged("batch", [court, epoch, height, parent, time, domainVersion, control, entries]);
}

export function digestOfResult({ prior, count, root, state }: ResultParts): string {
  return tagged("result", [prior, count, root, state]);
}

export function digestOfBlock(
  height: number,
  parent: string,
  batch: string,
  result: string,
): string {
  return tagged("block", [height, parent, batch, result]);
}

export function digestOfWrit({ court, warden, number, events }: Omit<Writ, "seal">): string {
  const head = ["assize/1/writ", court, warden, number, events.length];
  return sha256([canonicalText(head), ...events].join("\n"));
}

/** What a commit's signature is over; certificates hold such signatures. */
export function digestOfCommit(
  said: Omit<Certificate, "signatures">,
  by: { readonly seat: number; readonly incarnation: number; readonly sequence: number },
): string {
  const { court, epoch, height, view, batch, result, block } = said;
  const { seat, incarnation, sequence } = by;
  const place = [court, epoch, height, view, batch, result, block];
  return tagged("commit", [...place, seat, incarnation, sequence, 1]);
}

/** Merkle tree hash of RFC 6962, section 2.1, by its recursive definition. */
export function rootOf(texts: readonly string[]): string {
  if (texts.length === 0) return sha256("");
  return treeHash(texts.map((text) => hash("sha256", `\u0000${text}`, "hex")));
}

function treeHash(leaves: readonly string[]): string {
  if (leaves.length <= 1) return leaves[0] ?? "";
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const halves = treeHash(leaves.slice(0, split)) + treeHash(leaves.slice(split));
  return hash("sha256", Buffer.from(`01${halves}`, "hex"), "hex");
}
