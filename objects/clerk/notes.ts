/** The seat's notes. Each carries the digest of its text, checked when it is read. */
import type { Notes } from "../shared/shell/identity.ts";
import { checkRow, RowDamaged, rowDigest } from "./rows.ts";

const DIGEST_LENGTH = 64;
/** What an object is called and signs with; they are checked against its id and each other whenever it starts. */
const BARE: ReadonlySet<string> = new Set(["name", "key"]);

export class SeatNotes {
  readonly #notes: Notes;

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  /** Throws {@link RowDamaged}. */
  get(key: string): string | undefined {
    const stored = this.#notes.get(key);
    if (stored === undefined) return undefined;
    const text = stored.slice(DIGEST_LENGTH);
    checkRow("notes", stored.slice(0, DIGEST_LENGTH), key, text);
    return text;
  }

  /** Null where it is missing or damaged: for what can be done without. */
  lookedUp(key: string): string | null {
    try {
      return this.get(key) ?? null;
    } catch (error) {
      if (error instanceof RowDamaged) return null;
      throw error;
    }
  }

  /** Keys of the next notes above one, those without a digest left out. Throws {@link RowDamaged}. */
  check(after: string, rows: number): string[] {
    const keys = this.#notes.keysAfter(after, rows);
    for (const key of keys) if (!BARE.has(key)) this.get(key);
    return keys;
  }

  put(key: string, text: string): void {
    this.#notes.put(key, rowDigest("notes", key, text) + text);
  }

  delete(key: string): void {
    this.#notes.delete(key);
  }

  /** Deletes all whose keys begin so. */
  forget(prefix: string): void {
    this.#notes.forget(prefix);
  }
}
