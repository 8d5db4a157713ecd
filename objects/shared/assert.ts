/** A broken invariant of our own. The object that meets one stops rather than guess; no peer's message may cause it. */
export class BrokenInvariant extends Error {
  override readonly name = "BrokenInvariant";
}

export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new BrokenInvariant(invariant);
}

/** The value, which our own bookkeeping says is there. */
export function known<T>(value: T | undefined | null, invariant: string): T {
  assert(value !== undefined && value !== null, invariant);
  return value;
}

export function unreachable(value: never): never {
  throw new BrokenInvariant(`unreachable: ${String(value)}`);
}
