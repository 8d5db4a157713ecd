// Process groups: a server is stopped with all it started, by the group's id, never by name.
import { readdirSync, readFileSync } from "node:fs";

import { isFree, within } from "./ports.ts";

/** Whether anything in the group still runs. A dead process nobody has reaped (PID 1 of a container) does not. */
export function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  if (process.platform !== "linux") return true;
  return readdirSync("/proc").some((name) => /^\d+$/.test(name) && runsIn(name, group));
}

function runsIn(pid: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the command in parentheses: state, parent, group.
    const [state, , of] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(of) === group && state !== "Z" && state !== "X";
  } catch {
    return false; // It ended while we looked.
  }
}

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Asks the group to end, insists after five seconds, and returns when it is gone and its port is free. */
export async function stopGroup(group: number, port: number): Promise<void> {
  const isGone = async (): Promise<boolean> => !isGroupAlive(group) && (await isFree(port));
  if (!isGroupAlive(group)) return;
  signal(group, "SIGTERM");
  if (await within(5_000, isGone)) return;
  await killGroup(group, port);
}

/** Ends the group without warning, as a crash would. */
export async function killGroup(group: number, port: number): Promise<void> {
  signal(group, "SIGKILL");
  const isGone = async (): Promise<boolean> => !isGroupAlive(group) && (await isFree(port));
  if (await within(5_000, isGone)) return;
  throw new Error(`process group ${group} or port ${port} would not end`);
}
