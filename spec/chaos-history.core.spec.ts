/** The history checker is the witness of strict serializability: each way of breaking it, planted, must be told. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { historyFlaws } from "../bench/chaos/check/history.ts";
import type { History, Read, Write } from "../bench/chaos/check/history.ts";
import { Dice } from "./kit/dice.ts";

const ENTITY = "stock/a@w";

const state = (version: number) => ({ onHand: version * 10, reserved: 0 });

const change = (version: number, entity = ENTITY) => ({ entity, version, state: state(version) });

const write = (more: Partial<Write> & Pick<Write, "height" | "index">): Write => ({
  what: `${more.height}.${more.index}`,
  invoked: null,
  answered: null,
  changes: [],
  ...more,
});

/** Three writes one after the other, each answered before the next is sent, and a read after each. */
const writes: readonly Write[] = [1, 2, 3].map((version) =>
  write({
    height: version,
    index: 0,
    invoked: version * 100,
    answered: version * 100 + 20,
    changes: [change(version)],
  }),
);
const reads: readonly Read[] = [1, 2, 3].map((version) => ({
  entity: ENTITY,
  invoked: version * 100 + 30,
  answered: version * 100 + 50,
  version,
  state: state(version),
  height: version,
}));
const [read1, read2, read3] = reads as [Read, Read, Read];
const before = new Map<string, number>();

const flawsOf = (more: Partial<History>): string[] =>
  historyFlaws({ writes, reads, before, ...more });

const at = <T>(list: readonly T[], index: number, changed: Partial<T>): T[] =>
  list.map((one, place) => (place === index ? { ...one, ...changed } : one));

describe("a history that is strictly serializable", () => {
  it("has no flaw", () => {
    expect(flawsOf({})).toEqual([]);
  });

  it("may decide what overlaps in either order", () => {
    const overlapping = at(at(writes, 0, { answered: 260 }), 1, { invoked: 90 });
    const swapped = at(at(overlapping, 0, { height: 2, changes: [change(2)] }), 1, {
      height: 1,
      changes: [change(1)],
    });
    expect(flawsOf({ writes: swapped, reads: [] })).toEqual([]);
  });

  it("may be read before or after what is under way, and before there is anything", () => {
    const early = { ...read1, invoked: 205, answered: 210 };
    const late = { ...read2, invoked: 205, answered: 215 };
    const none = { ...read1, invoked: 10, answered: 99, version: 0, state: null, height: null };
    expect(flawsOf({ reads: [early] })).toEqual([]);
    expect(flawsOf({ reads: [late] })).toEqual([]);
    expect(flawsOf({ reads: [none] })).toEqual([]);
  });

  it("may begin in the middle, and leave out what nobody was told", () => {
    const later = writes.slice(1);
    expect(
      flawsOf({ writes: later, reads: reads.slice(1), before: new Map([[ENTITY, 1]]) }),
    ).toEqual([]);
    const untold = at(writes, 1, { answered: null });
    expect(flawsOf({ writes: untold })).toEqual([]);
    const unsent = at(writes, 1, { invoked: null, answered: null });
    expect(flawsOf({ writes: unsent })).toEqual([]);
  });
});

describe("planted violations", () => {
  const cases: readonly [string, Partial<History>, RegExp][] = [
    [
      "a write that stands before one that was answered before it was sent",
      {
        writes: [...writes, write({ height: 1, index: 1, invoked: 400, answered: 420 })],
      },
      /was sent after 3\.0 at 3\.0 had been answered/,
    ],
    [
      "the same of a rejection, which changes nothing",
      {
        writes: [
          write({ height: 5, index: 0, invoked: 10, answered: 20 }),
          write({ height: 4, index: 9, invoked: 30, answered: 40 }),
        ],
        reads: [],
      },
      /was sent after 5\.0/,
    ],
    ["two writes at one place", { writes: at(writes, 2, { height: 2 }) }, /has the place of 2\.0/],
    ["a version left out", { writes: at(writes, 1, { changes: [] }) }, /version 3 after 1/],
    [
      "a version given twice",
      { writes: at(writes, 1, { changes: [change(1)] }) },
      /version 1 after 1/,
    ],
    [
      "a version that falls",
      { writes: at(writes, 2, { changes: [change(1)] }) },
      /version 1 after 2/,
    ],
    [
      "versions that do not go on from those before",
      { before: new Map([[ENTITY, 7]]) },
      /version 1 after 7/,
    ],
    [
      "a read older than what had been answered when it began",
      { reads: at(reads, 1, { version: 1, state: state(1), height: 1 }) },
      /version 1 after version 2 had been answered/,
    ],
    [
      "nothing read of what had been answered",
      { reads: at(reads, 0, { version: 0, state: null, height: null }) },
      /version 0 after version 1 had been answered/,
    ],
    [
      "a read that goes back behind an earlier one",
      {
        writes: at(writes, 2, { answered: 900 }),
        reads: [
          { ...read3, invoked: 301, answered: 310 },
          { ...read2, invoked: 320, answered: 330 },
        ],
      },
      /version 2 after version 3 had been read/,
    ],
    [
      "a read of what is sent only later",
      { reads: [{ ...read3, invoked: 240, answered: 250 }] },
      /made version 3, and was sent after version 3 was read/,
    ],
    [
      "a write that comes to stand below a version that had been read",
      {
        writes: at(writes, 1, { invoked: 390, answered: 400 }),
        reads: [{ ...read3, invoked: 330, answered: 340 }],
      },
      /made version 2, and was sent after version 3 was read/,
    ],
    [
      "a version that nobody made",
      { reads: at(reads, 2, { version: 9, height: 9 }) },
      /version 9, which nobody made/,
    ],
    [
      "a state that is not the version's",
      { reads: at(reads, 1, { state: { onHand: 21, reserved: 0 } }) },
      /version 2, with the state/,
    ],
    [
      "a version that is not the one of the height it is said to be of",
      { reads: at(reads, 2, { height: 2 }) },
      /version 3, not the one of height 2/,
    ],
    [
      "a version of no height",
      { reads: at(reads, 2, { height: null }) },
      /version 3, of no height/,
    ],
  ];

  it.each(cases)("%s is told", (_, more, told) => {
    expect(flawsOf(more).join("\n")).toMatch(told);
  });
});

/** Writes and reads of a few entities by clients side by side: each takes effect at a moment between its two times. */
function honest(seed: number, operations: number): History {
  const dice = new Dice(seed);
  const timed = Array.from({ length: operations }, () => {
    const invoked = dice.below(2_000);
    const effect = invoked + 1 + dice.below(200);
    return {
      invoked,
      effect,
      answered: effect + 1 + dice.below(200),
      entity: `stock/${dice.below(3)}@w`,
    };
  }).toSorted((a, b) => a.effect - b.effect);
  const versions = new Map<string, number>();
  const history = { writes: [] as Write[], reads: [] as Read[], before };
  timed.forEach(({ invoked, answered, entity }, index) => {
    const version = versions.get(entity) ?? 0;
    if (dice.below(3) > 0) {
      const changes = dice.below(5) === 0 ? [] : [change(version + 1, entity)];
      versions.set(entity, version + changes.length);
      history.writes.push(write({ height: index + 1, index: 0, invoked, answered, changes }));
    } else if (version > 0) {
      const made = history.writes.findLast(({ changes }) =>
        changes.some((one) => one.entity === entity),
      );
      const last = made?.height ?? 0;
      history.reads.push({
        entity,
        invoked,
        answered,
        version,
        state: state(version),
        height: last,
      });
    }
  });
  return history;
}

describe("any history", () => {
  it("of a ledger that decides one after the other has no flaw", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 120 }), (seed, operations) => {
        expect(historyFlaws(honest(seed, operations))).toEqual([]);
      }),
    );
  });

  it("in which two writes that did not overlap change places has one", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const history = honest(seed, 60);
        const first = history.writes[0];
        const last = history.writes.at(-1);
        fc.pre(
          first !== undefined && last !== undefined && (first.answered ?? 0) < (last.invoked ?? 0),
        );
        const [a, b] = [first, last];
        const swapped = history.writes.map((one) => {
          if (one === a) return { ...one, height: b.height, index: b.index };
          return one === b ? { ...one, height: a.height, index: a.index } : one;
        });
        expect(historyFlaws({ ...history, writes: swapped })).not.toEqual([]);
      }),
    );
  });
});
