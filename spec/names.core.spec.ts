import { describe, expect, it } from "vitest";
import type { Clock } from "../objects/shared/clock.ts";
import { deploymentOf } from "../objects/shared/config.ts";
import {
  courtOf,
  keyHolders,
  nameOf,
  officerOf,
  registrarOf,
  roundTripMs,
  wardenOf,
} from "../objects/shared/names.ts";
import { distant } from "../objects/shared/shell/distance.ts";

describe("names", () => {
  const deployment = deploymentOf({ GENERATION: "g1", COURTS: "2", WARDENS: "3", REGISTRARS: "2" });

  it("PureRouting: content and the counts of the deployment alone lead to a place, for ever, and every place is led to", () => {
    const seen = Array.from({ length: 40 }, (_, at) => {
      const [tenant, name] = [`t${at % 3}`, `n${at}`];
      return [
        courtOf(deployment, tenant, name),
        wardenOf(deployment, tenant, name),
        registrarOf(deployment, `${tenant}/stock/${name}`),
      ];
    });
    const places = (column: number): number[] =>
      [...new Set(seen.map((row) => row[column] ?? -1))].toSorted((one, other) => one - other);
    expect([places(0), places(1), places(2)]).toEqual([
      [0, 1],
      [0, 1, 2],
      [0, 1],
    ]);
    const other = { ...deployment, generation: "g2", regions: ["enam"], deadlineMs: 1 };
    expect(courtOf(other, "t1", "n1")).toBe(seen[1]?.[0]);
    expect(wardenOf(other, "t1", "n1")).toBe(seen[1]?.[1]);
    expect([courtOf(deployment, "acme", "milk"), wardenOf(deployment, "acme", "/till/1")]).toEqual([
      0, 2,
    ]);
  });

  it("OneNameFunction: every object's name leads back to it, and no other name to anything", () => {
    const registrar = { kind: "registrar", court: 1, seat: 3, shard: 1 } as const;
    for (const officer of [...keyHolders(deployment), registrar])
      expect(officerOf(nameOf("g1", officer), deployment)).toEqual(officer);
    expect(keyHolders(deployment)).toHaveLength(2 * 4 + 3);
    for (const name of [
      "",
      "g1",
      "g1/clerk",
      "g1/clerk/0",
      "g1/clerk/0/4",
      "g1/clerk/2/0",
      "g1/clerk/00/1",
      "g1/clerk/0/1 ",
      "g1/clerk/0/1.0",
      "g1/clerk/0/-1",
      "g1/clerk/-1/0",
      "g1/warden/-1",
      "g1/clerk/0/1/0",
      "g1/warden/3",
      "g1/registrar/0/0/2",
      "g2/clerk/0/0",
      "/clerk/0/0",
      "g1/judge/0",
    ])
      expect(officerOf(name, deployment), name).toBeNull();
  });
});

describe("distances", () => {
  const given = { GENERATION: "g", FAULT_INJECTION: "on", DISTANCES: "weur-enam:81,weur-eeur:20" };

  it("DistanceIsWaitedFor: either way round, and only where faults may be injected", () => {
    const far = deploymentOf(given);
    expect(roundTripMs(far, "weur", "enam")).toBe(81);
    expect(roundTripMs(far, "enam", "weur")).toBe(81);
    expect(roundTripMs(far, "enam", "eeur")).toBe(0);
    for (const off of ["", "off"])
      expect(deploymentOf({ ...given, FAULT_INJECTION: off }).distances).toEqual(new Map());
    expect(() => deploymentOf({ ...given, DISTANCES: "weur-enam:-1" })).toThrow("DISTANCES");
    expect(() => deploymentOf({ ...given, DISTANCES: "weur-enam:81," })).toThrow("DISTANCES");
  });

  it("DistanceIsWaitedFor: half of it before the call arrives, the rest before its answer does", async () => {
    const seen: unknown[] = [];
    const clock: Clock = {
      now: () => 0,
      after: (ms, then) => {
        seen.push(ms);
        queueMicrotask(then);
        return () => undefined;
      },
    };
    const stub = {
      held: 1,
      take(more: number): Promise<number> {
        seen.push("call");
        return Promise.resolve(more + this.held);
      },
    };
    expect(await distant(stub, 81, clock).take(1)).toBe(2);
    expect(seen).toEqual([40, "call", 41]);
    expect(distant(stub, 0, clock)).toBe(stub);
  });
});
