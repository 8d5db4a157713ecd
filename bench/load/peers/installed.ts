// What of this folder's packages is installed.
import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = fileURLToPath(new URL("node_modules", import.meta.url));

/** Restate's package has a server for each platform. */
export function restateServer(): string {
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  return join(modules, name, "bin/restate-server");
}

const isThere = (one: string): boolean => existsSync(isAbsolute(one) ? one : join(modules, one));

/** Null if all of it is; packages by name, files by path. */
export function installed(...wanted: readonly string[]): string | null {
  return wanted.every(isThere) ? null : "not installed: npm ci --prefix bench/load/peers";
}
