/**
 * Synchronous cryptography. `node:crypto` is preferred to WebCrypto: an `await` between deciding and writing would let other
 * calls interleave and would split the implicit transaction.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  sign as signBytes,
  verify as verifyBytes,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import { digestOf, paddedBytes } from "../sha256.ts";

/** From here on the runtime's hash is the faster one, in code units. */
const LONG = 2048;

/** SHA-256 of the UTF-8 bytes, in lower-case hex. */
export function sha256(text: string): string {
  return (text.length < LONG ? ofAscii("", text) : null) ?? hash("sha256", text, "hex");
}

/** SHA-256 of `prefix` and the bytes that the hex strings stand for (RFC 6962 nodes); prefixes are ASCII. */
export function sha256Node(prefix: number, left: string, right: string): string {
  const half = left.length / 2;
  const bytes = paddedBytes(1 + half + right.length / 2);
  bytes[0] = prefix;
  for (let at = 0; at < half; at++) bytes[1 + at] = byteAt(left, at);
  for (let at = 0; at < right.length / 2; at++) bytes[1 + half + at] = byteAt(right, at);
  return digestOf(bytes);
}

function byteAt(hex: string, at: number): number {
  return (nibble(hex.charCodeAt(2 * at)) << 4) | nibble(hex.charCodeAt(2 * at + 1));
}

/** Of a lower-case digit. */
function nibble(unit: number): number {
  return unit <= 57 ? unit - 48 : unit - 87;
}

/** SHA-256 of `prefix` and the UTF-8 bytes (RFC 6962 leaves); prefixes are ASCII. */
export function sha256Leaf(prefix: number, text: string): string {
  const first = String.fromCharCode(prefix);
  return (
    (text.length < LONG ? ofAscii(first, text) : null) ?? hash("sha256", `${first}${text}`, "hex")
  );
}

/** Null for a text that is not ASCII. */
function ofAscii(first: string, text: string): string | null {
  const skip = first.length;
  const bytes = paddedBytes(skip + text.length);
  if (skip === 1) bytes[0] = first.charCodeAt(0);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return null;
    bytes[skip + at] = unit;
  }
  return digestOf(bytes);
}

/** An Ed25519 key (RFC 8032): the public half as 32 bytes of hex, the private half as a PKCS #8 PEM. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

export function drawKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return {
    publicKey: hexOf(publicKey),
    privateKey: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}

/** A pair as it was stored; null where its halves do not belong together. */
export function keyPairIn(text: string): KeyPair | null {
  try {
    const { publicKey, privateKey } = JSON.parse(text) as KeyPair;
    const own = hexOf(createPublicKey(createPrivateKey(privateKey)));
    return own === publicKey ? { publicKey, privateKey } : null;
  } catch {
    return null;
  }
}

function hexOf(publicKey: KeyObject): string {
  const der = publicKey.export({ format: "der", type: "spki" });
  return Buffer.from(der).subarray(-32).toString("hex");
}

/** Signs a hex digest; the signature is 64 bytes of hex. */
export type Sign = (digest: string) => string;

export function signer(pair: KeyPair): Sign {
  const key = createPrivateKey(pair.privateKey);
  return (digest) => Buffer.from(signBytes(null, Buffer.from(digest, "hex"), key)).toString("hex");
}

/** Whether `signature` over `digest` is by the holder of `publicKey`. Never throws: a peer chooses every argument. */
export type Verify = (publicKey: string, digest: string, signature: string) => boolean;

const SPKI_ED25519 = "302a300506032b6570032100";

/** Signatures a verifier remembers as valid: one travels alone, then again inside certificates and re-sent messages. */
const REMEMBERED = 8192;

/** A verifier with a memory of its own; make one an object, the set of keys is the genesis'. */
export function verifier(): Verify {
  const keys = new Map<string, KeyObject>();
  const valid = new Map<string, string>();
  return (publicKey, digest, signature) => {
    if (!/^[0-9a-f]{64}$/.test(publicKey) || !/^[0-9a-f]{128}$/.test(signature)) return false;
    const statement = publicKey + digest;
    if (valid.get(signature) === statement) return true;
    if (!verifyOnce(keys, publicKey, digest, signature)) return false;
    if (valid.size >= REMEMBERED) valid.clear();
    valid.set(signature, statement);
    return true;
  };
}

function verifyOnce(
  keys: Map<string, KeyObject>,
  publicKey: string,
  digest: string,
  signature: string,
): boolean {
  try {
    let key = keys.get(publicKey);
    if (key === undefined) {
      key = createPublicKey({
        key: Buffer.from(SPKI_ED25519 + publicKey, "hex"),
        format: "der",
        type: "spki",
      });
      if (keys.size < 256) keys.set(publicKey, key);
    }
    return verifyBytes(null, Buffer.from(digest, "hex"), key, Buffer.from(signature, "hex"));
  } catch {
    return false;
  }
}
