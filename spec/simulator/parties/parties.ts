/** Everybody around one court in a run: Wardens, their clients, Registrars with readers, the Ledger and the seats' publishers. */
import { LIMITS } from "../../../objects/shared/limits.ts";
import { readdirSync, readFileSync } from "node:fs";
import { known } from "../../../objects/shared/assert.ts";
import { wardenOf } from "../../../objects/shared/names.ts";
import type { Court } from "../court.ts";
import { Violation } from "../history.ts";
import type { Party, Setting } from "../party.ts";
import { Client } from "./client.ts";
import type { Door } from "./client.ts";
import { CLEAR, VirtualD1 } from "./d1.ts";
import { Office } from "./office.ts";
import { MISHAPS, nearOf, wayOf, weatherOf } from "./plan.ts";
import type { Mishap, PartiesPlan } from "./plan.ts";
import { SMOOTH, Ways } from "./reach.ts";
import { Readers } from "./reader.ts";
import { VirtualWarden } from "./warden.ts";

const MIGRATIONS = new URL("../../../objects/ledger/migrations/", import.meta.url);
const SCHEMA = readdirSync(MIGRATIONS)
  .toSorted()
  .map((file) => readFileSync(new URL(file, MIGRATIONS), "utf8"));
const TENANT = "t";
/** A walk that was under way when the last damage was done may have passed its place. */
const ROUNDS = 2;
/** Obstacles that are due where rows were damaged. */
const MENDED = /^(?:ledger-damaged|repair) /;

export class Parties implements Party {
  readonly wardens: readonly VirtualWarden[];
  readonly clients: readonly Client[];
  readonly offices: readonly Office[];
  readonly ways: Ways;
  readonly d1: VirtualD1 | null;
  readonly readers: Readers | null;
  readonly #court: Court;
  readonly #plan: PartiesPlan;
  readonly #deck: readonly Mishap[];
  /** Seats whose word nobody has to take. */
  readonly #faulty: ReadonlySet<number>;
  readonly #readmit: Setting["readmit"];
  #calm = false;
  #woken = false;
  /** Somebody has changed rows of the Ledger behind its back. */
  #defaced = false;

  /** Before the seats begin their first life. */
  constructor(court: Court, plan: PartiesPlan, { faulty, lying, readmit }: Setting) {
    this.#court = court;
    this.#plan = plan;
    this.#faulty = faulty;
    this.#readmit = readmit;
    this.d1 = plan.ledger ? new VirtualD1(court.world, ...SCHEMA) : null;
    const { backlogBlocks } = plan;
    this.offices = court.replicas.map(
      (replica) => new Office(court, replica, { d1: this.d1, backlogBlocks }),
    );
    this.ways = new Ways(court.world, this.offices, lying);
    this.wardens = plan.wardenSkews.map((skewMs, number) => {
      const warden = new VirtualWarden(court, number, () => this.ways.seats());
      warden.skewMs = skewMs;
      warden.storage.slowness = plan.slowness;
      return warden;
    });
    this.clients = plan.clients.map((habits, number) => {
      return new Client(court.world, number, this.#doors(number), {
        habits,
        windowMs: plan.windowMs,
      });
    });
    this.#deck = MISHAPS.flatMap((mishap) =>
      Array.from({ length: plan.mishaps[mishap] }, (): Mishap => mishap),
    );
    const { offices, ways, d1 } = this;
    const shelves = { court, tenant: TENANT, faulty, offices, ways, d1 };
    this.readers = plan.reads === null ? null : new Readers(shelves, plan.reads);
    this.#begin();
  }

  #begin(): void {
    this.ways.way = this.#plan.way;
    this.ways.garbling = this.#plan.garbling;
    for (const { nearby } of this.offices) Object.assign(nearby, this.#plan.near);
    if (this.d1 !== null) this.d1.weather = this.#plan.ledgerWeather;
    if (this.d1 !== null) this.d1.misreads = this.#plan.misreads;
    if (this.#plan.wardenLost) this.#loseOne();
    for (const client of this.clients) client.begin();
    this.#next();
  }

  /** The mishaps end, and every client asks for what it does not know. */
  calm(): void {
    this.#calm = true;
    if (!this.#ahead() && !this.#defaced) this.#showLedger();
    this.ways.way = SMOOTH;
    this.ways.garbling = 0;
    if (this.d1 !== null) {
      this.d1.weather = CLEAR;
      this.d1.away = false;
    }
    for (const { nearby } of this.offices) Object.assign(nearby, { lost: 0, jitter: 3 });
    for (const { storage } of this.wardens) storage.slowness = 2;
    for (const client of this.clients) client.rest();
    this.readers?.calm();
    for (const office of this.offices) office.rounds = 0;
    // Nobody calls the next life into being: its alarm must.
    if (this.#plan.quiet) for (const warden of this.wardens) warden.crash();
    this.#wake();
  }

  /** Clients begin to ask: at once, or when there is nothing left to be done without them. */
  #wake(): void {
    if (this.#plan.quiet && this.#waiting().length > 0) {
      this.#court.world.after(500, () => this.#wake());
      return;
    }
    this.#woken = true;
    for (const client of this.clients) client.calm();
  }

  #waiting(): string[] {
    return this.wardens.flatMap(({ number, pending, forsaken }) =>
      pending > 0 && !forsaken ? [`Warden ${number} has ${pending} events pending`] : [],
    );
  }

  pending(): string[] {
    if (!this.#woken) return ["clients do not ask before the Wardens are done", ...this.#waiting()];
    const clients = this.clients.flatMap((client) =>
      client.pending().map((what) => `client ${client.number} ${what}`),
    );
    const seats = this.offices.flatMap(({ behind, replica, obstacles }) =>
      behind && !this.#faulty.has(replica.seat)
        ? [`seat ${replica.seat} is behind in publishing: ${obstacles.join("; ")}`]
        : [],
    );
    const ahead = this.#ahead() ? ["the Ledger has a height that no sound seat has"] : [];
    const read = this.readers?.pending() ?? [];
    return [...clients, ...this.#waiting(), ...seats, ...ahead, ...this.#unmended(), ...read];
  }

  /** After the last damage every seat that can has been through the whole Ledger. */
  #unmended(): string[] {
    if (!this.#defaced) return [];
    return this.offices.flatMap(({ rounds, replica }) =>
      rounds < ROUNDS && replica.up && replica.core().voice && !this.#faulty.has(replica.seat)
        ? [`seat ${replica.seat} has not been through the Ledger since it was damaged`]
        : [],
    );
  }

  /** A Ledger that was defaced is read again from end to end, a stretch each time that a seat's alarm wakes it. */
  longer(): number {
    if (!this.#defaced) return 0;
    const count = (table: string): number =>
      Number(this.d1?.run({ sql: `SELECT count(*) AS n FROM ${table}`, cells: [] })[0]?.["n"] ?? 0);
    const stretches =
      count("blocks") / LIMITS.patrolBlocks + count("entity_versions") / LIMITS.patrolVersions;
    // What is pending makes it longer; and a stretch that is not full is one, too.
    return ROUNDS * (stretches + 4) * LIMITS.alarmMs;
  }

  anew(): void {
    // A Warden keeps what is not published: without a Ledger for ever, unless it loses it.
    if (this.d1 === null) for (const warden of this.wardens) warden.forgetAnswers();
    for (const client of this.clients) client.anew();
  }

  /** Tells the checkers what the Ledger holds. */
  end(settled: boolean): void {
    for (const warden of this.wardens) {
      if (warden.counts.stops > 0)
        throw new Violation("warden", `Warden ${warden.number} stopped: ${warden.failure ?? ""}`);
    }
    for (const { obstacles: met, replica } of this.offices) {
      const obstacles = met.filter((each) => !this.#defaced || !MENDED.test(each));
      if (obstacles.length > 0 && !this.#faulty.has(replica.seat))
        throw new Violation("publish", `seat ${replica.seat} met ${obstacles.join("; ")}`);
    }
    if (settled || !this.#ahead()) this.#showLedger();
  }

  /** A liar may be the first to have a height, and publish it. */
  #ahead(): boolean {
    const sql = "SELECT max(height) AS height FROM blocks";
    const published = Number(this.d1?.run({ sql, cells: [] })[0]?.["height"] ?? 0);
    const sound = this.offices.filter(({ replica }) => !this.#faulty.has(replica.seat));
    return sound.every(({ replica }) => replica.disk.chain.height() < published);
  }

  #showLedger(): void {
    if (this.d1 === null) return;
    const rows = (table: string, order: string) =>
      known(this.d1, "a Ledger").run({
        sql: `SELECT * FROM ${table} ORDER BY ${order}`,
        cells: [],
      });
    const tables = {
      genesis: rows("genesis", "generation"),
      blocks: rows("blocks", "court, height"),
      writs: rows("writs", "court, height, position"),
      events: rows("events", "court, height, idx"),
      entity_versions: rows("entity_versions", "tenant, entity, version"),
      attestations: rows("attestations", "court, seat"),
    };
    this.#court.world.note({ kind: "ledger", tables });
  }

  close(): void {
    for (const warden of this.wardens) warden.close();
    this.d1?.close();
  }

  /** How often things happened, by name. */
  counts(): Record<string, number> {
    const sums: Record<string, number> = {};
    const add = (of: string, counts: Readonly<Record<string, number>>): void => {
      for (const [name, count] of Object.entries(counts))
        sums[`${of} ${name}`] = (sums[`${of} ${name}`] ?? 0) + count;
    };
    for (const client of this.clients) add("client", client.counts);
    for (const warden of this.wardens) {
      add("warden", warden.counts);
      add("disk", warden.storage.counts);
    }
    for (const office of this.offices) add("registrar", office.registrar.counts);
    add("read", this.readers?.counts ?? {});
    add("way", this.ways.counts);
    add("ledger", this.d1?.counts ?? {});
    return sums;
  }

  #doors(client: number): Door[] {
    const { deployment } = this.#court;
    return Array.from({ length: this.#plan.sources }, (_, at) => {
      const source = `/client/${client}/${at}`;
      const number = wardenOf(deployment, TENANT, source);
      return { tenant: TENANT, source, warden: known(this.wardens[number], "a Warden") };
    });
  }

  #next(): void {
    const { world } = this.#court;
    world.after(1 + world.dice.below(this.#plan.pace), () => {
      if (this.#calm) return;
      this.#strike(world.dice.one(this.#deck));
      this.#next();
    });
  }

  #strike(mishap: Mishap): void {
    const { dice } = this.#court.world;
    const warden = dice.one(this.wardens);
    const { registrar, nearby, replica } = dice.one(this.offices);
    switch (mishap) {
      case "nothing":
        return;
      case "warden crashes":
        return warden.crash();
      case "warden is doomed":
        return warden.doom(dice.below(dice.one([20, 200])));
      case "warden forgets":
        return warden.forgetAnswers();
      case "warden is wiped":
        return this.#wipe(warden);
      case "warden row damaged":
        return warden.damage();
      case "slow disk":
        warden.storage.slowness = dice.one([2, 40, 400]);
        return;
      case "ways change":
        this.ways.way = wayOf(dice);
        return;
      case "ledger away":
        return this.#away(500 + dice.below(6_000));
      case "ledger weather":
        if (this.d1 !== null) this.d1.weather = weatherOf(dice);
        return;
      case "ledger defaced":
        this.#defaced ||= this.d1?.deface() != null;
        return;
      case "registrar crashes":
        return registrar.crash(false);
      case "registrar is wiped":
        this.#court.world.note({ kind: "emptied", seat: replica.seat });
        return registrar.crash(true);
      case "near ways change":
        Object.assign(nearby, nearOf(dice));
    }
  }

  /** While the first clients ask. */
  #loseOne(): void {
    const { world } = this.#court;
    world.after(500 + world.dice.below(2_500), () => this.#wipe(world.dice.one(this.wardens)));
  }

  #wipe(warden: VirtualWarden): void {
    warden.wipe();
    warden.forsaken = !this.#plan.readmits;
    if (this.#plan.readmits) this.#readmit({ kind: "warden", warden: warden.number });
  }

  #away(ms: number): void {
    const { d1 } = this;
    if (d1 === null || d1.away) return;
    d1.away = true;
    this.#court.world.after(ms, () => (d1.away = false));
  }
}
