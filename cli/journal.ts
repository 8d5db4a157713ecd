// What is known of an import, on the disk: which events were begun, when, and what they came to. One JSON text a line, appended only.
//
//   { "import": 1, "name", "genesis" }   of which ledger it is; `name` is part of the ids that are drawn for its rows
//   { "content" }                        SHA-256 of the file at the beginning of a run, and of how it is mapped; "-" of standard input
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
  statSync,
  writeFileSync,
} from "node:fs";
import { createHash, randomBytes } from "node:crypto";

import { Usage, fileFault } from "./exit.ts";
import { hold } from "./lock.ts";

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

/** Where a journal stands. */
interface Place {
  readonly path: string;
  readonly file: number;
  readonly letGo: () => void;
}

/** Of standard input, which nobody knows before it has come. */
export const INPUT = "-";

// Rules: NoteAcceptance, NoteRejection, NoteRefusal.
export class Journal {
  readonly #name: string;
  /** Null where nothing is kept. */
  readonly #place: Place | null;
  readonly #known = new Map<string, Known>();
  #content: string | null = null;
  #done: string | null = null;
  /** Whether rows were sent under ids that were drawn. */
  #drew = false;
  /** Nothing is written behind a line that may be cut off. */
  #broken: Error | null = null;

  private constructor(place: Place | null, lines: readonly Line[], name: string) {
    this.#place = place;
    this.#name = name;
    for (const line of lines) this.#read(line);
  }

  /** For rows that bring their own ids and are sent once. */
  static none(): Journal {
    return new Journal(null, [], "");
  }

  /** Throws `Usage` for a file that is in use, of another ledger, or no journal at all. */
  static at(path: string, genesis: string): Journal {
    try {
      if (statSync(path, { throwIfNoEntry: false })?.isFile() === false)
        throw new Usage(`${path} is a folder or a device, and no state of an import`);
      const letGo = hold(path);
      try {
        return Journal.#opened(path, genesis, letGo);
      } catch (error) {
        letGo();
        throw error;
      }
    } catch (error) {
      throw fileFault(path, "written", error);
    }
  }

  static #opened(path: string, genesis: string, letGo: () => void): Journal {
    const { lines, whole } = contentOf(path);
    const [head] = lines;
    if (head !== undefined && (head.import !== 1 || head.name === undefined))
      throw new Usage(`${path} is no state of an import: give another --state`);
    if (head !== undefined && head.genesis !== genesis)
      throw new Usage(
        `${path} is of an import into another ledger: give another --state, or delete it`,
      );
    const name = head?.name ?? randomBytes(6).toString("hex");
    const file = openSync(path, "a", 0o600);
    // A line that a crash cut off was never acted on.
    ftruncateSync(file, whole);
    const journal = new Journal({ path, file, letGo }, lines, name);
    if (head === undefined) journal.#write([{ import: 1, name, genesis }]);
    return journal;
  }

  get keeps(): boolean {
    return this.#place !== null;
  }

  /** Of equal rows each has an id of its own. */
  drawn(print: string, at: number): string {
    return `${this.#name}-${print.slice(0, 24)}-${at}`;
  }

  /** Throws `Usage` where its rows may be those of another import: an equal one would be passed over. */
  // Rules: BeginImport, RefuseChangedFile, BeginStream, RefuseSecondStream.
  begin(content: string, corrected: boolean): void {
    const ended = content === INPUT && this.#done === INPUT;
    const changed = this.#content !== null && this.#content !== content;
    if ((changed || ended) && this.#drew && !corrected) {
      const path = this.#place?.path;
      const why = ended
        ? `the import from standard input that ${path} is of is finished`
        : `the file is not the one that ${path} is of`;
      throw new Usage(
        `${why}: if this is the same import, with rows that were corrected, say so with --corrected; if it is another, delete the state file, or give another --state`,
      );
    }
    this.#write([{ content }]);
  }

  known(key: Key): Known | undefined {
    return this.#known.get(keyOf(key));
  }

  /** On the disk when this returns. Throws `Usage` where the disk does not take it, here and ever after. */
  note(events: readonly Noted[]): void {
    if (this.#place === null || events.length === 0) return;
    this.#write(events);
    this.#kept(fsyncSync);
    for (const each of events) this.#read(each);
  }

  /** Throws as {@link note} does. */
  settle({ id, source }: Key, status: Status, reason?: Reason): void {
    if (this.#place === null) return;
    const line = { id, source, status, reason };
    this.#write([line]);
    this.#read(line);
  }

  // Rule: FinishImport.
  finish(content: string): void {
    this.#write([{ done: content }]);
  }

  close(): void {
    if (this.#place === null) return;
    closeSync(this.#place.file);
    this.#place.letGo();
  }

  #write(lines: readonly Line[]): void {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    this.#kept((file) => writeFileSync(file, text));
  }

  #kept(write: (file: number) => void): void {
    if (this.#place === null) return;
    if (this.#broken !== null) throw this.#broken;
    try {
      write(this.#place.file);
    } catch (error) {
      this.#broken = fileFault(this.#place.path, "written", error);
      throw this.#broken;
    }
  }

  #read({ id, source, print, sentat, status, reason, content, done }: Line): void {
    if (done !== undefined) this.#done = done;
    if (content !== undefined) {
      this.#content = content;
      this.#done = null;
    }
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

/** How the first line begins. */
const HEAD = '{"import":1,';

/** The lines that were written to their end, and how many bytes they are. */
function contentOf(path: string): { readonly lines: readonly Line[]; readonly whole: number } {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const whole = bytes.lastIndexOf("\n") + 1;
  const [begun, head] = [bytes.toString("utf8", whole), HEAD.slice(0, bytes.length - whole)];
  if (whole === 0 && !begun.startsWith(head))
    throw new Usage(`${path} is no state of an import: give another --state`);
  const texts = bytes.toString("utf8", 0, whole).split("\n").slice(0, -1);
  return { lines: texts.map((text, at) => lineIn(text, `${path}:${at + 1}`)), whole };
}

function lineIn(text: string, where: string): Line {
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line === "object" && line !== null) return line;
  } catch {
    // As if it were anything else.
  }
  throw new Usage(`${where} is no line of a state file: give another --state`);
}

export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
