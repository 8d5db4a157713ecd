/** Real blocks without a court: drawn keys, sealed writs, certificates of a quorum's signatures. */
import type { Trust } from "../../objects/ledger/trust.ts";
import { canonical } from "../../objects/shared/canonical.ts";
import type { Json } from "../../objects/shared/canonical.ts";
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
import { nameOf } from "../../objects/shared/names.ts";
import { drawKeyPair, sha256, signer, verifier } from "../../objects/shared/node/crypto.ts";
import type { Sign } from "../../objects/shared/node/crypto.ts";
import { TermBook } from "../../objects/shared/term-book.ts";
import { quorumOf } from "../../objects/shared/quorum.ts";
import type {
  Batch,
  Block,
  Certificate,
  Entry,
  Header,
  LedgerEvent,
  Outcome,
  Poison,
  Writ,
} from "../../objects/shared/types.ts";
import { PROTOCOL_VERSION } from "../../objects/shared/types.ts";
import { commitDigest, statedDigest } from "../../objects/shared/verify.ts";

/** An event and what it came to; each changed entity gets its next version. */
export interface Told {
  readonly id: string;
  readonly tenant?: string;
  readonly source?: string;
  readonly type?: string;
  readonly data?: Json;
  readonly status?: Outcome["status"];
  readonly reason?: Outcome["reason"];
  readonly changes?: readonly { readonly entity: string; readonly state: Json }[];
}

export interface Sealed {
  readonly writ: Writ;
  readonly told: readonly Told[];
}

export interface Part {
  readonly sealed: Sealed;
  readonly first?: number;
  readonly count?: number;
  readonly poison?: Poison;
}

interface Options {
  /** Effects of the system before the submitted events. */
  readonly system?: readonly Told[];
  /** Seats that sign the certificate. */
  readonly signers?: readonly number[];
  readonly view?: number;
  /** What the batch really comes to, in place of what was told. */
  readonly evaluated?: (batch: Batch) => readonly string[];
  /** The state root that its result carries. */
  readonly state?: string | null;
}

interface Tip {
  readonly height: number;
  readonly block: string;
  readonly result: string;
  readonly time: number;
}

export const GENESIS_TIME = 1_750_000_000_000;

/** Every key of a deployment of four seats a court and two Wardens, and the chains of its courts. */
export class Scribe {
  readonly genesis: Genesis;
  readonly #signs = new Map<string, Sign>();
  readonly #tips = new Map<number, Tip>();
  readonly #numbers = new Map<string, number>();
  readonly #versions = new Map<string, number>();
  #sequence = 0;

  constructor(generation: string, courts = 1) {
    const names = [0, 1].map((warden) => nameOf(generation, { kind: "warden", warden }));
    for (let court = 0; court < courts; court++) {
      for (let seat = 0; seat < 4; seat++)
        names.push(nameOf(generation, { kind: "clerk", court, seat }));
    }
    const keys: Record<string, string> = {};
    for (const name of names) {
      const pair = drawKeyPair();
      keys[name] = pair.publicKey;
      this.#signs.set(name, signer(pair));
    }
    const document: GenesisDocument = {
      protocol: PROTOCOL_VERSION,
      generation,
      mode: "bft",
      seats: 4,
      courts,
      wardens: 2,
      windowMs: 300_000,
      rootEvery: 256,
      domains: ["inventory"],
      domainVersion: DOMAIN_VERSION,
      time: GENESIS_TIME,
      keys,
    };
    const digested = genesisDigest(document);
    const clerks = names.filter((name) => name.includes("/clerk/"));
    const signatures = Object.fromEntries(clerks.map((name) => [name, this.#sign(name)(digested)]));
    this.genesis = { document, signatures };
  }

  trust(): Trust {
    const genesis = this.genesis.document;
    const [quorum, verify] = [quorumOf("bft", 4), verifier()];
    return { genesis, quorum, verify, terms: new TermBook(genesis, quorum, verify) };
  }

  seat(court: number, seat: number): Sign {
    return this.#sign(nameOf(this.genesis.document.generation, { kind: "clerk", court, seat }));
  }

  seal(court: number, told: readonly Told[], warden = 0): Sealed {
    const lane = `${court}/${warden}`;
    const number = (this.#numbers.get(lane) ?? 0) + 1;
    this.#numbers.set(lane, number);
    const unsealed = {
      court,
      warden,
      number,
      events: told.map((item) => canonical(eventOf(item))),
    };
    const name = nameOf(this.genesis.document.generation, { kind: "warden", warden });
    return { writ: { ...unsealed, seal: this.#sign(name)(writDigest(unsealed)) }, told };
  }

  /** The court's next block: these parts of sealed writs. */
  extend(court: number, parts: readonly Part[], options: Options = {}): Block {
    const tip = this.#tips.get(court) ?? this.#start();
    const entries = parts.map(({ sealed, first = 0, count = sealed.told.length, poison }) => ({
      entry: {
        writ: sealed.writ,
        first,
        count,
        ...(poison === undefined ? {} : { poison }),
      } satisfies Entry,
      told: sealed.told.slice(first, first + count),
    }));
    const told = [...(options.system ?? []), ...entries.flatMap((part) => part.told)];
    const batch = {
      header: this.#header(
        court,
        entries.map(({ entry }) => entry),
      ),
      entries: entries.map(({ entry }) => entry),
    };
    const { header } = batch;
    const outcomes =
      options.evaluated?.(batch) ?? told.map((item) => canonical(this.#outcomeOf(item)));
    const result = {
      prior: tip.result,
      count: outcomes.length,
      root: merkleRoot(outcomes.map(leafDigest)),
      state: options.state ?? null,
    };
    const digested = batchDigest(header);
    const block = blockDigest(header.height, header.parent, digested, resultDigest(result));
    const agreed = {
      court,
      epoch: 1,
      height: header.height,
      view: options.view ?? 0,
      batch: digested,
      result: resultDigest(result),
      block,
    };
    const certificate = this.certify(agreed, options.signers ?? [0, 1, 2]);
    this.#tips.set(court, {
      height: header.height,
      block,
      result: certificate.result,
      time: header.time,
    });
    return { ...batch, result, outcomes, certificate };
  }

  /** The court's next block of one new writ. */
  next(court: number, ...told: readonly Told[]): Block {
    return this.extend(court, told.length === 0 ? [] : [{ sealed: this.seal(court, told) }]);
  }

  certify(agreed: Omit<Certificate, "signatures">, signers: readonly number[]): Certificate {
    const signatures = signers.map((seat) => {
      const vote = { seat, incarnation: 1, sequence: ++this.#sequence };
      return { ...vote, signature: this.seat(agreed.court, seat)(commitDigest(agreed, vote)) };
    });
    return { ...agreed, signatures };
  }

  #header(court: number, entries: readonly Entry[]): Header {
    const tip = this.#tips.get(court) ?? this.#start();
    return {
      court,
      epoch: 1,
      height: tip.height + 1,
      parent: tip.block,
      time: tip.time + 100,
      domainVersion: DOMAIN_VERSION,
      control: null,
      entries: entryDigests(entries),
    };
  }

  /** What the seats said of a batch of this one event, had it been proposed for the court's next height. */
  poison(court: number, { writ }: Sealed, first: number, reason: Poison["reason"]): Poison {
    const header = this.#header(court, [{ writ, first, count: 1 }]);
    const said = (kind: string, seat: number, what: string) => {
      const vote = { seat, incarnation: 1, sequence: ++this.#sequence };
      const content = [court, header.epoch, header.height, 3, batchDigest(header), what];
      return { ...vote, signature: this.seat(court, seat)(statedDigest(kind, content, vote)) };
    };
    if (reason === "unable") {
      const rejects = [0, 1, 3].map((seat) => said("reject", seat, reason));
      return { reason, view: 3, header, rejects };
    }
    const prepares = [0, 1, 2, 3].map((seat) => {
      const result = sha256(`what ${seat % 3} came to`);
      return { ...said("prepare", seat, result), result };
    });
    return { reason, view: 3, header, prepares };
  }

  #sign(name: string): Sign {
    const sign = this.#signs.get(name);
    if (sign === undefined) throw new Error(`nobody has the key of ${name}`);
    return sign;
  }

  #start(): Tip {
    const block = genesisDigest(this.genesis.document);
    return { height: 0, block, result: block, time: GENESIS_TIME };
  }

  #outcomeOf(item: Told): Outcome {
    const { tenant, source, id, type } = eventOf(item);
    const changes = (item.changes ?? []).map(({ entity, state }) => {
      const version = (this.#versions.get(`${tenant}/${entity}`) ?? 0) + 1;
      this.#versions.set(`${tenant}/${entity}`, version);
      return { entity, version, state };
    });
    const reason = item.reason === undefined ? {} : { reason: item.reason };
    return { tenant, source, id, type, status: item.status ?? "accepted", ...reason, changes };
  }
}

function eventOf({
  id,
  tenant = "dev",
  source = "/",
  type = "stock.received",
  data = {},
}: Told): LedgerEvent {
  return { tenant, source, id, type, data };
}
