/** Invariants of the specification, run as they stand there: over the code's numbers, and over real seats after every step. */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Seat } from "../objects/clerk/consensus/seat.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { quorumOf } from "../objects/shared/quorum.ts";
import { Cluster } from "./kit/cluster.ts";
import { configured, evaluate } from "./reader/evaluate.ts";
import { of } from "./reader/names.ts";
import { read } from "./reader/reader.ts";
import type { Invariant, Module } from "./reader/syntax.ts";

const specification = (name: string): Module =>
  read(name, readFileSync(join(import.meta.dirname, `${name}.allium`), "utf8")).module;

function named(module: Module, names: readonly string[]): readonly Invariant[] {
  const found = of(module, "invariant").filter(({ name }) => names.includes(name));
  expect(found.map(({ name }) => name)).toEqual(names);
  return found;
}

describe("the numbers of a deployment", () => {
  const core = specification("core");
  const written = configured([core]);
  const broken = (numbers: ReadonlyMap<string, number>): string[] =>
    named(core, ["QuorumsMeet", "QuorumReachable", "KeysOutliveRetries", "CensorshipIsNotQueueing"])
      .filter(
        ({ body }) =>
          evaluate(body, { names: {}, config: (_, name) => numbers.get(`core.${name}`) }) !== true,
      )
      .map(({ name }) => name);
  const withThese = (changed: Record<string, number>): Map<string, number> =>
    new Map([
      ...written,
      ...Object.entries(changed).map(([name, is]): [string, number] => [`core.${name}`, is]),
    ]);

  it("QuorumsMeet, QuorumReachable, KeysOutliveRetries, CensorshipIsNotQueueing: hold in every mode", () => {
    expect(broken(written)).toEqual([]);
    for (const quorum of [quorumOf("bft", 4), quorumOf("bft", 7), quorumOf("detect", 2)]) {
      const { n, f, q } = quorum;
      expect(broken(withThese({ seats: n, faulty: f, quorum: q }))).toEqual([]);
    }
  });

  it.each([
    ["QuorumsMeet", { quorum: 2 }],
    ["QuorumReachable", { quorum: 4 }],
    ["KeysOutliveRetries", { key_retention: 300_000 }],
    ["CensorshipIsNotQueueing", { censored_heights: 2 }],
  ])("%s is broken by %j", (name, changed) => {
    expect(broken(withThese(changed))).toEqual([name]);
  });
});

const NAMES = [
  "PreparedIsUndecided",
  "CommitFollowsPrepare",
  "VotedAtOrBelowView",
  "ChangeAtOrBelowView",
  "AppliedIsProven",
];

/** A seat of the code in the words of clerk.allium. */
const inWords = (seat: Seat): object => ({
  view: seat.view,
  height: seat.tip.height,
  proven: seat.proven,
  voted_in: seat.vote?.prepare.view ?? null,
  committed_in: seat.commit?.view ?? null,
  prepared: seat.prepared === null ? null : { height: seat.prepared.proof.height },
  change: seat.change === null ? null : { view: seat.change.view },
});

describe("a seat", () => {
  const invariants = named(specification("clerk"), NAMES);
  const broken = (seat: object): string[] =>
    invariants
      .filter(({ body }) => evaluate(body, { names: { seat } }) !== true)
      .map(({ name }) => name);

  const at = fc.nat(3);
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant("give" as const), at }) },
    { weight: 20, arbitrary: fc.record({ do: fc.constant("deliver" as const), at: fc.nat(40) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("lose" as const), at: fc.nat(40) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("tick" as const), at }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), at }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("pass" as const), at }) },
  );
  type Action = typeof action extends fc.Arbitrary<infer Taken> ? Taken : never;

  function take(court: Cluster, { do: what, at: which }: Action, number: number): void {
    const sent = court.network[which % Math.max(court.network.length, 1)];
    switch (what) {
      case "give":
        return court.give(which, court.writ(number, [`event ${number}`]));
      case "deliver":
      case "lose":
        if (sent === undefined) return undefined;
        court.network = court.network.filter((other) => other !== sent);
        return what === "deliver" ? court.deliver(sent) : undefined;
      case "tick":
        court.now += LIMITS.suspicionMs;
        return court.tick(which);
      case "restart":
        return court.restart(which);
      case "pass":
        return court.pass(LIMITS.resendMs);
    }
  }

  it("PreparedIsUndecided, CommitFollowsPrepare, VotedAtOrBelowView, ChangeAtOrBelowView, AppliedIsProven: hold after every step, whatever is lost and whoever restarts", () => {
    let highest = 0;
    const actions = fc.array(action, { minLength: 60, maxLength: 200, size: "max" });
    fc.assert(
      fc.property(actions, (all) => {
        const court = new Cluster();
        for (const each of all) {
          take(court, each, court.seat(each.at % 4).tip.height + 1);
          for (const seat of court.seats) expect(broken(inWords(seat))).toEqual([]);
        }
        highest = Math.max(
          highest,
          ...court.heights().map((height, one) => height + court.seat(one).view),
        );
      }),
      { seed: 11, numRuns: 60 },
    );
    // Blocks were decided and views were left, else it says little.
    expect(highest).toBeGreaterThan(3);
  });

  const sound = {
    view: 2,
    height: 5,
    proven: 5,
    voted_in: 2,
    committed_in: 2,
    prepared: { height: 6 },
    change: { view: 1 },
  };

  it.each([
    ["PreparedIsUndecided", { prepared: { height: 5 } }],
    ["CommitFollowsPrepare", { voted_in: null }],
    ["VotedAtOrBelowView", { voted_in: 3 }],
    ["ChangeAtOrBelowView", { change: { view: 3 } }],
    ["AppliedIsProven", { proven: 4 }],
  ])("%s is broken by %j", (name, changed) => {
    expect(broken(sound)).toEqual([]);
    expect(broken({ ...sound, ...changed })).toEqual([name]);
  });
});
