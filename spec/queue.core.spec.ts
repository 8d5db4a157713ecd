/** Messages of a queue, as far as they are pure: what one says, and what becomes of it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../objects/shared/limits.ts";
import type { LedgerEvent } from "../objects/shared/types.ts";
import type { Answer } from "../worker/http/answers.ts";
import { readEvent } from "../worker/http/events.ts";
import { Problem } from "../worker/http/problems.ts";
import { deadLetter, eventIn, fateOf, later, textOf } from "../worker/letters.ts";
import type { Letter } from "../worker/letters.ts";

const SENT = new Date(Date.UTC(2026, 10, 22, 10));
const letter = (body: unknown, attempts = 1): Letter => ({
  id: "m",
  timestamp: SENT,
  body,
  attempts,
});
const event: LedgerEvent = { tenant: "dev", source: "/", id: "e", type: "t", data: null };

describe("AcknowledgeDecided, DiscardRefused, DeliverLater", () => {
  const fates: Record<Answer["kind"], string> = {
    settled: "decided",
    "key-reused": "dead",
    "too-old": "dead",
    "no-quorum": "again",
    overloaded: "again",
    pending: "again",
    silent: "again",
  };
  const answers: Answer[] = [
    { kind: "settled", body: '{"status":"rejected"}', replayed: true },
    { kind: "key-reused" },
    { kind: "too-old" },
    { kind: "no-quorum", detail: "d" },
    { kind: "overloaded", detail: "d" },
    { kind: "pending" },
    { kind: "silent" },
  ];

  it.each(answers)("what it came to says what becomes of it: %j", (answer) => {
    const fate = fateOf({ event, answer }, 3);
    expect(fate.fate).toBe(fates[answer.kind]);
    if (fate.fate === "dead") expect(fate.problem.slug).toBe(answer.kind);
  });

  it("DiscardUnfit: what was refused at the door is dead, with that reason", () => {
    const problem = new Problem("invalid-event", "no such type");
    expect(fateOf({ id: "e", problem }, 1)).toEqual({ fate: "dead", problem });
  });

  it("DeliverLater: later each time, up to a bound, whatever the platform counts", () => {
    const delays = Array.from({ length: 14 }, (_, attempt) => later(attempt + 1).delaySeconds);
    expect(delays.slice(0, 4)).toEqual([2, 4, 8, 16]);
    expect(delays).toEqual(delays.toSorted((a, b) => a - b));
    expect(delays.at(-1)).toBe(LIMITS.queueDelayCapS);
    for (const attempts of [0, -1, 1e9]) {
      expect(later(attempts).delaySeconds).toBeLessThanOrEqual(LIMITS.queueDelayCapS);
      expect(later(attempts).delaySeconds).toBeGreaterThan(0);
    }
  });
});

describe("SubmitMessage, DiscardUnfit", () => {
  const defaults = { mode: "plain", tenant: "dev", idempotencyKey: null } as const;
  const sent = { id: "e", type: "stock.received", data: { quantity: 1 } };

  it.each([
    ["an object", sent],
    ["a text", JSON.stringify(sent)],
    ["bytes", new TextEncoder().encode(JSON.stringify(sent)).buffer],
  ])("%s is read as plain JSON over HTTP is, first sent when the message was", (_, body) => {
    const read = readEvent(eventIn(letter(body)), defaults);
    expect(read).toEqual({
      event: { ...sent, tenant: "dev", source: "/", sentat: SENT.toISOString() },
      sentAt: SENT.getTime(),
    });
  });

  it("an event that says itself when it was first sent is believed", () => {
    const sentat = "2026-11-22T09:00:00Z";
    expect(readEvent(eventIn(letter({ ...sent, sentat })), defaults).sentAt).toBe(
      Date.UTC(2026, 10, 22, 9),
    );
    expect(readEvent(eventIn(letter({ ...sent, sentat: null })), defaults).sentAt).toBe(
      SENT.getTime(),
    );
  });

  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  it.each([
    ["no JSON", "{"],
    ["an array", [sent]],
    ["a number", 1],
    ["null", null],
    ["undefined", undefined],
    ["no UTF-8", new Uint8Array([0xff, 0xfe]).buffer],
    ["what JSON cannot say", circular],
    ["a big integer", 1n],
  ])("%s is malformed", (_, body) => {
    expect(() => eventIn(letter(body))).toThrow(
      expect.objectContaining({ slug: "malformed" }) as Error,
    );
  });

  it("a name that stands twice is not repaired", () => {
    const twice = '{"id":"e","type":"t","data":{"a":1,"a":2}}';
    expect(() => readEvent(eventIn(letter(twice)), defaults)).toThrow(
      expect.objectContaining({ slug: "malformed" }) as Error,
    );
  });
});

describe("a dead letter", () => {
  it("quotes its message and fits into the platform's own, whatever that was", () => {
    const bodies = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }).map((text) => text.repeat(600)),
      fc.json(),
      fc.uint8Array({ maxLength: 64_000 }).map((bytes) => bytes.slice().buffer),
      fc.constant("\u0000".repeat(120_000)),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        const dead = deadLetter("q", letter(body, 7), new Problem("malformed", "d"));
        expect(dead).toMatchObject({
          message: "m",
          attempts: 7,
          sentAt: SENT.toISOString(),
          reason: { status: 400 },
        });
        expect(new TextEncoder().encode(JSON.stringify(dead)).length).toBeLessThan(128_000);
        if (typeof body === "string")
          expect(dead.whole ? dead.body === body : body.startsWith(dead.body)).toBe(true);
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  it("says what is no text in base64", () => {
    const dead = deadLetter(
      "q",
      letter(new Uint8Array([0xff]).buffer),
      new Problem("malformed", "d"),
    );
    expect(dead.body).toBe("/w==");
    expect(() => textOf(new Uint8Array([0xff]).buffer)).toThrow(Problem);
  });
});
