/** Everything a liar has heard that may serve it later, within bounds. */
import type {
  Commit,
  Message,
  Prepare,
  Prepared,
  Proposal,
  ViewChange,
} from "../../../objects/clerk/consensus/messages.ts";
import { voteSignature } from "../../../objects/clerk/consensus/messages.ts";
import { batchDigest } from "../../../objects/shared/digests.ts";
import type { Batch, Block, Certificate, Writ } from "../../../objects/shared/types.ts";

const MOST = 96;

export class Hearsay {
  readonly batches = new Map<string, Batch>();
  readonly proposals: Proposal[] = [];
  /** By what they are for, then by sender. */
  readonly prepares = new Map<string, Map<number, Prepare>>();
  readonly commits = new Map<string, Map<number, Commit>>();
  readonly changes: ViewChange[] = [];
  readonly certificates = new Map<string, Certificate>();
  readonly prepared = new Map<string, Prepared>();
  readonly blocks = new Map<number, Block>();
  readonly writs = new Map<string, Writ>();
  readonly messages: Message[] = [];
  readonly #q: number;

  constructor(q: number) {
    this.#q = q;
  }

  note(message: Message): void {
    push(this.messages, message);
    if (message.kind === "proposal") {
      push(this.proposals, message);
      this.#proposal(message);
    }
    if (message.kind === "prepare") this.#prepare(message);
    if (message.kind === "commit") this.#commit(message);
    if (message.kind === "decided") this.#certificate(message.certificate);
    if (message.kind === "view-change") this.#change(message);
    if (message.kind === "blocks") for (const block of message.blocks) this.#block(block);
    if (message.kind === "batch-answer") this.#batch(message.batch);
    if (message.kind === "forward") this.#writ(message.writ);
  }

  /** The latest view change of each seat for a view, liars' own included if they were noted. */
  changesFor(view: number): ViewChange[] {
    const latest = new Map<number, ViewChange>();
    for (const change of this.changes) if (change.view === view) latest.set(change.from, change);
    return [...latest.values()].toSorted((a, b) => a.from - b.from);
  }

  preparedAt(height: number): Prepared[] {
    return [...this.prepared.values()]
      .filter((one) => one.height === height)
      .toSorted((a, b) => a.view - b.view);
  }

  certificateOf(height: number): Certificate | null {
    return [...this.certificates.values()].findLast((one) => one.height === height) ?? null;
  }

  /** Batches at a height, oldest first. */
  batchesAt(height: number): Batch[] {
    return [...this.batches.values()].filter(({ header }) => header.height === height);
  }

  #proposal({ batch, justification }: Proposal): void {
    this.#batch(batch);
    if (justification.by === "certificate") return this.#certificate(justification.certificate);
    for (const change of justification.changes) this.#change(change);
  }

  #prepare(vote: Prepare): void {
    const { height, view, batch, result } = vote;
    const of = keep(this.prepares, `${height}/${view}/${batch}/${result}`);
    of.set(vote.from, vote);
    if (of.size < this.#q) return;
    const signatures = [...of.values()].slice(0, this.#q).map(voteSignature);
    put(this.prepared, `${height}/${view}/${batch}`, { height, view, batch, result, signatures });
  }

  #commit(vote: Commit): void {
    const { court, epoch, height, view, batch, result, block } = vote;
    const of = keep(this.commits, `${height}/${view}/${block}`);
    of.set(vote.from, vote);
    if (of.size < this.#q) return;
    const signatures = [...of.values()].slice(0, this.#q).map(voteSignature);
    this.#certificate({ court, epoch, height, view, batch, result, block, signatures });
  }

  #change(change: ViewChange): void {
    if (this.changes.some(({ signature }) => signature === change.signature)) return;
    push(this.changes, change);
    this.#certificate(change.certificate);
    const { prepared } = change;
    if (prepared === null) return;
    put(this.prepared, `${prepared.height}/${prepared.view}/${prepared.batch}`, prepared);
  }

  #certificate(certificate: Certificate | null): void {
    if (certificate !== null)
      put(this.certificates, `${certificate.view}/${certificate.block}`, certificate);
  }

  #block(block: Block): void {
    put(this.blocks, block.header.height, block);
    this.#batch({ header: block.header, entries: block.entries });
    this.#certificate(block.certificate);
  }

  #batch(batch: Batch): void {
    put(this.batches, batchDigest(batch.header), batch);
    for (const { writ } of batch.entries) this.#writ(writ);
  }

  #writ(writ: Writ): void {
    put(this.writs, `${writ.warden}/${writ.number}`, writ);
  }
}

function push<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > MOST) list.shift();
}

function put<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MOST) return;
    map.delete(oldest);
  }
}

function keep<V>(map: Map<string, Map<number, V>>, key: string): Map<number, V> {
  const of = map.get(key) ?? new Map<number, V>();
  if (!map.has(key)) put(map, key, of);
  return of;
}
