/** One request and what came of it, by whatever `fetch` there is. */
import type { Clock } from "../objects/shared/clock.ts";
import { AssizeError, errorOf, problemIn } from "./errors.ts";
import { ELSEWHERE, isElsewhere, retryAfterIn } from "./replies.ts";
import type { Reply } from "./replies.ts";

/** What the client needs of its surroundings; each can be given. */
export interface Surroundings {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** At least 0 and below 1. */
  readonly random: () => number;
}

export interface Access extends Surroundings {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: string;
  /** How long one request may take. */
  readonly requestMs: number;
}

export interface Call {
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** The response as soon as it has begun. `signal` ends its body too. */
export function begin(access: Access, call: Call, signal: AbortSignal): Promise<Response> {
  const headers = { authorization: `Bearer ${access.token}`, ...call.headers };
  const { method = "GET", body } = call;
  const redirect = "manual" as const;
  const init = { method, headers, signal, redirect, ...(body === undefined ? {} : { body }) };
  // Browsers refuse a fetch that is called as another object's method.
  const { fetch: fetched } = access;
  return fetched(access.url + call.path, init);
}

export interface Exchanged extends Reply {
  readonly headers: Headers;
}

/** Null where no answer came, with the reason told. Throws only once the caller's own signal has aborted. */
export async function exchange(
  access: Access,
  call: Call,
  tell: (why: string) => void = () => undefined,
): Promise<Exchanged | null> {
  const { signal } = call;
  signal?.throwIfAborted();
  const limit = new AbortController();
  const give = (): void => limit.abort(signal?.reason);
  signal?.addEventListener("abort", give, { once: true });
  const cancel = access.clock.after(access.requestMs, () =>
    limit.abort(new Error(`no answer within ${access.requestMs / 1000} s`)),
  );
  try {
    const response = await begin(access, call, limit.signal);
    const { status, headers } = response;
    const retryAfterMs = retryAfterIn(headers.get("retry-after"), access.clock.now());
    return { status, headers, retryAfterMs, body: jsonIn(await response.text()) };
  } catch (error) {
    signal?.throwIfAborted();
    tell(reasonOf(error));
    return null;
  } finally {
    cancel();
    signal?.removeEventListener("abort", give);
  }
}

/** The innermost reason: that of Node's `fetch` says only that it failed. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" ? reasonOf(cause) : codeOr(error);
}

/** Of several addresses that all failed Node gives a code, and no message. */
function codeOr(error: Error & { readonly code?: string }): string {
  return error.message === "" ? (error.code ?? error.name) : error.message;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
const PAUSE_MS = 100;
const PAUSE_CAP_MS = 5_000;

export interface Patience {
  /** How long to go on asking. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks until there is an answer worth having, for what may be asked twice. 304 and 404 are answers. Throws {@link AssizeError}:
 * the server's problem, `unreachable` or `aborted`.
 */
export async function ask(
  access: Access,
  call: Call,
  { deadlineMs, signal }: Patience,
): Promise<Exchanged> {
  const until = access.clock.now() + deadlineMs;
  let why = "";
  for (let attempt = 0; ; attempt++) {
    const reply = await exchange(access, { ...call, signal }, (said) => {
      why = said;
    }).catch((error: unknown) => {
      throw aborted(error);
    });
    if (reply !== null && !PASSING.has(reply.status)) return worth(reply, call);
    const wait = pauseMs(attempt, access.random()) + (reply?.retryAfterMs ?? 0);
    if (access.clock.now() + wait >= until) throw tooLate(access, call, reply, why);
    await pauseFor(access.clock, wait, signal);
  }
}

export function pauseMs(attempt: number, chance: number): number {
  const most = Math.min(PAUSE_MS * 2 ** Math.min(attempt, 30), PAUSE_CAP_MS);
  return most / 2 + (chance * most) / 2;
}

export async function pauseFor(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) throw aborted(signal.reason);
  await new Promise<void>((resolve, reject) => {
    const give = (): void => {
      cancel();
      reject(aborted(signal?.reason));
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener("abort", give);
      resolve();
    });
    signal?.addEventListener("abort", give, { once: true });
  });
}

export function aborted(reason: unknown): AssizeError {
  return new AssizeError("aborted", `given up by the caller: ${reasonOf(reason)}`, {
    cause: reason,
  });
}

function worth(reply: Exchanged, call: Call): Exchanged {
  const { status, body } = reply;
  if ((status >= 200 && status < 300) || status === 304) return reply;
  const problem = problemIn(body);
  if (problem !== undefined && status === 404) return reply;
  if (problem !== undefined) throw errorOf(problem);
  throw outOfContract(call, status);
}

export function outOfContract({ path }: Call, status: number): AssizeError {
  const what = isElsewhere(status) ? ELSEWHERE : `${status} without a problem document`;
  const message = `${path} was answered with ${what}: is this an Assize server?`;
  return new AssizeError("out-of-contract", message, { status });
}

function tooLate(access: Access, call: Call, reply: Exchanged | null, why: string): AssizeError {
  const problem = problemIn(reply?.body);
  if (problem !== undefined) return errorOf(problem);
  const said = reply === null ? why : `it answered ${reply.status}`;
  return new AssizeError("unreachable", `${access.url} does not answer ${call.path}: ${said}`, {
    status: reply?.status ?? 0,
  });
}
