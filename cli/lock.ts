// One run at a time has an import's state: beside it stands a file that says which process it is.
import { readFileSync, renameSync, rmSync, linkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";

import { Usage } from "./exit.ts";

/** Others that come and go between two looks. */
const TRIES = 10;

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** Gives what lets it go. Throws `Usage` where another run has it. */
// Rules: HoldState, RefuseHeldState, LetStateGo.
export function hold(state: string): () => void {
  const lock = `${state}.lock`;
  for (let tries = 0; tries < TRIES; tries++) {
    if (isTaken(lock)) return () => rmSync(lock, { force: true });
    const text = textOf(lock);
    // Let go meanwhile.
    if (text === null) continue;
    const holder = holderIn(text);
    if (holder === null || !isOver(holder)) throw new Usage(sentence(state, lock, holder));
    putAside(lock, text);
  }
  throw new Usage(sentence(state, lock, null));
}

function isTaken(lock: string): boolean {
  const own: Holder = { pid: process.pid, host: hostname() };
  try {
    writeFileSync(lock, JSON.stringify(own), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Of a process that has ended. Two may find the same one: what either moves away it looks at again. */
function putAside(lock: string, found: string): void {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    // The other one was quicker, and has taken it since.
    if (textOf(aside) !== found) linkSync(aside, lock);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  rmSync(aside, { force: true });
}

function textOf(lock: string): string | null {
  try {
    return readFileSync(lock, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

function holderIn(text: string): Holder | null {
  try {
    const { pid, host } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === "number" && typeof host === "string" ? { pid, host } : null;
  } catch {
    return null;
  }
}

/** Processes of other machines cannot be asked. After a restart one may have the number that this one has. */
function isOver({ pid, host }: Holder): boolean {
  if (host !== hostname()) return false;
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

function sentence(state: string, lock: string, holder: Holder | null): string {
  const who = holder === null ? "another run" : `process ${holder.pid} on ${holder.host}`;
  return `${state} is in use by ${who}: wait for it to end; if there is no such import any more, delete ${lock}`;
}

function codeOf(error: unknown): string | undefined {
  return (error as { readonly code?: string }).code;
}
