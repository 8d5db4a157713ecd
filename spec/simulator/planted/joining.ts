/** The one rule whose loss only slows a court down, looked at after each step: who knows of f + 1 seats in higher views is there too. */
import type { Seat } from "../../../objects/clerk/consensus/seat.ts";
import type { Cluster } from "../../kit/cluster.ts";

/** The view in which the seat should be by now, of what it has heard. */
function due(seat: Seat): number {
  const { f } = seat.setup.quorum;
  const views = [...seat.changes.entries()]
    .filter(([from]) => from !== seat.setup.seat)
    .map(([, change]) => change.view)
    .toSorted((a, b) => b - a);
  return views[f] ?? 0;
}

export function joinedInTime(court: Cluster, liar: number): void {
  const input = court.input.bind(court);
  court.input = (at, given, stops) => {
    input(at, given, stops);
    const seat = court.seat(at);
    if (at === liar || !seat.voice || seat.applying || court.member(at).down) return;
    if (seat.view < due(seat))
      throw new Error(`seat ${at} did not join view ${due(seat)} out of ${seat.view}`);
  };
}
