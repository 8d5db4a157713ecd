// One request and what came of it. Every request ends.
import type { Reply } from "./contract.ts";

const REQUEST_MS = 15_000;

export interface Access {
  readonly url: string;
  readonly token: string;
  /** Gives everything up. */
  readonly signal: AbortSignal;
}

export interface Exchanged extends Reply {
  /** 0 where the server says nothing. */
  readonly retryAfterMs: number;
}

/** Nothing where no answer came: no connection, no end within 15 seconds, or `leave` aborted. Throws once all is given up. */
export async function exchange(
  { url, token, signal }: Access,
  method: string,
  path: string,
  body?: unknown,
  leave?: AbortSignal,
): Promise<Exchanged | null> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const limits = [signal, AbortSignal.timeout(REQUEST_MS), ...(leave === undefined ? [] : [leave])];
  try {
    const response = await fetch(url + path, {
      method,
      headers,
      ...sent,
      signal: AbortSignal.any(limits),
    });
    const retryAfterMs = Number(response.headers.get("retry-after") ?? 0) * 1000;
    return { status: response.status, retryAfterMs, body: bodyIn(await response.text()) };
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}

/** What is no JSON is shown as it came: some contract is broken, and whoever asked is to see it. */
function bodyIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
