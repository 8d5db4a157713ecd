/** What follows from what seats say they hold of a Warden's writs, some of which may lie. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Writ } from "../objects/shared/types.ts";
import { findingOf, heldIn } from "../objects/warden/core/held.ts";
import type { Held } from "../objects/warden/core/held.ts";

const writ = (number: number, changed: Partial<Writ> = {}): Writ => {
  return { court: 0, warden: 1, number, events: [`{"id":"${number}"}`], seal: "own", ...changed };
};
const held = (decided: number, ...numbers: number[]): Held => {
  return { decided, writs: numbers.map((number) => writ(number)) };
};
const judged = { sealed: new Set<number>(), q: 3, f: 1, missing: () => true };
const doubt = (last: number | null) => ({ court: 0, last, lost: false });

describe("what seats hold", () => {
  it("AskWritBack: one seat that shows the writ is enough, whatever the others say", () => {
    const found = findingOf(doubt(7), [held(5), held(6), held(6, 7)], judged);
    expect(found).toEqual({ court: 0, last: 7, writs: [writ(7)], gaps: [] });
  });

  it("SealAgainUnderSameNumber: a quorum must have said that it holds nothing and knows nothing decided", () => {
    expect(findingOf(doubt(7), [held(6, 6), held(6, 6)], judged)).toBeNull();
    expect(findingOf(doubt(7), [held(6, 6), held(6, 6), held(7, 6)], judged)).toBeNull();
    const all = [held(6, 6), held(6, 6), held(7, 6), held(6, 6)];
    expect(findingOf(doubt(7), all, judged)).toMatchObject({
      last: 7,
      writs: [{ number: 6 }],
      gaps: [7],
    });
  });

  it("PassOverDecided: what f + 1 know decided is settled, though its writ has gone with old blocks", () => {
    const all = [held(7), held(7), held(6), held(6)];
    expect(findingOf(doubt(7), all, judged)).toMatchObject({ writs: [], gaps: [] });
  });

  it("AskWritBack: a lost number is the highest that is shown, sealed here, or claimed by f + 1", () => {
    const claims = [held(4, 4), held(4), held(9_000), held(4)];
    expect(findingOf(doubt(null), claims, judged)?.last).toBe(4);
    const shown = [held(4, 5), held(4, 4), held(4, 4), held(4, 4)];
    expect(findingOf(doubt(null), shown, judged)).toMatchObject({ last: 5 });
    const here = { ...judged, sealed: new Set([6]) };
    expect(findingOf(doubt(null), [held(5, 5), held(5, 5), held(5, 5)], here)?.last).toBe(6);
    expect(findingOf(doubt(null), [held(0), held(0), held(0)], judged)).toMatchObject({
      last: 0,
      gaps: [],
    });
  });

  it("SealAgainUnderSameNumber: never a number that a quorum of honest seats decided, whatever one seat says", () => {
    const liar = fc.record({ decided: fc.nat(12), numbers: fc.subarray([6, 7]) });
    const honest = fc.array(fc.constantFrom([7, 7], [6, 7], [6, 6]), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(honest, liar, fc.nat(3), (seats, lie, at) => {
        // Three voted for number 7 before it was decided; one of them lies, so two honest ones hold it.
        const two = seats.map(([decided = 0, shown = 0], seat) =>
          held(decided, seat < 2 ? 7 : shown),
        );
        const all = [...two];
        all.splice(at, 0, held(lie.decided, ...lie.numbers));
        for (let missed = 0; missed <= all.length; missed++) {
          const heard = all.filter((_, seat) => seat !== missed);
          const found = findingOf(doubt(7), heard, judged);
          expect(found?.gaps ?? []).not.toContain(7);
          expect(findingOf(doubt(null), heard, judged)?.gaps ?? []).not.toContain(7);
        }
      }),
    );
  });

  it("AskWritBack: writs of others, of other courts and without the own seal are not taken, nonsense is no answer", () => {
    const all = [
      writ(1),
      writ(2, { court: 1 }),
      writ(3, { warden: 0 }),
      writ(4, { seal: "x" }),
      writ(0),
    ];
    const ours = { court: 0, warden: 1, ours: ({ seal }: Writ) => seal === "own" };
    expect(heldIn(JSON.stringify({ decided: 3, writs: all }), ours)).toEqual({
      decided: 3,
      writs: [writ(1)],
    });
    for (const text of [
      "",
      "null",
      "[]",
      '{"decided":1}',
      '{"decided":"1","writs":[]}',
      '{"decided":1,"writs":[null]}',
    ])
      expect(heldIn(text, ours), text).toBeNull();
  });
});
