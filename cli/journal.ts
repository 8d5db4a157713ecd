// What is known of an import, on the disk: which events were begun, when, and what they came to. One JSON text a line, appended only.
//
//   { "import": 1, "name", "genesis" }   of which ledger it is; `name` is part of the ids that are drawn for its rows
//   { "content" }                        SHA-256 of the file at the beginning of a run, and of how it is mapped
//   { "id", "source", "print", "sentat" }  about to be sent for the first time, or anew
//   { "id", "source", "status", "reason"? }  what it came to: accepted, rejected, or refused by the server, which kept nothing
//   { "done": content }                  it was read to its end, and every row has its answer
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

export type Status = "accepted" | "rejected" | "refused";

export interface Reason {
  readonly code: string;
  readonly detail: string;
}

export interface Known extends Noted {
  /** Null while the outcome is not known here. */
  readonly status: Status | null;
  /** Why it was rejected or refused. */
  readonly reason?: Reason | undefined;
}

/** What tells an event apart within a tenant. */
export interface Key {
  readonly id: string;
  readonly source: string;
}

interface Line extends Partial<Noted> {
  readonly import?: number;
  readonly name?: string;
  readonly genesis?: string;
  readonly content?: string;
  readonly status?: Status;
  readonly reason?: Reason | undefined;
  readonly done?: string;
}

export const keyOf = ({ id, source }: Key): string => JSON.stringify([source, id]);

// Rules: NoteAcceptance, NoteRejection, NoteRefusal.
export class Journal {
  readonly #path: string;
  readonly #name: string;
  readonly #known = new Map<string, Known>();
  /** Null where nothing is kept. */
  readonly #file: number | null;
  #content: string | null = null;
  /** Whether rows were sent under ids that were drawn. */
  #drew = false;

  private constructor(path: string, file: number | null, lines: readonly Line[], name: string) {
    this.#path = path;
    this.#file = file;
    this.#name = name;
    for (const line of lines) this.#read(line);
  }

  /** For rows that bring their own ids and are sent once. */
  static none(): Journal {
    return new Journal("", null, [], "");
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
    const journal = new Journal(path, file, lines, name);
    if (head === undefined) journal.#write([{ import: 1, name, genesis }]);
    return journal;
  }

  get keeps(): boolean {
    return this.#file !== null;
  }

  /** Of equal rows each has an id of its own. */
  drawn(print: string, at: number): string {
    return `${this.#name}-${print.slice(0, 24)}-${at}`;
  }

  /** Throws `Usage` where its rows may be those of another import: an equal one would be passed over. */
  // Rules: BeginImport, RefuseChangedFile.
  begin(content: string, corrected: boolean): void {
    const changed = this.#content !== null && this.#content !== content;
    if (changed && this.#drew && !corrected)
      throw new Usage(
        `the file is not the one that ${this.#path} is of: if this is the same import, with rows that were corrected, say so with --corrected; if it is another, delete the state file, or give another --state`,
      );
    this.#write([{ content }]);
  }

  known(key: Key): Known | undefined {
    return this.#known.get(keyOf(key));
  }

  /** On the disk when this returns. */
  note(events: readonly Noted[]): void {
    if (this.#file === null || events.length === 0) return;
    this.#write(events);
    fsyncSync(this.#file);
    for (const each of events) this.#read(each);
  }

  settle({ id, source }: Key, status: Status, reason?: Reason): void {
    if (this.#file === null) return;
    const line = { id, source, status, reason };
    this.#write([line]);
    this.#read(line);
  }

  // Rule: FinishImport.
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

  #read({ id, source, print, sentat, status, reason, content }: Line): void {
    if (content !== undefined) this.#content = content;
    if (id === undefined || source === undefined) return;
    const key = keyOf({ id, source });
    const before = this.#known.get(key);
    if (print !== undefined && sentat !== undefined) {
      this.#known.set(key, { id, source, print, sentat, status: null });
      this.#drew ||= id.startsWith(`${this.#name}-`);
    } else if (before !== undefined && status !== undefined)
      this.#known.set(key, { ...before, status, reason });
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
