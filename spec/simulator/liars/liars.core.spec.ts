import { expect, it } from "vitest";
import { parseMessages } from "../../../objects/clerk/consensus/check.ts";
import type { Message } from "../../../objects/clerk/consensus/messages.ts";
import { Cluster } from "../../kit/cluster.ts";
import { Dice } from "../../kit/dice.ts";
import { LIES, mouthOf } from "./catalogue.ts";
import type { Lie } from "./catalogue.ts";

const RUNS = 4;

/** What a liar in seat 0 says in a court that loses nothing, beside what its core would say. */
function liesOf(lie: Lie, seed: number): Message[] {
  const court = new Cluster();
  const dice = new Dice(seed);
  const place = {
    seat: 0,
    setup: court.setup(0),
    dice,
    liars: [0],
    core: () => court.seat(0),
    now: () => court.now,
    later: () => {},
    sign: (seat: number, digest: string) => court.sign(seat, digest),
  };
  const mouth = mouthOf(lie, place);
  if (mouth === null) return [];
  const told: Message[] = [];
  court.passes = (sent) => {
    if (sent.to === 0)
      for (const said of mouth.heard(sent.message)) {
        told.push(said.message);
        court.network.push({ from: 0, ...said });
      }
    if (sent.from !== 0) return true;
    return mouth.instead(sent.to, sent.message).every(({ to, message }) => {
      if (message !== sent.message) told.push(message);
      court.hear(to, message);
      return message === sent.message;
    });
  };
  for (let number = 1; number <= 3; number++) {
    court.giveAll(court.writ(number, [`event ${number} of ${seed}`, "another"]));
    court.pass(4_000);
  }
  return told;
}

it.each(LIES)("a liar that is %s says what its receivers can read, the same for a seed", (lie) => {
  for (let seed = 0; seed < RUNS; seed++) {
    const told = liesOf(lie, seed);
    const texts = JSON.stringify(told);
    expect(JSON.stringify(liesOf(lie, seed)), `seed ${seed}`).toBe(texts);
    const read = parseMessages(JSON.stringify(told.slice(0, 64)));
    // A few are malformed on purpose, never most.
    expect(read.dropped, `seed ${seed}`).toBeLessThanOrEqual(Math.min(64, told.length) / 2);
  }
});
