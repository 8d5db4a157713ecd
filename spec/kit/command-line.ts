/** The command line as its user has it: the real one, in a process of its own, in a folder of its own. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { root } from "../../bench/lib/tools.ts";

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** What npx runs, but for the search for it. */
export const ENTRY = join(root, "cli/assize.mjs");
/** What that comes to once a Node is found, which takes longer than most commands. */
const INNER = join(root, "bench/cli.ts");

export interface Where {
  /** By default the inner one. */
  readonly entry?: string;
  readonly folder: string;
  readonly url: string;
  readonly token?: string;
  readonly input?: string;
}

export function begin(
  args: readonly string[],
  { folder, url, token, input, entry = INNER }: Where,
): {
  readonly child: ChildProcess;
  readonly ran: Promise<Ran>;
} {
  const { ASSIZE_TOKEN: _, ...rest } = process.env;
  const env = {
    ...rest,
    ASSIZE_CWD: folder,
    ASSIZE_URL: url,
    ...(token === undefined ? {} : { ASSIZE_TOKEN: token }),
  };
  const child = spawn(process.execPath, [entry, ...args], { cwd: folder, env, detached: true });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  child.stdin.end(input ?? "");
  const ran = new Promise<Ran>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => done({ code, out, err }));
  });
  return { child, ran };
}

export function run(args: readonly string[], where: Where): Promise<Ran> {
  return begin(args, where).ran;
}

/** Ends it and what it started, as a crash would. */
export function crash({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, "SIGKILL");
}
