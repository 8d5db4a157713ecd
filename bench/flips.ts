// Turns single bytes of what every object and the Ledger have stored, one after another, and looks at what anybody is then told:
// npm run flips -- [--flips 1000] [--seed 1]. Prints counts by table; exits with 0 if nobody was told anything wrong, 2 if somebody was, 1 for wrong arguments.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

import { countsIn, summedUp, tableOf } from "../spec/kit/flips/counts.ts";
import type { Counts } from "../spec/kit/flips/counts.ts";
import { quietEnvironment, root, toolArguments } from "./lib/tools.ts";

const EXIT = { usage: 1, wrong: 2 } as const;
/** Of one deployment: what is asked after each flip grows with all that was done before. */
const PART = 125;

function whole(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new TypeError(`--${name} is a whole number, not ${text}`);
}

function asked(): { readonly flips: number; readonly seed: number } {
  const { values } = parseArgs({
    options: {
      flips: { type: "string", default: "1000" },
      seed: { type: "string", default: "1" },
    },
  });
  return { flips: whole("flips", values.flips), seed: whole("seed", values.seed) };
}

interface Ran {
  readonly counts: Counts;
  readonly sound: boolean;
}

/** A deployment of its own, its output passed on. */
async function part(flips: number, seed: number): Promise<Ran> {
  const child = spawn(process.execPath, toolArguments("vitest", ["run", "--project", "flips"]), {
    cwd: root,
    env: { ...quietEnvironment, FLIPS: String(flips), FLIP_SEED: String(seed) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
  });
  let counts: Counts = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const found = countsIn(line);
    if (found === null) process.stdout.write(`${line}\n`);
    else counts = found;
  }
  return { counts, sound: (await ended) === 0 };
}

try {
  const { flips, seed } = asked();
  const ran: Ran[] = [];
  for (let done = 0; done < flips; done += PART)
    ran.push(await part(Math.min(PART, flips - done), seed + ran.length));
  process.stdout.write(`\n${tableOf(summedUp(ran.map(({ counts }) => counts)))}\n`);
  process.exitCode = ran.every(({ sound }) => sound) ? 0 : EXIT.wrong;
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT.usage;
}
