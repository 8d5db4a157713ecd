/**
 * The conditions of rules are run: in every state exactly one rule of a command applies, and the code decides as it says.
 * A guard that either side lacks shows as a state in which they part.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Domain, Entities } from "../objects/arbiter/domain.ts";
import { inventory } from "../objects/arbiter/domains/inventory.ts";
import { instantText } from "../objects/arbiter/instant.ts";
import { applyPush, pushOf } from "../objects/registrar/core/cache.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { admission } from "../objects/warden/core/admission.ts";
import type { Admission, AdmissionState, Known } from "../objects/warden/core/admission.ts";
import { parting, specification, unvisited } from "./kit/parting.ts";
import type { Case, Sampled } from "./kit/parting.ts";
import { rejectedBy } from "./kit/rejecting.ts";
import type { Module } from "./reader/syntax.ts";

const NOW = 1_800_000_000_000;
const WINDOW = 300_000;

describe("a submission at the Warden", () => {
  const means: Record<string, Admission> = {
    ReplaySettledOutcome: "replay",
    JoinPendingKey: "join",
    AnswerPendingInDoubt: "pending",
    RefuseReusedKey: "key-reused",
    RefuseLateRetry: "too-old",
    RefuseUnrecognisedWarden: "no-quorum",
    RefuseWithoutQuorum: "no-quorum",
    RefuseOverload: "overloaded",
    ReserveFreshKey: "reserve",
    AskAgainForDamagedAnswer: "reserve",
  };
  const knownKey = fc.oneof(
    fc.constant(null),
    fc.record({
      status: fc.constantFrom("pending" as const, "settled" as const),
      fingerprint: fc.constantFrom("f", "g"),
      intact: fc.boolean(),
      heldBySeats: fc.boolean(),
    }),
  );
  const states = fc.record({
    known: knownKey,
    sentAt: fc.option(fc.integer({ min: NOW - 2 * WINDOW, max: NOW + WINDOW })),
    ready: fc.boolean(),
    knowsKey: fc.constantFrom(true, false),
    overloaded: fc.boolean(),
    halted: fc.boolean(),
    crowded: fc.boolean(),
    full: fc.boolean(),
    mayHaveLost: fc.boolean(),
  });

  /** What the Warden's own rows say of a key. */
  function knownOf(known: Sampled<typeof knownKey>): Known | null {
    if (known === null) return null;
    const { status, fingerprint, intact, heldBySeats } = known;
    return status === "settled" && !intact
      ? { status: "damaged", heldBySeats }
      : { status, fingerprint };
  }

  const casesOf = (decide: typeof admission): fc.Arbitrary<Case> =>
    states.map(
      ({ known, sentAt, ready, knowsKey, overloaded, halted, crowded, full, mayHaveLost }) => {
        const open = ready && knowsKey;
        const state: AdmissionState = {
          known: knownOf(known),
          now: NOW,
          windowMs: WINDOW,
          courtOpen: open,
          overloaded: overloaded || halted || crowded || full,
          mayHaveLost,
        };
        const late = sentAt !== null && NOW - sentAt > WINDOW;
        const submission = {
          key: "k",
          fingerprint: "f",
          sent_at: sentAt,
          court: {
            open,
            knows_key: knowsKey,
            overloaded,
            halted,
            is_crowded: crowded,
            may_have_lost: mayHaveLost,
          },
        };
        return {
          trigger: "Submit",
          decided: decide({ fingerprint: "f", sentAt }, state),
          world: {
            names: { submission, warden: { is_full: full } },
            find: (): unknown => known,
            functions: {
              is_late: (): boolean => late,
              held_by_seats: (): boolean => known?.heldBySeats === true,
            },
          },
        };
      },
    );
  const found = (module: Module, decide = admission): string | null =>
    parting(module, casesOf(decide), ({ name }) => means[name] ?? "");

  it("ExactlyOneAnswer: exactly one rule applies, and is what the code decides", () => {
    expect(unvisited(specification("warden"), casesOf(admission))).toEqual([]);
    expect(found(specification("warden"))).toBe(null);
  });

  it("parts where the specification lacks a guard", () => {
    const lacking = specification(
      "warden",
      "    requires: submission.court.open\n    requires: submission.court.overloaded or",
      "    requires: submission.court.overloaded or",
    );
    expect(found(lacking)).toBe(
      "Submit: RefuseWithoutQuorum and RefuseOverload, the code no-quorum",
    );
  });

  it("parts where the code lacks a guard", () => {
    const careless: typeof admission = (submission, state) =>
      admission(submission, { ...state, courtOpen: true });
    expect(found(specification("warden"), careless)).toBe(
      "Submit: RefuseWithoutQuorum, the code reserve",
    );
  });
});

describe("an event of the inventory", () => {
  const MOST = Number.MAX_SAFE_INTEGER;
  const amount = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(MOST - 1, MOST));
  const stocks = fc
    .tuple(amount, amount)
    .map(([one, other]) => ({ on_hand: Math.max(one, other), reserved: Math.min(one, other) }));
  const TIME = 1_000_000;
  const states = fc.record({
    stock: stocks,
    target: stocks,
    same: fc.boolean(),
    quantity: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(MOST - 1, MOST)),
    counted: amount,
    delta: fc
      .oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(MOST, -MOST))
      .filter((delta) => delta !== 0),
    held: fc.option(
      fc.record({
        status: fc.constantFrom("open", "fulfilled", "released", "expired"),
        expires_at: fc.integer({ min: TIME - 2, max: TIME + 2 }).map((at) => at * 1000),
        quantity: fc.constant(1),
      }),
    ),
    event: fc.constantFrom(
      "received",
      "adjusted",
      "moved",
      "counted",
      "reserved",
      "fulfilled",
      "released",
    ),
  });

  /** The specification's trigger, its parameters, and the event that is the same for the domain. */
  function said(state: Sampled<typeof states>) {
    const { stock, target, same, quantity, counted, delta, event } = state;
    const place = { item: "i", warehouse: "w" };
    const named = { item: "i", name: "r" };
    const other = same ? stock : target;
    switch (event) {
      case "received":
        return ["StockReceived", { stock, quantity }, { ...place, quantity }] as const;
      case "adjusted":
        return [
          "StockAdjusted",
          { stock, delta, reason: "r" },
          { ...place, delta, reason: "r" },
        ] as const;
      case "moved":
        return [
          "StockMoved",
          { source: stock, target: other, quantity },
          { item: "i", from: "w", to: same ? "w" : "v", quantity },
        ] as const;
      case "counted":
        return [
          "StockCounted",
          { stock, quantity: counted },
          { ...place, quantity: counted },
        ] as const;
      case "reserved":
        return [
          "StockReserved",
          { stock, name: "r", quantity, hold: 60_000 },
          { ...place, quantity, reservation: "r", ttlSeconds: 60 },
        ] as const;
      case "fulfilled":
        return ["ReservationFulfilled", named, { item: "i", reservation: "r" }] as const;
      case "released":
        return ["ReservationReleased", named, { item: "i", reservation: "r" }] as const;
    }
  }

  const cases: fc.Arbitrary<Case> = states.map((state) => {
    const { stock, target, held, event } = state;
    const [trigger, names, data] = said(state);
    const rows: Record<string, object> = {
      "stock/i@w": { onHand: stock.on_hand, reserved: stock.reserved },
      "stock/i@v": { onHand: target.on_hand, reserved: target.reserved },
    };
    if (held !== null) {
      const { status, quantity, expires_at: at } = held;
      rows["reservation/r@i"] = { warehouse: "w", quantity, status, expiresAt: instantText(at) };
    }
    const entities = ((key: string) =>
      rows[key] === undefined ? undefined : { version: 1, state: rows[key] }) as Entities;
    const type = `${event === "fulfilled" || event === "released" ? "reservation" : "stock"}.${event}`;
    const events: Domain["events"] = inventory.events;
    const decision = events[type]?.decide(data, entities, {
      time: TIME * 1000,
      domainVersion: 1,
    });
    const available = ({ on_hand: onHand, reserved }: typeof stock): number => onHand - reserved;
    const seen = (value: unknown): unknown => {
      if (value === stock) return stocked;
      return value === target ? { ...target, available: available(target) } : value;
    };
    const stocked = { ...stock, available: available(stock) };
    return {
      trigger,
      decided:
        decision === undefined
          ? "nothing"
          : "accept" in decision
            ? "accepted"
            : decision.reject.code,
      world: {
        names: Object.fromEntries(
          Object.entries(names).map(([name, value]) => [name, seen(value)]),
        ),
        now: TIME * 1000,
        config: (_, name): number => (name === "most" ? MOST : 30 * 86_400_000),
        find: (): unknown => held,
      },
    };
  });

  it("RejectionIsAnOutcome: exactly one rule applies, and is what the domain decides", () => {
    expect(unvisited(specification("inventory"), cases)).toEqual([]);
    expect(parting(specification("inventory"), cases, rejectedBy)).toBe(null);
  });

  it.each([
    [
      "    requires: source.available >= quantity\n    requires: target.on_hand + quantity <= config.most",
      "    requires: target.on_hand + quantity <= config.most",
    ],
    [
      "    requires: reservation.status = open\n    requires: reservation.expires_at > now\n\n    ensures:\n        reservation.status = fulfilled",
      "    requires: reservation.status = open\n\n    ensures:\n        reservation.status = fulfilled",
    ],
  ])("parts where the specification lacks a guard (%#)", (from, to) => {
    expect(parting(specification("inventory", from, to), cases, rejectedBy)).toMatch(
      / and \w+, the code /,
    );
  });
});

describe("a push to the Registrar", () => {
  const heights = fc.integer({ min: 0, max: 6 });
  const pushed = (count: number) => {
    const row = { key: "t/stock/i@w", version: 9, state: "{}", height: 1 };
    const rows = Array.from({ length: count }, () => row);
    return { rows, text: JSON.stringify(rows) };
  };
  const [one, tooMany] = [pushed(1), pushed(LIMITS.registrarPushKeys + 1)];
  const cases: fc.Arbitrary<Case> = fc
    .record({
      followed: heights,
      after: heights,
      step: fc.integer({ min: 1, max: 4 }),
      many: fc.boolean(),
    })
    .map(({ followed, after, step, many }) => {
      const { rows, text } = many ? tooMany : one;
      const push = pushOf(after, after + step, text);
      const kinds = applyPush(followed, push, new Map(), { id: 1, period: 0 }).map(
        ({ kind }) => kind,
      );
      return {
        trigger: "Push",
        decided: kinds.join(),
        world: {
          names: {
            after,
            height: after + step,
            rows,
            registrar: { name_fits: true, height: followed },
          },
          config: (): number => LIMITS.registrarPushKeys,
        },
      };
    });
  const means: Record<string, string> = {
    IgnoreOldPush: "",
    ApplyPushInOrder: "write,follow",
    DropOnGap: "empty,follow",
    DropOnOversizedPush: "empty,follow",
  };

  it("IgnoreOldPush, ApplyPushInOrder, DropOnGap and DropOnOversizedPush: exactly one applies, and is what the code does", () => {
    expect(unvisited(specification("registrar"), cases)).toEqual([]);
    expect(parting(specification("registrar"), cases, ({ name }) => means[name] ?? "?")).toBe(null);
  });

  it("parts where the specification lacks a guard", () => {
    const lacking = specification(
      "registrar",
      "    requires: height > registrar.height\n    requires: after <=",
      "    requires: after <=",
    );
    expect(parting(lacking, cases, ({ name }) => means[name] ?? "?")).toBe(
      "Push: IgnoreOldPush and ApplyPushInOrder, the code ",
    );
  });
});
