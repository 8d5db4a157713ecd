/** A ledger in which everything happens: every kind of outcome, expiries, keys used again, control events, events beyond deciding. */
import type { Entry, Poison, Writ } from "../../objects/shared/types.ts";
import { Annals, whole } from "./annals.ts";
import type { Lies, Sent } from "./annals.ts";

const at = (item: string, warehouse = "w1") => ({ item, warehouse });
const received = (id: string, item: string, quantity: number): Sent => {
  return { id, type: "stock.received", data: { ...at(item), quantity } };
};
const moved = (id: string, item: string, quantity: number): Sent => {
  return { id, type: "stock.moved", data: { item, from: "w1", to: "w2", quantity } };
};
const reserved = (id: string, item: string, ttlSeconds: number): Sent => {
  return {
    id,
    type: "stock.reserved",
    data: { ...at(item), quantity: 10, reservation: id, ttlSeconds },
  };
};

const condemned = (writ: Writ, first: number, poison: Poison): Entry => {
  return { writ, first, count: 1, poison };
};

/** By height, what liars make of the block there. K is 4, and seats remember a key for 40 seconds. */
export function story(lies: { readonly [height: number]: Lies } = {}): Annals {
  const annals = new Annals();
  const decide = (entries: readonly Entry[], after = 1000): void => {
    const height = (annals.courts[0]?.length ?? 0) + 1;
    annals.decide(entries, { after, lies: lies[height] });
  };
  decide([
    whole(annals.writ([received("a", "a", 100), received("b", "b", 50)])),
    whole(annals.writ([{ ...received("c", "c", 9), tenant: "other" }], { warden: 1 })),
  ]);
  decide([
    whole(
      annals.writ([
        reserved("r1", "a", 5),
        moved("m1", "a", 20),
        reserved("r2", "b", 9_000),
        moved("m2", "a", 999),
        reserved("r3", "a", 4),
      ]),
    ),
  ]);
  decide([
    whole(
      annals.writ([
        received("a", "a", 100),
        received("a", "a", 101),
        received("bad", "a", 0),
        '{"no":"event"}',
        { id: "f", type: "reservation.fulfilled", data: { reservation: "r2", item: "b" } },
      ]),
    ),
  ]);
  // Both reservations of "a" have ended, the shorter one first.
  decide([whole(annals.writ([received("d", "d", 1)], { warden: 1 }))], 6_000);
  const split = annals.writ(["s1", "s2", "s3", "s4"].map((id) => received(id, "s", 1)));
  decide([{ writ: split, first: 0, count: 2 }]);
  decide([{ writ: split, first: 2, count: 2 }]);
  annals.rekey({ kind: "clerk", seat: 3 }, { lies: lies[7] });
  annals.decide([whole(annals.writ([reserved("r4", "a", 50)]))], {
    lies: { signers: [1, 2, 3], ...lies[8] },
  });
  annals.rekey({ kind: "warden", warden: 1 }, { lies: lies[9] });
  decide([whole(annals.writ([received("e", "e", 5)], { warden: 1 }))]);
  const odd = annals.writ([received("p", "p", 1)]);
  decide([condemned(odd, 0, annals.poison(odd, 0, "nondeterministic"))]);
  const hungry = annals.writ([received("q", "q", 1)]);
  decide([condemned(hungry, 0, annals.poison(hungry, 0, "unable"))]);
  // The keys of the first blocks have ended.
  decide([whole(annals.writ([received("a", "a", 100), received("a", "a", 100)]))], 41_000);
  // A quiet court is woken by an expiry alone.
  decide([], 6_000);
  for (const id of ["t1", "t2", "t3", "t4", "t5", "t6"])
    decide([whole(annals.writ([received(id, "t", 2)]))]);
  return annals;
}

export const ITEMS = Array.from({ length: 12 }, (_, number) => `item-${number}`);

/** Three blocks in each of two courts; every item is received in each block of its court. */
export function twoCourts(): Annals {
  const annals = new Annals(4, 2);
  for (const court of [0, 1, 0, 0, 1, 1]) {
    const height = annals.courts[court]?.length ?? 0;
    const items = ITEMS.filter((item) => annals.courtOfItem(item) === court);
    const events = items.map((item) => received(`${height}/${item}`, item, 3));
    annals.decide([whole(annals.writ(events, { court }))], {}, court);
  }
  return annals;
}
