// assize verify and export: one event by the client, a whole ledger by the project's own commands, which share nothing with it.
import { spawn } from "node:child_process";
import { join } from "node:path";

import { root } from "../bench/lib/tools.ts";
import { digestIn } from "../bench/verify/command.ts";
import type { Flaw, Verification } from "../client/index.ts";
import { clientOf, say, sayJson, tokenOf, urlOf } from "./context.ts";
import type { Common } from "./context.ts";
import { EXIT, Told, Usage } from "./exit.ts";
import type { Exit } from "./exit.ts";

export interface VerifyOptions extends Common {
  readonly event?: string;
  readonly source: string;
  readonly genesis?: string;
  readonly export?: string;
  readonly court?: string;
}

export async function verify(options: VerifyOptions): Promise<void> {
  const { event, genesis, export: file, court, json } = options;
  const pinned = genesis === undefined ? [] : ["--genesis", genesis];
  const shared = [...pinned, ...(json === true ? ["--json"] : [])];
  if (event !== undefined) {
    if (file !== undefined || court !== undefined)
      throw new Usage("--event goes with --source and --genesis");
    return verifyEvent(event, options);
  }
  if (file !== undefined) {
    if (court !== undefined) throw new Usage("--export goes with --genesis and --json");
    return run("verify", ["--export", file, ...shared]);
  }
  const of = court === undefined ? [] : ["--court", court];
  return run("verify", ["--url", urlOf(options), ...of, ...shared], tokenOf(options));
}

async function verifyEvent(id: string, options: VerifyOptions): Promise<void> {
  const { source, json } = options;
  const pinned = digestIn(options.genesis);
  // What the server says of itself proves only that it is of one piece.
  const genesis = pinned ?? (await shown(options));
  const client = clientOf(options, { pinned: { genesis } });
  const { ok, flaws, signers, quorum } = await client.verify({ id, source });
  const exit = ok ? EXIT.done : EXIT.wrong;
  if (json === true)
    sayJson({
      ok,
      exit,
      id,
      source,
      genesis: { digest: genesis, pinned: pinned !== null },
      signers,
      quorum,
      flaws,
    });
  else {
    for (const line of linesOf({ ok, flaws, signers, quorum }, `event ${id} of source ${source}`))
      say(line);
    say(
      pinned === null
        ? `genesis ${genesis}, as the server shows it: pin one that you noted with --genesis`
        : `genesis ${genesis}, as pinned`,
    );
  }
  if (!ok) throw new Told(EXIT.wrong);
}

async function shown(options: Common): Promise<string> {
  const { digest } = (await clientOf(options).get("/v1/genesis")) as { readonly digest: string };
  return digest;
}

function linesOf({ ok, flaws, signers, quorum }: Verification, what: string): string[] {
  if (ok) return [`${what} holds: ${signers} seats signed its block, ${quorum} are needed`];
  return [`${what} does not hold:`, ...flaws.map(flawLine)];
}

function flawLine({ step, what, expected, found }: Flaw): string {
  return `  ${step}: ${what}${expected === undefined ? "" : `: ${found ?? ""} where ${expected} is due`}`;
}

export interface ExportOptions extends Common {
  readonly out: string;
  readonly court?: string;
}

export function exported(options: ExportOptions): Promise<void> {
  const { out, court } = options;
  const of = court === undefined ? [] : ["--court", court];
  return run("export", ["--url", urlOf(options), "--out", out, ...of], tokenOf(options));
}

/** The command of that name, whose exit codes are the same; the token is in no argument, which everybody could read. */
async function run(command: string, args: readonly string[], token?: string): Promise<void> {
  const env = token === undefined ? process.env : { ...process.env, ASSIZE_TOKEN: token };
  const child = spawn(process.execPath, [join(root, "bench", `${command}.ts`), ...args], {
    stdio: "inherit",
    env,
  });
  const stop = (): boolean => child.kill("SIGTERM");
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    child.once("exit", done);
  });
  if (code !== EXIT.done) throw new Told((code ?? EXIT.unreachable) as Exit);
}
