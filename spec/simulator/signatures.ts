/** Who can sign as whom: modelled, so that a run spends its time on the protocol, or real. */
import { createPrivateKey, createPublicKey } from "node:crypto";
import { sha256, signer, verifier } from "../../objects/shared/node/crypto.ts";
import type { Sign, Verify } from "../../objects/shared/node/crypto.ts";

export interface Keys {
  publicKey(who: string): string;
  sign(who: string, digest: string): string;
  readonly verify: Verify;
  /** From now on `who` has another key. */
  forget(who: string): void;
}

/**
 * A signature is the signer's public key and the digest: nobody can take it for another's or for another statement's, and
 * nobody in a run makes one but for a seat that it is.
 */
export function modelledKeys(): Keys {
  const lives = new Lives();
  const keys = new Map<string, string>();
  const publicKey = (who: string): string => {
    const named = lives.name(who);
    const key = keys.get(named) ?? sha256(`key of ${named}`);
    keys.set(named, key);
    return key;
  };
  return {
    publicKey,
    sign: (who, digest) => publicKey(who) + digest,
    verify: (key, digest, signature) => signature === key + digest,
    forget: (who) => lives.next(who),
  };
}

const PKCS8_ED25519 = "302e020100300506032b657004220420";

/** Ed25519 keys that follow from the names alone. */
export function realKeys(): Keys {
  const lives = new Lives();
  const pairs = new Map<string, { readonly publicKey: string; readonly sign: Sign }>();
  const pairOf = (who: string) => {
    const named = lives.name(who);
    const pair = pairs.get(named) ?? pairFrom(sha256(`key of ${named}`));
    pairs.set(named, pair);
    return pair;
  };
  return {
    publicKey: (who) => pairOf(who).publicKey,
    sign: (who, digest) => pairOf(who).sign(digest),
    verify: verifier(),
    forget: (who) => lives.next(who),
  };
}

function pairFrom(secret: string) {
  const der = Buffer.from(PKCS8_ED25519 + secret, "hex");
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const publicKey = Buffer.from(spki).subarray(-32).toString("hex");
  const privateKey = key.export({ format: "pem", type: "pkcs8" }).toString();
  return { publicKey, sign: signer({ publicKey, privateKey }) };
}

/** How often each has lost its key. */
class Lives {
  readonly #lost = new Map<string, number>();

  name(who: string): string {
    return `${who}, ${this.#lost.get(who) ?? 0}`;
  }

  next(who: string): void {
    this.#lost.set(who, (this.#lost.get(who) ?? 0) + 1);
  }
}
