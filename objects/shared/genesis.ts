/** The one document a deployment starts from: its shape and the public keys of everyone who signs. */
import type { Deployment } from "./config.ts";
import { digest } from "./digests.ts";
import { keyHolders, nameOf } from "./names.ts";
import type { Verify } from "./node/crypto.ts";
import type { Json } from "./canonical.ts";

export interface GenesisDocument {
  readonly protocol: number;
  readonly generation: string;
  readonly mode: string;
  readonly seats: number;
  readonly courts: number;
  readonly wardens: number;
  readonly windowMs: number;
  readonly domainVersion: number;
  /** Unix milliseconds at composition: the time of height 0. */
  readonly time: number;
  /** Public key of every object that signs, by object name. */
  readonly keys: { readonly [name: string]: string };
}

export interface Genesis {
  readonly document: GenesisDocument;
  /** By object name: every seat of every court over the digest. */
  readonly signatures: { readonly [name: string]: string };
}

export const DOMAIN_VERSION = 1;

export function genesisDigest(document: GenesisDocument): string {
  return digest("genesis", document as unknown as Json);
}

/** Why configuration and genesis do not fit, or null when they do. */
export function genesisMismatch(document: GenesisDocument, deployment: Deployment): string | null {
  const pairs: readonly [string, unknown, unknown][] = [
    ["generation", document.generation, deployment.generation],
    ["mode", document.mode, deployment.quorum.mode],
    ["seats", document.seats, deployment.quorum.n],
    ["courts", document.courts, deployment.courts],
    ["wardens", document.wardens, deployment.wardens],
    ["window", document.windowMs, deployment.windowMs],
    ["domain version", document.domainVersion, DOMAIN_VERSION],
  ];
  for (const [what, agreed, configured] of pairs) {
    if (agreed !== configured)
      return `${what} is ${String(agreed)} in the genesis and ${String(configured)} configured`;
  }
  const pinned = deployment.genesisDigest;
  if (pinned !== "" && pinned !== genesisDigest(document))
    return "the genesis is not the pinned one";
  const missing = keyHolders(deployment).find(
    (officer) => !(nameOf(deployment.generation, officer) in document.keys),
  );
  return missing === undefined
    ? null
    : `the genesis has no key of ${nameOf(deployment.generation, missing)}`;
}

/** Whether every seat of every court signed the document. */
export function genesisSigned(genesis: Genesis, deployment: Deployment, verify: Verify): boolean {
  const digested = genesisDigest(genesis.document);
  return keyHolders(deployment)
    .filter((officer) => officer.kind === "clerk")
    .every((officer) => {
      const name = nameOf(deployment.generation, officer);
      return verify(genesis.document.keys[name] ?? "", digested, genesis.signatures[name] ?? "");
    });
}

/** Public keys of one court's seats, in order. */
export function seatKeys(document: GenesisDocument, court: number): string[] {
  return Array.from(
    { length: document.seats },
    (_, seat) => document.keys[nameOf(document.generation, { kind: "clerk", court, seat })] ?? "",
  );
}

export function wardenKey(document: GenesisDocument, warden: number): string {
  return document.keys[nameOf(document.generation, { kind: "warden", warden })] ?? "";
}
