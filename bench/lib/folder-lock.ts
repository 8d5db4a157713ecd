// Two servers on one folder would both start and hold the same seats' keys, so a folder has one holder.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isGroupAlive } from "./group.ts";

/** The processes that hold a folder: the one that took the lock, and the group the server runs in. */
interface Holder {
  pid: number;
  group: number;
}

export interface FolderLock {
  /** Names the server's group: as long as any of it runs, the folder stays held. */
  hold(group: number): void;
  release(): void;
}

function read(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined; // Gone, or its holder died while writing it.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function take(file: string, holder: Holder): boolean {
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Moves a dead holder's lock aside. Two may try at once: only one of them moves the very lock that was looked at. */
function clear(file: string, dead: Holder | undefined): void {
  const aside = `${file}.${process.pid}`;
  renameSync(file, aside);
  const moved = read(aside);
  if (moved?.pid !== dead?.pid) {
    renameSync(aside, file);
    throw new Error(`another server is just starting in this folder (${file})`);
  }
  rmSync(aside);
}

export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "server.lock");
  const mine: Holder = { pid: process.pid, group: process.pid };
  if (!take(file, mine)) {
    const holder = read(file);
    if (holder !== undefined && (isAlive(holder.pid) || isGroupAlive(holder.group))) {
      const how = isAlive(holder.pid) ? `kill ${holder.pid}` : `kill -- -${holder.group}`;
      throw new Error(
        `${folder} is held by a running server: stop it (${how}) or use another folder`,
      );
    }
    clear(file, holder);
    if (!take(file, mine)) throw new Error(`another server is just starting in ${folder}`);
  }
  const release = (): void => rmSync(file, { force: true });
  // Miniflare ends the process by itself on a signal.
  process.once("exit", release);
  return {
    hold: (group) => writeFileSync(file, JSON.stringify({ ...mine, group })),
    release,
  };
}
