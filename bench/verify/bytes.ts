// Digests as objects/ledger/README.md has them: SHA-256 over canonical texts, and the tree of RFC 6962.
import { hash } from "node:crypto";

import { canonical } from "../../objects/shared/canonical.ts";

/** Of the UTF-8 bytes, in lower-case hex; so are all digests here. */
export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

/** H(tag, fields …). Throws for what has no canonical text. */
export function tagged(tag: string, fields: readonly unknown[]): string {
  return sha256(canonical([`assize/1/${tag}`, ...fields]));
}

/** A leaf of RFC 6962, section 2.1. */
export function leafOf(text: string): string {
  return sha256(`\u0000${text}`);
}

function nodeOf(left: string, right: string): string {
  return hash("sha256", Buffer.from(`01${left}${right}`, "hex"), "hex");
}

/** Root of RFC 6962, section 2.1, over leaf hashes: whole subtrees are joined as they fill, the rest from the right. */
export function treeRoot(leaves: Iterable<string>): string {
  const whole: { readonly size: number; readonly hash: string }[] = [];
  for (const leaf of leaves) {
    let tree = { size: 1, hash: leaf };
    for (let last = whole.at(-1); last?.size === tree.size; last = whole.at(-1)) {
      whole.pop();
      tree = { size: 2 * tree.size, hash: nodeOf(last.hash, tree.hash) };
    }
    whole.push(tree);
  }
  const right = whole.pop();
  if (right === undefined) return sha256("");
  return whole.reduceRight((below, { hash: left }) => nodeOf(left, below), right.hash);
}
