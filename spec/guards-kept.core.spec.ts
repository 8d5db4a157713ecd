/** The conditions of rules are run, of what is kept: rows that a Registrar asked for, writs that a seat is given. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writObjection } from "../objects/clerk/consensus/check.ts";
import { wantsWrit } from "../objects/clerk/consensus/waiting.ts";
import { endFill } from "../objects/registrar/core/cache.ts";
import type { Copy } from "../objects/registrar/core/cache.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { Cluster, verifyModel } from "./kit/cluster.ts";
import { parting, specification, unvisited } from "./kit/parting.ts";
import type { Case } from "./kit/parting.ts";

describe("a row that a Registrar asked for", () => {
  const small = fc.integer({ min: 0, max: 4 });
  /** Tells in an answer which of both it is. */
  const [HELD, GIVEN] = [1, 2];
  const copyOf = (version: number, height: number, since: number): Copy => ({
    key: "k",
    version,
    state: "{}",
    since,
    height,
  });
  const cases: fc.Arbitrary<Case> = fc
    .record({
      followed: small,
      watched: small,
      changed: small,
      row: fc.record({ version: small, height: small }),
      held: fc.option(fc.record({ version: small, intact: fc.boolean() })),
    })
    .map(({ followed, watched, changed, row, held }) => {
      const usable = held?.intact === true ? copyOf(held.version, followed, HELD) : undefined;
      const fill = { watchedFrom: watched, changedAt: changed };
      const given = copyOf(row.version, row.height, GIVEN);
      const { answer, keep } = endFill(followed, fill, given, usable);
      return {
        trigger: "SeatAnswered",
        decided: keep !== null ? "kept" : answer.since === HELD ? "held" : "passed",
        world: {
          names: {
            fill: { status: "asked", watched_from: watched, changed_at: changed, key: "k" },
            row: { version: row.version },
            height: row.height,
            registrar: { height: followed },
          },
          find: (): unknown => held,
        },
      };
    });
  const means: Record<string, string> = {
    KeepFill: "kept",
    PreferNewerCopy: "held",
    PassOnOvertakenFill: "passed",
  };

  it("KeepFill, PreferNewerCopy and PassOnOvertakenFill: exactly one applies, and is what the code does", () => {
    expect(unvisited(specification("registrar"), cases)).toEqual([]);
    expect(parting(specification("registrar"), cases, ({ name }) => means[name] ?? "?")).toBe(null);
  });

  it("parts where the specification lacks a guard", () => {
    const lacking = specification("registrar", "    requires: height >= fill.changed_at\n", "");
    expect(parting(lacking, cases, ({ name }) => means[name] ?? "?")).toMatch(
      /^SeatAnswered: KeepFill(?: and PassOnOvertakenFill)?, the code passed$/,
    );
  });
});

describe("a writ that a seat is given", () => {
  /** Seats that have decided so many writs of Warden 0, and hold the one that comes after the next. */
  const seats = [0, 1, 2].map((decided) => {
    const court = new Cluster();
    for (let number = 1; number <= decided; number++) {
      court.give(0, court.writ(number, [`event ${number}`]));
      court.settle();
    }
    court.give(1, court.writ(decided + 2, ["early"]));
    return { court, decided };
  });

  const cases: fc.Arbitrary<Case> = fc
    .record({
      which: fc.constantFrom(...seats),
      number: fc.integer({ min: 1, max: 10 }),
      sealed: fc.boolean(),
    })
    .map(({ which: { court, decided }, number, sealed }) => {
      const { seal, ...rest } = court.writ(number, [`event ${number}`]);
      const writ = {
        ...rest,
        seal: sealed ? seal : seal.replace(/^./, (digit) => (digit === "0" ? "1" : "0")),
      };
      const objected = writObjection(writ, court.setup(1), verifyModel) !== null;
      const near = number > decided && number <= decided + LIMITS.writsKeptPerWarden;
      return {
        trigger: "WritHeard",
        decided: objected ? "refused" : wantsWrit(court.seat(1), writ) ? "kept" : "dropped",
        world: {
          names: { writ, seat: {} },
          functions: {
            sealed: (): boolean => sealed,
            undecided_and_near: (): boolean => near && number !== decided + 2,
          },
        },
      };
    });
  const means: Record<string, string> = {
    RefuseUnsealedWrit: "refused",
    KeepWaitingWrit: "kept",
    DropDecidedWrit: "dropped",
  };

  it("RefuseUnsealedWrit, KeepWaitingWrit and DropDecidedWrit: exactly one applies, and is what the code does", () => {
    expect(seats.map(({ court }) => court.heights()[1])).toEqual([0, 1, 2]);
    expect(unvisited(specification("clerk"), cases)).toEqual([]);
    expect(parting(specification("clerk"), cases, ({ name }) => means[name] ?? "?")).toBe(null);
  });

  it("parts where the specification lacks a guard", () => {
    const lacking = specification(
      "clerk",
      "    requires: sealed(writ)\n    requires: undecided_and_near",
      "    requires: undecided_and_near",
    );
    expect(parting(lacking, cases, ({ name }) => means[name] ?? "?")).toBe(
      "WritHeard: RefuseUnsealedWrit and KeepWaitingWrit, the code refused",
    );
  });
});
