// What is known of an import, on the disk: which events were begun, when, and what they came to. One JSON text a line, appended only.
//
//   { "import": 1, "name", "genesis" }   of which ledger it is; `name` is part of the ids that are drawn for its rows
//   { "content" }                        SHA-256 of the file at the beginning of a run
//   { "id", "source", "print", "sentat" }  about to be sent for the first time, or anew
//   { "id", "source", "status" }         its outcome
//   { "done": content }                  every row of that content is settled, and none was refused
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { createHash, randomBytes } from "node:crypto";

import { Usage } from "./exit.ts";

export interface Noted {
  readonly id: string;
  readonly source: string;
  /** Digest of what the event says: the same key with other content is another event. */
  readonly print: string;
  readonly sentat: string;
}

export interface Known extends Noted {
  /** Null while the outcome is not known here. */
  readonly status: string | null;
}

interface Line extends Partial<Noted> {
  readonly import?: number;
  readonly name?: string;
  readonly genesis?: string;
  readonly content?: string;
  readonly status?: string;
  readonly done?: string;
}

const keyOf = ({ id, source }: { readonly id: string; readonly source: string }): string =>
  JSON.stringify([source, id]);

// Rules: NoteBeforeSending, NoteOutcome, SkipSettledRow, TakeUpNotedRow.
export class Journal {
  readonly name: string;
  readonly #known = new Map<string, Known>();
  /** Null where nothing is kept. */
  readonly #file: number | null;
  #done: string | null = null;

  private constructor(file: number | null, lines: readonly Line[], name: string) {
    this.#file = file;
    this.name = name;
    for (const line of lines) this.#read(line);
  }

  /** For rows that bring their own ids and are sent once. */
  static none(): Journal {
    return new Journal(null, [], "");
  }

  /** Throws `Usage` for a file that is of another ledger, or no journal at all. */
  static at(path: string, genesis: string): Journal {
    const lines = existsSync(path) ? linesOf(path) : [];
    const [head] = lines;
    if (head !== undefined && (head.import !== 1 || head.name === undefined))
      throw new Usage(`${path} is no state of an import: give another --state`);
    if (head !== undefined && head.genesis !== genesis)
      throw new Usage(
        `${path} is of an import into another ledger: give another --state, or delete it`,
      );
    const name = head?.name ?? randomBytes(6).toString("hex");
    const file = openSync(path, "a+", 0o600);
    // A line that a crash cut off was never acted on.
    ftruncateSync(file, wholeOf(path));
    const journal = new Journal(file, lines, name);
    if (head === undefined) journal.#write([{ import: 1, name, genesis }]);
    return journal;
  }

  get keeps(): boolean {
    return this.#file !== null;
  }

  /** Throws `Usage` where an import of other content ended whole: that one's rows are not this one's. */
  begin(content: string): void {
    if (this.#done !== null && this.#done !== content)
      throw new Usage(
        "the state is of an import that is finished, and the file has changed since: delete the state file, or give another --state",
      );
    this.#write([{ content }]);
  }

  known(key: { readonly id: string; readonly source: string }): Known | undefined {
    return this.#known.get(keyOf(key));
  }

  /** On the disk when this returns. */
  note(events: readonly Noted[]): void {
    if (this.#file === null || events.length === 0) return;
    this.#write(events);
    fsyncSync(this.#file);
    for (const each of events) this.#read(each);
  }

  settle(key: { readonly id: string; readonly source: string }, status: string): void {
    const { id, source } = key;
    if (this.#file === null) return;
    this.#write([{ id, source, status }]);
    this.#read({ id, source, status });
  }

  finish(content: string): void {
    this.#write([{ done: content }]);
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }

  #write(lines: readonly Line[]): void {
    if (this.#file === null) return;
    writeSync(this.#file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  #read({ id, source, print, sentat, status, done, content }: Line): void {
    if (done !== undefined) this.#done = done;
    if (content !== undefined && content !== this.#done) this.#done = null;
    if (id === undefined || source === undefined) return;
    const key = keyOf({ id, source });
    const before = this.#known.get(key);
    if (print !== undefined && sentat !== undefined)
      this.#known.set(key, { id, source, print, sentat, status: null });
    else if (before !== undefined && status !== undefined)
      this.#known.set(key, { ...before, status });
  }
}

function wholeOf(path: string): number {
  return readFileSync(path).lastIndexOf("\n") + 1;
}

function linesOf(path: string): Line[] {
  const bytes = readFileSync(path);
  const text = bytes.subarray(0, bytes.lastIndexOf("\n") + 1).toString("utf8");
  return text.split("\n").flatMap((line, at) => {
    if (line === "") return [];
    try {
      return [JSON.parse(line) as Line];
    } catch {
      throw new Usage(`${path}:${at + 1} is no line of a state file: give another --state`);
    }
  });
}

export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
