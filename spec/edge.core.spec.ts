/** What surrounds a request, as far as it is pure: traces, places, settings. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical } from "../objects/shared/canonical.ts";
import { settledBody } from "../objects/shared/settled.ts";
import type { Outcome, Receipt } from "../objects/shared/types.ts";
import { placeIn } from "../worker/http/place.ts";
import { traceOf } from "../worker/http/trace.ts";
import { settingsOf } from "../worker/settings.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

describe("LogCall: the client's trace", () => {
  it("is read as level 1 has it, a later version too", () => {
    const read = { trace: TRACE, parent: PARENT, flags: "01" };
    expect(traceOf(`00-${TRACE}-${PARENT}-01`)).toEqual(read);
    expect(traceOf(`cc-${TRACE}-${PARENT}-01-what-later-versions-say`)).toEqual(read);
  });

  it.each([
    undefined,
    "",
    `00-${TRACE}-${PARENT}`,
    `00-${TRACE}-${PARENT}-01-more`,
    `ff-${TRACE}-${PARENT}-01`,
    `00-${"0".repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE.slice(1)}-${PARENT}-01`,
  ])("%s is none", (header) => {
    expect(traceOf(header)).toBe(null);
  });
});

describe("LogCall: the place of an answer", () => {
  const hex = "a".repeat(64);
  const bodyAt = (court: number, height: number, state: string): string => {
    const outcome: Outcome = {
      tenant: "dev",
      source: `"receipt":{"block":"x","court":9,"domainVersion":9,"height":9`,
      id: "e",
      type: "t",
      status: "accepted",
      changes: [
        {
          entity: "a/b",
          version: 1,
          state: { receipt: { block: state, court: 8, domainVersion: 8, height: 8 } },
        },
      ],
    };
    const receipt: Receipt = {
      court,
      height,
      index: 0,
      streamTime: "t",
      domainVersion: 1,
      block: hex,
      outcome: hex,
    };
    return settledBody(outcome, receipt);
  };

  it("is that of the receipt, whatever else the body holds", () => {
    fc.assert(
      fc.property(
        fc.nat(63),
        fc.integer({ min: 1 }),
        fc.string({ unit: "binary" }),
        (court, height, state) => {
          expect(placeIn([bodyAt(court, height, state)])).toEqual({ court, height });
        },
      ),
      { seed: 7 },
    );
  });

  it("of several it is the highest, of none it is none", () => {
    expect(placeIn([bodyAt(1, 3, ""), bodyAt(0, 12, ""), bodyAt(0, 4, "")])).toEqual({
      court: 0,
      height: 12,
    });
    expect(placeIn([])).toBe(null);
    expect(placeIn([canonical({ id: "e" })])).toBe(null);
  });
});

describe("settings", () => {
  it("have their defaults: every request is logged, no other origin, no queue", () => {
    expect(settingsOf({})).toEqual({ log: "requests", origins: [], queueTenant: "" });
  });

  it("AllowOrigin: origins are listed as browsers send them", () => {
    const { origins } = settingsOf({ CORS_ORIGINS: "https://a.example, http://localhost:3000,," });
    expect(origins).toEqual(["https://a.example", "http://localhost:3000"]);
    expect(settingsOf({ CORS_ORIGINS: "*" }).origins).toEqual(["*"]);
  });

  it.each([
    { CORS_ORIGINS: "a.example" },
    { CORS_ORIGINS: "https://a.example/" },
    { CORS_ORIGINS: "https://a.example/path" },
    { LOG: "all" },
    { QUEUE_TENANT: "a/b" },
  ])("%j is refused", (variables) => {
    expect(() => settingsOf(variables)).toThrow(/LOG|CORS_ORIGINS|QUEUE_TENANT/);
  });
});
