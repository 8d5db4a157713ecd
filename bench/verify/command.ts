// What the two commands share: their options, their exit codes, and what is told when they cannot go on.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

import { root } from "../lib/tools.ts";
import { Usage } from "./records.ts";

/** Documented in README.md: of `npm run verify`, and of `npm run export` without `wrong`. */
export const EXIT = { holds: 0, usage: 1, wrong: 2, unreadable: 3 } as const;

export function isUsage(error: unknown): error is Error {
  const parsing =
    error instanceof TypeError &&
    "code" in error &&
    String(error.code).startsWith("ERR_PARSE_ARGS");
  return error instanceof Usage || parsing;
}

export function urlIn(text: string | undefined): string {
  if (text === undefined || !URL.canParse(text) || !/^https?:/.test(text))
    throw new Usage(`--url wants the address of a server, http://…, not ${text ?? "nothing"}`);
  return text;
}

export function courtIn(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,3}$/.test(text)) throw new Usage(`--court wants the number of a court, not ${text}`);
  return Number(text);
}

export function digestIn(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Usage("--genesis wants 64 hexadecimal digits");
  return text;
}

/** Given, from the environment, or of a server on this machine from .dev.vars. Best not given: arguments can be read by everybody. */
export function tokenFor(
  url: string,
  given: string | undefined,
  wanted = "a token with the scopes read and operate is wanted in ASSIZE_TOKEN",
): string {
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
  const token = given ?? process.env["ASSIZE_TOKEN"] ?? (local ? devToken() : undefined);
  if (token === undefined || token === "") throw new Usage(wanted);
  return token;
}

function devToken(): string | undefined {
  const file = join(root, ".dev.vars");
  return existsSync(file) ? parseEnv(readFileSync(file, "utf8"))["DEV_TOKEN"] : undefined;
}
