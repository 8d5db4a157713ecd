import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../objects/shared/limits.ts";
import { readBody } from "../worker/http/body.ts";
import { readJson } from "../worker/http/json.ts";
import { Problem } from "../worker/http/problems.ts";
import { instantOf } from "../worker/http/time.ts";
import { batch, cloudEvent, json, read } from "./kit/requests.ts";

describe("OneInstantOneTimestamp", () => {
  it.each([
    ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000Z"],
    ["2026-11-22t10:00:00.123456z", "2026-11-22T10:00:00.123456Z", "2026-11-22T10:00:00.123Z"],
    ["2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z", "2025-12-31T23:30:00.000Z"],
    ["2024-02-29T23:59:59.9-00:30", "2024-03-01T00:29:59.9Z", "2024-03-01T00:29:59.900Z"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
    ["2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"],
  ])("%s is %s", (text, utc, instant) => {
    expect(instantOf(text)).toEqual({ text: utc, ms: Date.parse(instant) });
  });

  it.each([
    "2026-11-22",
    "2026-11-22T10:00Z",
    "2026-11-22T10:00:00",
    "2026-11-22 10:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00+24:00",
    "0000-01-01T00:00:00+01:00",
    "+002026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.Z",
  ])("%s is none", (text) => {
    expect(instantOf(text)).toBeNull();
  });

  it("what Date writes is read as the same instant", () => {
    const dates = fc.date({
      min: new Date("0001-01-01"),
      max: new Date("9999-12-31"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        expect(instantOf(date.toISOString())).toEqual({
          text: date.toISOString(),
          ms: date.getTime(),
        });
      }),
    );
  });
});

describe("strict JSON", () => {
  it("finds no flaw in what JSON.stringify writes of integers and whole text, and reads the same", () => {
    const integers = fc.integer().filter((value) => !Object.is(value, -0));
    const values = fc.object({
      values: [integers, fc.string({ unit: "grapheme" }), fc.boolean()],
      key: fc.string(),
      maxDepth: 4,
    });
    fc.assert(
      fc.property(values, fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const strict = readJson(text);
        expect(JSON.stringify(strict.value)).toBe(JSON.stringify(value));
        expect(strict.flaws).toEqual([]);
      }),
    );
  });

  it("agrees with a decimal computed exactly on which numbers are safe integers", () => {
    const literals = fc
      .tuple(
        fc.bigInt(-(10n ** 20n), 10n ** 20n),
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: -25, max: 25 }),
      )
      .filter(([digits]) => digits !== 0n);
    fc.assert(
      fc.property(literals, ([digits, places, power]) => {
        const sign = digits < 0n ? "-" : "";
        const text = String(digits < 0n ? -digits : digits).padStart(places + 1, "0");
        const split = text.length - places;
        const mantissa = places === 0 ? text : `${text.slice(0, split)}.${text.slice(split)}`;
        const scale = power - places;
        const exact = scale >= 0 ? true : digits % 10n ** BigInt(-scale) === 0n;
        const value = scale >= 0 ? digits * 10n ** BigInt(scale) : digits / 10n ** BigInt(-scale);
        const safe = exact && value <= 2n ** 53n - 1n && value >= -(2n ** 53n - 1n);
        expect(readJson(`${sign}${mantissa}e${power}`).flaws.length === 0).toBe(safe);
      }),
    );
  });

  it("is bounded by what it complains about", () => {
    expect(() => readJson(`[${"1.5,".repeat(LIMITS.jsonFlaws)}1.5]`)).toThrow(SyntaxError);
  });
});

describe("NothingSentIsUnforeseen", () => {
  it("any bytes as a body are read or refused, never an error of ours", async () => {
    const modes = fc.constantFrom<Record<string, string>>(json, cloudEvent, batch, {
      ...json,
      "ce-id": "1",
      "ce-source": "/",
      "ce-type": "t",
    });
    const shaped = fc
      .object({
        key: fc.constantFrom("id", "type", "source", "data", "time", "__proto__", "a"),
        values: [fc.string(), fc.double(), fc.constant(null)],
      })
      .map((value) => new TextEncoder().encode(JSON.stringify(value)));
    const bodies = fc.oneof(
      fc.uint8Array(),
      shaped,
      fc.json().map((text) => new TextEncoder().encode(text)),
    );
    await fc.assert(
      fc.asyncProperty(modes, bodies, async (headers, bytes) => {
        const request = new Request("http://usher.test/", { method: "POST", body: bytes });
        const outcome = await readBody(request)
          .then((text) => read(text, headers))
          .catch((error: unknown) => error);
        for (const each of [outcome].flat()) {
          const told = each instanceof Problem ? each.status : 200;
          expect(each instanceof Error && !(each instanceof Problem)).toBe(false);
          expect(told).toBeLessThan(500);
        }
      }),
    );
  });
});
