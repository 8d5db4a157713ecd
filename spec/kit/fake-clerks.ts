/** A deployment's seats as a Warden reaches them: one court that is as honest, as slow or as absent as a test says. */
import { canonical } from "../../objects/shared/canonical.ts";
import { deploymentOf } from "../../objects/shared/config.ts";
import { DOMAIN_VERSION, genesisDigest } from "../../objects/shared/genesis.ts";
import type { GenesisDocument } from "../../objects/shared/genesis.ts";
import { fingerprintOf, keyDigest } from "../../objects/shared/digests.ts";
import { keyHolders, nameOf, officerOf } from "../../objects/shared/names.ts";
import { drawKeyPair, signer } from "../../objects/shared/node/crypto.ts";
import type { FirstUse, KeyHolder, Submission } from "../../objects/shared/rpc.ts";
import type { Block, LedgerEvent, Outcome, Writ } from "../../objects/shared/types.ts";
import { PROTOCOL_VERSION } from "../../objects/shared/types.ts";
import { accepted, answerOf, partOf, SignedCourt, whole } from "./signed-court.ts";

interface Use {
  readonly fingerprint: string;
  readonly block: Block;
  readonly index: number;
}

export class FakeClerks {
  /** `decides` whatever it is given, `mute` keeps it to itself, `down` fails every call. */
  mode: "decides" | "mute" | "down" = "decides";
  published = 0;
  /** Whether a seat still has what it was given and has not decided. */
  forgets = false;
  /** Whether they say what they hold of a Warden's writs. */
  tells = true;
  /** Text of every writ given, in order. */
  readonly given: string[] = [];
  genesis = "";
  readonly #court = new SignedCourt(0);
  readonly #uses = new Map<string, Use>();
  readonly #answers = new Map<number, string>();
  readonly #taken: Writ[] = [];

  /** The binding CLERK of these seats. */
  namespace(env: object): unknown {
    const seat = {
      genesis: async () => this.#unlessDown(this.genesis),
      status: async () =>
        this.#unlessDown(
          JSON.stringify({
            ready: true,
            stage: "ready",
            published: this.published,
            overloaded: false,
          }),
        ),
      terms: async () => this.#unlessDown("[]"),
      writs: async () => {
        if (!this.tells) throw new Error("silent");
        return this.#unlessDown(JSON.stringify(this.#held()));
      },
      submit: async (text: string) => {
        this.given.push(text);
        this.#unlessDown("");
        return this.mode === "mute" ? answerOf() : this.#decided(JSON.parse(text) as Writ);
      },
    };
    return {
      getByName: (name: string) => {
        if (officerOf(name, deploymentOf(env))?.kind !== "clerk")
          throw new Error(`no clerk ${name}`);
        return seat;
      },
    };
  }

  /** Signs a genesis in which this Warden's key is as it says. */
  found(env: object, warden: KeyHolder): void {
    const deployment = deploymentOf(env);
    const keys: Record<string, string> = {};
    for (const officer of keyHolders(deployment)) {
      const seat = officer.kind === "clerk" ? this.#court.publicKeys[officer.seat] : undefined;
      keys[nameOf(deployment.generation, officer)] = seat ?? drawKeyPair().publicKey;
    }
    keys[warden.name] = warden.publicKey;
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
      time: 0,
      keys,
    };
    const digest = genesisDigest(document);
    const signatures = Object.fromEntries(
      this.#court.seats.map((pair, seat) => [
        nameOf(deployment.generation, { kind: "clerk", court: 0, seat }),
        signer(pair)(digest),
      ]),
    );
    this.genesis = JSON.stringify({ document, signatures });
  }

  /** Writs that were decided, in order. */
  decidedWrits(): readonly Writ[] {
    return this.#taken;
  }

  /** Events that were decided, but for repetitions of a key. */
  effects(): string[] {
    const keys = new Set<string>();
    return this.#taken
      .flatMap(({ events }) => events)
      .filter((text) => {
        const key = keyDigest(JSON.parse(text) as LedgerEvent);
        return !keys.has(key) && keys.add(key);
      });
  }

  /** Decides a writ that was given, whatever else is given under its number. */
  decide(writ: Writ): void {
    this.#decided(writ);
  }

  /** Writs given, each once. */
  get writs(): Writ[] {
    return [...new Set(this.given)].map((text) => JSON.parse(text) as Writ);
  }

  #held(): { decided: number; writs: Writ[] } {
    const decided = Math.max(0, ...this.#answers.keys());
    const writs = this.writs.filter(({ number }) => !this.forgets || number <= decided);
    return { decided, writs };
  }

  #unlessDown(text: string): string {
    if (this.mode === "down") throw new Error("seat-down");
    return text;
  }

  #decided(writ: Writ): string {
    const known = this.#answers.get(writ.number);
    if (known !== undefined) return known;
    this.#taken.push(writ);
    const block = this.#court.decide([whole(writ)], { outcome: (event) => this.#outcome(event) });
    const firsts: FirstUse[] = [];
    writ.events.forEach((text, index) => {
      const event = JSON.parse(text) as LedgerEvent;
      const key = keyDigest(event);
      const use = this.#uses.get(key);
      if (use === undefined)
        this.#uses.set(key, { fingerprint: fingerprintOf(event), block, index });
      else firsts.push({ of: index, part: partOf(use.block, 0) });
    });
    const answer = answerOf(partOf(block, 0, firsts));
    this.#answers.set(writ.number, answer);
    return answer;
  }

  /** With the seats' own key table, as the Arbiter has it. */
  #outcome(event: LedgerEvent): Outcome {
    const use = this.#uses.get(keyDigest(event));
    if (use === undefined) return accepted(event);
    if (use.fingerprint !== fingerprintOf(event)) {
      return { ...accepted(event), status: "rejected", reason: { code: "key_reused", detail: "" } };
    }
    return {
      ...accepted(event),
      status: "duplicate",
      first: { height: use.block.header.height, index: use.index },
    };
  }
}

/** As the Usher hands an event over. */
export function submissionOf(
  id: string,
  changed: { data?: string; sentAt?: number | null; court?: number } = {},
): Submission {
  const event: LedgerEvent = {
    tenant: "dev",
    source: "/",
    id,
    type: "stock.counted",
    data: changed.data ?? null,
  };
  return {
    key: keyDigest(event),
    fingerprint: fingerprintOf(event),
    court: changed.court ?? 0,
    sentAt: changed.sentAt ?? null,
    event: canonical(event),
  };
}
