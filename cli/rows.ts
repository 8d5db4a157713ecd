// The rows of a file, one by one, with the line each begins on (the first of a file being 1).
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { addAbortSignal } from "node:stream";
import type { Readable } from "node:stream";
import { parse } from "csv-parse";

import { Usage } from "./exit.ts";
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

/** Throws {@link Unparsable}, `Usage` for a file that cannot be opened. */
export async function* rowsOf(
  file: string,
  format: Format,
  { delimiter, signal }: { readonly delimiter: string; readonly signal: AbortSignal },
): AsyncGenerator<Row, void> {
  const input: Readable = file === "-" ? process.stdin : createReadStream(file);
  // Nobody need end a terminal's input before the command ends.
  addAbortSignal(signal, input);
  const opened = new Promise<void>((done, fail) => {
    if (file === "-") return done();
    input.once("open", () => done());
    input.once("error", (error) => fail(new Usage(`${file} cannot be read: ${error.message}`)));
  });
  await opened;
  yield* format === "csv" ? csvRows(input, delimiter) : jsonRows(input);
}

interface Parsed {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number; readonly error?: Error };
}

async function* csvRows(input: Readable, delimiter: string): AsyncGenerator<Row, void> {
  const parser = input.pipe(
    parse({
      delimiter,
      columns: true,
      bom: true,
      info: true,
      skip_empty_lines: true,
      // A row of another length is that row's fault only.
      relax_column_count: true,
    }),
  );
  let line = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      line = info.lines;
      // What is beyond the last column may be the rest of the number before it.
      const wrong = "it has more or fewer columns than the first line";
      yield info.error === undefined ? { line, fields: record } : { line, fields: null, wrong };
    }
  } catch (error) {
    const { lines } = error as { readonly lines?: number };
    const said = error instanceof Error ? error.message : String(error);
    throw new Unparsable(lines ?? line, said);
  }
}

async function* jsonRows(input: Readable): AsyncGenerator<Row, void> {
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() === "") continue;
    yield rowIn(text, line);
  }
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
