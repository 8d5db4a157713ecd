/** Calls to objects: bounded in time, and told apart by how they failed. */
import type { RefusalCode } from "../objects/shared/rpc.ts";

export class TookTooLong extends Error {
  override readonly name = "TookTooLong";
}

/** What the call comes to, or {@link TookTooLong} after `ms`; the call itself goes on. */
export async function within<T>(call: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TookTooLong(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The value, or null if the call fails or takes longer than `ms`. */
export async function unlessSilent<T>(call: Promise<T>, ms: number): Promise<T | null> {
  try {
    return await within(call, ms);
  } catch {
    return null;
  }
}

const CODES: Record<RefusalCode, true> = {
  "wrong-name": true,
  misconfigured: true,
  "no-genesis": true,
  "seat-down": true,
  "not-ready": true,
  behind: true,
  malformed: true,
};

/** The code of an object's refusal, which survives the call as a property where the class does not. */
export function refusalOf(error: unknown): RefusalCode | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  const { code } = error;
  return typeof code === "string" && Object.hasOwn(CODES, code) ? (code as RefusalCode) : null;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
