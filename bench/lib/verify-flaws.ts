// npm run verify, as anybody would run it who noted the genesis before the first event.
import { spawn } from "node:child_process";
import { join } from "node:path";

import type { Access } from "./exchange.ts";
import { quietEnvironment, root } from "./tools.ts";

const KEPT = 2_000;

/** What it found. */
export async function verifyFlaws(
  { url, token, signal }: Access,
  genesis: string,
): Promise<string[]> {
  const args = ["--url", url, "--genesis", genesis, "--json"];
  const child = spawn(process.execPath, [join(root, "bench/verify.ts"), ...args], {
    cwd: root,
    // Not as an argument: arguments can be read by every user of the machine.
    env: { ...quietEnvironment, ASSIZE_TOKEN: token },
    stdio: ["ignore", "pipe", "inherit"],
    signal,
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(0, KEPT);
  });
  const code = await new Promise<number | null>((done, fail) => {
    child.on("error", fail);
    child.on("close", done);
  });
  return code === 0 ? [] : [`it ended with ${code}: ${said.trim()}`];
}
