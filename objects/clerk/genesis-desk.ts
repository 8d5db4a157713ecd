/**
 * How a deployment comes to its genesis: seat 0 of court 0 composes it once, durably; every seat fetches every key itself, by
 * object name, and signs at most one.
 */
import { readGenesis } from "../ledger/append.ts";
import type { Deployment } from "../shared/config.ts";
import { DOMAIN_VERSION, documentIn, genesisDigest, genesisMismatch } from "../shared/genesis.ts";
import type { Genesis, GenesisDocument } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import { keyHolders, nameOf } from "../shared/names.ts";
import type { Officer } from "../shared/names.ts";
import type { KeyPair, Sign, Verify } from "../shared/node/crypto.ts";
import { Refused } from "../shared/rpc.ts";
import type { KeyHolder } from "../shared/rpc.ts";
import { PROTOCOL_VERSION } from "../shared/types.ts";
import { checkedGenesis } from "../shared/shell/identity.ts";
import { clerkStub, wardenStub } from "../shared/shell/stubs.ts";
import type { Bindings } from "../shared/shell/stubs.ts";
import type { SeatNotes } from "./notes.ts";
import { RowDamaged } from "./rows.ts";

interface Desk {
  readonly env: Bindings;
  readonly deployment: Deployment;
  readonly notes: SeatNotes;
  readonly name: string;
  readonly pair: KeyPair;
  readonly sign: Sign;
  readonly verify: Verify;
}

export class GenesisDesk {
  readonly #desk: Desk;
  #underWay: Promise<Genesis> | null = null;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** The genesis this object serves by, if it has it. Throws {@link Refused} when it is not this deployment's. */
  stored(): Genesis | null {
    const text = this.text();
    return text === null ? null : this.#checked(text);
  }

  /** As it was signed; null too where it is damaged: then it is fetched again. */
  text(): string | null {
    try {
      return this.#desk.notes.get("genesis") ?? null;
    } catch (error) {
      if (error instanceof RowDamaged) return null;
      throw error;
    }
  }

  /** What a note said that led to the genesis, which is here; whether it is. */
  mend(key: string): boolean {
    const genesis = this.stored();
    if (genesis === null) return false;
    const { notes } = this.#desk;
    if (key === "signed-genesis") notes.put(key, genesisDigest(genesis.document));
    else notes.delete(key);
    return true;
  }

  /** Fetches or composes it; callers that come meanwhile share the attempt. */
  async obtain(): Promise<Genesis> {
    this.#underWay ??= this.#obtain().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  /** Signs the document if it is the first, fits the configuration, and every key in it is what its object says itself. */
  // Rule: SignOneGenesis.
  async signDocument(text: string): Promise<string> {
    const { deployment, notes, sign } = this.#desk;
    const document = documentIn(text);
    if (document === null) throw new Refused("malformed", "that is no genesis document");
    // No block could follow a genesis of the future.
    if (document.time > Date.now() + LIMITS.clockBoundMs)
      throw new Refused("no-genesis", "the document is ahead of this seat's clock");
    const mismatch = genesisMismatch(document, deployment);
    if (mismatch !== null) throw new Refused("misconfigured", mismatch);
    const digest = genesisDigest(document);
    this.#refuseSecond(digest);
    const keys = await this.#keys();
    for (const [name, key] of Object.entries(keys)) {
      if (document.keys[name] !== key)
        throw new Refused("no-genesis", `the document holds another key of ${name}`);
    }
    // Other calls may have come between: once more, then sign and write in one piece.
    this.#refuseSecond(digest);
    notes.put("signed-genesis", digest);
    return sign(digest);
  }

  #refuseSecond(digest: string): void {
    const signed = this.#desk.notes.get("signed-genesis");
    if (signed !== undefined && signed !== digest) {
      throw new Refused(
        "no-genesis",
        `${this.#desk.name} has signed another genesis: raise GENERATION`,
      );
    }
  }

  async #obtain(): Promise<Genesis> {
    const { deployment, notes, name } = this.#desk;
    const composer = nameOf(deployment.generation, { kind: "clerk", court: 0, seat: 0 });
    const text = name === composer ? await this.#compose() : await this.#fetch();
    const genesis = this.#checked(text);
    notes.put("genesis", text);
    return genesis;
  }

  /** From the seat that composed it; while that one is away, from the Ledger, which has it with the first block. */
  async #fetch(): Promise<string> {
    const { env, deployment } = this.#desk;
    try {
      return await clerkStub(env, deployment, 0, 0).genesis();
    } catch (error) {
      const held = await readGenesis(env.LEDGER, deployment.generation).catch(() => null);
      if (held === null) throw error;
      return JSON.stringify(held);
    }
  }

  #checked(text: string): Genesis {
    const { deployment, verify } = this.#desk;
    return checkedGenesis(text, deployment, verify);
  }

  // Rules: ComposeGenesisOnce, CompleteGenesis.
  async #compose(): Promise<string> {
    const { env, deployment, notes } = this.#desk;
    const kept = notes.get("genesis-draft");
    // Who lost its storage goes by what it has composed before, under a key that it no longer has.
    const held = kept === undefined ? await this.#published() : null;
    if (held !== null) return JSON.stringify(held);
    const draft = kept ?? (await this.#draft());
    const document = documentIn(draft);
    if (document === null) throw new Refused("no-genesis", "the draft is no document");
    const seats = keyHolders(deployment).filter((officer) => officer.kind === "clerk");
    const signatures = await Promise.all(
      seats.map(async (officer) => {
        const name = nameOf(deployment.generation, officer);
        const own = name === this.#desk.name;
        const asked = () =>
          clerkStub(env, deployment, officer.court, officer.seat).signGenesis(draft);
        return [name, own ? await this.signDocument(draft) : await named(name, asked)] as const;
      }),
    );
    const genesis: Genesis = { document, signatures: Object.fromEntries(signatures) };
    return JSON.stringify(genesis);
  }

  async #draft(): Promise<string> {
    const { deployment, notes } = this.#desk;
    const document: GenesisDocument = {
      protocol: PROTOCOL_VERSION,
      generation: deployment.generation,
      mode: deployment.quorum.mode,
      seats: deployment.quorum.n,
      courts: deployment.courts,
      wardens: deployment.wardens,
      windowMs: deployment.windowMs,
      rootEvery: deployment.rootEvery,
      domains: deployment.domains,
      domainVersion: DOMAIN_VERSION,
      time: Date.now(),
      keys: await this.#keys(),
    };
    const draft = notes.get("genesis-draft") ?? JSON.stringify(document);
    notes.put("genesis-draft", draft);
    return draft;
  }

  /** None is composed where the Ledger has one, or cannot say. */
  // Rule: RefuseSecondGenesis.
  async #published(): Promise<Genesis | null> {
    const { env, deployment } = this.#desk;
    try {
      return await readGenesis(env.LEDGER, deployment.generation);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw new Refused(
        "no-genesis",
        `the Ledger cannot be read, so no genesis is composed: ${cause}`,
      );
    }
  }

  async #keys(): Promise<Record<string, string>> {
    const { env, deployment, pair } = this.#desk;
    const holders = await Promise.all(
      keyHolders(deployment).map(async (officer) => {
        const name = nameOf(deployment.generation, officer);
        if (name === this.#desk.name) return { name, publicKey: pair.publicKey };
        const holder = await named(name, () => identityOf(env, deployment, officer));
        if (holder.name !== name)
          throw new Refused("no-genesis", `${name} says it is ${holder.name}`);
        return holder;
      }),
    );
    return Object.fromEntries(holders.map(({ name, publicKey }) => [name, publicKey]));
  }
}

/** What the object itself says its key is. */
export function identityOf(
  env: Bindings,
  deployment: Deployment,
  officer: Officer,
): Promise<KeyHolder> {
  if (officer.kind === "clerk")
    return clerkStub(env, deployment, officer.court, officer.seat).identity();
  if (officer.kind === "warden") return wardenStub(env, deployment, officer.warden).identity();
  throw new Refused("no-genesis", "only seats and Wardens have keys");
}

/** A failure says which object is missing: `ready` shows it. */
async function named<T>(name: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new Refused("no-genesis", `${name}: ${cause}`);
  }
}
