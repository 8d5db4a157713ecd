/**
 * A D1 database over SQLite in memory, reached as the real one is: late, at times not at all, and with failures that do not
 * tell whether what was asked for has been done.
 */
import { canonical } from "../../../objects/shared/canonical.ts";
import type { Json } from "../../../objects/shared/canonical.ts";
import type { World } from "../world.ts";
import { Sqlite } from "./sqlite.ts";
import type { Cell, Row } from "./sqlite.ts";

/** Shares are in a hundred calls, times in milliseconds each way. */
export interface LedgerWeather {
  /** Fails, and was not done. */
  readonly refused: number;
  /** Was done, and the answer is a failure. */
  readonly unheard: number;
  readonly delay: number;
  readonly jitter: number;
}

export const CLEAR: LedgerWeather = { refused: 0, unheard: 0, delay: 2, jitter: 6 };

const LOST = "D1_ERROR: Network connection lost.";

type Defaced = "genesis" | "blocks" | "writs" | "events" | "entity_versions" | "attestations";

const KEYS: Readonly<Record<Defaced, readonly string[]>> = {
  genesis: ["generation"],
  blocks: ["court", "height"],
  writs: ["court", "height", "position"],
  events: ["court", "height", "idx"],
  entity_versions: ["tenant", "entity", "version"],
  attestations: ["court", "seat"],
};

/** What can become of a row. */
const DEFACED: readonly (readonly [Defaced, readonly string[]])[] = [
  ["genesis", ["document = '{}'", "digest = 'ff'", "signatures = '{}'"]],
  [
    "blocks",
    [
      "prior = root",
      "root = prior",
      "state = root",
      "header = json_set(header, '$.time', 1)",
      "certificate = json_set(certificate, '$.block', 'ff')",
      "certificate = json_set(certificate, '$.signatures', json('[{}]'))",
    ],
  ],
  [
    "writs",
    [
      "seal = 'ff'",
      "number = number + 1",
      "start = start + 1",
      "bytes = 0",
      "rest = '[\"\"]'",
      "height = -height",
      "position = position + 9",
    ],
  ],
  [
    "events",
    [
      "outcome = json_set(outcome, '$.status', 'x')",
      "event = replace(event, 'id', 'di')",
      "idx = idx + 999",
      "height = -height",
    ],
  ],
  [
    "entity_versions",
    [
      "idx = idx + 1",
      "height = height + 1",
      "version = version + 99",
      "tenant = tenant || 'x'",
      "entity = entity || 'x'",
    ],
  ],
  [
    "attestations",
    ["signature = 'ff'", "block = 'ff'", "height = 1", "height = 9999", "seat = seat + 90"],
  ],
];

interface Asked {
  readonly sql: string;
  readonly cells: readonly Cell[];
}

export class VirtualD1 {
  weather = CLEAR;
  /** Every call fails, those under way as well. */
  away = false;
  /** Share of the rows that a seat which lacks blocks reads falsely, be it that whoever holds the binding gives it others. */
  misreads = 0;
  readonly counts = { calls: 0, refused: 0, unheard: 0, misread: 0, noticed: 0, defaced: 0 };
  readonly #world: World;
  readonly #sqlite = new Sqlite();

  constructor(world: World, ...schemas: readonly string[]) {
    this.#world = world;
    for (const schema of schemas) this.#sqlite.script(schema);
  }

  /** As one of its callers reaches it: one that is gone does its last calls, and never hears what came of them. */
  reached(alive: () => boolean): D1Database {
    return this.#database(alive, (results) => results);
  }

  /** The same, for one that is given other rows at times. */
  misread(alive: () => boolean): D1Database {
    return this.#database(alive, (results) =>
      results.map((result) => ({
        ...result,
        results: result.results.map((row) => this.#other(row)),
      })),
    );
  }

  #database(alive: () => boolean, shown: (results: Result[]) => Result[]): D1Database {
    const call = <T>(work: () => T): Promise<T> => this.#call(work, alive);
    const database = {
      prepare: (sql: string) => new Prepared(call, this, { sql, cells: [] }),
      batch: (statements: readonly Prepared[]) =>
        call(() => shown(this.batch(statements.map(({ asked }) => asked)))),
    };
    return database as unknown as D1Database;
  }

  /** A certificate of one signature less, an outcome that says otherwise, or another seal. */
  #other(row: Row): Row {
    if (this.misreads === 0 || !this.#world.dice.percent(this.misreads)) return row;
    this.counts.misread += 1;
    const { certificate, outcome, seal } = row;
    if (typeof certificate === "string") return { ...row, certificate: robbed(certificate) };
    if (typeof seal === "string") return { ...row, seal: "0".repeat(seal.length) };
    return { ...row, outcome: String(outcome).replace("accepted", "rejected") };
  }

  /** At once, whatever the weather. */
  run({ sql, cells }: Asked): Row[] {
    return this.#sqlite.all(sql, ...cells);
  }

  /** One row becomes another or goes, as by somebody who holds the binding and lets the schema's guards down; says which, or null. */
  deface(): string | null {
    const { dice } = this.#world;
    const [table, changes] = dice.one(DEFACED);
    const keys = KEYS[table].join(", ");
    const rows = this.run({ sql: `SELECT ${keys} FROM ${table}`, cells: [] });
    if (rows.length === 0) return null;
    const row = dice.one(rows);
    const where = KEYS[table].map((key) => `${key} = ?`).join(" AND ");
    const change = dice.percent(25)
      ? `DELETE FROM ${table}`
      : `UPDATE ${table} SET ${dice.one(changes)}`;
    const guards = this.run({
      sql: "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?",
      cells: [table],
    });
    for (const { name } of guards) this.#sqlite.script(`DROP TRIGGER ${name}`);
    try {
      this.run({
        sql: `${change} WHERE ${where}`,
        cells: KEYS[table].map((key) => row[key] ?? null),
      });
    } catch {
      // What it would have become stands already, or is nothing that the table can hold.
      return null;
    } finally {
      for (const { sql } of guards) this.#sqlite.script(String(sql));
    }
    this.counts.defaced += 1;
    return `${change} where ${JSON.stringify(row)}`;
  }

  /** All of it or nothing. */
  batch(asked: readonly Asked[]): Result[] {
    this.#sqlite.script("BEGIN");
    try {
      const results = asked.map((one) => resultOf(this.run(one)));
      this.#sqlite.script("COMMIT");
      return results;
    } catch (error) {
      this.#sqlite.script("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#sqlite.close();
  }

  #call<T>(work: () => T, alive: () => boolean): Promise<T> {
    const { dice } = this.#world;
    this.counts.calls += 1;
    const refused = dice.percent(this.weather.refused);
    const unheard = !refused && dice.percent(this.weather.unheard);
    return new Promise((resolve, reject) => {
      const answer = (say: () => void): void => {
        this.#world.after(this.#way(), () => {
          if (!alive()) return;
          this.#world.awaited();
          say();
        });
      };
      this.#world.after(this.#way(), () => {
        if (refused || this.away) {
          this.counts.refused += 1;
          return answer(() => reject(new Error(LOST)));
        }
        const done = attempt(work);
        if (unheard) this.counts.unheard += 1;
        answer(() => {
          if (unheard) reject(new Error(LOST));
          else if ("error" in done) reject(done.error);
          else resolve(done.value);
        });
      });
    });
  }

  #way(): number {
    const { delay, jitter } = this.weather;
    return delay + this.#world.dice.below(jitter + 1);
  }
}

function attempt<T>(work: () => T): { readonly value: T } | { readonly error: Error } {
  try {
    return { value: work() };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return { error: new Error(`D1_ERROR: ${what}: SQLITE_CONSTRAINT`) };
  }
}

function robbed(text: string): string {
  const certificate = JSON.parse(text) as { readonly signatures: readonly Json[] };
  return canonical({ ...certificate, signatures: certificate.signatures.slice(1) });
}

interface Result {
  readonly success: true;
  readonly results: readonly Row[];
  readonly meta: object;
}

function resultOf(results: readonly Row[]): Result {
  return { success: true, results, meta: {} };
}

class Prepared {
  readonly asked: Asked;
  readonly #call: <T>(work: () => T) => Promise<T>;
  readonly #d1: VirtualD1;

  constructor(call: <T>(work: () => T) => Promise<T>, d1: VirtualD1, asked: Asked) {
    this.#call = call;
    this.#d1 = d1;
    this.asked = asked;
  }

  bind(...cells: readonly Cell[]): Prepared {
    return new Prepared(this.#call, this.#d1, { sql: this.asked.sql, cells });
  }

  all(): Promise<Result> {
    return this.#call(() => resultOf(this.#d1.run(this.asked)));
  }

  run(): Promise<Result> {
    return this.all();
  }

  first(column?: string): Promise<unknown> {
    return this.#call(() => {
      const [row] = this.#d1.run(this.asked);
      if (row === undefined || column === undefined) return row ?? null;
      return row[column] ?? null;
    });
  }
}
