/**
 * Whole ledgers with all their keys: decided by the real evaluation, with the real state roots, signed by whoever held the keys at each
 * height. A lie is told before the signing, so that it is as well signed as the truth.
 */
import { evaluateBlock } from "../../objects/arbiter/evaluate.ts";
import { contextOf, eventsOf } from "../../objects/arbiter/evaluation.ts";
import type { Rules } from "../../objects/arbiter/evaluation.ts";
import { chosen } from "../../objects/arbiter/domains/shipped.ts";
import { registryOf } from "../../objects/arbiter/registry.ts";
import { attestDigest } from "../../objects/ledger/attest.ts";
import type { Attestation } from "../../objects/ledger/attest.ts";
import { known } from "../../objects/shared/assert.ts";
import { canonical } from "../../objects/shared/canonical.ts";
import type { Control } from "../../objects/shared/control.ts";
import {
  batchDigest,
  blockDigest,
  entryDigests,
  leafDigest,
  merkleRoot,
  resultDigest,
  writDigest,
} from "../../objects/shared/digests.ts";
import { DOMAIN_VERSION, genesisDigest } from "../../objects/shared/genesis.ts";
import type { Genesis, GenesisDocument } from "../../objects/shared/genesis.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { courtOf, nameOf } from "../../objects/shared/names.ts";
import { drawKeyPair, sha256, signer } from "../../objects/shared/node/crypto.ts";
import type { Sign } from "../../objects/shared/node/crypto.ts";
import type {
  Block,
  Certificate,
  Entry,
  Header,
  LedgerEvent,
  Poison,
  ResultParts,
  Writ,
} from "../../objects/shared/types.ts";
import { PROTOCOL_VERSION } from "../../objects/shared/types.ts";
import { commitDigest, statedDigest } from "../../objects/shared/verify.ts";
import { MemoryState } from "../../kit/memory.ts";
import { Vault } from "./vault.ts";

export const FIRST_TIME = 1_750_000_000_000;
const GENERATION = "annals";
const SEATS = [0, 1, 2, 3];

/** What liars make of a block before they sign it. */
export interface Lies {
  readonly entries?: (entries: readonly Entry[], annals: Annals) => readonly Entry[];
  readonly header?: (header: Header, annals: Annals) => Header;
  readonly outcomes?: (outcomes: readonly string[]) => readonly string[];
  readonly result?: (result: ResultParts) => ResultParts;
  readonly signers?: readonly number[];
}

export interface Deciding {
  /** Of block time since the block below; default a second. */
  readonly after?: number;
  readonly control?: Control;
  readonly lies?: Lies | undefined;
}

export type Sent = Partial<LedgerEvent> & Pick<LedgerEvent, "id" | "type" | "data">;

class Chronicle {
  readonly blocks: Block[] = [];
  readonly state = new MemoryState();
  readonly vault: Vault;
  epoch = 1;
  tip: { block: string; result: string; time: number };

  constructor(every: number, genesis: string) {
    this.vault = new Vault(every);
    const result = resultDigest({ prior: genesis, count: 0, root: "", state: null });
    this.tip = { block: genesis, result, time: FIRST_TIME };
  }
}

export class Annals {
  readonly genesis: Genesis;
  readonly every: number;
  readonly #rules: Rules;
  readonly #signs = new Map<string, Sign>();
  readonly #chronicles: Chronicle[];
  readonly #numbers = new Map<string, number>();
  #sequence = 0;

  constructor(every = 4, courts = 1, domains: readonly string[] = ["inventory"]) {
    this.every = every;
    const seats = Array.from({ length: courts }, (_, court) =>
      SEATS.map((seat) => nameOf(GENERATION, { kind: "clerk", court, seat })),
    ).flat();
    const wardens = [0, 1].map((warden) => nameOf(GENERATION, { kind: "warden", warden }));
    const keys = Object.fromEntries([...seats, ...wardens].map((name) => [name, this.#draw(name)]));
    const document: GenesisDocument = {
      protocol: PROTOCOL_VERSION,
      generation: GENERATION,
      mode: "bft",
      seats: SEATS.length,
      courts,
      wardens: wardens.length,
      windowMs: 10_000,
      rootEvery: every,
      domains,
      domainVersion: DOMAIN_VERSION,
      time: FIRST_TIME,
      keys,
    };
    const digest = genesisDigest(document);
    const signatures = Object.fromEntries(seats.map((name) => [name, this.#sign(name)(digest)]));
    this.genesis = { document, signatures };
    this.#rules = {
      registry: registryOf(chosen(domains)),
      windowMs: document.windowMs,
      clockBoundMs: LIMITS.clockBoundMs,
      courtOf: (tenant, partition) =>
        courtOf({ courts } as Parameters<typeof courtOf>[0], tenant, partition),
    };
    this.#chronicles = Array.from({ length: courts }, () => new Chronicle(every, digest));
  }

  get courts(): readonly (readonly Block[])[] {
    return this.#chronicles.map(({ blocks }) => blocks);
  }

  /** The court that an item's events belong to. */
  courtOfItem(item: string, tenant = "dev"): number {
    return this.#rules.courtOf(tenant, item);
  }

  writ(events: readonly (Sent | string)[], { warden = 0, court = 0 } = {}): Writ {
    const lane = `${court}/${warden}`;
    const number = (this.#numbers.get(lane) ?? 0) + 1;
    this.#numbers.set(lane, number);
    const texts = events.map((event) => (typeof event === "string" ? event : textOf(event)));
    return this.sealed({ court, warden, number, events: texts });
  }

  sealed(bare: Omit<Writ, "seal">): Writ {
    const name = nameOf(GENERATION, { kind: "warden", warden: bare.warden });
    return { ...bare, seal: this.#sign(name)(writDigest(bare)) };
  }

  /** The court's next block. */
  decide(
    entries: readonly Entry[],
    { after = 1000, control, lies = {} }: Deciding = {},
    court = 0,
  ): Block {
    const chronicle = this.#chronicle(court);
    const told = lies.entries?.(entries, this) ?? entries;
    const honest = this.#header(court, told, { after, control: control ?? null });
    const header = lies.header?.(honest, this) ?? honest;
    const evaluation = this.#evaluated(chronicle, header, told);
    const outcomes = lies.outcomes?.(evaluation.outcomes) ?? evaluation.outcomes;
    const root = merkleRoot(outcomes.map(leafDigest));
    const carries = honest.height % this.every === 0;
    const state = carries ? chronicle.vault.roots.root(honest.height - this.every) : null;
    const parts = { prior: chronicle.tip.result, count: outcomes.length, root, state };
    const result = lies.result?.(parts) ?? parts;
    const { height, parent, epoch } = header;
    const batch = batchDigest(header);
    const resulting = resultDigest(result);
    const block = blockDigest(height, parent, batch, resulting);
    const agreed = { court, epoch, height, view: 0, batch, result: resulting, block };
    const certificate = this.certify(agreed, lies.signers ?? [0, 1, 2]);
    const decided = { header, entries: told, result, outcomes, certificate };
    chronicle.vault.agree(decided, evaluation);
    chronicle.state.apply(evaluation);
    chronicle.blocks.push(decided);
    chronicle.tip = { block, result: resulting, time: header.time };
    return decided;
  }

  /** A block that gives a seat or a Warden another key, which counts from the next height on. */
  rekey(officer: Extract<Control, { kind: "key" }>["officer"], deciding: Deciding = {}): Block {
    const name =
      officer.kind === "clerk"
        ? nameOf(GENERATION, { ...officer, court: 0 })
        : nameOf(GENERATION, officer);
    const pair = drawKeyPair();
    const control = { kind: "key", officer, key: pair.publicKey } as const;
    const block = this.decide([], { ...deciding, control });
    this.#signs.set(name, signer(pair));
    this.#chronicle(0).epoch += 1;
    if (officer.kind === "warden") this.#numbers.delete(`0/${officer.warden}`);
    return block;
  }

  /** What the seats said of a batch of this one event, had it been proposed for the next height. */
  poison(writ: Writ, first: number, reason: Poison["reason"]): Poison {
    const header = this.#header(0, [{ writ, first, count: 1 }], { after: 7, control: null });
    const place = [0, header.epoch, header.height, 3, batchDigest(header)];
    const said = (kind: string, seat: number, what: string) => {
      const vote = { seat, incarnation: 1, sequence: ++this.#sequence };
      return { ...vote, signature: this.#seat(seat)(statedDigest(kind, [...place, what], vote)) };
    };
    if (reason === "unable") {
      const rejects = [0, 1, 3].map((seat) => said("reject", seat, reason));
      return { reason, view: 3, header, rejects };
    }
    const prepares = SEATS.map((seat) => {
      const result = sha256(`what ${seat % 3} came to`);
      return { ...said("prepare", seat, result), result };
    });
    return { reason, view: 3, header, prepares };
  }

  certify(agreed: Omit<Certificate, "signatures">, signers: readonly number[]): Certificate {
    const signatures = signers.map((seat) => {
      const vote = { seat, incarnation: 1, sequence: ++this.#sequence };
      return { ...vote, signature: this.#seat(seat, agreed.court)(commitDigest(agreed, vote)) };
    });
    return { ...agreed, signatures };
  }

  /** Each seat's word on the chain up to a height, by the key it has now. */
  words(court = 0, height = this.#chronicle(court).blocks.length): Omit<Attestation, "court">[] {
    const { block } = known(this.#chronicle(court).blocks[height - 1], "decided").certificate;
    return SEATS.map((seat) => {
      const signature = this.#seat(seat, court)(attestDigest(court, height, block));
      return { seat, height, block, signature };
    });
  }

  #evaluated({ state }: Chronicle, header: Header, entries: readonly Entry[]) {
    return evaluateBlock(contextOf({ header, entries }), eventsOf({ entries }), state, this.#rules);
  }

  #header(
    court: number,
    entries: readonly Entry[],
    { after, control }: { readonly after: number; readonly control: Control | null },
  ): Header {
    const { tip, epoch, blocks } = this.#chronicle(court);
    return {
      court,
      epoch,
      height: blocks.length + 1,
      parent: tip.block,
      time: tip.time + after,
      domainVersion: DOMAIN_VERSION,
      control,
      entries: entryDigests(entries),
    };
  }

  #chronicle(court: number): Chronicle {
    return known(this.#chronicles[court], "a court of the annals");
  }

  #seat(seat: number, court = 0): Sign {
    return this.#sign(nameOf(GENERATION, { kind: "clerk", court, seat }));
  }

  #sign(name: string): Sign {
    return known(this.#signs.get(name), `somebody has the key of ${name}`);
  }

  #draw(name: string): string {
    const pair = drawKeyPair();
    this.#signs.set(name, signer(pair));
    return pair.publicKey;
  }
}

export function textOf(event: Sent): string {
  return canonical({ tenant: "dev", source: "/", ...event });
}

export function whole(writ: Writ): Entry {
  return { writ, first: 0, count: writ.events.length };
}
