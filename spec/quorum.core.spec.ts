import { describe, expect, it } from "vitest";
import { BrokenInvariant } from "../objects/shared/assert.ts";
import { leaderOf, quorumOf } from "../objects/shared/quorum.ts";
import type { Mode } from "../objects/shared/quorum.ts";

const COURTS: readonly [Mode, number][] = [
  ["bft", 4],
  ["bft", 7],
  ["detect", 2],
  ["solo", 1],
];

/** Every set of seats, as bits. */
const setsOf = (n: number): number[] => Array.from({ length: 2 ** n }, (_, bits) => bits);
function size(bits: number): number {
  return bits === 0 ? 0 : (bits & 1) + size(bits >>> 1);
}

/** The dumb way: the most faults for which any two quorums share an honest seat, and the honest ones are a quorum. */
function faultsByCounting(n: number, q: number): number {
  const quorums = setsOf(n).filter((bits) => size(bits) === q);
  const shared = Math.min(...quorums.flatMap((one) => quorums.map((two) => size(one & two))));
  let faults = 0;
  while (faults + 1 < shared && n - (faults + 1) >= q) faults += 1;
  return faults;
}

/** The smallest quorum that tolerates so many faults, found by trying. */
function quorumByCounting(n: number, faults: number): number {
  const sizes = Array.from({ length: n }, (_, less) => less + 1);
  return sizes.find((q) => faultsByCounting(n, q) >= faults) ?? Number.NaN;
}

describe("quorums, against counting sets of seats", () => {
  it.each(COURTS)("QuorumsMeet, QuorumReachable: %s with %i seats", (mode, n) => {
    const { f, q, r } = quorumOf(mode, n);
    expect(n - f).toBe(q);
    expect(faultsByCounting(n, q)).toBe(f);
    // Believable: so many seats always have an honest one among them. Two seats tolerate no fault, but tell of one.
    expect(r).toBe(n === 2 ? 2 : f + 1);
    if (mode === "bft") expect(q).toBe(quorumByCounting(n, f));
  });

  it("four seats: 3 of 4, 1 faulty, 2 believable; seven: 5, 2, 3; two: both; one: itself", () => {
    const shapes = COURTS.map(([mode, n]) => {
      const { f, q, r } = quorumOf(mode, n);
      return [n, q, f, r];
    });
    expect(shapes).toEqual([
      [4, 3, 1, 2],
      [7, 5, 2, 3],
      [2, 2, 0, 2],
      [1, 1, 0, 1],
    ]);
  });

  it("no mode has any other number of seats", () => {
    for (const [mode, n] of [
      ["bft", 1],
      ["bft", 3],
      ["bft", 5],
      ["detect", 4],
      ["solo", 2],
    ] as const)
      expect(() => quorumOf(mode, n)).toThrow(BrokenInvariant);
  });

  it("every seat leads once in n views", () => {
    for (const [, n] of COURTS) {
      const leaders = Array.from({ length: n }, (_, view) => leaderOf(view + 3 * n, n));
      expect(leaders).toEqual(Array.from({ length: n }, (_, seat) => seat));
    }
  });
});
