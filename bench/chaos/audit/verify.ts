// npm run verify, as anybody would run it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Access } from "../../lib/exchange.ts";
import { quietEnvironment, root } from "../../lib/tools.ts";

const script = join(root, "bench/verify.ts");
const KEPT = 2_000;

/** What it found; null where there is no such command. */
export async function verifyFlaws({ url, token, signal }: Access): Promise<string[] | null> {
  if (!existsSync(script)) return null;
  const child = spawn(process.execPath, [script, "--url", url, "--json"], {
    cwd: root,
    // Not as an argument: arguments can be read by every user of the machine.
    env: { ...quietEnvironment, ASSIZE_TOKEN: token },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-KEPT)));
  const code = await new Promise<number | null>((done, fail) => {
    child.on("error", fail);
    child.on("close", done);
  });
  if (code === 0) return [];
  return [`npm run verify ended with ${code}: ${said.trim()}`];
}
