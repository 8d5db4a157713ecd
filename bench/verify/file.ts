// An export: the records of a ledger in a file, a line each.
import { createReadStream, createWriteStream, rmSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";

import { Unreadable } from "./records.ts";

/** Null for a line that is not JSON. Throws {@link Unreadable}. */
export async function* recordsIn(path: string): AsyncGenerator {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  try {
    for await (const line of lines) yield parsed(line);
  } catch (error) {
    throw new Unreadable(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
}

/** The whole file, or none of it: it takes its name when everything is on the disk. */
export async function written(path: string, records: AsyncIterable<object>): Promise<void> {
  const aside = `${path}.${process.pid}.part`;
  try {
    await pipeline(linesOf(records), createWriteStream(aside, { flags: "wx" }));
    const file = await open(aside, "r+");
    await file.sync();
    await file.close();
    await rename(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

async function* linesOf(records: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const record of records) yield `${JSON.stringify(record)}\n`;
}
