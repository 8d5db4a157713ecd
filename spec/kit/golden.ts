/** Blocks whose roots are written down: every runtime and every build comes to them. */
import { inventory } from "../../objects/arbiter/domains/inventory.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import { START } from "../../kit/given.ts";
import { Bench, rulesOf, textOf } from "../../kit/memory.ts";

export const GOLDEN_ROOTS: readonly string[] = [
  "28f0c9733cac57ac2aaca9be37b1ef3fb4b25fa8f5e37d22a146d87329c7f4d0",
  "625593fbd61e5b85490690cda01839fbbc08b62c6cf5c64c0565cce673268868",
  "36e6b397ff8b7c05364abc4b415c4312aeeee603fa7f8d9b017805df1cda125f",
  "830ad429f103f1c3be28e9012202678344a349e61b27c87c5d9580a78555330d",
];

/** An acceptance, a domain's rejection, an expiry to come, a duplicate, and no event at all; the expiry; two condemned events. */
export function goldenBlocks(): Evaluation[] {
  const bench = new Bench(rulesOf(inventory));
  const at = { item: "a", warehouse: "w" };
  const hold = { ...at, quantity: 2, reservation: "r", ttlSeconds: 60 };
  const received = textOf({ id: "é\u0001", type: "stock.received", data: { ...at, quantity: 5 } });
  const sold = { ...at, delta: -9, reason: "sale" };
  const first = bench.block(
    START,
    received,
    textOf({ id: "2", type: "stock.adjusted", data: sold }),
    textOf({ id: "3", type: "stock.reserved", data: hold }),
    received,
    "nonsense",
  );
  const again = textOf({ id: "4", type: "stock.received", data: { ...at, quantity: 5 } });
  return [
    first,
    bench.block(START + 60_000),
    bench.condemn(START + 60_001, "nondeterministic", again),
    bench.condemn(START + 60_002, "unable", received),
  ];
}
