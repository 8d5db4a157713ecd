/**
 * A Warden over its lives: the real desk, book and tables on virtual storage. A life may end before anything it does with
 * what is outside it; what it wrote and was not yet durable is then gone, and nothing that depends on it has left.
 */
import { LIMITS } from "../../../objects/shared/limits.ts";
import type { Submission, WardenAnswer } from "../../../objects/shared/rpc.ts";
import type { Writ } from "../../../objects/shared/types.ts";
import { sealValid } from "../../../objects/shared/verify.ts";
import { Alarm } from "../../../objects/warden/alarm.ts";
import { Book } from "../../../objects/warden/core/book.ts";
import { nextAlarm } from "../../../objects/warden/core/expiry.ts";
import { Desk } from "../../../objects/warden/desk.ts";
import type { Clock } from "../../../objects/shared/clock.ts";
import type { Court as Seats } from "../../../objects/warden/ports.ts";
import { restore } from "../../../objects/warden/restore.ts";
import { Store } from "../../../objects/warden/store.ts";
import type { Court } from "../court.ts";
import { Gone, ObjectStorage } from "./storage.ts";

/** One life of the object. */
interface Life {
  alive: boolean;
  /** Steps left to it; null for as many as it likes. */
  left: number | null;
  readonly desk: Desk;
  readonly book: Book;
  readonly store: Store;
  readonly alarm: Alarm;
}

/** The platform fires an alarm again whose handler failed. */
const RETRY_MS = 2_000;

/** Tells what it drops. */
class Kept extends Store {
  readonly #dropped: (end: number) => void;

  constructor(sql: SqlStorage, windowMs: number, dropped: (end: number) => void) {
    super(sql, windowMs);
    this.#dropped = dropped;
  }

  override dropBucket(end: number): void {
    this.#dropped(end);
    super.dropBucket(end);
  }
}

const DAMAGED: readonly (readonly [string, readonly string[]])[] = [
  ["pending", ["place", "key", "fingerprint", "court", "event", "digest"]],
  ["writs", ["court", "number", "first", "last", "seal", "digest"]],
  ["numbers", ["court", "number", "digest"]],
];

const quoted = (cell: string | number | null): string =>
  typeof cell === "string" ? `'${cell.replaceAll("'", "''")}'` : String(cell);

type Whole = Omit<Life, "alive" | "left">;

/** Seats as a Warden reaches them, over a network. */
export type Reach = (warden: number) => Seats;

export class VirtualWarden {
  readonly number: number;
  readonly storage: ObjectStorage;
  /** Of its clock, milliseconds. */
  skewMs = 0;
  /** Its key went with its storage, and no court will take it in again under the one it has now. */
  forsaken = false;
  /** Why a life stopped itself, if one did: it found its own memory wrong. */
  failure: string | null = null;
  readonly counts = { lives: 0, crashes: 0, stops: 0, unproven: 0, damaged: 0 };
  readonly #court: Court;
  readonly #seats: Seats;
  #life: Life | null = null;
  /** Its alarm is being handled: should its life end now, it fires again. */
  #firing = false;
  #doomed: number | null = null;
  /** Rejects the calls that the present life is answering. */
  readonly #calls = new Set<(error: Error) => void>();

  constructor(court: Court, number: number, reach: Reach) {
    this.#court = court;
    this.number = number;
    this.#seats = reach(number);
    this.storage = new ObjectStorage(
      court.world,
      () => this.#fire(),
      () => this.skewMs,
    );
  }

  /** Undecided events, whether or not anybody is there to drive them. */
  get pending(): number {
    if (this.#life !== null) return this.#life.book.pending;
    if (!this.storage.tables.includes("pending")) return 0;
    return Number(this.storage.tamper("SELECT COUNT(*) AS n FROM pending")[0]?.["n"]);
  }

  /** As `WardenApi.admit`; rejects when the life that was asked ends. */
  admit(submissions: readonly Submission[], waitMs: number): Promise<WardenAnswer[]> {
    return new Promise((resolve, reject) => {
      this.#calls.add(reject);
      const answered = (say: () => void): void => {
        if (!this.#calls.delete(reject)) return;
        this.#court.world.awaited();
        say();
      };
      const failed = (error: unknown): void =>
        answered(() => reject(error instanceof Error ? error : new Error("broken")));
      try {
        const { desk } = this.#serving();
        const until = this.#now() + waitMs;
        this.#court.world.awaited();
        desk.admit(submissions, until).then((answers) => {
          // An answer leaves when everything written before it is durable.
          this.storage.gate(() => answered(() => resolve(answers)));
        }, failed);
      } catch (error) {
        failed(error);
      }
    });
  }

  /** The present life, or the next one, ends at its so manieth step from now. */
  doom(steps: number): void {
    if (this.#life === null) this.#doomed = steps;
    else this.#life.left = steps;
  }

  crash(): void {
    if (this.#life !== null) this.#end(this.#life);
  }

  /** Its tables of answers are gone; its key, its numbers and what is undecided stay. */
  forgetAnswers(): void {
    this.crash();
    for (const name of this.storage.tables.filter((table) => table.startsWith("settled_")))
      this.storage.tamper(`DROP TABLE ${name}`);
    if (this.storage.tables.includes("buckets")) this.storage.tamper("DELETE FROM buckets");
    this.#court.world.note({ kind: "forgot", warden: this.number, what: "answers" });
  }

  /** A row of what is undecided is no longer what was written. */
  damage(): void {
    this.crash();
    const { dice } = this.#court.world;
    const [table, columns] = dice.one(DAMAGED);
    if (!this.storage.tables.includes(table)) return;
    const rows = this.storage.tamper(`SELECT ${columns.join(", ")} FROM ${table} ORDER BY 1, 2`);
    if (rows.length === 0) return;
    const row = dice.one(rows);
    const where = Object.entries(row).map(([name, cell]) => `${name} IS ${quoted(cell)}`);
    const column = dice.one(columns);
    const cell = row[column] ?? null;
    const other = typeof cell === "number" ? String(cell + 1 + dice.below(3)) : quoted(`${cell}x`);
    try {
      this.storage.tamper(`UPDATE ${table} SET ${column} = ${other} WHERE ${where.join(" AND ")}`);
    } catch {
      // Another row has that key.
      return;
    }
    this.counts.damaged += 1;
    this.#court.world.note({ kind: "forgot", warden: this.number, what: "a row" });
  }

  /** Everything is gone, and its key: under its next one it seals nothing before the court knows that. */
  wipe(): void {
    this.crash();
    this.storage.wipe();
    this.#court.forgetKey({ kind: "warden", warden: this.number });
    this.#court.world.note({ kind: "forgot", warden: this.number, what: "everything" });
  }

  close(): void {
    if (this.#life !== null) this.#life.alive = false;
    this.#life = null;
    this.storage.close();
  }

  #now(): number {
    return this.#court.world.now + this.skewMs;
  }

  #serving(): Life {
    this.#life ??= this.#begun();
    return this.#life;
  }

  #begun(): Life {
    const { world } = this.#court;
    const life = { alive: true, left: this.#doomed } as Life;
    this.#doomed = null;
    this.counts.lives += 1;
    const stepped = (): void => {
      if (life.left === null || life.left-- > 0) return;
      this.#end(life);
      throw new Gone("the object went away");
    };
    Object.assign(life, this.#opened(life, stepped));
    // It may have ended in a call that it made, whose failure its own code takes as one of the network.
    if (!life.alive) throw new Gone("the object went away");
    world.awaited();
    return life;
  }

  /** As the constructor of the object and its `#opened`. */
  #opened(life: Life, stepped: () => void): Whole {
    const { genesis, deployment, verify } = this.#court;
    const storage = this.storage.of(() => life.alive, stepped);
    const key = this.#court.keyOf({ kind: "warden", warden: this.number });
    const store = new Kept(storage.sql, deployment.windowMs, (end) => this.#dropped(end));
    const book = new Book(this.number, this.#court.sealKey(this.number));
    const valid = (writ: Writ) => sealValid(writ, key, verify);
    const { courts } = deployment;
    const doubts = restore(book, store, { courts, sealValid: valid, now: this.#now() });
    const alarm = new Alarm(storage);
    const clock = this.#clock(life, stepped);
    if (book.restless) alarm.arm(clock.now() + LIMITS.alarmMs);
    const ports = { deployment, storage, store, book, alarm, doubts, clock, verify };
    const desk = new Desk(
      {
        ...ports,
        holder: { warden: this.number, publicKey: key },
        court: () => this.#gated(life, stepped),
        unproven: () => (this.counts.unproven += 1),
        stop: (error) => this.#stop(life, error),
      },
      genesis,
    );
    return { desk, book, store, alarm };
  }

  #clock(life: Life, stepped: () => void): Clock {
    const { world } = this.#court;
    return {
      now: () => this.#now(),
      after: (ms, then) =>
        world.after(ms, () => {
          if (!life.alive) return;
          world.awaited();
          try {
            stepped();
          } catch {
            return;
          }
          then();
        }),
    };
  }

  /** Calls leave when everything written before them is durable. */
  #gated(life: Life, stepped: () => void): Seats {
    const { world } = this.#court;
    const call = (work: () => Promise<string>): Promise<string> =>
      new Promise((resolve, reject) => {
        stepped();
        const back = (say: () => void): void => {
          if (!life.alive) return;
          world.awaited();
          say();
        };
        this.storage.gate(() => {
          work().then(
            (text) => back(() => resolve(text)),
            (error: unknown) => back(() => reject(error instanceof Error ? error : new Error())),
          );
        });
      });
    return {
      submit: (seat, writ, waitMs) =>
        call(() => {
          this.#note(writ);
          return this.#seats.submit(seat, writ, waitMs);
        }),
      status: (seat) => call(() => this.#seats.status(seat)),
      writs: (seat, warden, from) => call(() => this.#seats.writs(seat, warden, from)),
      terms: (seat) => call(() => this.#seats.terms(seat)),
    };
  }

  #dropped(end: number): void {
    const rows = this.storage.tamper(`SELECT event, height FROM settled_${end}`);
    const answers = rows.map(({ event, height }) => {
      return { event: String(event), height: Number(height) };
    });
    this.#court.world.note({ kind: "dropped", warden: this.number, answers });
  }

  #note(text: string): void {
    const { number, events } = JSON.parse(text) as Writ;
    this.#court.world.note({ kind: "sealed", warden: this.number, number, events });
  }

  #stop(life: Life, error: unknown): void {
    if (!life.alive) return;
    this.counts.stops += 1;
    this.failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#end(life);
  }

  #end(life: Life): void {
    if (!life.alive) return;
    const { world } = this.#court;
    life.alive = false;
    this.#life = null;
    this.counts.crashes += 1;
    this.storage.crash();
    if (this.#firing) this.storage.ring(world.now + RETRY_MS);
    this.#firing = false;
    const calls = [...this.#calls];
    this.#calls.clear();
    world.after(1, () => {
      world.awaited();
      for (const reject of calls) reject(new Error("the object went away"));
    });
  }

  /** As `Warden.alarm`. */
  #fire(): void {
    this.#court.world.awaited();
    this.#firing = true;
    try {
      const life = this.#serving();
      const { alarm, book, store, desk } = life;
      alarm.spent();
      const next = nextAlarm(this.#now(), book.restless, store.ends);
      const arm = (at: number | null): void => {
        if (!life.alive) return;
        if (at !== null) alarm.arm(at);
        // The platform forgets the old alarm when the new one is durable.
        this.storage.gate(() => (this.#firing = false));
      };
      desk
        .upkeep()
        .catch(() => next)
        .then(arm)
        .catch(() => undefined);
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
    }
  }
}
