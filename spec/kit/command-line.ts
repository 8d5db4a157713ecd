/** The command line as its user has it: the real one, in a process of its own, in a folder of its own, at a real server. */
import { spawn } from "node:child_process";
import type { ChildProcess, ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../../bench/lib/server.ts";
import type { Server } from "../../bench/lib/server.ts";
import { buildBundle, root } from "../../bench/lib/tools.ts";
import { AssizeClient } from "../../client/index.ts";

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
  /** More may come: whoever began it ends its input. */
  readonly open?: boolean;
  /** The arguments are bash's, which finds the command line as "$NODE" "$ENTRY". */
  readonly shell?: boolean;
}

export function begin(
  args: readonly string[],
  { folder, url, token, input, open = false, shell = false, entry = INNER }: Where,
): {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ran: Promise<Ran>;
} {
  const { ASSIZE_TOKEN: _, ...rest } = process.env;
  const env = {
    ...rest,
    ASSIZE_CWD: folder,
    ASSIZE_URL: url,
    NODE: process.execPath,
    ENTRY: entry,
    ...(token === undefined ? {} : { ASSIZE_TOKEN: token }),
  };
  const [program, ...first] = shell ? ["bash"] : [process.execPath, entry];
  const child = spawn(program, [...first, ...args], { cwd: folder, env, detached: true });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  child.stdin.write(input ?? "");
  if (!open) child.stdin.end();
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

/** A bundle is built, a server started or killed, a key forgotten: half a minute and more. */
export const PATIENCE_MS = 300_000;

/** What every row of a file with the columns sku and pieces becomes. */
export const RECEIVED = [
  ["--type", "stock.received"],
  ["--data", "item={sku}"],
  ["--data", "warehouse=w1"],
  ["--data", "quantity:int={pieces}"],
].flat();

export const json = ({ out }: Ran): Record<string, unknown> =>
  JSON.parse(out) as Record<string, unknown>;

/** Somebody at a command line, in a folder of their own. */
export class Desk {
  readonly bundle: string;
  readonly server: Server;
  readonly client: AssizeClient;
  /** Changed before each test. */
  folder: string;
  readonly #base: string;
  #folders = 0;

  private constructor(base: string, bundle: string, server: Server) {
    this.#base = base;
    this.folder = base;
    this.bundle = bundle;
    this.server = server;
    this.client = new AssizeClient({ url: server.url, token: server.token });
  }

  static async open(): Promise<Desk> {
    const base = mkdtempSync(join(tmpdir(), "assize-cli-"));
    const bundle = join(base, "bundle");
    await buildBundle(bundle);
    return new Desk(base, bundle, await startServer({ persist: join(base, "persist"), bundle }));
  }

  async close(): Promise<void> {
    await this.server.stop();
    rmSync(this.#base, { recursive: true, force: true });
  }

  clear(): void {
    this.#folders += 1;
    this.folder = join(this.#base, `at-${this.#folders}`);
    mkdirSync(this.folder);
  }

  get where(): Where {
    const { url, token } = this.server;
    return { folder: this.folder, url, token };
  }

  readonly assize = (...args: readonly string[]): Promise<Ran> => run(args, this.where);

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** Empty where there is no such file. */
  text(name: string): string {
    try {
      return readFileSync(join(this.folder, name), "utf8");
    } catch {
      return "";
    }
  }

  lines(name: string): Record<string, unknown>[] {
    const lines = this.text(name).trim().split("\n");
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async onHand(item: string): Promise<number> {
    const found = await this.client.read<{ readonly onHand: number }>(`stock/${item}@w1`);
    return found?.state.onHand ?? 0;
  }
}
