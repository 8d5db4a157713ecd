/** What callers ask with: whoever holds a stub chooses the arguments. Each check throws {@link Refused} `malformed`. */
import { LIMITS } from "../shared/limits.ts";
import { Refused } from "../shared/rpc.ts";

// Rule: RefuseNonsense.
export function natural(value: unknown, most: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most)
    return Number(value);
  throw new Refused("malformed", "that is no whole number of what was asked");
}

/** `tenant/type/id`: no longer than the event that names it. */
// Rule: RefuseNonsense.
export function entityKey(value: unknown): string {
  if (typeof value === "string" && value !== "" && value.length <= LIMITS.eventBytes) return value;
  throw new Refused("malformed", "that is no entity's key");
}

export function entityKeys(value: unknown): string[] {
  if (Array.isArray(value) && value.length <= LIMITS.entitiesPerEvent) return value.map(entityKey);
  throw new Refused("malformed", "those are no entities' keys");
}
