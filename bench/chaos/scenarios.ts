// What can be run: npm run chaos -- --list.
import type { Dice } from "../../spec/kit/dice.ts";
import {
  allKilled,
  both,
  clientsLeave,
  deployed,
  killedInRecovery,
  ledgerHarmed,
  ledgerTampered,
  lying,
  processKilled,
  seatKilled,
  slowed,
  wardenKilled,
  wardenWiped,
  wiped,
} from "./blows.ts";
import type { Lie } from "./blows.ts";
import type { Blow } from "./field.ts";

export interface Scenario {
  readonly name: string;
  readonly what: string;
  /** By default; a short run takes fewer. */
  readonly events: number;
  /** The blow that comes `index`-th. */
  blow(index: number, dice: Dice): Blow;
}

/** The four of the reference come to 400,000. */
const REFERENCE = 100_000;
const OTHERS = 50_000;

const turns =
  (...blows: readonly [Blow, ...Blow[]]): Scenario["blow"] =>
  (index) =>
    blows[index % blows.length] ?? blows[0];

const LIES: readonly [Lie, string][] = [
  ["corrupt-outcome", "a seat computes wrongly"],
  ["corrupt-state", "rows of a seat's state rot"],
  ["mute", "a seat hears and says nothing"],
  ["equivocate", "a seat tells its peers contradicting things"],
];

const harms: readonly Blow[] = [
  seatKilled("leader"),
  seatKilled("follower"),
  killedInRecovery("leader"),
  wiped,
  slowed,
  ...LIES.flatMap(([kind]) => [lying(kind, "leader"), lying(kind, "follower")]),
];
const sideshows: readonly Blow[] = [
  ledgerHarmed("refuse"),
  ledgerHarmed("slow"),
  ledgerHarmed("ambiguous"),
  wardenKilled,
  clientsLeave,
];
const catastrophes: readonly Blow[] = [allKilled, killedInRecovery("all"), processKilled, deployed];

/** Two thirds are of one seat, half of those with something else at the same time. */
function anything(_: number, dice: Dice): Blow {
  const drawn = dice.below(6);
  if (drawn === 0) return dice.one(catastrophes);
  if (drawn === 1) return dice.one([...sideshows, ledgerTampered, wardenWiped]);
  const harm = dice.one(harms);
  return drawn < 4 ? harm : both(harm, dice.one(sideshows));
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "leader-killed",
    what: "the leader is killed and stays down for a while, then the next leader",
    events: REFERENCE,
    blow: turns(seatKilled("leader")),
  },
  {
    name: "follower-killed",
    what: "a seat that follows is killed and stays down",
    events: REFERENCE,
    blow: turns(seatKilled("follower")),
  },
  {
    name: "all-seats-at-once",
    what: "all four seats are killed at once and stay down",
    events: REFERENCE,
    blow: turns(allKilled),
  },
  {
    name: "killed-during-recovery",
    what: "a seat, or all of them, are killed again and again as they recover",
    events: REFERENCE,
    blow: turns(killedInRecovery("leader"), killedInRecovery("all"), killedInRecovery("follower")),
  },
  {
    name: "process-killed",
    what: "the whole process is ended by SIGKILL and started again on the same folder",
    events: OTHERS,
    blow: turns(processKilled),
  },
  {
    name: "seat-wiped",
    what: "a seat loses its storage, follows without a voice, and is readmitted by an operator",
    events: OTHERS,
    blow: turns(wiped),
  },
  ...LIES.map(([kind, what]): Scenario => ({
    name: `seat-${kind}`,
    what: `${what}: the leader, then another`,
    events: OTHERS,
    blow: turns(lying(kind, "leader"), lying(kind, "follower")),
  })),
  {
    name: "seat-slow",
    what: "a seat hears each message 50 to 250 ms late",
    events: OTHERS,
    blow: turns(slowed),
  },
  {
    name: "d1-away",
    what: "the database refuses every block",
    events: OTHERS,
    blow: turns(ledgerHarmed("refuse")),
  },
  {
    name: "d1-slow",
    what: "each write to the database takes half a second more",
    events: OTHERS,
    blow: turns(ledgerHarmed("slow")),
  },
  {
    name: "d1-ambiguous",
    what: "writes to the database fail, of which some were done",
    events: OTHERS,
    blow: turns(ledgerHarmed("ambiguous")),
  },
  {
    name: "d1-tampered",
    what: "a published row is changed: an incident tells, and nobody is shown the row",
    events: OTHERS,
    blow: turns(ledgerTampered),
  },
  {
    name: "wardens-killed",
    what: "a Warden is killed between keeping events and answering them, or loses its storage",
    events: OTHERS,
    blow: turns(wardenKilled, wardenWiped),
  },
  {
    name: "clients-disconnect",
    what: "clients leave in the middle of their requests, and send them again",
    events: OTHERS,
    blow: turns(clientsLeave),
  },
  {
    name: "deploy-in-the-middle",
    what: "the process is ended by SIGTERM, and a newly built one goes on with the same folder",
    events: OTHERS,
    blow: turns(deployed),
  },
  {
    name: "everything-at-random",
    what: "any of these, drawn by the seed, some two at a time",
    events: OTHERS,
    blow: anything,
  },
];
