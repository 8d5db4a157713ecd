/** SQLite in memory, each statement prepared once. */
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";

export type Cell = string | number | null;
export type Row = Record<string, Cell>;

export class Sqlite {
  readonly #db = new DatabaseSync(":memory:");
  readonly #prepared = new Map<string, StatementSync>();

  /** One statement or several, without parameters. */
  script(sql: string): void {
    this.#db.exec(sql);
  }

  all(sql: string, ...cells: readonly Cell[]): Row[] {
    return this.#statement(sql).all(...cells) as Row[];
  }

  close(): void {
    this.#db.close();
  }

  #statement(sql: string): StatementSync {
    const held = this.#prepared.get(sql);
    if (held !== undefined) return held;
    const made = this.#db.prepare(sql);
    this.#prepared.set(sql, made);
    return made;
  }
}
