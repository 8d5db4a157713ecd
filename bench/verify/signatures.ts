// Ed25519 (RFC 8032) as the ledger has it: keys of 32 bytes and signatures of 64, in hex, over the bytes of a digest.
import { createPublicKey, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** What comes before the 32 bytes in a SubjectPublicKeyInfo (RFC 8410). */
const SPKI = "302a300506032b6570032100";

export class Signatures {
  /** That were found valid. */
  valid = 0;
  readonly #keys = new Map<string, KeyObject | null>();

  /** Whether the holder of the key signed the digest. Never throws. */
  isBy(publicKey: string | undefined, digest: string, signature: string): boolean {
    if (publicKey === undefined || !/^[0-9a-f]{128}$/.test(signature)) return false;
    const key = this.#key(publicKey);
    if (key === null) return false;
    const holds = verify(null, Buffer.from(digest, "hex"), key, Buffer.from(signature, "hex"));
    if (holds) this.valid += 1;
    return holds;
  }

  /** Null for what is no key. There are as many as the genesis and the control events name. */
  #key(publicKey: string): KeyObject | null {
    const known = this.#keys.get(publicKey);
    if (known !== undefined) return known;
    const key = keyIn(publicKey);
    this.#keys.set(publicKey, key);
    return key;
  }
}

function keyIn(publicKey: string): KeyObject | null {
  if (!/^[0-9a-f]{64}$/.test(publicKey)) return null;
  try {
    const der = Buffer.from(SPKI + publicKey, "hex");
    return createPublicKey({ key: der, format: "der", type: "spki" });
  } catch {
    return null;
  }
}
