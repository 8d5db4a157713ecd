/** Messages of a queue, as far as they are pure: what one says, and what becomes of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../objects/shared/limits.ts";
import type { LedgerEvent } from "../objects/shared/types.ts";
import type { Answer } from "../worker/http/answers.ts";
import { readEvent } from "../worker/http/events.ts";
import { Problem } from "../worker/http/problems.ts";
import { deadLetter, eventIn, fateOf, fateOfNobodys, pauseS, textOf } from "../worker/letters.ts";
import type { Letter, Waiting } from "../worker/letters.ts";

const SENT = new Date(Date.UTC(2026, 10, 22, 10));
const letter = (body: unknown, attempts = 1): Letter => ({
  id: "m",
  timestamp: SENT,
  body,
  attempts,
});
/** Delivered so often, at the time it was sent. */
const waiting = (attempts: number, windowS: number | null = 300): Waiting => {
  const [sentAt, windowMs] = [SENT.getTime(), windowS === null ? null : windowS * 1000];
  return { attempts, sentAt, now: sentAt, windowMs };
};
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
    const fate = fateOf({ event, answer }, waiting(3));
    expect(fate.fate).toBe(fates[answer.kind]);
    if (fate.fate === "dead") expect(fate.problem.slug).toBe(answer.kind);
  });

  it("DiscardUnfit: what was refused at the door is dead, with that reason", () => {
    const problem = new Problem("invalid-event", "no such type");
    expect(fateOf({ id: "e", problem }, waiting(1))).toEqual({ fate: "dead", problem });
  });

  const unkept: Answer = { kind: "no-quorum", detail: "Two of four." };
  const WINDOWS = [1, 2, 60, 300, 3_600, 86_400, 115_200, 604_800];

  it("DeliverLater: later each time, up to a bound, whatever the platform counts", () => {
    const pauses = Array.from({ length: 14 }, (_, attempt) =>
      pauseS(waiting(attempt + 1, 604_800)),
    );
    expect(pauses.slice(0, 4)).toEqual([2, 4, 8, 16]);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    // A 64th of the window.
    expect(pauses.at(-1)).toBe(9_450);
    expect(pauseS(waiting(14, 86_400))).toBe(LIMITS.queueDelayCapS);
    expect(pauseS(waiting(50, null))).toBe(LIMITS.queueDelayCapS);
    for (const windowS of WINDOWS)
      for (const attempts of [0, -1, 1e9]) {
        const pause = pauseS(waiting(attempts, windowS));
        expect(Number.isInteger(pause)).toBe(true);
        expect(pause).toBeGreaterThan(0);
        // The platform's own bound.
        expect(pause).toBeLessThanOrEqual(43_200);
      }
  });

  it.each(WINDOWS)(
    "DeliverLater, NothingForNothing: within a window of %i s a message is tried to its end, and no delivery is left over for nothing",
    (windowS) => {
      let [attempts, now] = [0, SENT.getTime()];
      const tried: number[] = [];
      for (; now <= SENT.getTime() + windowS * 1000; attempts++) {
        tried.push((now - SENT.getTime()) / 1000);
        const fate = fateOf({ event, answer: unkept }, { ...waiting(attempts + 1, windowS), now });
        if (fate.fate !== "again") throw new Error(`it is ${fate.fate} at attempt ${attempts + 1}`);
        now += fate.delaySeconds * 1000;
      }
      expect(attempts).toBeLessThan(LIMITS.queueDeliveries);
      expect(windowS - (tried.at(-1) ?? 0)).toBeLessThanOrEqual(3);
      const over = { ...waiting(attempts + 1, windowS), now };
      const fate = fateOf({ event, answer: { kind: "too-old" } }, over);
      expect(fate).toMatchObject({ fate: "dead", problem: { slug: "too-old" } });
      if (fate.fate === "dead") expect(fate.problem.message).toContain(`window of ${windowS} s`);
    },
  );

  it.each(WINDOWS)(
    "DeliverLater: whose event is kept comes back while its outcome is remembered, however late (%i s)",
    (windowS) => {
      for (let attempts = 1; attempts < LIMITS.queueDeliveries; attempts++)
        for (const late of [0, 0.3, 0.99, 1.5, 40]) {
          const now = SENT.getTime() + windowS * 1000 * late;
          const pause = pauseS({ ...waiting(attempts, windowS), now });
          expect(pause).toBeLessThanOrEqual(Math.max(1, windowS / 2));
        }
    },
  );

  it("DeliverLater: what is left is told by the time that the event itself says", () => {
    const sentat = new Date(SENT.getTime() - 290_000).toISOString();
    const own = { ...event, sentat };
    expect(fateOf({ event: own, answer: unkept }, waiting(8))).toEqual({
      fate: "again",
      delaySeconds: 5,
    });
  });

  it.each<[Answer, string]>([
    [unkept, "no-quorum"],
    [{ kind: "overloaded", detail: "d" }, "overloaded"],
    [{ kind: "pending" }, "pending"],
    [{ kind: "silent" }, "pending"],
  ])("DiscardLast: after the last delivery %j is dead, with that reason", (answer, slug) => {
    const last = LIMITS.queueDeliveries;
    expect(fateOf({ event, answer }, waiting(last - 1))).toHaveProperty("fate", "again");
    expect(fateOf({ event, answer }, waiting(last))).toMatchObject({
      fate: "dead",
      problem: { slug },
    });
  });

  it("DiscardLast: the last delivery is the one that the queue makes last", () => {
    const text = readFileSync(join(import.meta.dirname, "../wrangler.toml"), "utf8");
    const [, retries] = /^max_retries = (\d+)$/m.exec(text) ?? [];
    expect(Number(retries) + 1).toBe(LIMITS.queueDeliveries);
  });

  it("WaitForTenant, DiscardLate: nobody's waits as long as it can be somebody's", () => {
    const now = SENT.getTime() + 300_000;
    expect(fateOfNobodys({ ...waiting(9), now })).toHaveProperty("fate", "again");
    expect(fateOfNobodys({ ...waiting(9), now: now + 1 })).toMatchObject({
      fate: "dead",
      problem: { slug: "too-old" },
    });
    expect(fateOfNobodys({ ...waiting(9, null), now: now + 1 })).toHaveProperty("fate", "again");
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
