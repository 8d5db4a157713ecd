/** How a client is set up, and what holds where nothing is said. */
import type { Clock } from "../objects/shared/clock.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import type { Bounds } from "./core/state.ts";
import { AssizeError } from "./errors.ts";
import type { Access } from "./http.ts";

export interface ClientOptions {
  /** Of the server, `https://…`. */
  readonly url: string;
  /** A bearer token: `submit` and `read` are the scopes that the methods need. */
  readonly token: string;
  /** What receipts are verified against: noted once, from a source that is trusted, and kept. */
  readonly pinned?: {
    /** SHA-256 of the genesis, 64 hexadecimal digits, as `GET /v1/ready` shows it. It binds the keys of all seats. */
    readonly genesis: string;
    /** Whose events they must be. */
    readonly tenant?: string;
  };
  /** How long `submit` tries before it gives up; each event can have its own. Default 60,000; Infinity for ever. */
  readonly deadlineMs?: number;
  /** How long a read tries. Default 15,000. */
  readonly readDeadlineMs?: number;
  /** How long one request may take. Default 15,000. */
  readonly requestMs?: number;
  /** Bounds of the queue and of requests; those of the defaults that are not given. */
  readonly bounds?: Partial<Bounds>;
  /** For tests, and where there are no globals of these names. */
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly newId?: () => string;
}

export const BOUNDS: Bounds = {
  lanes: 4,
  lingerMs: 5,
  batchEvents: 500,
  batchBytes: 256 * 1024,
  queueEvents: 10_000,
  queueBytes: 16 * 1024 * 1024,
  waitingEvents: 10_000,
  backoffMs: 100,
  backoffCapMs: 5_000,
};

/** Of a stream. The silence is that of three heartbeats. */
export const STREAM = { deadlineMs: 60_000, silenceMs: 45_000 } as const;

/** What the server takes at most. */
const MOST: Partial<Record<keyof Bounds, number>> = {
  batchEvents: LIMITS.requestEvents,
  // The brackets around it.
  batchBytes: LIMITS.requestBytes - 2,
};

/** What a timer of browsers and Node can wait at most: beyond it, it is over at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

// Rule: WaitAsLongAsAsked.
const wallClock: Clock = {
  now: () => Date.now(),
  after: (ms, then) => {
    if (ms === Infinity) return () => undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = (left: number): void => {
      const now = Math.min(left, LONGEST_TIMER_MS);
      timer = setTimeout(() => (left > now ? wait(left - now) : then()), now);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** A time that was given; throws {@link AssizeError} `misconfigured`. Infinity is one. */
// Rule: RefuseNoDuration.
export function durationOf(name: string, given: number | undefined, otherwise: number): number {
  const ms: unknown = given ?? otherwise;
  if (typeof ms === "number" && ms >= 0) return ms;
  throw wrong(`${name} is a number of milliseconds, or Infinity, not ${String(ms)}`);
}

export interface Settings {
  readonly access: Access;
  readonly bounds: Bounds;
  readonly newId: () => string;
  readonly deadlineMs: number;
  readonly readDeadlineMs: number;
}

/** 128 random bits. `crypto.randomUUID` is not there on pages of plain http. */
function drawnId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Throws {@link AssizeError} `misconfigured`. */
export function settingsOf(options: ClientOptions): Settings {
  const { url, token, pinned } = options;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw wrong(`url is the address of a server, http://… or https://…, not ${url}`);
  if (token === "" || /[^\u0021-\u007e]/.test(token))
    throw wrong("token is the text of a bearer token, without white space");
  if (pinned !== undefined && !/^[0-9a-f]{64}$/.test(pinned.genesis))
    throw wrong("pinned.genesis is a SHA-256 digest, 64 lower-case hexadecimal digits");
  const access = {
    url: url.replace(/\/+$/, ""),
    token,
    requestMs: durationOf("requestMs", options.requestMs, 15_000),
    // Looked up at every call: a test may exchange the global.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    clock: options.clock ?? wallClock,
    random: options.random ?? (() => Math.random()),
  } satisfies Access;
  return {
    access,
    bounds: boundsOf(options.bounds ?? {}),
    newId: options.newId ?? drawnId,
    deadlineMs: durationOf("deadlineMs", options.deadlineMs, 60_000),
    readDeadlineMs: durationOf("readDeadlineMs", options.readDeadlineMs, 15_000),
  };
}

function boundsOf(given: Partial<Bounds>): Bounds {
  const bounds = { ...BOUNDS, ...given };
  for (const [name, value] of Object.entries(bounds)) {
    const least = name === "lingerMs" || name === "waitingEvents" ? 0 : 1;
    const most = MOST[name as keyof Bounds] ?? Number.MAX_SAFE_INTEGER;
    if (!Number.isSafeInteger(value) || value < least || value > most)
      throw wrong(`bounds.${name} is a whole number from ${least} to ${most}, not ${value}`);
  }
  return bounds;
}

function wrong(message: string): AssizeError {
  return new AssizeError("misconfigured", message);
}
