/** What the specifications of control events share: a court of which seats and Wardens lose their storage. */
import type { Control } from "../../objects/shared/control.ts";
import { known } from "../../objects/shared/assert.ts";
import { termAt } from "../../objects/shared/terms.ts";
import type { Block } from "../../objects/shared/types.ts";
import { Cluster } from "./cluster.ts";

export const keyOfWarden = (warden: number, key: string): Control => {
  return { kind: "key", officer: { kind: "warden", warden }, key };
};

/** Every seat is given a writ of one event, and everything is delivered. */
export function decide(court: Cluster, number: number, warden = 0): void {
  court.giveAll(court.writ(number, [`${warden}/${number}`], warden));
  court.settle();
}

/** Seat 3 has lost its storage, after one block. */
export function courtWithWiped(): Cluster {
  const court = new Cluster();
  decide(court, 1);
  court.wipe(3);
  court.pass(1000);
  return court;
}

export const epochs = (court: Cluster): number[] =>
  court.seats.map(({ setup, tip }) => termAt(setup.terms, tip.height + 1).epoch);

export const voices = (court: Cluster): boolean[] => court.seats.map(({ voice }) => voice);

export const lastBlock = (court: Cluster, at = 0): Block =>
  known(court.member(at).chain.at(-1), "decided");
