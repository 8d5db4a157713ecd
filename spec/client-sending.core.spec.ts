/** The client's sender of events as a pure core: whatever happens, in whatever order, what it promises holds after every step. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextStep } from "../client/core/step.ts";
import { Witness } from "./kit/witness.ts";

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("submit" as const),
      lane: fc.nat(2),
      bytes: fc.integer({ min: 1, max: 120 }),
      ms: fc.oneof(fc.constant(60_000), fc.integer({ min: 0, max: 400 })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      which: fc.nat(9),
      mask: fc.nat(15),
      retry: fc.constantFrom(0, 0, 1_000),
      chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.nat(300) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("abort" as const), which: fc.nat(60) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("flush" as const, "close" as const, "stale" as const),
    }),
  },
);

function play(
  witness: Witness,
  act: typeof action extends fc.Arbitrary<infer A> ? A : never,
): void {
  switch (act.do) {
    case "submit":
      witness.submit(act.lane, act.bytes, act.ms);
      return;
    case "answer": {
      const open = [...witness.flights.keys()];
      const request = open[act.which % Math.max(open.length, 1)];
      if (request === undefined) return;
      witness.answer(request, (key) => ((act.mask >> (key % 4)) & 1) === 1, act.retry, act.chance);
      return;
    }
    case "advance":
      witness.advance(act.ms);
      return;
    case "abort":
      witness.take({ kind: "abort", key: act.which });
      return;
    case "flush":
      witness.take({ kind: "flush" });
      return;
    case "close":
      witness.take({ kind: "close" });
      return;
    case "stale":
      // An answer to a request that was given up, or that never was.
      witness.take({
        kind: "answered",
        lane: 0,
        request: 9_999,
        final: [0, 1, 2],
        retryAfterMs: 0,
      });
  }
}

describe("whatever happens", () => {
  it("SettlesOnce, OneRequestPerLane, RequestsWithinBounds, WithinBounds: after every step, and it ends", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const witness = new Witness();
        for (const act of actions) play(witness, act);
        witness.finish();
        expect([...witness.over.keys()].toSorted((a, b) => a - b)).toEqual([
          ...witness.known.keys(),
        ]);
        expect(nextStep(witness.sending)).toBeNull();
        expect([witness.sending.events, witness.sending.bytes]).toEqual([0, 0]);
      }),
      { seed: 7, numRuns: 700 },
    );
  });
});

const keys = (witness: Witness): (readonly number[])[] =>
  witness.sent.map((request) => request.keys);
const why = (witness: Witness, key: number): string | undefined => witness.over.get(key)?.why;

describe("a request", () => {
  it("TakeEvent, SendWhenDue: goes out once the first event has lingered, with all that came meanwhile", () => {
    const witness = new Witness();
    witness.submit();
    witness.advance(9);
    witness.submit();
    expect(keys(witness)).toEqual([]);
    witness.advance(1);
    expect(keys(witness)).toEqual([[0, 1]]);
  });

  it("SendWhenDue: goes out at once when it is full, by events or by bytes, or when it is asked for", () => {
    const full = new Witness();
    for (let count = 0; count < 4; count++) full.submit();
    expect(keys(full)).toEqual([[0, 1, 2, 3]]);
    const large = new Witness();
    large.submit(0, 60);
    large.submit(0, 60);
    expect(keys(large)).toEqual([[0]]);
    const flushed = new Witness();
    flushed.submit();
    flushed.take({ kind: "flush" });
    flushed.submit(1);
    expect(keys(flushed)).toEqual([[0]]);
  });

  it("SendWhenDue: waits for the one before it in its lane, and for no other lane's", () => {
    const witness = new Witness({ queueEvents: 20 });
    for (let count = 0; count < 5; count++) witness.submit(0);
    for (let count = 0; count < 4; count++) witness.submit(1, 1);
    expect(keys(witness)).toEqual([
      [0, 1, 2, 3],
      [5, 6, 7, 8],
    ]);
  });

  it("SettleAnswered, SendUnderSameKey, GoOnAfterAnswer: what has no last word goes again, before what came later", () => {
    const witness = new Witness();
    for (let count = 0; count < 4; count++) witness.submit();
    witness.answer(0, (key) => key % 2 === 0);
    witness.submit();
    expect([why(witness, 0), why(witness, 2), witness.over.size]).toEqual([
      "answered",
      "answered",
      2,
    ]);
    witness.advance(100);
    expect(keys(witness).at(-1)).toEqual([1, 3, 4]);
    witness.answer(1, () => true);
    expect(witness.sending.lanes[0]).toMatchObject({ failures: 0, notBefore: 0 });
  });

  it("BackOff: pauses twice as long after each failure up to the cap, half of it by chance, beyond what the server asks for", () => {
    const witness = new Witness();
    witness.submit(0, 10, 1e9);
    witness.advance(10);
    const pauses = [0, 0.999, 0.5, 0, 0, 0, 0].map((chance, request) => {
      witness.answer(request, () => false, request === 2 ? 3_000 : 0, chance);
      const next = nextStep(witness.sending) ?? 0;
      const pause = next - witness.now;
      witness.advance(pause);
      return Math.round(pause);
    });
    expect(pauses).toEqual([50, 200, 3_300, 400, 800, 800, 800]);
  });
});

describe("an event", () => {
  it("GiveUpAtDeadline: is over at its deadline, wherever it is, and says whether it was ever sent", () => {
    const witness = new Witness();
    witness.submit(0, 10, 50);
    witness.advance(10);
    witness.submit(0, 10, 20);
    witness.advance(20);
    expect(witness.over.get(1)).toEqual({ kind: "settle", key: 1, why: "deadline", sent: false });
    witness.advance(20);
    expect(witness.over.get(0)).toEqual({ kind: "settle", key: 0, why: "deadline", sent: true });
  });

  it("ForgetAborted: is over at once; a request that nobody waits for is ended, another goes on", () => {
    const witness = new Witness();
    witness.submit();
    witness.submit();
    witness.advance(10);
    expect(witness.take({ kind: "abort", key: 0 })).toEqual([
      { kind: "settle", key: 0, why: "aborted", sent: true },
    ]);
    expect(witness.take({ kind: "abort", key: 1 })).toEqual([
      { kind: "settle", key: 1, why: "aborted", sent: true },
      { kind: "cancel", request: 0 },
    ]);
  });

  it("WaitForRoom, AdmitWaiting, RefuseBeyondWaiting: waits for room in its turn; beyond so many it is refused", () => {
    const witness = new Witness({ batchEvents: 2 });
    for (let count = 0; count < 8; count++) witness.submit(0, 1);
    for (let count = 0; count < 5; count++) witness.submit(1, 1);
    expect(witness.sending.waiting.map(({ key }) => key)).toEqual([8, 9, 10, 11, 12]);
    expect(why(witness, witness.submit(1, 1))).toBe("overloaded");
    witness.answer(0, () => true);
    expect(witness.sending.waiting.map(({ key }) => key)).toEqual([10, 11, 12]);
    witness.finish();
    expect([...witness.over.values()].filter((over) => over.why === "answered")).toHaveLength(13);
  });

  it("WaitForRoom: a small one does not pass a large one that waits; one larger than the queue is taken alone", () => {
    const witness = new Witness();
    witness.submit(0, 150);
    witness.submit(1, 300);
    witness.submit(1, 1);
    expect(witness.sending.waiting.map(({ key }) => key)).toEqual([1, 2]);
    witness.answer(0, () => true);
    expect(witness.sending.waiting.map(({ key }) => key)).toEqual([2]);
  });

  it("RefuseAfterClose, CloseClient: is refused once the client is closed, which ends all that is there", () => {
    const witness = new Witness();
    witness.submit();
    witness.take({ kind: "close" });
    expect([why(witness, 0), why(witness, witness.submit())]).toEqual(["closed", "closed"]);
  });
});
