/** One object of a court: what survives it, and what its evaluation makes of blocks. */
import type { Offer } from "../../objects/clerk/consensus/messages.ts";
import type { Durable, Effect, Incident, Tip } from "../../objects/clerk/consensus/seat.ts";
import { known } from "../../objects/shared/assert.ts";
import { canonical } from "../../objects/shared/canonical.ts";
import { leafDigest, merkleRoot, resultDigest } from "../../objects/shared/digests.ts";
import type { TermProof } from "../../objects/shared/terms.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import { sha256 } from "../../objects/shared/node/crypto.ts";
import type {
  Batch,
  Block,
  EntityRow,
  Head,
  Header,
  Writ,
  WritProgress,
} from "../../objects/shared/types.ts";
import { Vault } from "./vault.ts";

const KEYS_LIVE_MS = 5_000;

export class Member {
  /** Blocks above `bottom`. */
  readonly chain: Block[] = [];
  readonly incidents: Incident[] = [];
  /** Effects of every step, in order. */
  readonly journal: Effect[] = [];
  quarantined: string | null = null;
  durable: Durable | null = null;
  readonly writs = new Map<string, Writ>();
  incarnation = 0;
  armed: number | null = null;
  down = false;
  /** Its evaluation is wrong. */
  corrupt = false;
  /** What was certified does not fit what it has. */
  unadoptable = false;
  evaluations = 0;
  /** What it noted in storage before evaluating it, not yet answered. */
  noted: string | null = null;
  immune = false;
  /** Lives that ended in an evaluation. */
  deaths = 0;
  /** Versions of the domain that its build carries. */
  versions: readonly number[] = [1];
  /** Storages it has lost: each time its key went too. */
  wiped = 0;
  /** The control events that its chain has had, each with what proves it. */
  controls: TermProof[] = [];
  readonly vault: Vault;
  /** Height below which no block is here, but for those bases need. */
  bottom = 0;
  readonly #heads = new Map<number, Head>();
  /** Its state is to be taken anew. */
  rebuild = false;
  /** Height at which it last took its state anew. */
  rebuiltAt: number | null = null;
  /** Height of the state, where it lies below the chain. */
  replaying: number | null = null;
  /** Its next life must begin from what is stored now. */
  over = false;

  constructor(rootEvery: number) {
    this.vault = new Vault(rootEvery);
  }

  height(): number {
    return this.bottom + this.chain.length;
  }

  head(height: number): Head | undefined {
    return this.chain[height - this.bottom - 1] ?? this.#heads.get(height);
  }

  offer(): Offer | null {
    return this.vault.offer(this.tip().height, (height) => this.head(height), this.controls);
  }

  blocksAbove(height: number): Block[] {
    const from = height - this.bottom;
    return from < 0 ? [] : this.chain.slice(from, from + 64);
  }

  /** Drops the blocks up to a height, as a seat does with what is published. */
  drop(height: number): void {
    for (const block of this.chain.splice(0, height - this.bottom))
      this.#heads.set(block.header.height, block);
    this.bottom = height;
  }

  agree(block: Block, evaluation: Evaluation): void {
    const { height } = block.header;
    if (height > this.height()) {
      this.chain.push(block);
      const { header, certificate } = block;
      if (header.control !== null) this.controls.push({ header, certificate });
    }
    this.vault.agree(block, evaluation);
    if (this.replaying !== null) this.#replayed(height);
  }

  install(offer: Offer | null): void {
    this.vault.install(offer);
    const base = offer?.anchor.header.height ?? 0;
    if (offer !== null) this.#heads.set(base, offer.anchor);
    if (base > this.height()) {
      this.chain.length = 0;
      this.bottom = base;
      this.controls = (offer?.controls ?? []).filter(({ header }) => header.height <= base);
    }
    this.replaying = base;
    this.#replayed(base);
    this.over = true;
  }

  /** Where its state stands. */
  tip(): Tip {
    const height = this.replaying ?? this.height();
    return tipAt(height === 0 ? undefined : known(this.head(height), "the chain has its heads"));
  }

  progress(): WritProgress[] {
    return this.vault.rows.progressAt(Number.MAX_SAFE_INTEGER);
  }

  batch(header: Header): Batch {
    const entries = header.entries.map(([digested, first, count]) => {
      return { writ: known(this.writs.get(digested), "a vote has its writs"), first, count };
    });
    return { header, entries };
  }

  #replayed(height: number): void {
    this.replaying = height;
    if (height < this.height()) return;
    this.replaying = null;
    this.over = true;
    if (this.rebuild) {
      this.quarantined = null;
      this.rebuiltAt = this.tip().height;
    }
    this.rebuild = false;
  }
}

export function tipOf(chain: readonly Block[]): Tip {
  return tipAt(chain.at(-1));
}

function tipAt(head: Head | undefined): Tip {
  if (head === undefined) {
    const result = resultDigest({ prior: sha256("genesis"), count: 0, root: "", state: null });
    return { height: 0, block: sha256("genesis"), batch: "", result, time: 0, certificate: null };
  }
  const { header, certificate } = head;
  const { height, block, batch, result } = certificate;
  return { height, block, batch, result, time: header.time, certificate };
}

export function evaluationOf(outcomes: readonly string[]): Evaluation {
  const leaves = outcomes.map(leafDigest);
  const root = merkleRoot(leaves);
  return { outcomes, leaves, system: 0, fits: outcomes.length, root, entities: [], keys: [] };
}

/** Each event changes the entity of its first letter, and uses up a key. */
export function rowsAfter(
  { vault }: Member,
  { header, entries }: Batch,
): Pick<Evaluation, "entities" | "keys"> {
  const { height, time } = header;
  const events = entries.flatMap(({ writ, first, count }) =>
    writ.events.slice(first, first + count).map((event, at) => ({ event, writ, at: first + at })),
  );
  const entities = new Map<string, EntityRow>();
  for (const { event } of events) {
    const key = `t/item/${event.slice(0, 1)}`;
    const before = entities.get(key) ?? vault.rows.entities.get(key);
    const version = (before?.version ?? 0) + 1;
    entities.set(key, { key, version, state: canonical({ event }), height, expires: null });
  }
  const keys = events.map(({ event, writ, at }, index) => {
    const key = sha256(`${writ.warden}/${writ.number}/${at}`);
    return { key, fingerprint: sha256(event), height, index, expires: time + KEYS_LIVE_MS };
  });
  return {
    entities: [...entities.values()],
    keys: keys.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  };
}
