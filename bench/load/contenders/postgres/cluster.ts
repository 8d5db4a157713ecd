// A PostgreSQL of its own, as the package configures it, in a folder that goes with it.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";

import { freePort } from "../../../lib/ports.ts";

const DEBIAN = "/usr/lib/postgresql";
const USER = "bench";
const TRIES = 300;
const PAUSE_MS = 100;
/** More than its few megabytes by default, so that nothing but the disk decides; durability stays as it is. */
const SETTINGS = ["shared_buffers=512MB", "max_wal_size=4GB", "unix_socket_directories="];

export interface Cluster {
  readonly connection: string;
  readonly version: string;
  /** Comes when it is gone. */
  stop(): Promise<void>;
}

const isComplete = (folder: string): boolean =>
  ["initdb", "postgres"].every((name) => existsSync(join(folder, name)));
const idOf = (what: string): number =>
  Number(execFileSync("id", [what, "postgres"], { encoding: "utf8", stdio: "pipe" }));

/** The folder of `initdb` and `postgres`: of the highest version of Debian's packages, or on the path. */
function binaries(): string | null {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  const debian = versions.toSorted((a, b) => Number(b) - Number(a));
  const folders = [
    ...debian.map((version) => join(DEBIAN, version, "bin")),
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  return folders.find(isComplete) ?? null;
}

/** Root may not run it, but the package makes a user who may. */
function owner(): { readonly uid: number; readonly gid: number } | null {
  return process.getuid?.() === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : null;
}

/** Why it cannot run here; null if it can. */
export function whyNot(): string | null {
  if (binaries() === null) return "PostgreSQL is not installed (Debian: postgresql)";
  try {
    owner();
    return null;
  } catch {
    return "PostgreSQL does not run as root, and there is no user postgres";
  }
}

export async function startCluster(folder: string): Promise<Cluster> {
  const home = binaries();
  if (home === null) throw new Error("PostgreSQL is not installed");
  const as = owner();
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  if (as !== null) {
    chownSync(data, as.uid, as.gid);
    // It must be able to go there.
    for (const each of [folder, dirname(folder)]) chmodSync(each, 0o711);
  }
  const options = { cwd: data, ...as };
  const making = ["-D", data, "-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C"];
  execFileSync(join(home, "initdb"), making, { ...options, stdio: "pipe" });
  const port = await freePort();
  const settings = SETTINGS.flatMap((setting) => ["-c", setting]);
  const args = ["-D", data, "-p", String(port), "-h", "127.0.0.1", ...settings];
  const child = spawn(join(home, "postgres"), args, { ...options, stdio: "inherit" });
  const ended = new Promise<void>((done) => {
    child.once("exit", () => done());
    child.once("error", () => done());
  });
  const connection = `postgresql://${USER}@127.0.0.1:${port}/postgres`;
  const stop = async (): Promise<void> => {
    // Fast: it does not wait for those who are connected.
    child.kill("SIGINT");
    await ended;
  };
  try {
    return { connection, version: await versionWhenReady(connection), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function versionWhenReady(connectionString: string): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const client = new Client({ connectionString });
    try {
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
      return rows[0]?.server_version.split(" ")[0] ?? "unknown";
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(PAUSE_MS);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
