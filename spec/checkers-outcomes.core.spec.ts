/** Each checker of what was agreed, told and read finds a history that breaks just its property, and is content with a sound one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical } from "../objects/shared/canonical.ts";
import type { Control } from "../objects/shared/control.ts";
import type { Evaluation } from "../objects/shared/evaluation.ts";
import type { Outcome } from "../objects/shared/types.ts";
import { brokenBy } from "./kit/film.ts";
import { sequences } from "./kit/inventory.ts";
import { RETENTION_MS, textOf } from "../kit/memory.ts";
import { Scene, toldOf } from "./kit/scene.ts";
import type { Twist } from "./kit/scene.ts";
import { Answers } from "./simulator/checkers/answers.ts";
import { chainCheckers, outcomeCheckers } from "./simulator/checkers/checkers.ts";
import { Model, replay } from "./simulator/checkers/model.ts";
import { stock } from "./simulator/checkers/stock.ts";
import { keysOnce } from "./simulator/checkers/validity.ts";
import { voice } from "./simulator/checkers/voice.ts";
import type { Fact, Noted, Told } from "./simulator/history.ts";

const place = { item: "a", warehouse: "w" };
const received = (id: string, quantity = 5): string =>
  textOf({ id, type: "stock.received", data: { ...place, quantity } });
const reserved = (id: string, reservation = "r", ttlSeconds = 5): string =>
  textOf({
    id,
    type: "stock.reserved",
    data: { ...place, quantity: 2, reservation, ttlSeconds },
  });
const fulfilled = (id: string): string =>
  textOf({ id, type: "reservation.fulfilled", data: { item: "a", reservation: "r" } });

const broken = ({ noted, options }: Scene): string | null =>
  brokenBy(noted, [...chainCheckers(options), ...outcomeCheckers(options)]);

function scene(...acts: readonly ((made: Scene) => void)[]): Scene {
  const made = new Scene();
  made.block([received("first", 10), reserved("second")]);
  for (const act of acts) act(made);
  return made;
}

/** The agreed outcomes with the last one changed. */
const last =
  (change: (outcome: Outcome) => Outcome) =>
  (texts: readonly string[]): string[] =>
    texts.map((text, at) =>
      at === texts.length - 1 ? canonical(change(JSON.parse(text) as Outcome)) : text,
    );
const states =
  (state: (entity: string, state: Outcome["changes"][number]["state"]) => object) =>
  (outcome: Outcome): Outcome => {
    const changes = outcome.changes.map((change) => {
      return { ...change, state: state(change.entity, change.state) as typeof change.state };
    });
    return { ...outcome, changes };
  };

const accepted = ({ first: _first, ...rest }: Outcome): Outcome => {
  return { ...rest, status: "accepted" };
};

it("a chain of every kind of event, answered and read, breaks nothing", () => {
  const sound = scene(
    (at) => at.block([fulfilled("third"), received("first", 10), received("first", 11), "{}"]),
    (at) => at.block([reserved("fourth", "s", 1)]),
    (at) => (at.now += 2_000),
    (at) => at.block([]),
    (at) => at.block([textOf({ id: "odd", type: "stock.received", data: { quantity: 1.5e3 } })]),
    (at) => (at.now += RETENTION_MS + 1),
    (at) => at.block([received("first", 11)]),
  );
  expect(sound.chain[3]?.outcomes).toHaveLength(1);
  expect(broken(sound)).toBeNull();
});

/** Of the replay alone: what is wrong with stock has names of its own, which are told first. */
const replayed = ({ noted, options }: Scene): string | null =>
  brokenBy(noted, [replay(options, new Model(options.retentionMs))]);

describe("ReplaysAlike", () => {
  const twisted = (change: (outcome: Outcome) => Outcome): Scene =>
    scene((at) => at.block([received("next")], { outcomes: last(change) }));

  it("ReplaysAlike: the independent model comes to what evaluation does, whatever happens", () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const made = new Scene();
        for (const { time, events } of steps) {
          made.now = time;
          made.block(events);
        }
        expect(replayed(made)).toBeNull();
      }),
      { numRuns: 150, seed: 3 },
    );
  });

  it.each<[string, (outcome: Outcome) => Outcome]>([
    ["state", states(() => ({ onHand: 1, reserved: 0 }))],
    [
      "version",
      (outcome) => {
        return { ...outcome, changes: outcome.changes.map((one) => ({ ...one, version: 9 })) };
      },
    ],
    ["effect", (outcome) => ({ ...outcome, changes: [] })],
    ["fingerprint", (outcome) => ({ ...outcome, fingerprint: "0".repeat(64) })],
    ["key", (outcome) => ({ ...outcome, id: "other" })],
    [
      "status",
      (outcome) => {
        const reason = { code: "overflow", detail: "" };
        return { ...outcome, status: "rejected", reason, changes: [] };
      },
    ],
  ])("ReplaysAlike: another %s in an outcome", (_, change) => {
    expect(replayed(twisted(change))).toBe("ReplaysAlike");
  });

  it("ReplaysAlike: another reason's code, but not another text of it", () => {
    const rejected = (code: string): Scene =>
      scene((at) =>
        at.block([fulfilled("x"), fulfilled("y")], {
          outcomes: last((outcome) => ({ ...outcome, reason: { code, detail: "in other words" } })),
        }),
      );
    expect(replayed(rejected("reservation_closed"))).toBeNull();
    expect(replayed(rejected("no_such_reservation"))).toBe("ReplaysAlike");
  });

  it("ReplaysAlike: an expiry left out, or one that was not due", () => {
    const due = (ms: number, outcomes: (texts: readonly string[]) => readonly string[]): Scene =>
      scene(
        (at) => (at.now += ms),
        (at) => at.block([received("next")], { outcomes }),
      );
    expect(replayed(due(5_001, (texts) => texts))).toBeNull();
    expect(replayed(due(5_001, (texts) => texts.slice(1)))).toBe("ReplaysAlike");
    const [early = ""] = due(5_001, (texts) => texts).chain.at(-1)?.outcomes ?? [];
    expect(replayed(due(1_000, (texts) => [early, ...texts]))).toBe("ReplaysAlike");
  });

  it("ReplaysAlike: rows that a seat keeps, of entities or keys, are not those of the outcomes", () => {
    const kept = (rows: (evaluation: Evaluation) => Evaluation): Scene =>
      scene((at) => at.block([received("next")], { rows }));
    expect(replayed(kept((of) => ({ ...of, entities: [] })))).toBe("ReplaysAlike");
    expect(replayed(kept((of) => ({ ...of, keys: [] })))).toBe("ReplaysAlike");
    const falsified = (of: Evaluation): Evaluation => {
      return { ...of, entities: of.entities.map((row) => ({ ...row, expires: 1 })) };
    };
    expect(replayed(kept(falsified))).toBe("ReplaysAlike");
  });
});

describe("what a court decides about itself", () => {
  const key = "0".repeat(64);
  const rekeys: Control = { kind: "key", officer: { kind: "warden", warden: 1 }, key };
  const control = (twist: Twist = {}, after: (made: Scene) => void = () => undefined): Scene =>
    scene((at) => at.decide([], { control: rekeys, ...twist }), after);

  it("ReplaysAlike: a control has one outcome, and another text of it is none", () => {
    expect(broken(control())).toBeNull();
    expect(broken(control({ control: { kind: "version", domainVersion: 2 } }))).toBeNull();
    const other = last((outcome) => ({ ...outcome, id: "warden/0" }));
    expect(broken(control({ outcomes: other }))).toBe("ReplaysAlike");
    expect(broken(control({ outcomes: () => [] }))).toBe("ReplaysAlike");
  });

  it("Agreement: the height after another key is of the next epoch", () => {
    const stale = control({}, (at) => at.block([received("x")]));
    expect(broken(stale)).toBe("Agreement");
    const version = { control: { kind: "version", domainVersion: 2 } } as const;
    expect(broken(control(version, (at) => at.block([received("x")])))).toBeNull();
  });

  it("NoVoiceBeforeReady: a seat whose storage went has a voice again once the court takes its new key", () => {
    const made = new Scene();
    const taken = { kind: "key", officer: { kind: "clerk", seat: 0 }, key } as const;
    const started = (incarnation: number, given: boolean): void =>
      made.note({ kind: "started", seat: 0, incarnation, voice: given });
    made.decide([], { control: taken });
    made.note({ kind: "wiped", seat: 0 });
    started(1, false);
    const learnt = made.noted.find(({ fact }) => fact.kind === "agreed");
    if (learnt !== undefined) made.noted.push(learnt);
    const alone = (): string | null => brokenBy(made.noted, [voice(made.options)]);
    expect(alone()).toBeNull();
    made.decide([], { control: taken });
    started(2, true);
    expect(alone()).toBeNull();
    made.note({ kind: "wiped", seat: 0 });
    started(1, true);
    expect(alone()).toBe("NoVoiceBeforeReady");
  });
});

describe("stock, by the agreed outcomes alone", () => {
  /** Seen without the model, which would find it too. */
  const parts = (made: Scene): string | null => brokenBy(made.noted, [stock()]);
  const twisted = (event: string, change: (outcome: Outcome) => Outcome): string | null =>
    parts(scene((at) => at.block([event], { outcomes: last(change) })));
  const stocked = (onHand: number, held: number) =>
    states((entity, state) =>
      entity.startsWith("stock/") ? { onHand, reserved: held } : (state as object),
    );

  it("AvailableNeverNegative, ReservedNeverNegative: stock below what is reserved, reserved below nothing", () => {
    const noop = (outcome: Outcome): Outcome => outcome;
    expect(twisted(received("next", 5), noop)).toBeNull();
    expect(twisted(received("next", 5), stocked(1, 2))).toBe("AvailableNeverNegative");
    expect(twisted(received("next", 5), stocked(15, -1))).toBe("ReservedNeverNegative");
  });

  it("ReservedIsSumOfOpen: more reserved than open reservations hold", () => {
    expect(twisted(received("next", 5), stocked(15, 3))).toBe("ReservedIsSumOfOpen");
    expect(twisted(fulfilled("next"), stocked(8, 1))).toBe("ReservedIsSumOfOpen");
  });

  it("StockConserved: stock that nobody received, moved, or took out", () => {
    expect(twisted(received("next", 5), stocked(16, 2))).toBe("StockConserved");
    expect(twisted(fulfilled("next"), stocked(9, 0))).toBe("StockConserved");
    expect(twisted(reserved("next", "s"), stocked(9, 4))).toBe("StockConserved");
    const rejected = (outcome: Outcome): Outcome => ({ ...outcome, status: "rejected" });
    expect(twisted(received("next", 5), rejected)).toBe("StockConserved");
  });
});

describe("what a block may hold", () => {
  it("OnlySubmitted: an event that nobody sent, or a writ that no Warden sealed or gave", () => {
    const unsent = scene((at) => void at.decide([at.entry([received("next")])]));
    expect(broken(unsent)).toBe("OnlySubmitted");
    const forge = scene((at) =>
      at.block([received("next")], {
        entries: (entries) =>
          entries.map((entry) => ({ ...entry, writ: { ...entry.writ, seal: "0" } })),
      }),
    );
    expect(broken(forge)).toBe("OnlySubmitted");
    const ungiven = scene((at) => at.block([received("next")]));
    ungiven.noted.splice(
      ungiven.noted.findLastIndex(({ fact }) => fact.kind === "sealed"),
      1,
    );
    expect(broken(ungiven)).toBe("OnlySubmitted");
  });

  it("SameBytesSameNumber: a Warden gives two contents one number", () => {
    const twice = scene((at) =>
      at.note({ kind: "sealed", warden: 0, number: 1, events: [received("other")] }),
    );
    expect(broken(twice)).toBe("SameBytesSameNumber");
  });

  it("InWardensOrder: a writ left out, a part left out, a part twice", () => {
    const cut = (first: number, count: number) =>
      scene((at) =>
        at.block([received("x"), received("y")], {
          entries: ([entry]) => (entry === undefined ? [] : [{ ...entry, first, count }]),
        }),
      );
    expect(broken(cut(0, 1))).toBeNull();
    expect(broken(cut(1, 1))).toBe("InWardensOrder");
    const skipped = scene(
      (at) => void at.entry([received("x")]),
      (at) => at.block([received("y")]),
    );
    expect(broken(skipped)).toBe("InWardensOrder");
    const again = scene((at) => at.decide(at.chain[0]?.entries ?? []));
    expect(broken(again)).toBe("InWardensOrder");
  });

  it("OneUsePerKey: a key in effect twice while it lives, or referred to where it is not in use", () => {
    const alone = (made: Scene): string | null => brokenBy(made.noted, [keysOnce(made.options)]);
    const again = (ms: number, change: (outcome: Outcome) => Outcome): Scene =>
      scene(
        (at) => (at.now += ms),
        (at) => at.block([received("first", 10)], { outcomes: last(change) }),
      );
    expect(alone(again(0, (outcome) => outcome))).toBeNull();
    expect(alone(again(0, accepted))).toBe("OneUsePerKey");
    expect(alone(again(RETENTION_MS + 1, accepted))).toBeNull();
    const elsewhere = { height: 1, index: 1 };
    expect(alone(again(0, (outcome) => ({ ...outcome, first: elsewhere })))).toBe("OneUsePerKey");
    const unused = (outcome: Outcome): Outcome => {
      return { ...outcome, status: "duplicate", first: elsewhere, changes: [] };
    };
    expect(alone(again(RETENTION_MS + 1, unused))).toBe("OneUsePerKey");
  });

  it("BlockTimeNearTrue: a block time that stands still, or far from an honest seat's clock", () => {
    const at = (ms: number): Scene =>
      scene(
        (made) => (made.now += 100_000),
        (made) => made.block([received("next")], { time: made.now + ms }),
      );
    expect(broken(at(2_000))).toBeNull();
    expect(broken(at(2_100))).toBe("BlockTimeNearTrue");
    expect(broken(at(-9_000))).toBeNull();
    expect(broken(at(-10_100))).toBe("BlockTimeNearTrue");
    const still = scene((made) =>
      made.block([received("next")], { time: made.chain[0]?.header.time ?? 0 }),
    );
    expect(broken(still)).toBe("BlockTimeNearTrue");
    const unvoted = scene((made) => made.block([received("next")]));
    const stored = unvoted.noted.findLastIndex(({ fact }) => fact.kind === "stored");
    const { fact } = unvoted.noted[stored] ?? {};
    if (fact?.kind !== "stored") throw new Error("a vote is stored");
    const durable = { ...fact.durable, vote: null };
    unvoted.noted[stored] = { at: unvoted.now, fact: { ...fact, durable } };
    expect(broken(unvoted)).toBe("BlockTimeNearTrue");
  });
});

describe("what clients are told", () => {
  const told = (made: Scene, height: number, index: number): Told => {
    const block = made.chain[height - 1];
    if (block === undefined) throw new Error("no such height");
    return toldOf(block, index);
  };
  const first = received("first", 10);

  it("AnswerIsAgreed: an answer is the agreed outcome at its place, of that event, in these words", () => {
    const answered = (changes: Partial<Extract<Told, { kind: "outcome" }>>, event = first): Scene =>
      scene((at) => {
        const sound = told(at, 1, 0);
        at.answer(event, { ...sound, ...changes } as Told);
      });
    expect(broken(answered({}))).toBeNull();
    expect(broken(answered({}, reserved("second")))).toBe("AnswerIsAgreed");
    expect(broken(answered({ index: 1 }))).toBe("AnswerIsAgreed");
    expect(broken(answered({ index: 2 }))).toBe("AnswerIsAgreed");
    expect(broken(answered({ block: "0".repeat(64) }))).toBe("AnswerIsAgreed");
    expect(broken(answered({ outcome: "0".repeat(64) }))).toBe("AnswerIsAgreed");
    expect(broken(answered({ body: "{}" }))).toBe("AnswerIsAgreed");
    expect(broken(answered({ height: 7 }))).toBe("AnswerIsAgreed");
  });

  it("AnswerIsAgreed: a repetition is answered by its first use, never by itself", () => {
    const again = scene((at) => {
      at.block([first]);
      at.answer(first, told(at, 2, 0));
    });
    expect(broken(again)).toBe("AnswerIsAgreed");
  });

  it("AnswerIsAgreed: an answer may come before any honest seat tells of its block", () => {
    const early = scene((at) => at.block([received("next")]));
    const answer = {
      kind: "answered",
      client: 0,
      event: received("next"),
      told: told(early, 2, 0),
    };
    const agreed = early.noted.findLastIndex(({ fact }) => fact.kind === "agreed");
    early.noted.splice(agreed, 0, { at: early.now, fact: answer as never });
    expect(broken(early)).toBeNull();
  });

  it("SameKeySameAnswer: one key is told two places within its window", () => {
    const twice = (ms: number): string | null => {
      const made = scene(
        (at) => at.answer(first, told(at, 1, 0)),
        (at) => (at.now += ms),
        (at) =>
          at.block([first], {
            outcomes: last(accepted),
          }),
        (at) => at.answer(first, told(at, 2, (at.chain[1]?.outcomes.length ?? 0) - 1)),
      );
      return brokenBy(made.noted, [new Answers(made.options)]);
    };
    expect(twice(0)).toBe("SameKeySameAnswer");
    expect(twice(RETENTION_MS + 1)).toBeNull();
  });

  it("RealTimeOrder: what was sent after an answer stands behind it", () => {
    const [x, z] = [received("x"), received("z")];
    /** Both in one block; the first is answered before the second is sent. */
    const answered = (events: readonly string[]): Scene => {
      const made = scene((at) => at.block(events));
      const answer = {
        kind: "answered",
        client: 0,
        event: x,
        told: told(made, 2, events.indexOf(x)),
      } as const;
      const sent = ({ fact }: Noted): boolean => fact.kind === "submitted" && fact.event === z;
      made.noted.splice(made.noted.findIndex(sent), 0, { at: made.now, fact: answer });
      return made;
    };
    expect(broken(answered([x, z]))).toBeNull();
    expect(broken(answered([z, x]))).toBe("RealTimeOrder");
  });

  it("NothingKeptOnRefusal, RefusedIsNotKept: an event refused as often as it was sent stands nowhere", () => {
    const refused = (times: number, code = "overloaded"): Scene =>
      scene((at) => {
        at.submit(first);
        for (let time = 0; time < times; time++) at.answer(first, { kind: "refused", code });
      });
    expect(broken(refused(1))).toBeNull();
    expect(broken(refused(2))).toBe("NothingKeptOnRefusal");
    expect(broken(refused(2, "key-reused"))).toBeNull();
  });
});

describe("what readers are shown", () => {
  type Read = Extract<Fact, { kind: "read" }>;
  const key = "t/stock/a@w";
  const copy = (version: number, onHand: number | null, height: number, seat = 0): Read => {
    const state = onHand === null ? null : `{"onHand":${onHand},"reserved":2}`;
    return { kind: "read", seat, key, version, state, height, asked: Number.MAX_SAFE_INTEGER };
  };
  const read = (...copies: readonly Read[]): string | null =>
    broken(
      scene(
        (at) => at.block([received("x")]),
        (at) => copies.forEach((fact) => at.note(fact)),
      ),
    );

  it("CurrentAsOfItsHeight: a copy is the agreed state at its height", () => {
    expect(read(copy(2, 10, 1), copy(3, 15, 2))).toBeNull();
    expect(read(copy(2, 10, 2))).toBe("CurrentAsOfItsHeight");
    expect(read(copy(3, 15, 1))).toBe("CurrentAsOfItsHeight");
    expect(read(copy(3, 14, 2))).toBe("CurrentAsOfItsHeight");
    expect(read(copy(0, null, 2))).toBe("CurrentAsOfItsHeight");
    expect(read(copy(3, 15, 3))).toBe("CurrentAsOfItsHeight");
    expect(read({ ...copy(0, null, 2), key: "t/stock/b@w" })).toBeNull();
  });

  it("HeightNeverFalls: a reader is never shown less than before, by the same seat", () => {
    expect(read(copy(3, 15, 2), copy(2, 10, 1))).toBe("HeightNeverFalls");
    expect(read(copy(3, 15, 2), copy(2, 10, 1, 1))).toBeNull();
    // Asked for before the other was shown.
    expect(read(copy(3, 15, 2), { ...copy(2, 10, 1), asked: 0 })).toBeNull();
  });
});
