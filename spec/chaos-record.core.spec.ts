/** What is lost, doubled or diverged must be told apart from what is well: each is planted, and the recount's own sums are checked. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Record } from "../bench/chaos/check/record.ts";
import type { Counts, Told } from "../bench/chaos/check/record.ts";
import { isLawful, Recount } from "../bench/chaos/check/recount.ts";
import { keyOf } from "../bench/chaos/check/types.ts";
import type { Sent, Standing } from "../bench/chaos/check/types.ts";

const TIME = Date.parse("2026-11-22T10:00:00.000Z");

const sent = (id: string, type: string, data: Sent["data"]): Sent => ({
  id,
  source: "/s",
  type,
  sentat: "2026-11-22T10:00:00.000Z",
  data: { item: "a", ...data },
});
const received = (id: string, quantity: number, warehouse = "w"): Sent =>
  sent(id, "stock.received", { warehouse, quantity });

/** What the domain says of an event, written out by hand. */
interface Said {
  readonly event: Sent;
  readonly status?: string;
  readonly reason?: string;
  readonly changes?: readonly (readonly [entity: string, version: number, state: object])[];
}

const outcomeOf = ({ event, status = "accepted", reason, changes = [] }: Said): string =>
  JSON.stringify({
    changes: changes.map(([entity, version, state]) => ({ entity, version, state })),
    id: event.id,
    ...(reason === undefined ? {} : { reason: { code: reason, detail: "" } }),
    source: event.source,
    status,
    type: event.type,
  });

const expiry = (name: string, at: number, changes: Said["changes"]): string =>
  outcomeOf({
    event: { ...sent(`reservation/${name}@a@${at}`, "assize.expired", {}), source: "/" },
    changes: changes ?? [],
  });

interface Made {
  readonly height?: number;
  readonly seconds?: number;
  readonly system?: readonly string[];
}

const block = (
  said: readonly Said[],
  { height = 1, seconds = 0, system = [] }: Made = {},
): Standing => ({
  height,
  time: TIME + seconds * 1000,
  digest: `block ${height}`,
  control: false,
  events: said.map(({ event }) => event),
  outcomes: [...system, ...said.map(outcomeOf)],
});

const answerOf = ({ height, time, digest, outcomes }: Standing, index: number): string => {
  const text = outcomes[index] ?? "";
  const outcome = createHash("sha256").update("\0").update(text).digest("hex");
  const streamTime = new Date(time).toISOString();
  const receipt = { height, index, block: digest, outcome, streamTime };
  return JSON.stringify({ ...(JSON.parse(text) as object), receipt });
};

const first: Said = {
  event: received("e-1", 5),
  changes: [["stock/a@w", 1, { onHand: 5, reserved: 0 }]],
};
const second: Said = {
  event: received("e-2", 2),
  changes: [["stock/a@w", 2, { onHand: 7, reserved: 0 }]],
};
const honest = block([first, second]);
const told: readonly Told[] = [first, second].map(({ event }, index) => ({
  event,
  answers: [answerOf(honest, index)],
}));

function judged(blocks: readonly Standing[], of: readonly Told[]): Counts {
  const record = new Record();
  const known = new Map(of.map(({ event }) => [keyOf(event), event]));
  for (const each of blocks) record.take(each, (key) => known.get(key));
  return record.judge(of);
}

const nothing: Counts = { lost: [], doubled: [], diverged: [] };
const changed = (index: number, change: Partial<Told>): Told[] =>
  told.map((each, place) => (place === index ? { ...each, ...change } : each));
const otherwise = (change: object): string =>
  JSON.stringify({ ...(JSON.parse(told[1]?.answers[0] ?? "") as object), ...change });

describe("the record", () => {
  it("finds nothing where every answer stands once and nothing else does", () => {
    expect(judged([honest], told)).toEqual(nothing);
  });

  it("counts as lost what stands nowhere, and what nobody was told of", () => {
    expect(judged([block([first])], told)).toEqual({
      ...nothing,
      lost: ["/s e-2 was accepted and stands nowhere"],
    });
    const untold = changed(1, { answers: [] });
    expect(judged([block([first])], untold)).toEqual({
      ...nothing,
      lost: ["/s e-2 was never answered"],
    });
  });

  it("counts as doubled what stands twice, and what nobody sent", () => {
    const twice = judged([honest, block([first], { height: 2 })], told);
    expect(twice).toEqual({ ...nothing, doubled: ["/s e-1 at 2.0 stands at 1.0 too"] });
    const strange = judged([honest], told.slice(0, 1));
    expect(strange).toEqual({ ...nothing, doubled: ["/s e-2 at 1.1 was never sent"] });
  });

  it("takes a second use that refers to the first for no second effect, and for diverged one that refers elsewhere", () => {
    const again = (index: number): Standing => {
      const refers = JSON.parse(
        outcomeOf({ ...first, status: "duplicate", changes: [] }),
      ) as object;
      const outcome = JSON.stringify({ ...refers, first: { height: 1, index } });
      return { ...block([first], { height: 2 }), outcomes: [outcome] };
    };
    expect(judged([honest, again(0)], told)).toEqual(nothing);
    expect(judged([honest, again(1)], told).diverged).toEqual([
      "/s e-1 at 2.0 refers to another first use",
    ]);
  });

  it.each([
    ["two answers to one key", { answers: [...(told[1]?.answers ?? []), "{}"] }],
    ["another status", { answers: [otherwise({ status: "rejected" })] }],
    ["another reason", { answers: [otherwise({ reason: { code: "overflow" } })] }],
    ["other changes", { answers: [otherwise({ changes: [] })] }],
    ["no receipt", { answers: [otherwise({ receipt: undefined })] }],
    ["another block", { answers: [otherwise({ receipt: { height: 1, index: 1, block: "x" } })] }],
    ["the place of another", { answers: [answerOf(honest, 0)] }],
    ["a refusal of what stands", { answers: [JSON.stringify({ id: "e-2", status: "invalid" })] }],
    ["another event than was sent", { event: received("e-2", 3) }],
  ])("counts as diverged %s", (_, change) => {
    const { lost, doubled, diverged } = judged([honest], changed(1, change));
    expect({ lost, doubled }).toEqual({ lost: [], doubled: [] });
    expect(diverged).not.toEqual([]);
  });

  it("expects the refusal of what is no event, and of nothing else", () => {
    const event = sent("e-3", "stock.received", {
      item: "BANK CHARGES",
      warehouse: "w",
      quantity: 1,
    });
    const refusal = JSON.stringify({ id: "e-3", status: "invalid", problem: "invalid-event" });
    expect(isLawful(event)).toBe(false);
    expect(judged([honest], [...told, { event, answers: [refusal] }])).toEqual(nothing);
    const lawful = { event: received("e-3", 1), answers: [refusal] };
    expect(judged([honest], [...told, lawful]).diverged).toEqual([
      "/s e-3 was refused: invalid-event",
    ]);
  });

  it("finds an outcome that is another event's", () => {
    const crossed = { ...honest, outcomes: honest.outcomes.toReversed() };
    expect(judged([crossed], told).diverged).toContain("/s e-1 at 1.0 has the outcome of /s e-2");
  });
});

const stock = (version: number, onHand: number, reserved = 0, warehouse = "w") =>
  [`stock/a@${warehouse}`, version, { onHand, reserved }] as const;
const held = (version: number, status: string, expiresAt: string) =>
  ["reservation/r@a", version, { warehouse: "w", quantity: 3, status, expiresAt }] as const;
const EXPIRES = "2026-11-22T10:00:05.000Z";
const reserve = sent("r-1", "stock.reserved", {
  warehouse: "w",
  quantity: 3,
  reservation: "r",
  ttlSeconds: 5,
});
const reserved: Said = { event: reserve, changes: [held(1, "open", EXPIRES), stock(2, 5, 3)] };
const closing = (kind: string): Sent =>
  sent(`c-${kind}`, `reservation.${kind}`, { reservation: "r" });

describe("the recount of a chaos run", () => {
  it.each<[string, readonly Said[]]>([
    [
      "received, adjusted, counted",
      [
        first,
        {
          event: sent("x", "stock.adjusted", { warehouse: "w", delta: -2, reason: "sale" }),
          changes: [stock(2, 3)],
        },
        {
          event: sent("y", "stock.adjusted", { warehouse: "w", delta: -4, reason: "sale" }),
          status: "rejected",
          reason: "insufficient_stock",
        },
        {
          event: sent("z", "stock.counted", { warehouse: "w", quantity: 9 }),
          changes: [stock(3, 9)],
        },
      ],
    ],
    [
      "moved",
      [
        first,
        {
          event: sent("x", "stock.moved", { from: "w", to: "v", quantity: 4 }),
          changes: [stock(2, 1), stock(1, 4, 0, "v")],
        },
        {
          event: sent("y", "stock.moved", { from: "w", to: "v", quantity: 4 }),
          status: "rejected",
          reason: "insufficient_stock",
        },
        {
          event: sent("z", "stock.moved", { from: "v", to: "v", quantity: 4 }),
          status: "rejected",
          reason: "same_warehouse",
        },
      ],
    ],
    [
      "reserved and fulfilled",
      [
        first,
        reserved,
        { event: { ...reserve, id: "r-2" }, status: "rejected", reason: "reservation_exists" },
        {
          event: sent("x", "stock.moved", { from: "w", to: "v", quantity: 3 }),
          status: "rejected",
          reason: "insufficient_stock",
        },
        {
          event: sent("y", "stock.counted", { warehouse: "w", quantity: 2 }),
          status: "rejected",
          reason: "below_reserved",
        },
        { event: closing("fulfilled"), changes: [held(2, "fulfilled", EXPIRES), stock(3, 2)] },
        { event: closing("released"), status: "rejected", reason: "reservation_closed" },
      ],
    ],
    [
      "reserved and released",
      [
        first,
        reserved,
        { event: closing("released"), changes: [held(2, "released", EXPIRES), stock(3, 5)] },
        {
          event: sent("z", "reservation.released", { reservation: "q" }),
          status: "rejected",
          reason: "no_such_reservation",
        },
      ],
    ],
  ])("comes to what the contract says: %s", (_, said) => {
    expect(new Recount().apply(block(said))).toEqual([]);
  });

  it("gives a reservation back at its time, not before, and closes it then in any case", () => {
    const over = { height: 2, seconds: 5 };
    const expired = expiry("r", TIME + 5000, [held(2, "expired", EXPIRES), stock(3, 5)]);
    const closed: Said = {
      event: closing("fulfilled"),
      status: "rejected",
      reason: "reservation_closed",
    };
    const after = (made: Made): string[] => {
      const recount = new Recount();
      expect(recount.apply(block([first, reserved]))).toEqual([]);
      return recount.apply(block([closed], made));
    };
    expect(after({ ...over, system: [expired] })).toEqual([]);
    expect(after(over)).toEqual(["at 2: 0 expiries, recounted 1"]);
    expect(after({ ...over, seconds: 4, system: [expired] }).join()).toContain(
      "no expiry that is due",
    );
    expect(after({ ...over, system: [expiry("q", TIME, [])] }).join()).toContain(
      "no expiry that is due",
    );
    const kept = expiry("r", TIME + 5000, [held(2, "expired", EXPIRES), stock(3, 5, 3)]);
    expect(after({ ...over, system: [kept] }).join()).toContain("came to");
  });

  it("finds an outcome that differs, and a key that has a second effect", () => {
    const wrong: Said = { ...second, changes: [stock(2, 8)] };
    expect(new Recount().apply(block([first, wrong]))).toHaveLength(1);
    const skipped: Said = { ...second, changes: [stock(3, 7)] };
    expect(new Recount().apply(block([first, skipped]))).toHaveLength(1);
    const again: Said = { ...first, changes: [stock(2, 10)] };
    expect(new Recount().apply(block([first, again])).join()).toContain(
      "recounted duplicate of 1.0",
    );
  });

  it("adds up what is on hand in all warehouses", () => {
    const recount = new Recount();
    recount.apply(block([first, { event: received("v", 4, "v"), changes: [stock(1, 4, 0, "v")] }]));
    expect(recount.onHand()).toBe(9);
  });
});
