// What is done to the deployment. A blow ends when its harm does: what then remains is for the deployment to recover from.
import { setTimeout as sleep } from "node:timers/promises";

import { exchange } from "../lib/exchange.ts";
import type { Court } from "../lib/contract.ts";
import type { Arena } from "./arena.ts";
import { isLevel } from "./arena.ts";
import { RECOVERY_MS } from "./field.ts";
import type { Blow, Field } from "./field.ts";
import { tampered } from "./tampered.ts";
import { Unmet } from "./unmet.ts";

/** How long an operator looks on before a seat that only follows is rebuilt, and how long a rebuild may take. */
const PATIENCE_MS = 3_000;
const REBUILD_MS = 20_000;
const WARDENS = 2;

type Who = "leader" | "follower";

async function seatOf({ arena, dice }: Field, who: Who): Promise<number> {
  const { leader, members } = await arena.court();
  const followers = members.filter(({ seat }) => seat !== leader);
  return who === "leader" ? leader : dice.one(followers).seat;
}

async function pause({ arena }: Field, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: arena.access.signal });
}

function lasting({ load, share }: Field): Promise<void> {
  return load.onwards(share);
}

const everySeat = async ({ arena }: Field): Promise<number[]> =>
  (await arena.court()).members.map(({ seat }) => seat);

async function killed(field: Field, seats: readonly number[], seconds: number): Promise<void> {
  await Promise.all(seats.map((seat) => field.arena.fault(seat, { kind: "crash", seconds })));
  await pause(field, seconds * 1000);
}

export const seatKilled =
  (who: Who): Blow =>
  async (field) => {
    const seat = await seatOf(field, who);
    await killed(field, [seat], field.downSeconds);
    return `${who} (seat ${seat}) down for ${field.downSeconds} s`;
  };

export const allKilled: Blow = async (field) => {
  await killed(field, await everySeat(field), field.downSeconds);
  return `all seats down for ${field.downSeconds} s`;
};

/** Down for a second, and again as soon as it comes up, more than once, at another moment of its recovery each time. */
export const killedInRecovery =
  (who: Who | "all"): Blow =>
  async (field) => {
    const seats = who === "all" ? await everySeat(field) : [await seatOf(field, who)];
    const again = 2 + field.dice.below(2);
    for (let time = 0; time <= again; time += 1) {
      await killed(field, seats, 1);
      await pause(field, field.dice.below(300));
    }
    const name = who === "all" ? "all seats" : `${who} (seat ${seats[0]})`;
    return `${name} killed, and ${again} times while recovering`;
  };

/** Every other time once more, as soon as it serves. */
export const processKilled: Blow = async ({ arena, dice }) => {
  const times = 1 + dice.below(2);
  for (let time = 0; time < times; time += 1) {
    await arena.kill();
    await arena.restart();
  }
  return times === 1 ? "process killed" : "process killed twice";
};

export const deployed: Blow = async ({ arena }) => {
  await arena.stop();
  await arena.restart(true);
  return "deployed anew";
};

export const wiped: Blow = async (field) => {
  const seat = await seatOf(field, field.dice.percent(50) ? "leader" : "follower");
  await field.arena.fault(seat, { kind: "wipe" });
  await lasting(field);
  await field.arena.demand("POST", `/v1/courts/0/members/${seat}/readmit`, {});
  return `seat ${seat} wiped, readmitted`;
};

export type Lie = "corrupt-outcome" | "corrupt-state" | "mute" | "equivocate";

export const lying =
  (kind: Lie, who: Who): Blow =>
  async (field) => {
    const seat = await seatOf(field, who);
    await field.arena.fault(seat, { kind });
    await lasting(field);
    // Rotten rows are no fault that goes on: healed, the seat would have its voice, and meet them again.
    if (kind === "corrupt-state")
      await field.arena.demand("POST", `/v1/courts/0/members/${seat}/rebuild`, {});
    else await field.arena.fault(seat, { kind: "heal" });
    return `${who} (seat ${seat}) ${kind}`;
  };

export const slowed: Blow = async (field) => {
  const seat = await seatOf(field, field.dice.percent(50) ? "leader" : "follower");
  const milliseconds = 50 + field.dice.below(200);
  await field.arena.fault(seat, { kind: "slow", milliseconds });
  await lasting(field);
  await field.arena.fault(seat, { kind: "heal" });
  return `seat ${seat} slow by ${milliseconds} ms`;
};

export const ledgerHarmed =
  (kind: "refuse" | "slow" | "ambiguous"): Blow =>
  async (field) => {
    const how = kind === "slow" ? { kind, milliseconds: 500 } : { kind };
    await field.arena.demand("POST", "/v1/ledger/fault", how);
    await lasting(field);
    await field.arena.demand("POST", "/v1/ledger/fault", { kind: "heal" });
    return `the database: ${kind}`;
  };

export const ledgerTampered: Blow = async (field) => tampered(field);

export const wardenKilled: Blow = async ({ arena, dice }) => {
  const warden = dice.below(WARDENS);
  for (let time = 0; time < 3; time += 1) {
    await arena.demand("POST", `/v1/wardens/${warden}/fault`, { kind: "crash" });
    await sleep(dice.below(200), undefined, { signal: arena.access.signal });
  }
  return `Warden ${warden} killed three times`;
};

export const wardenWiped: Blow = async (field) => {
  const warden = field.dice.below(WARDENS);
  await field.arena.demand("POST", `/v1/wardens/${warden}/fault`, { kind: "wipe" });
  await field.arena.demand("POST", `/v1/wardens/${warden}/readmit`, {});
  return `Warden ${warden} wiped, readmitted`;
};

export const clientsLeave: Blow = async (field) => {
  field.manners.leaving = true;
  await lasting(field);
  field.manners.leaving = false;
  return "clients leave before they are answered";
};

/** Two at once, of different parts. */
export const both =
  (one: Blow, other: Blow): Blow =>
  async (field) =>
    (await Promise.all([one(field), other(field)])).join("; ");

/** Until all seats vote at one height: an operator looks on, and rebuilds a seat that stays quarantined. */
export async function recovered({ arena }: Field): Promise<void> {
  const end = performance.now() + RECOVERY_MS;
  for (let wait = PATIENCE_MS; ; wait = REBUILD_MS) {
    const left = end - performance.now();
    try {
      await arena.until("all seats vote", isLevel, Math.min(wait, left));
      return;
    } catch (error) {
      if (!(error instanceof Unmet) || left <= wait) throw error;
    }
    const stuck = arena.samples.findLast(({ court }) => court !== null)?.court;
    await Promise.all(quarantined(stuck).map((seat) => rebuild(arena, seat)));
  }
}

function quarantined(court: Court | null | undefined): number[] {
  const members = court?.members ?? [];
  return members.filter(({ stage }) => stage === "quarantined").map(({ seat }) => seat);
}

/** Refused while too few others are ready: it is asked for again. */
async function rebuild({ access }: Arena, seat: number): Promise<void> {
  await exchange(access, "POST", `/v1/courts/0/members/${seat}/rebuild`, {});
}
