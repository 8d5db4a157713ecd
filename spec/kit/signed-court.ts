/** A court of known keys that decides whatever it is told to: what it says is as well signed as what a real one says. */
import { canonical } from "../../objects/shared/canonical.ts";
import {
  batchDigest,
  blockDigest,
  entryDigests,
  leafDigest,
  merkleRoot,
  resultDigest,
} from "../../objects/shared/digests.ts";
import { drawKeyPair, signer, verifier } from "../../objects/shared/node/crypto.ts";
import type { CourtKeys } from "../../objects/warden/core/settlement.ts";
import type { KeyPair } from "../../objects/shared/node/crypto.ts";
import type { FirstUse, WritAnswer, WritPart } from "../../objects/shared/rpc.ts";
import type {
  Block,
  Certificate,
  Entry,
  LedgerEvent,
  Outcome,
  Writ,
} from "../../objects/shared/types.ts";
import { commitDigest } from "../../objects/shared/verify.ts";

export interface Deciding {
  readonly view?: number;
  /** Canonical system outcomes, before the submitted ones. */
  readonly system?: readonly string[];
  /** Default: every event is accepted and changes nothing. */
  readonly outcome?: (event: LedgerEvent) => Outcome;
  /** Seats that sign; default: the first q. */
  readonly signers?: readonly number[];
}

export class SignedCourt {
  readonly seats: readonly KeyPair[];
  readonly #court: number;
  readonly #q: number;
  #tip = { height: 0, block: "00".repeat(32), result: "11".repeat(32) };

  constructor(court: number, n = 4, q = 3) {
    this.#court = court;
    this.#q = q;
    this.seats = Array.from({ length: n }, () => drawKeyPair());
  }

  get publicKeys(): string[] {
    return this.seats.map(({ publicKey }) => publicKey);
  }

  /** What a Warden knows of it; other keys than its own, if told so. */
  courtKeys(keys: readonly string[] = this.publicKeys): CourtKeys {
    const terms = [{ epoch: 1, from: 1, keys, wardenKeys: [], domainVersion: 1 }];
    const { length: n } = this.seats;
    return { court: this.#court, terms: () => terms, n, q: this.#q, verify: verifier() };
  }

  /** The next block of the chain: these entries, in this order. */
  decide(entries: readonly Entry[], deciding: Deciding = {}): Block {
    const height = this.#tip.height + 1;
    const header = {
      court: this.#court,
      epoch: 1,
      height,
      parent: this.#tip.block,
      time: Date.UTC(2026, 10, 22, 10) + height,
      domainVersion: 1,
      control: null,
      entries: entryDigests(entries),
    };
    const outcomeOf = deciding.outcome ?? accepted;
    const submitted = entries.flatMap(({ writ, first, count }) =>
      writ.events
        .slice(first, first + count)
        .map((text) => canonical(outcomeOf(JSON.parse(text) as LedgerEvent))),
    );
    const outcomes = [...(deciding.system ?? []), ...submitted];
    const result = {
      prior: this.#tip.result,
      count: outcomes.length,
      root: merkleRoot(outcomes.map(leafDigest)),
      state: null,
    };
    const batch = batchDigest(header);
    const resulting = resultDigest(result);
    const block = blockDigest(height, header.parent, batch, resulting);
    const view = deciding.view ?? 0;
    const unsigned = {
      court: this.#court,
      epoch: 1,
      height,
      view,
      batch,
      result: resulting,
      block,
    };
    this.#tip = { height, block, result: resulting };
    return {
      header,
      entries,
      result,
      outcomes,
      certificate: this.certify(unsigned, deciding.signers),
    };
  }

  /** Signs whatever it is, as no honest seat would. */
  certify(unsigned: Omit<Certificate, "signatures">, signers?: readonly number[]): Certificate {
    const signatures = (signers ?? [...this.seats.keys()].slice(0, this.#q)).map((seat) => {
      const vote = { seat, incarnation: 1, sequence: unsigned.height };
      const pair = this.seats[seat] ?? drawKeyPair();
      return { ...vote, signature: signer(pair)(commitDigest(unsigned, vote)) };
    });
    return { ...unsigned, signatures };
  }
}

export function whole(writ: Writ): Entry {
  return { writ, first: 0, count: writ.events.length };
}

export function accepted({ tenant, source, id, type }: LedgerEvent): Outcome {
  return { tenant, source, id, type, status: "accepted", changes: [] };
}

/** What an honest seat says of the block's entry at that position. */
export function partOf(block: Block, position: number, firsts: readonly FirstUse[] = []): WritPart {
  const { header, result, certificate, outcomes } = block;
  const counts = header.entries.map(([, , count]) => count);
  const before = counts.slice(0, position).reduce((sum, count) => sum + count, 0);
  const system = outcomes.length - counts.reduce((sum, count) => sum + count, 0);
  const index = system + before;
  return {
    header,
    result,
    certificate,
    leaves: outcomes.map(leafDigest).join(""),
    index,
    first: block.entries[position]?.first ?? 0,
    outcomes: outcomes.slice(index, index + (counts[position] ?? 0)),
    firsts,
  };
}

export function answerOf(...parts: readonly WritPart[]): string {
  const answer: WritAnswer = { view: 0, parts };
  return JSON.stringify(answer);
}
