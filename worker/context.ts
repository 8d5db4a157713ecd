/** What every request of one isolate shares: the parsed configuration, the tokens, the genesis once it was checked, the open streams. */
import { chosen } from "../objects/arbiter/domains/shipped.ts";
import { registryOf } from "../objects/arbiter/registry.ts";
import type { Registry } from "../objects/arbiter/registry.ts";
import type { Ledger } from "../objects/ledger/ledger.ts";
import { deploymentOf } from "../objects/shared/config.ts";
import type { Deployment } from "../objects/shared/config.ts";
import { genesisMismatch, genesisSigned } from "../objects/shared/genesis.ts";
import type { Genesis, GenesisDocument } from "../objects/shared/genesis.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { TermBook } from "../objects/shared/term-book.ts";
import { verifier } from "../objects/shared/node/crypto.ts";
import type { Verify } from "../objects/shared/node/crypto.ts";
import { clerkStub } from "../objects/shared/shell/stubs.ts";
import type { Bindings } from "../objects/shared/shell/stubs.ts";
import { refusalOf, unlessSilent, within } from "./calls.ts";
import { tokensOf } from "./http/access.ts";
import type { Token } from "./http/access.ts";
import { tellable } from "./http/log.ts";
import { Problem } from "./http/problems.ts";
import type { DeadLetter } from "./letters.ts";
import { settingsOf } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { Streams } from "./streams.ts";

export interface Env extends Bindings {
  readonly TOKENS?: string;
  /** Where it is bound, every token is counted. */
  readonly RATE_LIMITER?: RateLimit;
  /** Where messages go that can never be decided. */
  readonly DEAD_LETTERS?: Queue<DeadLetter>;
}

export class Context {
  readonly env: Env;
  readonly deployment: Deployment;
  /** The domains that the deployment chose. */
  readonly registry: Registry;
  readonly tokens: readonly Token[];
  readonly settings: Settings;
  readonly verify: Verify = verifier();
  readonly streams = new Streams();
  // A genesis never changes within a generation, and every isolate has one generation.
  #genesis: Genesis | undefined;
  #terms: TermBook | undefined;

  /** Throws if a variable is not what it should be. */
  constructor(env: Env) {
    this.env = env;
    this.deployment = deploymentOf(env);
    this.registry = registryOf(chosen(this.deployment.domains));
    this.tokens = tokensOf(env.TOKENS);
    this.settings = settingsOf(env);
  }

  /** Every seat of a court, by its place. */
  get seats(): readonly number[] {
    return Array.from({ length: this.deployment.quorum.n }, (_, seat) => seat);
  }

  /**
   * The checked genesis, from whichever seat of court 0 answers first; seat 0 composes it on the way. Throws `no-quorum`, saying
   * which object is missing or what differs.
   */
  async genesis(): Promise<GenesisDocument> {
    return (await this.signedGenesis()).document;
  }

  /** The same with the signatures of all seats. */
  async signedGenesis(): Promise<Genesis> {
    this.#genesis ??= await this.#fetchGenesis();
    return this.#genesis;
  }

  /** The published ledger; throws as {@link genesis} does. */
  async ledger(): Promise<Ledger> {
    const { env, deployment, verify } = this;
    const [genesis, terms] = [await this.genesis(), await this.terms()];
    return { db: env.LEDGER, genesis, quorum: deployment.quorum, verify, terms };
  }

  /** What this isolate knows of every court's terms; throws as {@link genesis} does. */
  async terms(): Promise<TermBook> {
    const { deployment, verify } = this;
    this.#terms ??= new TermBook(await this.genesis(), deployment.quorum, verify);
    return this.#terms;
  }

  /** Asks a seat for the terms of its court: what it proves is known from then on. */
  async learnTerms(court: number, seat: number): Promise<void> {
    const { env, deployment } = this;
    const terms = await this.terms();
    const shown = await unlessSilent(
      clerkStub(env, deployment, court, seat).terms(),
      LIMITS.statusMs,
    );
    if (shown !== null) terms.read(court, shown);
  }

  async #fetchGenesis(): Promise<Genesis> {
    const { env, deployment } = this;
    const asked = this.seats.map(async (seat) =>
      this.#checked(await clerkStub(env, deployment, 0, seat).genesis()),
    );
    try {
      return await within(Promise.any(asked), deployment.deadlineMs);
    } catch (error) {
      throw new Problem("no-quorum", whyNone(error));
    }
  }

  // Rule: RefuseOtherConfiguration.
  #checked(text: string): Genesis {
    const genesis = JSON.parse(text) as Genesis;
    const mismatch = genesisMismatch(genesis.document, this.deployment);
    if (mismatch !== null)
      throw new Problem("no-quorum", `The configuration differs from the genesis: ${mismatch}.`);
    if (!genesisSigned(genesis, this.deployment, this.verify)) {
      throw new Problem("no-quorum", "The genesis lacks a valid signature.");
    }
    return genesis;
  }
}

/** Seat 0's answer names what is missing; what differs from the genesis outweighs all others. */
function whyNone(error: unknown): string {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const telling =
    errors.find((each) => each instanceof Problem || refusalOf(each) === "misconfigured") ??
    errors[0];
  const told = tellable(telling, "genesis");
  return telling instanceof Problem ? told : `The court cannot be asked for its genesis: ${told}.`;
}
