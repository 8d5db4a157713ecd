/** What clients send: inventory events over few items, so that they contend, and now and then nonsense. */
import { canonical } from "../../../objects/shared/canonical.ts";
import { fingerprintOf, keyDigest } from "../../../objects/shared/digests.ts";
import { timestamp } from "../../../objects/shared/settled.ts";
import type { Submission } from "../../../objects/shared/rpc.ts";
import type { LedgerEvent } from "../../../objects/shared/types.ts";
import type { Dice } from "../../kit/dice.ts";

const ITEMS = ["bolt", "nut"];
const WAREHOUSES = ["ulm", "rom", "oslo"];
const RESERVATIONS = ["r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8"];

type Body = Pick<LedgerEvent, "type" | "data">;

/** An event's type and data. */
export function happening(dice: Dice): Body {
  const item = dice.one(ITEMS);
  const warehouse = dice.one(WAREHOUSES);
  const reservation = dice.one(RESERVATIONS);
  const quantity = dice.percent(96) ? 1 + dice.below(9) : Number.MAX_SAFE_INTEGER;
  const one = dice.below(100);
  if (one < 30) return { type: "stock.received", data: { item, warehouse, quantity } };
  if (one < 42) {
    const to = dice.one(WAREHOUSES);
    return { type: "stock.moved", data: { item, from: warehouse, to, quantity } };
  }
  if (one < 50) {
    const delta = dice.percent(50) ? quantity : -quantity;
    return { type: "stock.adjusted", data: { item, warehouse, delta, reason: "breakage" } };
  }
  if (one < 56) {
    return { type: "stock.counted", data: { item, warehouse, quantity: dice.below(20) } };
  }
  if (one < 76) {
    return {
      type: "stock.reserved",
      data: { item, warehouse, quantity, reservation, ttlSeconds: 1 + dice.below(8) },
    };
  }
  if (one < 86) return { type: "reservation.fulfilled", data: { item, reservation } };
  if (one < 96) return { type: "reservation.released", data: { item, reservation } };
  return dice.one(NONSENSE);
}

const NONSENSE: readonly Body[] = [
  { type: "stock.received", data: { item: "bolt", warehouse: "ulm", quantity: -1 } },
  { type: "stock.received", data: null },
  { type: "stock.vanished", data: {} },
  { type: "stock.moved", data: { item: "nut", from: "ulm", to: "oslo", quantity: 1, more: true } },
];

export interface Identity {
  readonly tenant: string;
  readonly source: string;
  readonly id: string;
}

/** As the Usher hands an event to a Warden. `sentAt`: Unix milliseconds of the sender's clock, or null for none. */
export function submissionOf(identity: Identity, body: Body, sentAt: number | null): Submission {
  const sentat = sentAt === null ? {} : { sentat: timestamp(sentAt) };
  const event: LedgerEvent = { ...identity, ...body, ...sentat };
  return {
    key: keyDigest(event),
    fingerprint: fingerprintOf(event),
    court: 0,
    sentAt,
    event: canonical(event),
  };
}

/** Keys of every entity that such events touch, of one tenant; those that most touch stand there twice. */
export function entityKeys(tenant: string): string[] {
  const stock = ITEMS.flatMap((item) => WAREHOUSES.map((at) => `${tenant}/stock/${item}@${at}`));
  const reserved = ITEMS.flatMap((item) =>
    RESERVATIONS.map((name) => `${tenant}/reservation/${name}@${item}`),
  );
  return [...stock, ...stock, ...reserved];
}
