// npm run verify: walks a ledger from its genesis and believes nobody (objects/ledger/README.md says what is checked and how).
//
//   npm run verify -- --url URL [--token TOKEN] [--genesis DIGEST] [--court N] [--json]
//   npm run verify -- --export FILE [--genesis DIGEST] [--json]
//
// Exit 0: everything holds. 1: the arguments cannot be used. 2: something is wrong in the ledger. 3: it could not be read.
import { parseArgs } from "node:util";

import { stopSignal } from "./lib/command.ts";
import { Progress } from "./lib/progress.ts";
import { count } from "./lib/table.ts";
import { EXIT, courtIn, digestIn, isUsage, tokenFor, urlIn } from "./verify/command.ts";
import { recordsIn } from "./verify/file.ts";
import { recordsOf } from "./verify/live.ts";
import { reportText } from "./verify/report.ts";
import { Usage } from "./verify/records.ts";
import { serverAt } from "./verify/server.ts";
import { Verifier } from "./verify/verifier.ts";

interface Asked {
  readonly records: AsyncIterable<unknown>;
  readonly pinned: string | null;
  readonly json: boolean;
}

function asked(): Asked {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      url: text,
      token: text,
      export: text,
      genesis: text,
      court: text,
      json: { type: "boolean", default: false },
    },
  });
  const { json, export: file } = values;
  const pinned = digestIn(values.genesis);
  if (file === undefined) {
    const url = urlIn(values.url);
    const wanted = { court: courtIn(values.court), histories: "sample" } as const;
    const get = serverAt(url, tokenFor(url, values.token), stopSignal());
    return { records: recordsOf(get, wanted), pinned, json };
  }
  if (values.url !== undefined || values.token !== undefined || values.court !== undefined)
    throw new Usage("--export goes with --genesis and --json");
  return { records: recordsIn(file), pinned, json };
}

async function verified({ records, pinned }: Asked): Promise<Verifier> {
  const verifier = new Verifier(pinned);
  const progress = new Progress("verify");
  try {
    for await (const record of records) {
      verifier.take(record);
      const now = verifier.walked.findLast(({ height }) => height > 0);
      const events = verifier.walked.reduce((sum, tally) => sum + tally.events, 0);
      if (now !== undefined && process.stderr.isTTY)
        progress.say(
          `court ${now.court}, height ${count(now.height)} of ${count(now.published)},`,
          `${count(events)} events, ${count(verifier.flaws)} flaws`,
        );
    }
  } finally {
    progress.end();
  }
  return verifier;
}

async function main(): Promise<number> {
  const json = process.argv.includes("--json");
  const began = performance.now();
  const say = (answer: object): void => {
    if (json) process.stdout.write(`${JSON.stringify(answer)}\n`);
  };
  try {
    const report = (await verified(asked())).report();
    const exit = report.flaws.total === 0 ? EXIT.holds : EXIT.wrong;
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    say({ ok: exit === EXIT.holds, exit, ...report, seconds });
    if (!json) process.stdout.write(`\n${reportText(report)}`);
    return exit;
  } catch (error) {
    const exit = isUsage(error) ? EXIT.usage : EXIT.unreadable;
    const message = error instanceof Error ? error.message : String(error);
    say({ ok: false, exit, error: message });
    process.stderr.write(`assize: ${message}\n`);
    return exit;
  }
}

process.exitCode = await main();
