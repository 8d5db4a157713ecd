/** What survives a seat's life: its chain, state, votes and voice, as the seat's own storage has them (objects/clerk). */
import type { StateReader } from "../../objects/arbiter/evaluation.ts";
import type { Offer } from "../../objects/clerk/consensus/messages.ts";
import type { StateRoots } from "../../objects/clerk/roots.ts";
import { RowDamaged, damage } from "../../objects/clerk/rows.ts";
import type { Durable, Incident } from "../../objects/clerk/consensus/seat.ts";
import { utf8Length } from "../../objects/shared/canonical.ts";
import { writDigest } from "../../objects/shared/digests.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { bucketOf } from "../../objects/shared/state-root.ts";
import type { TermProof } from "../../objects/shared/terms.ts";
import type {
  Batch,
  Block,
  Certificate,
  EntityRow,
  Header,
  KeyRow,
  ResultParts,
  Writ,
  WritProgress,
} from "../../objects/shared/types.ts";
import { Violation } from "./history.ts";
import type { Fact } from "./history.ts";
import type { RowStore } from "../kit/row-store.ts";
import { Vault } from "../kit/vault.ts";

/** A range of a writ and where it was decided. `index` is the block index of its first outcome. */
export interface DecidedRange {
  readonly height: number;
  readonly first: number;
  readonly count: number;
  readonly index: number;
  readonly complete: boolean;
}

/** A block without its writs and outcomes. */
export interface Head {
  readonly header: Header;
  readonly result: ResultParts;
  readonly certificate: Certificate;
}

export class MemoryChain {
  readonly #blocks: Block[] = [];
  readonly #sizes: number[] = [];
  readonly #writs = new Map<string, Writ>();
  readonly #ranges = new Map<string, DecidedRange[]>();
  readonly #progress = new Map<number, WritProgress>();
  readonly #damaged = new Set<number>();

  keepWrits(writs: readonly Writ[], epoch: number): void {
    for (const writ of writs) this.#keepWrit(writDigest(writ), epoch, writ);
  }

  #keepWrit(digested: string, epoch: number, writ: Writ): void {
    const key = `${digested}/${epoch}`;
    if (!this.#writs.has(key)) this.#writs.set(key, writ);
  }

  /** A header's batch from the stored writs: those of a vote or a block are there. Throws {@link RowDamaged}. */
  batch(header: Header): Batch {
    const entries = header.entries.map(([digested, first, count]) => {
      const writ = this.#writs.get(`${digested}/${header.epoch}`);
      if (writ === undefined) throw new RowDamaged(`writs: ${digested}`);
      return { writ, first, count };
    });
    return { header, entries };
  }

  /** A seat that lost its last blocks to damage is given them again. */
  append(block: Block): void {
    const { header, outcomes, entries } = block;
    const { height } = header;
    if (height < 1 || height > this.height() + 1)
      throw new Error(`height ${height} after ${this.height()}`);
    const again = height <= this.height();
    this.#blocks[height - 1] = block;
    this.#sizes[height - 1] = sizeOf(block);
    this.#damaged.delete(height);
    if (again) return;
    let index = outcomes.length - entries.reduce((sum, entry) => sum + entry.count, 0);
    entries.forEach(({ writ, first, count }, position) => {
      this.#keepWrit(header.entries[position]?.[0] ?? "", header.epoch, writ);
      const place = `${writ.warden}/${writ.number}`;
      const { warden, number, events } = writ;
      const next = first + count;
      const complete = next === events.length;
      const range = { height, first, count, index, complete };
      this.#ranges.set(place, [...(this.#ranges.get(place) ?? []), range]);
      this.#progress.set(warden, { warden, number, next, complete });
      index += count;
    });
    const { control } = header;
    if (control?.kind !== "key" || control.officer.kind !== "warden") return;
    const { warden } = control.officer;
    this.#progress.delete(warden);
    for (const place of this.#ranges.keys())
      if (place.startsWith(`${warden}/`)) this.#ranges.delete(place);
  }

  /** Headers of the control events, in order. */
  termProofs(): TermProof[] {
    return this.#blocks
      .filter(({ header }) => header.control !== null)
      .map(({ header, certificate }) => ({ header, certificate }));
  }

  controls(): Header[] {
    return this.#blocks.map(({ header }) => header).filter(({ control }) => control !== null);
  }

  progress(): WritProgress[] {
    return [...this.#progress.values()].toSorted((a, b) => a.warden - b.warden);
  }

  lowest(): number {
    return 1;
  }

  height(): number {
    return this.#blocks.length;
  }

  /** A block that its digest gives away when it is read. */
  damage(height: number): void {
    this.#damaged.add(height);
  }

  /** Of a block that is there. Throws {@link RowDamaged} if it is not. */
  head(height: number): Head {
    const block = this.block(height);
    if (block === undefined) throw new RowDamaged(`blocks: ${height} is missing`);
    const { header, result, certificate } = block;
    return { header, result, certificate };
  }

  outcomes(height: number, count: number): string[] {
    const { outcomes = [] } = this.block(height) ?? {};
    if (outcomes.length !== count) throw new RowDamaged(`outcomes: ${height} lacks some`);
    return [...outcomes];
  }

  /** Undefined where the chain does not reach. Throws {@link RowDamaged}. */
  block(height: number): Block | undefined {
    if (this.#damaged.has(height)) throw new RowDamaged(`blocks: ${height}`);
    return this.#blocks[height - 1];
  }

  /** Blocks above a height, in order, as many as `blocks` and `bytes` allow, at least one if there is any. */
  above(height: number, blocks: number, bytes: number): Block[] {
    const run: Block[] = [];
    let size = 0;
    for (let next = height + 1; run.length < blocks; next++) {
      const block = this.block(next);
      if (block === undefined) break;
      size += this.#sizes[next - 1] ?? 0;
      if (run.length > 0 && size > bytes) break;
      run.push(block);
    }
    return run;
  }

  /** Highest height in (after, upTo] whose outcomes hold the text. */
  holding(text: string, after: number, upTo: number): number | null {
    for (let height = upTo; height > after; height--)
      if (this.block(height)?.outcomes.some((outcome) => outcome.includes(text)) === true)
        return height;
    return null;
  }

  /** Where the ranges of a writ were decided, in order. */
  decided(warden: number, number: number): DecidedRange[] {
    return [...(this.#ranges.get(`${warden}/${number}`) ?? [])];
  }
}

function sizeOf(block: Block): number {
  const texts = [...block.outcomes, ...block.entries.flatMap((entry) => entry.writ.events)];
  return texts.reduce((sum, text) => sum + utf8Length(text), LIMITS.eventBytes);
}

export class MemoryState implements StateReader {
  readonly #entities = new Map<string, EntityRow>();
  readonly #keys = new Map<string, KeyRow>();
  readonly #expiring = new Map<string, number>();
  readonly #damaged = new Set<string>();
  /** Whether ended keys are dropped with the next block, or kept: nobody may tell the difference. */
  readonly #drops: boolean;

  constructor(drops: boolean) {
    this.#drops = drops;
  }

  entity(key: string): EntityRow | undefined {
    const row = this.#entities.get(key);
    if (row === undefined || !this.#damaged.has(key)) return row;
    const { height } = row;
    throw damage({ table: "entities", key, height, digest: "damaged", within: bucketOf(key) });
  }

  entityRows(keys: readonly string[]): EntityRow[] {
    return keys.flatMap((key) => this.entity(key) ?? []);
  }

  /** What is not damaged of a bucket. */
  sound(bucket: number): EntityRow[] {
    return [...this.#entities.values()].filter(
      ({ key }) => bucketOf(key) === bucket && !this.#damaged.has(key),
    );
  }

  /** A row in the place of a damaged one: the one that was written, or whoever repaired it has made something up. */
  repair(key: string, row: EntityRow | undefined): void {
    const written = JSON.stringify(this.#entities.get(key));
    if (JSON.stringify(row) !== written)
      throw new Violation(
        "Repair",
        `${key} was repaired to ${JSON.stringify(row)}, and was ${written}`,
      );
    this.#damaged.delete(key);
  }

  keyRows(keys: readonly string[]): KeyRow[] {
    return keys.flatMap((key) => this.#keys.get(key) ?? []);
  }

  due(time: number, limit: number): string[] {
    return [...this.#expiring]
      .filter(([, expires]) => expires <= time)
      .toSorted(([one, a], [other, b]) => a - b || (one < other ? -1 : 1))
      .slice(0, limit)
      .map(([key]) => key);
  }

  nextExpiry(): number | null {
    return this.#expiring.size === 0 ? null : Math.min(...this.#expiring.values());
  }

  apply({ entities, keys }: Pick<Evaluation, "entities" | "keys">, time: number): void {
    for (const row of entities) {
      this.#entities.set(row.key, row);
      this.#damaged.delete(row.key);
      if (row.expires === null) this.#expiring.delete(row.key);
      else this.#expiring.set(row.key, row.expires);
    }
    for (const row of keys) this.#keys.set(row.key, row);
    if (!this.#drops) return;
    for (const [key, { expires }] of this.#keys) if (expires < time) this.#keys.delete(key);
  }

  entityKeys(): string[] {
    return [...this.#entities.keys()].toSorted();
  }

  /** A row that its digest gives away when it is read. */
  damage(key: string): void {
    this.#damaged.add(key);
  }

  /** A row that reads well and is wrong. */
  falsify(key: string, state: string): void {
    const row = this.#entities.get(key);
    if (row !== undefined) this.#entities.set(key, { ...row, state });
  }
}

type Took = Extract<Fact, { kind: "took" }>;

export class Disk {
  readonly chain = new MemoryChain();
  state: MemoryState;
  /** The same rows once more, as of each base. */
  readonly vault: Vault;
  readonly incidents: Incident[] = [];
  durable: Durable | null = null;
  /** Votes that their digest gives away when they are read. */
  votesDamaged = false;
  incarnation = 0;
  /** Why the seat has no voice; null when it has. The first reason stands. */
  quarantine: string | null = null;
  /** Its state is to be taken anew. */
  rebuild = false;
  /** Height at which it last was. */
  rebuiltAt: number | null = null;
  /** Height of the state, where it lies below the chain. */
  replaying: number | null = null;
  /** K. */
  readonly every: number;
  readonly #drops: boolean;

  constructor(rootEvery: number, drops = false) {
    this.every = rootEvery;
    this.#drops = drops;
    this.state = new MemoryState(drops);
    this.vault = new Vault(rootEvery, (page) => (part, base, after, room) => {
      const read = page(part, base, after, room);
      for (const { row } of read.rows) if (row[0] === "entity") this.state.entity(row[1]);
      return read;
    });
    this.vault.pageRows = 2;
  }

  get roots(): StateRoots {
    return this.vault.roots;
  }

  get rows(): RowStore {
    return this.vault.rows;
  }

  /** A life begins: what was read and not noted, or taken and not whole, is forgotten. */
  open(): void {
    this.vault.open();
  }

  /** Whether the seat's life must begin anew with it. */
  agree(block: Block, evaluation: Evaluation): boolean {
    const { header } = block;
    this.chain.append(block);
    this.state.apply(evaluation, header.time);
    this.vault.agree(block, evaluation);
    return this.replaying !== null && this.#replayed(header.height);
  }

  offer(height: number): Offer | null {
    const { chain } = this;
    const head = (at: number) => (at > 0 ? chain.head(at) : undefined);
    return this.vault.offer(height, head, chain.termProofs());
  }

  /** The entities that are its state from now on, as of a height; null where it goes on with what it had. */
  install(offer: Offer | null): Pick<Took, "height" | "entities"> | null {
    const height = offer?.anchor.header.height ?? 0;
    if (height > this.chain.height()) return this.#keepOwn();
    this.vault.install(offer);
    const { rows } = this.vault;
    const entities = [...rows.entities.values()];
    this.state = new MemoryState(this.#drops);
    this.state.apply({ entities, keys: rows.keyRows() }, 0);
    this.#replayed(height);
    return { height, entities };
  }

  /** A chain that begins above the first height is not modelled: who would need one goes on with the state it had. */
  #keepOwn(): null {
    this.rebuild = false;
    this.quarantine = null;
    return null;
  }

  #replayed(height: number): boolean {
    this.replaying = height < this.chain.height() ? height : null;
    if (this.replaying !== null) return false;
    if (this.rebuild) {
      this.quarantine = null;
      this.rebuiltAt = height;
    }
    this.rebuild = false;
    return true;
  }

  /** A row that reads well and is wrong. */
  falsify(key: string, state: string): void {
    this.state.falsify(key, state);
    const row = this.rows.entities.get(key);
    if (row !== undefined) this.rows.entities.set(key, { ...row, state });
  }
}
