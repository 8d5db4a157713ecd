// The commit whose code runs, for whoever repeats a measurement.
import { execFileSync } from "node:child_process";

import { root } from "./tools.ts";

/** Null where this is no git repository. */
export function commitOfCode(): string | null {
  const options = { cwd: root, encoding: "utf8", stdio: "pipe" } as const;
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], options).trim();
  } catch {
    return null;
  }
}
