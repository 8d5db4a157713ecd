/** The two request headers that say how a submission is to be treated. */
import { Problem } from "./problems.ts";

/**
 * The key in `Idempotency-Key`: a string of structured fields (RFC 9651) as its draft asks, or the bare key that many clients send.
 * Throws `malformed`.
 */
export function idempotencyKeyOf(headers: Headers): string | null {
  const header = headers.get("Idempotency-Key");
  if (header === null) return null;
  const key = header.startsWith('"') ? unquoted(header) : header.trim();
  if (key === undefined || key === "") {
    throw new Problem(
      "malformed",
      "The Idempotency-Key is neither a quoted string nor a bare key.",
    );
  }
  return key;
}

function unquoted(header: string): string | undefined {
  return /^"((?:[ !#-[\]-~]|\\["\\])*)"\s*(?:;.*)?$/.exec(header)?.[1]?.replaceAll(/\\(.)/g, "$1");
}

/** Whether `Prefer` (RFC 7240) asks not to be kept waiting. */
export function prefersAsync(headers: Headers): boolean {
  const preferences = (headers.get("Prefer") ?? "").split(",");
  return preferences.some((preference) => /^\s*respond-async\s*(;|$)/i.test(preference));
}
