/** The digests of the protocol (1.3): SHA-256, domain separated, over canonical texts. */
import { canonical } from "./canonical.ts";
import type { Json } from "./canonical.ts";
import { sha256, sha256Leaf, sha256Node } from "./node/crypto.ts";
import type {
  Batch,
  Certificate,
  EntryDigest,
  Header,
  LedgerEvent,
  Poison,
  ResultParts,
  Writ,
} from "./types.ts";

export function digest(tag: string, ...fields: readonly Json[]): string {
  return sha256(canonical([`assize/1/${tag}`, ...fields]));
}

/** Canonical texts hold no raw line feed, so joining by one is unambiguous and spares escaping every event again. */
export function writDigest(writ: Omit<Writ, "seal">): string {
  const head = canonical([
    "assize/1/writ",
    writ.court,
    writ.warden,
    writ.number,
    writ.events.length,
  ]);
  return sha256(`${head}\n${writ.events.join("\n")}`);
}

export function batchDigest(header: Header): string {
  const { court, epoch, height, parent, time, domainVersion, control, entries } = header;
  return digest("batch", court, epoch, height, parent, time, domainVersion, control, entries);
}

export function resultDigest(parts: ResultParts): string {
  return digest("result", parts.prior, parts.count, parts.root, parts.state);
}

export function blockDigest(height: number, parent: string, batch: string, result: string): string {
  return digest("block", height, parent, batch, result);
}

export function entryDigests(entries: Batch["entries"]): EntryDigest[] {
  return entries.map(({ writ, first, count, poison }) => [
    writDigest(writ),
    first,
    count,
    poison === undefined ? null : poisonDigest(poison),
  ]);
}

export function poisonDigest(poison: Poison): string {
  const { reason, view, header } = poison;
  const said =
    poison.reason === "unable"
      ? poison.rejects.map((vote) => [vote.seat, vote.incarnation, vote.sequence, vote.signature])
      : poison.prepares.map((vote) => [
          vote.seat,
          vote.incarnation,
          vote.sequence,
          vote.signature,
          vote.result,
        ]);
  return digest("poison", reason, view, batchDigest(header), said);
}

/** Identity of an event for idempotency: (tenant, source, id). */
export function keyDigest(event: Pick<LedgerEvent, "tenant" | "source" | "id">): string {
  return digest("key", event.tenant, event.source, event.id);
}

/** What makes two events the same; neither `sentat` nor extensions count. */
export function fingerprintOf(event: LedgerEvent): string {
  const { tenant, source, id, type, subject, time, data } = event;
  return digest("event", tenant, source, id, type, subject ?? null, time ?? null, data);
}

/** What a commit says: with sender, incarnation, sequence and protocol version behind it, what its signature is over. */
export function commitFields(
  certificate: Omit<Certificate, "signatures">,
): readonly [number, number, number, number, string, string, string] {
  const { court, epoch, height, view, batch, result, block } = certificate;
  return [court, epoch, height, view, batch, result, block];
}

/** Leaf hash of RFC 6962, section 2.1. */
export function leafDigest(text: string): string {
  return sha256Leaf(0, text);
}

/** Merkle tree hash of RFC 6962, section 2.1, over leaf hashes. */
export function merkleRoot(leaves: readonly string[]): string {
  if (leaves.length === 0) return sha256("");
  let level = leaves;
  while (level.length > 1) {
    const above: string[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const left = level[index] ?? "";
      const right = level[index + 1];
      above.push(right === undefined ? left : sha256Node(1, left, right));
    }
    level = above;
  }
  return level[0] ?? "";
}

/** Audit path of RFC 6962, section 2.1.1, from the leaf upward. */
export function merklePath(index: number, leaves: readonly string[]): string[] {
  const path: string[] = [];
  let at = index;
  let level = leaves;
  while (level.length > 1) {
    const sibling = level[at ^ 1];
    if (sibling !== undefined) path.push(sibling);
    const above: string[] = [];
    for (let left = 0; left < level.length; left += 2) {
      const right = level[left + 1];
      above.push(
        right === undefined ? (level[left] ?? "") : sha256Node(1, level[left] ?? "", right),
      );
    }
    at >>= 1;
    level = above;
  }
  return path;
}
