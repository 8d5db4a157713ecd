// What a result was made on.
import { readFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";

import { root } from "../lib/tools.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
}

export function machine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
  };
}

/** Of an installed package, in `modules` of the repository. Throws if it is not there. */
export function versionOf(name: string, modules = "node_modules"): string {
  const manifest = readFileSync(join(root, modules, name, "package.json"), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
