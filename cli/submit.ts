// assize submit: a file of rows becomes events.
import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { resolve } from "node:path";

import { stopSignal } from "../bench/lib/command.ts";
import { Progress } from "../bench/lib/progress.ts";
import { count, table } from "../bench/lib/table.ts";
import { AssizeError } from "../client/index.ts";
import { clientOf, say, sayJson, tell, urlOf } from "./context.ts";
import type { Common } from "./context.ts";
import { EXIT, Told, Usage, exitOf, fileFault, sentenceOf } from "./exit.ts";
import type { Exit } from "./exit.ts";
import { Import } from "./import.ts";
import { INPUT, Journal } from "./journal.ts";
import { eventIn, eventOf, mappingOf } from "./mapping.ts";
import type { Flags, Mapping } from "./mapping.ts";
import { formatOf, rowsOf } from "./rows.ts";
import { Tally } from "./tally.ts";

export interface SubmitOptions extends Common, Flags {
  readonly format?: string;
  readonly delimiter: string;
  /** A path, or false for none. */
  readonly state?: string | false;
  readonly corrected?: boolean;
  readonly deadline: string;
}

/** Complaints that are told one by one on the way. */
const TOLD = 20;
const CHUNK = 100;

export async function submit(file: string, options: SubmitOptions): Promise<void> {
  const format = formatOf(file, options.format);
  const mapping = mappingOf(options);
  if (format === "csv" && mapping === null)
    throw new Usage("a CSV file wants a mapping: --map FILE, or --type with --data");
  const deadlineMs = secondsIn(options.deadline) * 1000;
  const state = stateOf(file, options);
  const signal = stopSignal();
  const content = file === "-" ? INPUT : await contentOf(file, mapping, signal);
  const client = clientOf(options, { deadlineMs });
  const journal = await journalOf(state, mapping, (path) => client.get(path, { signal }));
  try {
    journal.begin(content, options.corrected === true);
    const tally = new Tally();
    const work = new Import({
      client,
      journal,
      tally,
      rows: rowsOf(file, format, { delimiter: options.delimiter, signal }),
      mapped: ({ fields, line }) =>
        mapping === null ? eventIn(fields) : eventOf(mapping, fields, line),
      chunk: file === "-" ? 1 : CHUNK,
      deadlineMs,
      signal,
      advanced: progressOf(file, tally),
    });
    await work.run();
    const exit = endOf(work, tally, signal);
    if (isFinished(exit, work)) journal.finish(content);
    report(work, tally, exit, options);
    if (exit !== EXIT.done) throw new Told(exit);
  } finally {
    journal.close();
  }
}

/** False for none. */
function stateOf(file: string, { state }: SubmitOptions): string | false {
  const path = state ?? (file === "-" ? false : `${file}.assize`);
  if (path !== false && file !== "-" && resolve(path) === resolve(file))
    throw new Usage("--state wants a file of its own");
  return path;
}

/** Where nothing is kept, every row must bring the id that it is sent again by. */
async function journalOf(
  path: string | false,
  mapping: Mapping | null,
  get: (path: string) => Promise<unknown>,
): Promise<Journal> {
  if (path !== false) return Journal.at(path, await genesisOf(get));
  if (mapping !== null && mapping.id === undefined)
    throw new Usage(
      "without a state file every row needs an id of its own: give --id, or --state FILE",
    );
  return Journal.none();
}

async function genesisOf(get: (path: string) => Promise<unknown>): Promise<string> {
  const { genesis } = (await get("/v1/ready")) as { readonly genesis?: unknown };
  if (typeof genesis !== "string") {
    const message = "the server does not say which ledger it is: is this an Assize server?";
    throw new AssizeError("out-of-contract", message);
  }
  return genesis;
}

/** Of the file as this mapping reads it. Throws `Usage`. */
async function contentOf(
  file: string,
  mapping: Mapping | null,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash("sha256").update(`${JSON.stringify(mapping)}\n`);
  try {
    // It is read twice, and once more by whoever resumes it.
    const found = statSync(file);
    if (!found.isFile() && !found.isDirectory())
      throw new Usage(`${file} is no file that can be read twice: give it as standard input (-)`);
    const chunks = createReadStream(file, { signal }) as AsyncIterable<Buffer>;
    for await (const chunk of chunks) hash.update(chunk);
  } catch (error) {
    if (signal.aborted) throw new Told(EXIT.unreachable);
    throw fileFault(file, "read", error);
  }
  return hash.digest("hex");
}

function secondsIn(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400))
    throw new Usage(`--deadline wants seconds, up to a day, not ${text}`);
  return seconds;
}

function progressOf(file: string, tally: Tally): () => void {
  const progress = new Progress("submit");
  let told = 0;
  return () => {
    for (; told < Math.min(tally.complaints.length, TOLD); told++) {
      progress.end();
      const { line, code, message } = tally.complaints[told] ?? { line: 0, code: "", message: "" };
      tell(`${file}:${line}: ${code === "bad-row" ? "" : `${code}: `}${message}`);
    }
    const over = tally.accepted + tally.rejected + tally.refused;
    if (process.stderr.isTTY)
      progress.say(`${count(tally.rows)} rows,`, `${bar(over, tally.rows)} ${count(over)} settled`);
  };
}

const WIDTH = 24;

function bar(part: number, whole: number): string {
  const filled = whole === 0 ? 0 : Math.floor((WIDTH * part) / whole);
  return `[${"#".repeat(filled)}${".".repeat(WIDTH - filled)}]`;
}

/** Whether the file was read to its end, and every row has its answer. */
function isFinished(exit: Exit, { unparsable }: Import): boolean {
  return exit === EXIT.done || (exit === EXIT.wrong && !unparsable);
}

function endOf(work: Import, tally: Tally, signal: AbortSignal): Exit {
  if (work.stopped !== null) return exitOf(work.stopped);
  if (signal.aborted || tally.unfinished > 0) return EXIT.unreachable;
  return work.unparsable || tally.complained > 0 ? EXIT.wrong : EXIT.done;
}

function report(work: Import, tally: Tally, exit: Exit, options: SubmitOptions): void {
  if (process.stderr.isTTY) new Progress("submit").end();
  const stopped = work.stopped === null ? undefined : sentenceOf(work.stopped);
  if (options.json === true)
    sayJson({
      ok: exit === EXIT.done,
      exit,
      ...tally.json(),
      ...(stopped === undefined ? {} : { stopped }),
    });
  else say(table(tally.lines()));
  if (tally.complained > TOLD)
    tell(`… and ${count(tally.complained - TOLD)} more rows; --json lists up to 1,000 of them`);
  const ofServer = work.stopped instanceof AssizeError;
  if (stopped !== undefined) tell(ofServer ? `${urlOf(options)}: ${stopped}` : stopped);
  const after = {
    [EXIT.usage]: "nothing more was sent: the same command goes on once that is mended",
    [EXIT.unreachable]: "the same command goes on where this one ended",
    [EXIT.denied]: "nothing more was sent: the same command goes on once the token is right",
  };
  const hint = after[exit as keyof typeof after];
  if (hint !== undefined) tell(hint);
}
