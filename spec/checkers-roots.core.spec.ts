/** The checkers of state roots and of poison find a history that breaks just their property, and are content with a sound one. */
import { describe, expect, it } from "vitest";
import { batchDigest, entryDigests, writDigest } from "../objects/shared/digests.ts";
import type { EntityRow, Header, KeyRow, Poison, WritProgress } from "../objects/shared/types.ts";
import { Cluster } from "./kit/cluster.ts";
import { brokenBy } from "./kit/film.ts";
import { RETENTION_MS, textOf } from "../kit/memory.ts";
import { rootOf } from "./kit/own-root.ts";
import { Scene } from "./kit/scene.ts";
import { chainCheckers, outcomeCheckers } from "./simulator/checkers/checkers.ts";

const received = (id: string, item = "a"): string =>
  textOf({ id, type: "stock.received", data: { item, warehouse: "w", quantity: 5 } });

/** What a chain of one whole writ a block has left, by the rows that it noted. */
function rootAt(made: Scene, base: number): string {
  const entities = new Map<string, EntityRow>();
  const keys: KeyRow[] = [];
  const progress: WritProgress[] = [];
  for (const { fact } of made.noted) {
    if (fact.kind !== "agreed" || fact.block.header.height > base) continue;
    for (const row of fact.evaluation.entities) entities.set(row.key, row);
    keys.push(...fact.evaluation.keys);
    for (const { writ, count } of fact.block.entries)
      progress[0] = { warden: 0, number: writ.number, next: count, complete: true };
  }
  const time = made.chain[base - 1]?.header.time ?? 0;
  return rootOf({ entities: [...entities.values()], keys, progress, time, every: made.rootEvery });
}

describe("RootIsOfState", () => {
  /** Blocks with roots every second height; at `wrong` the root is another. */
  function broken(wrong: number | null, root: string | null = "0".repeat(64), gap = 10) {
    const made = new Scene();
    made.rootEvery = 2;
    for (let height = 1; height <= 7; height++) {
      const carried = height % 2 === 0 ? rootAt(made, height - 2) : null;
      made.now += gap;
      const events = [received(`${height}`), received(`${height}b`, `item-${height}`)];
      made.block(events, { root: height === wrong ? root : carried });
    }
    return brokenBy(made.noted, outcomeCheckers(made.options));
  }

  it("RootIsOfState: every K-th result carries the root of the state K heights before", () => {
    expect(broken(null)).toBeNull();
    expect(broken(null, null, RETENTION_MS / 3)).toBeNull();
    for (const height of [2, 4, 6]) expect(broken(height)).toBe("RootIsOfState");
  });

  it("RootIsOfState: a root left out, or where none belongs", () => {
    expect(broken(4, null)).toBe("RootIsOfState");
    expect(broken(3)).toBe("RootIsOfState");
  });
});

describe("OnlyPoisonCondemned", () => {
  const court = new Cluster();

  /** A lone event condemned at height 2, its proof changed. */
  function condemned(
    change: (proof: Poison) => Poison = (proof) => proof,
    { poisoned = true, unable = false } = {},
  ): string | null {
    const made = new Scene();
    const below = made.block([received("first")]);
    made.submit(received("bad"));
    const entry = made.entry([received("bad")]);
    const header: Header = {
      ...below.header,
      height: 2,
      parent: below.certificate.block,
      time: made.now + 5,
      entries: entryDigests([entry]),
    };
    const batch = batchDigest(header);
    const votes = ["r", "r", "s", "s"].map((result, seat) =>
      unable
        ? court.said(seat, { kind: "reject", height: 2, view: 3, batch, reason: "unable" })
        : court.said(seat, { kind: "prepare", height: 2, view: 3, batch, result }),
    );
    const signed = votes.map((vote) => {
      const { from: seat, incarnation, sequence, signature } = vote;
      const result = vote.kind === "prepare" ? { result: vote.result } : {};
      return { seat, incarnation, sequence, signature, ...result };
    });
    const about = { view: 3, header };
    const proof = unable
      ? { reason: "unable", ...about, rejects: signed.slice(1) }
      : { reason: "nondeterministic", ...about, prepares: signed };
    made.decide([{ ...entry, poison: change(proof as Poison) }]);
    const options = { ...made.options, poisonous: () => poisoned };
    return brokenBy(made.noted, [...chainCheckers(options), ...outcomeCheckers(options)]);
  }
  const prepares =
    (of: (all: Extract<Poison, { reason: "nondeterministic" }>["prepares"]) => unknown) =>
    (proof: Poison): Poison =>
      (proof.reason === "unable" ? proof : { ...proof, prepares: of(proof.prepares) }) as Poison;

  it("OnlyPoisonCondemned: with the words of all seats, or of a quorum that is unable", () => {
    expect(condemned()).toBeNull();
    expect(condemned((proof) => proof, { unable: true })).toBeNull();
  });

  it("OnlyPoisonCondemned: where every event can be decided nothing is", () => {
    expect(condemned((proof) => proof, { poisoned: false })).toBe("OnlyPoisonCondemned");
  });

  it("OnlyPoisonCondemned: a proof with a seat missing, twice, forged, or of another place", () => {
    const wrong = "OnlyPoisonCondemned";
    expect(condemned(prepares((all) => all.slice(1)))).toBe(wrong);
    expect(condemned(prepares((all) => [...all.slice(1), all[1]]))).toBe(wrong);
    expect(condemned(prepares((all) => all.map((vote) => ({ ...vote, result: "r" }))))).toBe(wrong);
    expect(condemned((proof) => ({ ...proof, view: 4 }))).toBe(wrong);
    const header = (changes: Partial<Header>) => (proof: Poison) =>
      ({ ...proof, header: { ...proof.header, ...changes } }) as Poison;
    expect(condemned(header({ height: 3 }))).toBe(wrong);
    expect(condemned(header({ parent: "0".repeat(64) }))).toBe(wrong);
    expect(condemned(header({ entries: [] }))).toBe(wrong);
    const other = writDigest({ court: 0, warden: 0, number: 2, events: [received("other")] });
    expect(condemned(header({ entries: [[other, 0, 1, null]] }))).toBe(wrong);
    const fewer = (proof: Poison): Poison =>
      proof.reason === "unable" ? { ...proof, rejects: proof.rejects.slice(1) } : proof;
    expect(condemned(fewer, { unable: true })).toBe(wrong);
  });
});
