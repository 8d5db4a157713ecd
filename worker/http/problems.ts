/** Problem details (RFC 9457): every error a client sees is one of these. */

export const KINDS = {
  malformed: [400, "The request is not the shape asked for"],
  unauthorized: [401, "A known token is needed"],
  forbidden: [403, "The token does not allow this"],
  "not-found": [404, "There is nothing here"],
  "method-not-allowed": [405, "The method is not for this resource"],
  "too-large": [413, "A limit is exceeded"],
  "unsupported-media-type": [415, "The media type is not accepted"],
  "invalid-event": [422, "The event is not one of the domain's"],
  "key-reused": [422, "The idempotency key belongs to another event"],
  "too-old": [422, "The event was first sent before the idempotency window"],
  overloaded: [429, "Too much is waiting already"],
  internal: [500, "Something unforeseen happened"],
  "no-quorum": [503, "Too few replicas are ready to agree"],
  pending: [504, "Kept, but not agreed in time"],
} as const satisfies Record<string, readonly [number, string]>;

export type Slug = keyof typeof KINDS;

/** Where in the request something is wrong, as a JSON pointer (RFC 6901), and what. */
export interface Complaint {
  readonly pointer: string;
  readonly detail: string;
}

/** The members of RFC 9457 and, where they help, `errors` and the `id` under which the log knows it. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly Complaint[];
  readonly id?: string;
}

/** Ends a request, or one event of it, with a problem. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly slug: Slug;
  readonly errors: readonly Complaint[];
  constructor(slug: Slug, detail: string, errors: readonly Complaint[] = []) {
    super(detail);
    this.slug = slug;
    this.errors = errors;
  }
  get status(): number {
    return KINDS[this.slug][0];
  }
}

/** `instance` is the path asked for, with a fragment where one part of the body is meant. */
export function problemDocument(problem: Problem, instance: string): ProblemDocument {
  const [status, title] = KINDS[problem.slug];
  const { slug, message: detail, errors } = problem;
  const document = { type: `/problems/${slug}`, title, status, detail, instance };
  return errors.length === 0 ? document : { ...document, errors };
}

/** Seconds after which a refused client may try again. */
const RETRY_AFTER_SECONDS = 1;

function headersOf(slug: Slug): Record<string, string> {
  const headers: Record<string, string> = { "Content-Type": "application/problem+json" };
  if (slug === "unauthorized") headers["WWW-Authenticate"] = "Bearer";
  if (slug === "overloaded" || slug === "no-quorum") {
    headers["Retry-After"] = String(RETRY_AFTER_SECONDS);
  }
  return headers;
}

export function problemResponse(
  problem: Problem,
  instance: string,
  extra: { readonly members?: object; readonly allow?: readonly string[] } = {},
): Response {
  const headers = headersOf(problem.slug);
  if (extra.allow !== undefined) headers["Allow"] = extra.allow.join(", ");
  const body = { ...problemDocument(problem, instance), ...extra.members };
  return new Response(JSON.stringify(body), { status: problem.status, headers });
}
