/** A court that has decided something, and what one of its seats could say next. */
import { known } from "../../objects/shared/assert.ts";
import { Cluster } from "./cluster.ts";
import { batchOn, changeBy, preparedBy, votedOn, whole } from "./forging.ts";

/** A court in view 1 with two blocks decided, and every kind of message its seats have sent. */
export function courtAtWork(): Cluster {
  const court = new Cluster();
  court.giveAll(court.writ(1, ["a"]));
  court.settle();
  court.restart(0);
  court.passes = ({ to, message }) =>
    !(to === 0 && message.kind === "proposal") && !(to === 3 && message.kind === "decided");
  court.give(0, court.writ(2, ["b"]));
  court.settle();
  court.passes = () => true;
  court.pass(2000);
  return court;
}

/** What seat 2 would say about the next height. */
export function sample(court: Cluster) {
  const seat = court.seat(2);
  const certificate = known(seat.tip.certificate, "decided");
  const batch = batchOn(court, seat, [whole(court.writ(3, ["c"]))]);
  const voted = votedOn(seat, batch, 2);
  const prepared = preparedBy(court, voted, [0, 2, 3]);
  const change = changeBy(court, 2, 6, seat.tip, prepared);
  const block = known(court.member(2).chain.at(-1), "decided");
  return { seat, certificate, batch, voted, prepared, change, block };
}
