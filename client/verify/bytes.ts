/** Digests and signatures as objects/ledger/README.md has them, by WebCrypto: SHA-256 and Ed25519, all in lower-case hex. */
import { canonical } from "../../objects/shared/canonical.ts";
import { AssizeError } from "../errors.ts";

const encoder = new TextEncoder();

/** H(tag, fields …). Throws `NotCanonical` for what has no canonical text. */
export function tagged(tag: string, fields: readonly unknown[]): Promise<string> {
  return sha256(joined(encoder.encode(canonical([`assize/1/${tag}`, ...fields]))));
}

/** A leaf of RFC 6962, section 2.1. */
export function leafOf(text: string): Promise<string> {
  return sha256(joined(Uint8Array.of(0), encoder.encode(text)));
}

/**
 * Where a leaf's audit path (RFC 6962, section 2.1.1) leads in a tree of so many leaves; null if it has other nodes than such a path.
 */
export async function rootFrom(
  leaf: string,
  {
    index,
    count,
    path,
  }: { readonly index: number; readonly count: number; readonly path: readonly string[] },
): Promise<string | null> {
  const left = [...path];
  let hash = leaf;
  if (index >= count) return null;
  for (let at = index, last = count - 1; last > 0; at = half(at), last = half(last)) {
    // A node without a right sibling rises as it is.
    if (at === last && at % 2 === 0) continue;
    const sibling = left.shift();
    if (sibling === undefined) return null;
    const [one, other] = at % 2 === 1 ? [sibling, hash] : [hash, sibling];
    hash = await sha256(joined(Uint8Array.of(1), bytesIn(one), bytesIn(other)));
  }
  return left.length === 0 ? hash : null;
}

const half = (count: number): number => Math.floor(count / 2);

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** Whether the holder of the key signed the 32 bytes of the digest. Throws {@link AssizeError} where the platform has no Ed25519. */
export async function isSignedBy(
  publicKey: string,
  digest: string,
  signature: string,
): Promise<boolean> {
  const algorithm = { name: "Ed25519" };
  try {
    const raw = bytesIn(publicKey);
    const key = await crypto.subtle.importKey("raw", raw, algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm, key, bytesIn(signature), bytesIn(digest));
  } catch (error) {
    // What is no key has signed nothing.
    if (!(error instanceof Error) || error.name !== "NotSupportedError") return false;
    const message = "this platform's WebCrypto has no Ed25519: nothing can be verified here";
    throw new AssizeError("unsupported", message, { cause: error });
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function bytesIn(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
