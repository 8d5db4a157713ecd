/**
 * The storage of one object: SQLite and an alarm, over all its lives. What one piece of work writes is durable a little
 * later, all of it or nothing; until then nothing leaves the object, and a crash takes it back.
 */
import type { World } from "../world.ts";
import { Sqlite } from "./sqlite.ts";
import type { Cell, Row } from "./sqlite.ts";

/** What was written in one piece of work, on top of those before. */
interface Piece {
  readonly number: number;
  readonly task: number;
  /** The alarm as it was before. */
  readonly alarm: number | null;
  durable: boolean;
}

/** Something a life of the object does to its storage after it has ended. */
export class Gone extends Error {
  override readonly name = "Gone";
}

export class ObjectStorage {
  /** Milliseconds that a write takes to become durable: chance adds at most this. */
  slowness = 2;
  readonly counts = { pieces: 0, taken: 0, withheld: 0, alarms: 0 };
  readonly #world: World;
  readonly #fires: () => void;
  readonly #skew: () => number;
  #sqlite = new Sqlite();
  #pieces: Piece[] = [];
  #written = 0;
  #alarm: number | null = null;
  #waiting: { readonly upTo: number; readonly leave: () => void }[] = [];
  /** Grows with each crash: what was under way before it is void. */
  #crashes = 0;

  /**
   * `fires` is called when the alarm is due, which then is no longer set; the machine that keeps it has the object's clock, `skew`
   * milliseconds ahead.
   */
  constructor(world: World, fires: () => void, skew: () => number = () => 0) {
    this.#world = world;
    this.#fires = fires;
    this.#skew = skew;
  }

  /** As one life of the object has it; `stepped` is called before everything that it does with it, and may throw. */
  of(alive: () => boolean, stepped: () => void): DurableObjectStorage {
    const here = <T>(work: () => T): T => {
      if (!alive()) throw new Gone("the object is gone");
      stepped();
      return work();
    };
    const storage = {
      sql: {
        exec: (sql: string, ...cells: readonly Cell[]) => here(() => this.#exec(sql, cells)),
      },
      transactionSync: <T>(work: () => T): T => {
        const result = here(() => this.#transaction(work));
        // Once more: a life may end right after it has written.
        return here(() => result);
      },
      sync: () =>
        here(
          () =>
            new Promise<void>((resolve) => {
              this.gate(() => {
                if (!alive()) return;
                this.#world.awaited();
                resolve();
              });
            }),
        ),
      getAlarm: () => here(() => Promise.resolve(this.#alarm)),
      setAlarm: (at: number) => here(() => Promise.resolve(this.setAlarm(at))),
    };
    return storage as unknown as DurableObjectStorage;
  }

  /** Runs `then` once all that is written so far is durable; never if it is lost before. */
  gate(then: () => void): void {
    if (this.#pieces.every(({ durable }) => durable)) then();
    else this.#waiting.push({ upTo: this.#written, leave: then });
  }

  setAlarm(at: number): void {
    this.#open();
    this.ring(at);
  }

  /** The platform's own setting of the alarm. */
  ring(at: number): void {
    this.#alarm = at;
    const crashes = this.#crashes;
    this.#world.at(at - this.#skew(), () => {
      if (this.#alarm !== at || crashes !== this.#crashes) return;
      this.#alarm = null;
      this.counts.alarms += 1;
      this.#fires();
    });
  }

  /** What is not durable is gone. */
  crash(): void {
    this.#crashes += 1;
    this.counts.withheld += this.#waiting.length;
    this.counts.taken += this.#pieces.filter(({ durable }) => !durable).length;
    this.#waiting = [];
    const lost = this.#pieces.find(({ durable }) => !durable);
    if (lost !== undefined) {
      this.#sqlite.script(`ROLLBACK TO p${lost.number}`);
      this.#alarm = lost.alarm;
    }
    this.#settle();
    // It is the platform's, and outlives the object.
    if (this.#alarm !== null) this.ring(this.#alarm);
  }

  /** Everything is gone. */
  wipe(): void {
    this.crash();
    this.#sqlite.close();
    this.#sqlite = new Sqlite();
    this.#alarm = null;
  }

  /** Somebody else's hand in it, between two lives. */
  tamper(sql: string): Row[] {
    return this.#sqlite.all(sql);
  }

  get tables(): string[] {
    const rows = this.#sqlite.all("SELECT name FROM sqlite_master WHERE type = 'table'");
    return rows.map(({ name }) => String(name));
  }

  close(): void {
    this.#sqlite.close();
  }

  #exec(sql: string, cells: readonly Cell[]): Cursor {
    if (/^\s*SELECT\b/.test(sql)) return new Cursor(this.#sqlite.all(sql, ...cells));
    this.#open();
    if (cells.length > 0) return new Cursor(this.#sqlite.all(sql, ...cells));
    this.#sqlite.script(sql);
    return new Cursor([]);
  }

  #transaction<T>(work: () => T): T {
    const crashes = this.#crashes;
    this.#open();
    this.#sqlite.script("SAVEPOINT t");
    try {
      const result = work();
      if (crashes === this.#crashes) this.#sqlite.script("RELEASE t");
      return result;
    } catch (error) {
      if (crashes === this.#crashes) this.#sqlite.script("ROLLBACK TO t; RELEASE t");
      throw error;
    }
  }

  /** What is written now belongs to the piece of this task. */
  #open(): void {
    const task = this.#world.events;
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.task === task && !last.durable) return;
    const number = ++this.#written;
    this.counts.pieces += 1;
    const piece = { number, task, alarm: this.#alarm, durable: false };
    this.#sqlite.script(`SAVEPOINT p${number}`);
    this.#pieces.push(piece);
    const crashes = this.#crashes;
    // Pieces become durable in order.
    this.#world.after(1 + this.#world.dice.below(this.slowness + 1), () => {
      if (crashes === this.#crashes) this.#durable(number);
    });
  }

  #durable(number: number): void {
    for (const piece of this.#pieces) if (piece.number <= number) piece.durable = true;
    if (this.#pieces.every(({ durable }) => durable)) this.#settle();
    const ready = this.#waiting.filter(({ upTo }) => upTo <= number);
    this.#waiting = this.#waiting.filter(({ upTo }) => upTo > number);
    for (const { leave } of ready) leave();
  }

  /** The outermost savepoint holds all others. */
  #settle(): void {
    const first = this.#pieces[0];
    if (first !== undefined) this.#sqlite.script(`RELEASE p${first.number}`);
    this.#pieces = [];
  }
}

class Cursor implements Iterable<Row> {
  readonly #rows: readonly Row[];

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  toArray(): Row[] {
    return [...this.#rows];
  }

  one(): Row {
    const [row] = this.#rows;
    if (row === undefined || this.#rows.length !== 1) throw new Error("there is not one row");
    return row;
  }

  [Symbol.iterator](): IterableIterator<Row> {
    return this.#rows.values();
  }
}
