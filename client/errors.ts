/** What a client is told instead of an answer. */

/** An RFC 9457 document, as far as the client reads it. */
export interface Problem {
  /** `/problems/<slug>` */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Where in the request something is wrong, as JSON pointers (RFC 6901). */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/**
 * The slug of the server's problem document (`invalid-event`, `key-reused`, `too-old`, `unauthorized`, …), or of the client's own:
 *
 * - `deadline`: no answer in time. Where `sent` is true the event may have been kept: submit it again with its `id` and `sentat`.
 * - `aborted`: by the caller's signal. `closed`: by `close()`. Of both `sent` tells the same.
 * - `queue-full`: too many submissions wait for room already; wait for `room()` between them.
 * - `unreachable`: no connection, or no answer that the contract allows, until the deadline of a read.
 * - `out-of-contract`: an answer of another shape than the contract has it.
 * - `not-pinned`: verification was asked for without the digest of a genesis.
 * - `misconfigured`: an option is not what it should be.
 */
export class AssizeError extends Error {
  override readonly name = "AssizeError";
  readonly code: string;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  readonly problem: Problem | undefined;
  /** The event that it is about, as it was sent. */
  readonly event: SentKey | undefined;
  /** Whether a request with the event was ever begun: if not, it had no effect for sure. */
  readonly sent: boolean;

  constructor(
    code: string,
    message: string,
    more: {
      readonly status?: number;
      readonly problem?: Problem | undefined;
      readonly event?: SentKey;
      readonly sent?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? {} : { cause: more.cause });
    this.code = code;
    this.status = more.status ?? more.problem?.status ?? 0;
    this.problem = more.problem;
    this.event = more.event;
    this.sent = more.sent ?? false;
  }
}

/** By which an event is sent again as the same. */
export interface SentKey {
  readonly id: string;
  readonly source: string;
  /** When it was first tried; absent where it never was. */
  readonly sentat?: string | undefined;
}

/** A problem document in a body; undefined where it is none. */
export function problemIn(body: unknown): Problem | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { type, title, status, detail, errors } = body as Partial<Record<keyof Problem, unknown>>;
  if (typeof type !== "string" || typeof title !== "string" || typeof status !== "number")
    return undefined;
  const said = { type, title, status, detail: typeof detail === "string" ? detail : "" };
  return Array.isArray(errors) ? { ...said, errors: errors.flatMap(complaintIn) } : said;
}

function complaintIn(value: unknown): { readonly pointer: string; readonly detail: string }[] {
  const { pointer, detail } = (value ?? {}) as { readonly pointer?: unknown; detail?: unknown };
  return typeof pointer === "string" && typeof detail === "string" ? [{ pointer, detail }] : [];
}

export function slugOf({ type }: Problem): string {
  return type.split("/").at(-1) ?? type;
}

/** A problem as a sentence. */
export function sentenceOf({ title, detail, errors = [] }: Problem): string {
  const faults = errors.map((each) => `${each.pointer} ${each.detail}`).join("; ");
  const said = detail === "" ? `${title}.` : detail;
  return faults === "" ? said : `${said.replace(/\.$/, "")}: ${faults}.`;
}

export function errorOf(problem: Problem, event?: SentKey): AssizeError {
  const about = event === undefined ? "" : `event ${event.id}: `;
  return new AssizeError(slugOf(problem), `${about}${sentenceOf(problem)}`, {
    problem,
    ...(event === undefined ? {} : { event, sent: true }),
  });
}
