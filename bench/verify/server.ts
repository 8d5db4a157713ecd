// A ledger's server, asked again while it is only busy.
import { setTimeout as sleep } from "node:timers/promises";

import { Unreadable } from "./records.ts";

/** The JSON that a path gives, null where there is nothing (404). Throws {@link Unreadable}. */
export type Get = (path: string) => Promise<unknown>;

const REQUEST_MS = 60_000;
const ATTEMPTS = 12;
const PAUSE_MS = 100;
const PAUSE_CAP_MS = 3_000;
/** What may be otherwise when it is asked again. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

export function serverAt(url: string, token: string, signal: AbortSignal): Get {
  const base = url.replace(/\/+$/, "");
  const headers = { authorization: `Bearer ${token}`, accept: "application/json" };
  return asking(
    (path) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
      return fetch(base + path, { headers, signal: limit });
    },
    (ms) => sleep(ms, undefined, { signal }),
  );
}

export function asking(
  fetched: (path: string) => Promise<Response>,
  pause: (milliseconds: number) => Promise<unknown>,
): Get {
  return async (path) => {
    let why = "";
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await pause(Math.min(PAUSE_MS * 2 ** attempt, PAUSE_CAP_MS));
      const answer = await answerOf(() => fetched(path));
      if ("body" in answer) return answer.body;
      why = answer.why;
      if (!answer.passing) break;
    }
    throw new Unreadable(`GET ${path}: ${why}`);
  };
}

type Answer = { readonly body: unknown } | { readonly why: string; readonly passing: boolean };

async function answerOf(ask: () => Promise<Response>): Promise<Answer> {
  try {
    const response = await ask();
    const text = await response.text();
    if (response.status === 404) return { body: null };
    if (response.status !== 200)
      return {
        why: `${response.status} ${text.slice(0, 500)}`,
        passing: PASSING.has(response.status),
      };
    return { body: JSON.parse(text) as unknown };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error), passing: true };
  }
}
