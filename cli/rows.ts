// The rows of a file, one by one, with the line each begins on (the first of a file being 1).
import { createReadStream, fstatSync } from "node:fs";
import { addAbortSignal, pipeline } from "node:stream";
import type { Readable } from "node:stream";
import { TextDecoder } from "node:util";
import { CsvError, parse } from "csv-parse";

import { Usage, fileFault } from "./exit.ts";
import type { Fields } from "./mapping.ts";

export type Format = "csv" | "ndjson";

/** `fields` is null where the line is none that can be read, which `wrong` says. */
export type Row =
  | { readonly line: number; readonly fields: Fields }
  | { readonly line: number; readonly fields: null; readonly wrong: string };

/** Where a file cannot be read on: nothing behind it is looked at. */
export class Unparsable extends Error {
  override readonly name = "Unparsable";
  readonly line: number;
  constructor(line: number, what: string) {
    super(what);
    this.line = line;
  }
}

/** By the ending, if nothing else is said. Throws `Usage`. */
export function formatOf(file: string, given: string | undefined): Format {
  const said = given ?? /\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase();
  if (said === "csv") return "csv";
  if (said === "ndjson" || said === "jsonl") return "ndjson";
  throw new Usage(
    given === undefined
      ? `what ${file === "-" ? "standard input" : file} holds cannot be told: give --format csv or --format ndjson`
      : `--format is csv or ndjson, not ${given}`,
  );
}

/** Throws {@link Unparsable}, `Usage` for a file that cannot be read. */
export async function* rowsOf(
  file: string,
  format: Format,
  { delimiter, signal }: { readonly delimiter: string; readonly signal: AbortSignal },
): AsyncGenerator<Row, void> {
  try {
    const input = inputOf(file);
    // Nobody need end a terminal's input before the command ends.
    addAbortSignal(signal, input);
    yield* format === "csv" ? csvRows(input, delimiter) : jsonRows(input);
  } catch (error) {
    throw fileFault(file === "-" ? "standard input" : file, "read", error);
  }
}

function inputOf(file: string): Readable {
  if (file !== "-") return createReadStream(file);
  // Node has it for an empty input.
  if (fstatSync(0).isDirectory()) throw new Usage("standard input cannot be read: it is a folder");
  return process.stdin;
}

/** A row may be so long; one that becomes an event is far shorter. */
const MOST = 1024 * 1024;

interface Parsed {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number; readonly error?: Error };
}

async function* csvRows(input: Readable, delimiter: string): AsyncGenerator<Row, void> {
  const lines = new Lines();
  const parser = parse({
    // As it is written on a command line.
    delimiter: delimiter === "\\t" ? "\t" : delimiter,
    // Whichever the first line has, the others may have another.
    record_delimiter: ["\r\n", "\n", "\r"],
    columns: (names: readonly string[]) => {
      lines.pass(names);
      return columnsIn(names);
    },
    bom: true,
    info: true,
    skip_empty_lines: true,
    // A row of another length is that row's fault only.
    relax_column_count: true,
    // Where a quote is never closed the rest of the file is one row.
    max_record_size: MOST,
  });
  // An input that fails, or is given up, ends the parser too.
  pipeline(input, parser, () => undefined);
  let line = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      line = lines.begin(info.lines, Object.values(record));
      const wrong = wrongIn(record, info);
      yield wrong === null ? { line, fields: record } : { line, fields: null, wrong };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines: at } = error as { readonly lines?: number };
    throw new Unparsable(at ?? line, error.message);
  }
}

/** The parser tells where a row ends, and counts each character of a line's end within quotes. */
class Lines {
  #surplus = 0;

  pass(texts: readonly string[]): number {
    const counted = texts.reduce((sum, text) => sum + (text.match(/[\r\n]/g)?.length ?? 0), 0);
    const pairs = texts.reduce((sum, text) => sum + (text.match(/\r\n/g)?.length ?? 0), 0);
    this.#surplus += pairs;
    return counted;
  }

  begin(end: number, texts: readonly string[]): number {
    const before = end - this.#surplus;
    return before - this.pass(texts);
  }
}

/** Throws `Usage` where a template could not tell which column it means. */
function columnsIn(names: readonly string[]): string[] {
  const twice = names.find((name, at) => name !== "" && names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new Usage(`two columns are named "${twice}": give one another name`);
  return [...names];
}

const NO_TEXT = "it is no UTF-8: save the file as UTF-8";

function wrongIn(record: Parsed["record"], { error }: Parsed["info"]): string | null {
  // What is beyond the last column may be the rest of the number before it.
  if (error !== undefined) return "it has more or fewer columns than the first line";
  // What stands for bytes that are no text.
  return Object.values(record).some((each) => each.includes("\uFFFD")) ? NO_TEXT : null;
}

async function* jsonRows(input: Readable): AsyncGenerator<Row, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 0;
  for await (const bytes of linesOf(input)) {
    line += 1;
    if (bytes === null) yield { line, fields: null, wrong: `it has more than ${MOST} bytes` };
    else yield* textIn(decoder, bytes, line);
  }
}

function* textIn(decoder: TextDecoder, bytes: Buffer, line: number): Generator<Row, void> {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return yield { line, fields: null, wrong: NO_TEXT };
  }
  if (text.trim() !== "") yield rowIn(text, line);
}

/** Line feeds alone end them: JSON may have any other separator in a text. Null for one that is too long to be kept. */
async function* linesOf(input: Readable): AsyncGenerator<Buffer | null, void> {
  let [parts, size]: [Buffer[], number] = [[], 0];
  const add = (part: Buffer): void => {
    size += part.length;
    if (size > MOST) parts = [];
    else parts.push(part);
  };
  const taken = (): Buffer | null => {
    const line = size > MOST ? null : Buffer.concat(parts);
    [parts, size] = [[], 0];
    return line;
  };
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, at));
      yield taken();
      from = at + 1;
    }
    add(chunk.subarray(from));
  }
  if (size > 0) yield taken();
}

function rowIn(text: string, line: number): Row {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return { line, fields: value as Fields };
    return { line, fields: null, wrong: "it is no JSON object" };
  } catch (error) {
    return { line, fields: null, wrong: `it is no JSON: ${(error as Error).message}` };
  }
}
