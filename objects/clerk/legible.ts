/** Errors of a seat, as its callers may see them and as its shell tells them apart. */
import { Refused } from "../shared/rpc.ts";
import { RowDamaged } from "./rows.ts";

/** As a caller may see it. */
export function legible(error: unknown): unknown {
  return error instanceof RowDamaged
    ? new Refused("not-ready", `damaged storage: ${error.message}`)
    : error;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : null;
}

/** A lost key, damaged storage or another configuration do not pass by themselves; a genesis still being composed does. */
export function isLasting(error: unknown): boolean {
  const code = codeOf(legible(error));
  return code === "not-ready" || code === "misconfigured";
}
