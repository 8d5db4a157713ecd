/** Batches that conflict, and reasons to propose them that are none. */
import { groundsOf } from "../../../objects/clerk/consensus/messages.ts";
import type {
  Justification,
  Prepared,
  Proposal,
  ViewChange,
} from "../../../objects/clerk/consensus/messages.ts";
import { batchDigest, blockDigest, entryDigests } from "../../../objects/shared/digests.ts";
import { termAt } from "../../../objects/shared/terms.ts";
import type { Batch, Certificate, Entry, Header } from "../../../objects/shared/types.ts";
import type { Hearsay } from "./hearsay.ts";
import type { Tongue } from "./mouth.ts";

/** How a proposal may lie about why it may be made. */
export const PRETEXTS = [
  "none-left",
  "certificate",
  "higher-left-in",
  "too-few",
  "one-seat-twice",
  "another-view",
  "robbed-change",
  "lowest",
  "forged-prepared",
  "borrowed-prepared",
  "false-certificate",
] as const;
export type Pretext = (typeof PRETEXTS)[number];

interface Excuse {
  readonly batch: Batch;
  readonly why: Justification;
}

export class Forge {
  readonly #tongue: Tongue;
  readonly #hearsay: Hearsay;

  constructor(tongue: Tongue, hearsay: Hearsay) {
    this.#tongue = tongue;
    this.#hearsay = hearsay;
  }

  /** A batch that nobody has voted for, on what the height stands on; null if that is not known. */
  conflicting(height: number): Batch | null {
    const { place } = this.#tongue;
    const { dice } = place;
    const { tip, waiting, setup } = place.core();
    const known = this.#hearsay.batchesAt(height);
    const like = known.length === 0 ? undefined : dice.one(known);
    if (like === undefined && height !== tip.height + 1) return null;
    const [writ] = [...waiting.values()].flatMap((of) => [...of.values()].slice(0, 1));
    const entries: readonly Entry[] =
      like?.entries ??
      (writ === undefined ? [] : [{ writ: writ.writ, first: 0, count: writ.writ.events.length }]);
    const { epoch, domainVersion } = termAt(setup.terms, height);
    const header: Header = {
      court: setup.court,
      epoch,
      height,
      parent: like?.header.parent ?? tip.block,
      time: place.now() + 1 + dice.below(50),
      domainVersion,
      control: null,
      entries: entryDigests(entries),
    };
    return this.#free({ header, entries });
  }

  /** The same but for its block time. */
  retimed(batch: Batch): Batch {
    return this.#free({
      header: { ...batch.header, time: batch.header.time + 1 },
      entries: batch.entries,
    });
  }

  proposal(view: number, from: number, { batch, why }: Excuse): Proposal {
    const grounds = groundsOf(why);
    return this.#tongue.say({ kind: "proposal", view, batch, justification: why, grounds }, from);
  }

  /** A view change of a liar's own. */
  change(from: number, view: number, height: number, prepared: Prepared | null): ViewChange {
    const certificate = this.below(height);
    return this.#tongue.say({ kind: "view-change", view, height, certificate, prepared }, from);
  }

  below(height: number): Certificate | null {
    return height === 1 ? null : this.#hearsay.certificateOf(height - 1);
  }

  /** What the liars can say for a batch in that view with this pretext; null if they lack the means. */
  excuse(pretext: Pretext, view: number, batch: Batch): Excuse | null {
    const { height } = batch.header;
    switch (pretext) {
      case "certificate":
        return { batch, why: { by: "certificate", certificate: this.below(height) } };
      case "false-certificate":
        return this.#falseCertificate(batch, view);
      case "lowest":
        return this.#lowest(view, height);
      case "none-left":
      case "higher-left-in":
        return this.#changes(batch, this.#quorum(view, height, null));
      case "too-few":
        return this.#changes(batch, this.#quorum(view, height, null)?.slice(1) ?? null);
      case "one-seat-twice":
        return this.#twice(batch, view);
      case "another-view":
        return this.#anotherView(batch, view);
      case "robbed-change":
        return this.#robbed(batch, view);
      case "forged-prepared":
        return this.#changes(batch, this.#quorum(view, height, this.#forged(batch, view, false)));
      case "borrowed-prepared":
        return this.#changes(batch, this.#quorum(view, height, this.#forged(batch, view, true)));
    }
  }

  /** Own view changes, and of the others' for the view those that say least of what was prepared at the height. */
  #quorum(view: number, height: number, prepared: Prepared | null): ViewChange[] | null {
    const { place } = this.#tongue;
    const { q } = place.setup.quorum;
    const own = place.liars.map((from) => this.change(from, view, height, prepared));
    const others = this.#hearsay
      .changesFor(view)
      .filter(({ from }) => !place.liars.includes(from))
      .toSorted((a, b) => weight(a, height) - weight(b, height));
    const all = [...own, ...others].slice(0, q);
    return all.length < q ? null : all;
  }

  /** Binds to the lowest certificate instead of the highest. */
  #lowest(view: number, height: number): Excuse | null {
    const { place } = this.#tongue;
    const { q } = place.setup.quorum;
    const certified = this.#hearsay.preparedAt(height);
    const others = this.#hearsay.changesFor(view).filter(({ from }) => !place.liars.includes(from));
    const lowest = certified.find(({ batch }) => this.#hearsay.batches.has(batch));
    const batch = lowest === undefined ? undefined : this.#hearsay.batches.get(lowest.batch);
    if (lowest === undefined || batch === undefined) return null;
    const own = place.liars.map((from) => this.change(from, view, height, lowest));
    return this.#changes(batch, [...own, ...others].slice(0, q));
  }

  #twice(batch: Batch, view: number): Excuse | null {
    const { place } = this.#tongue;
    const { height } = batch.header;
    const { q } = place.setup.quorum;
    const own = place.liars.map((from) => this.change(from, view, height, null));
    const others = this.#quorum(view, height, null) ?? own;
    return this.#changes(batch, padded([...own, ...others], q).slice(0, q));
  }

  /** View changes for a view before, when less was prepared. */
  #anotherView(batch: Batch, view: number): Excuse | null {
    const { place } = this.#tongue;
    const { height } = batch.header;
    const { q } = place.setup.quorum;
    const latest = new Map<number, ViewChange>();
    for (const change of this.#hearsay.changes) {
      const before = latest.get(change.from);
      if (change.view >= view || place.liars.includes(change.from)) continue;
      if (before === undefined || weight(change, height) <= weight(before, height))
        latest.set(change.from, change);
    }
    const others = [...latest.values()].toSorted((a, b) => weight(a, height) - weight(b, height));
    const own = place.liars.map((from) => this.change(from, view, height, null));
    const all = [...own, ...others].slice(0, q);
    return all.length < q ? null : this.#changes(batch, all);
  }

  /** Somebody else's view change without its certificate, under its old signature. */
  #robbed(batch: Batch, view: number): Excuse | null {
    const quorum = this.#quorum(view, batch.header.height, null);
    if (quorum === null) return null;
    const robbed = quorum.map((change) => ({ ...change, prepared: null }));
    return this.#changes(batch, robbed);
  }

  /** A prepared certificate with nobody's votes but the liars' own, or with votes for something else. */
  #forged(batch: Batch, view: number, borrowed: boolean): Prepared {
    const { place } = this.#tongue;
    const { height } = batch.header;
    const digested = batchDigest(batch.header);
    const stated = { height, view: Math.max(0, view - 1), batch: digested, result: digested };
    const own = place.liars.map((from) => {
      const vote = this.#tongue.say({ kind: "prepare", ...stated }, from);
      const { incarnation, sequence, signature } = vote;
      return { seat: from, incarnation, sequence, signature };
    });
    const others = borrowed ? (this.#hearsay.preparedAt(height).at(-1)?.signatures ?? []) : [];
    return { ...stated, signatures: padded([...own, ...others], place.setup.quorum.q) };
  }

  /** A certificate of the height below that says this view, signed by the liars and by nobody else. */
  #falseCertificate(batch: Batch, view: number): Excuse | null {
    const below = this.below(batch.header.height);
    if (below === null) return null;
    return { batch, why: { by: "certificate", certificate: { ...below, view } } };
  }

  #changes(batch: Batch, changes: readonly ViewChange[] | null): Excuse | null {
    return changes === null ? null : { batch, why: { by: "changes", changes } };
  }

  /** Unlike every batch heard of. */
  #free(batch: Batch): Batch {
    let free = batch;
    while (this.#hearsay.batches.has(batchDigest(free.header)))
      free = { ...free, header: { ...free.header, time: free.header.time + 1 } };
    return free;
  }
}

/** How much a view change hinders a fresh batch at a height. */
function weight(change: ViewChange, height: number): number {
  if (change.height !== height) return change.height > height ? 1 : 0;
  return change.prepared === null ? 0 : 2;
}

/** The block that a vote on a batch is for. */
export function blockOf(batch: Batch, result: string): string {
  const { height, parent } = batch.header;
  return blockDigest(height, parent, batchDigest(batch.header), result);
}

/** As many as that, the first one over and over. */
export function padded<T>(items: readonly T[], length: number): T[] {
  return [...items, ...Array.from({ length }, () => items.slice(0, 1)).flat()].slice(
    0,
    Math.max(length, items.length),
  );
}
