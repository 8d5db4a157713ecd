import { describe, expect, it } from "vitest";
import { CHECKS } from "../checks.ts";
import type { Subject, World } from "../checks.ts";
import { accepted, given, rejected } from "../given.ts";
import { tickets } from "./tickets.ts";

const open = ["show.opened", { show: "hamlet", seats: 2 }] as const;
const place = { show: "hamlet", seat: 1 };
const hold = ["seat.held", { ...place, holder: "ann", ttlSeconds: 60 }] as const;
const buy = (holder: string, seat = 1) => ["seat.sold", { ...place, seat, holder }] as const;
const held = given(tickets, open, hold);

describe("a seat", () => {
  it("is sold to whoever comes first", () => {
    const sold = { status: "sold", holder: "ann", until: null };
    expect(given(tickets, open).when(...buy("ann"))).toEqual(
      accepted({ "seat/1@hamlet": sold, "show/hamlet": { seats: 2, taken: 1 } }),
    );
    expect(given(tickets, open, buy("ann")).when(...buy("bob"))).toEqual(rejected("seat_taken"));
  });

  it("must be one of the show's", () => {
    expect(given(tickets).when(...buy("ann"))).toEqual(rejected("no_such_show"));
    expect(given(tickets, open).when(...buy("ann", 3))).toEqual(rejected("no_such_seat"));
  });

  it("that is held is its holder's alone, and free again at its time", () => {
    expect(held.when(...buy("bob"))).toEqual(rejected("seat_taken"));
    expect(held.when(...buy("ann"))).toHaveProperty("accepted");
    expect(held.after(59_999).expiries()).toEqual([]);
    expect(held.after(60_000).when(...buy("bob"))).toHaveProperty("accepted");
  });

  it("is given back once", () => {
    const back = ["seat.returned", place] as const;
    expect(held.when(...back)).toHaveProperty("accepted");
    expect(given(tickets, open).when(...back)).toEqual(rejected("not_taken"));
    expect(given(tickets, open, hold, back).when(...back)).toEqual(rejected("not_taken"));
  });
});

/** What shows say is taken is what their seats say. */
function takenIsCounted(world: World): boolean {
  const seats = [...world].filter(([entity]) => entity.startsWith("seat/"));
  return [...world].every(([entity, state]) => {
    if (!entity.startsWith("show/")) return true;
    const own = seats.filter(([of]) => of.endsWith(`@${entity.slice("show/".length)}`));
    const taken = own.filter(([, of]) => (of as { status: string }).status !== "free");
    return (state as { taken: number }).taken === taken.length;
  });
}

describe("the tickets", () => {
  const subject: Subject = { domain: tickets, always: { takenIsCounted } };
  it.each(CHECKS)("%s", (_, check) => expect(check(subject)).toBeNull());
});
