// The variables of a local server: a token of its own, and its hash for the worker.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

import { root } from "./tools.ts";

export type Vars = Record<string, string>;

const file = join(root, ".dev.vars");

/** Variables nobody else knows: a random token, all scopes, faults allowed. */
export function freshVars(): Vars {
  const token = randomBytes(24).toString("base64url");
  const sha256 = createHash("sha256").update(token).digest("hex");
  const scopes = ["submit", "read", "operate"];
  return {
    DEV_TOKEN: token,
    TOKENS: JSON.stringify([{ name: "dev", tenant: "dev", scopes, sha256 }]),
    FAULT_INJECTION: "on",
  };
}

/** What stands in .dev.vars, which is written once, readable by its owner only. */
export function devVars(): Vars {
  if (!existsSync(file)) {
    const lines = Object.entries(freshVars()).map(([name, value]) => `${name}='${value}'\n`);
    const head = "# For local runs only. Delete this file to draw a new token.\n";
    writeFileSync(file, head + lines.join(""), { mode: 0o600, flag: "wx" });
  }
  const pairs = Object.entries(parseEnv(readFileSync(file, "utf8")));
  return Object.fromEntries(pairs.map(([name, value]) => [name, value ?? ""]));
}
