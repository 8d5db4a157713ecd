// npm run export: a whole ledger in one file that can be verified without its server (npm run verify -- --export FILE); its format
// stands in bench/verify/records.ts.
//
//   npm run export -- --url URL --out FILE [--token TOKEN] [--court N]
//
// Exit 0: the file is written. 1: the arguments cannot be used. 3: the ledger could not be read, or the file not be written.
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { stopSignal } from "./lib/command.ts";
import { Progress } from "./lib/progress.ts";
import { count } from "./lib/table.ts";
import { EXIT, courtIn, isUsage, tokenFor, urlIn } from "./verify/command.ts";
import { written } from "./verify/file.ts";
import { recordsOf } from "./verify/live.ts";
import { Usage } from "./verify/records.ts";
import { serverAt } from "./verify/server.ts";

async function* told(records: AsyncIterable<object>, progress: Progress): AsyncGenerator<object> {
  let sum = 0;
  for await (const record of records) {
    sum += 1;
    if (process.stderr.isTTY) progress.say("reading,", `${count(sum)} records`);
    yield record;
  }
}

async function main(): Promise<number> {
  const progress = new Progress("export");
  try {
    const text = { type: "string" } as const;
    const { values } = parseArgs({ options: { url: text, token: text, out: text, court: text } });
    const url = urlIn(values.url);
    if (values.out === undefined) throw new Usage("--out wants the file to be written");
    const out = resolve(values.out);
    const get = serverAt(url, tokenFor(url, values.token), stopSignal());
    const records = recordsOf(get, { court: courtIn(values.court), histories: "all" });
    await written(out, told(records, progress));
    progress.end();
    process.stdout.write(`assize: the ledger is in ${out}\n`);
    return EXIT.holds;
  } catch (error) {
    progress.end();
    process.stderr.write(`assize: ${error instanceof Error ? error.message : String(error)}\n`);
    return isUsage(error) ? EXIT.usage : EXIT.unreadable;
  }
}

process.exitCode = await main();
