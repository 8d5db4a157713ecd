/** The one document a deployment starts from: its shape and the public keys of everyone who signs. */
import { z } from "zod";
import type { Deployment } from "./config.ts";
import { digest } from "./digests.ts";
import { LIMITS } from "./limits.ts";
import { keyHolders, nameOf } from "./names.ts";
import type { Verify } from "./node/crypto.ts";
import { PROTOCOL_VERSION } from "./types.ts";

export interface GenesisDocument {
  readonly protocol: number;
  readonly generation: string;
  readonly mode: string;
  readonly seats: number;
  readonly courts: number;
  readonly wardens: number;
  readonly windowMs: number;
  /** Heights from one state root to the next. */
  readonly rootEvery: number;
  /** Names of the domains whose events it takes, sorted. */
  readonly domains: readonly string[];
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

// Only what has a canonical form: a digest over anything else would throw.
const label = z
  .string()
  .max(LIMITS.nameBytes)
  .regex(/^[ -~]*$/);
const count = z.int().min(0);
const documentShape = z.strictObject({
  protocol: count,
  generation: label,
  mode: label,
  seats: count,
  courts: count,
  wardens: count,
  windowMs: count,
  rootEvery: count,
  domains: z.array(label),
  domainVersion: count,
  time: count,
  keys: z.record(label, z.string().regex(/^[0-9a-f]{64}$/)),
});
const genesisShape = z.strictObject({
  document: documentShape,
  signatures: z.record(label, z.string().regex(/^[0-9a-f]{128}$/)),
});

/** A text from elsewhere as a document; null if it is none. */
export function documentIn(text: string): GenesisDocument | null {
  return parsed(documentShape, text);
}

/** A text from elsewhere as a genesis, its signatures not yet checked; null if it is none. */
export function genesisIn(text: string): Genesis | null {
  return parsed(genesisShape, text);
}

function parsed<T>(shape: z.ZodType<T>, text: string): T | null {
  try {
    return shape.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

export function genesisDigest(document: GenesisDocument): string {
  return digest("genesis", { ...document });
}

/** Why configuration and genesis do not fit, or null when they do. */
export function genesisMismatch(document: GenesisDocument, deployment: Deployment): string | null {
  const pairs: readonly [string, unknown, unknown][] = [
    ["protocol", document.protocol, PROTOCOL_VERSION],
    ["generation", document.generation, deployment.generation],
    ["mode", document.mode, deployment.quorum.mode],
    ["seats", document.seats, deployment.quorum.n],
    ["courts", document.courts, deployment.courts],
    ["wardens", document.wardens, deployment.wardens],
    ["window", document.windowMs, deployment.windowMs],
    ["root interval", document.rootEvery, deployment.rootEvery],
    ["the list of domains", document.domains.join(), deployment.domains.join()],
    ["domain version", document.domainVersion, DOMAIN_VERSION],
  ];
  for (const [what, agreed, configured] of pairs) {
    if (agreed !== configured)
      return `${what} is ${String(agreed)} in the genesis and ${String(configured)} configured`;
  }
  const pinned = deployment.genesisDigest;
  if (pinned !== "" && pinned !== genesisDigest(document))
    return "the genesis is not the pinned one";
  const names = keyHolders(deployment).map((officer) => nameOf(deployment.generation, officer));
  const missing = names.find((each) => !Object.hasOwn(document.keys, each));
  if (missing !== undefined) return `the genesis has no key of ${missing}`;
  return Object.keys(document.keys).length === names.length
    ? null
    : "the genesis has keys of others";
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
