/** Who may do what: bearer tokens (RFC 6750), known to the Worker by their SHA-256 alone. */
import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { COURT_TENANT } from "../../objects/shared/control.ts";
import { Problem } from "./problems.ts";

const SCOPES = ["submit", "read", "operate"] as const;
export type Scope = (typeof SCOPES)[number];

const tokens = z.array(
  z.object({
    name: z.string(),
    // A slash would let one tenant's entity keys be read as another's.
    tenant: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/)
      .refine((tenant) => tenant !== COURT_TENANT, "is that of the courts themselves"),
    scopes: z.array(z.enum(SCOPES)),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
);

export interface Token {
  readonly name: string;
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  readonly sha256: string;
}

/** The variable `TOKENS`; throws a `ZodError` or `SyntaxError` if it is set and not an array of tokens. */
export function tokensOf(variable: string | undefined): readonly Token[] {
  return variable === undefined || variable === "" ? [] : tokens.parse(JSON.parse(variable));
}

/** The token of an `Authorization` header if it has the scope; throws `unauthorized` or `forbidden`. */
// Rules: RefuseUnknown, RefuseForbidden.
export function authorise(header: string | null, known: readonly Token[], scope: Scope): Token {
  if (presentedIn(header) === undefined)
    throw new Problem("unauthorized", "Send Authorization: Bearer <token>.");
  const found = identified(header, known);
  if (found === undefined) throw new Problem("unauthorized", "The token is not known.");
  if (!found.scopes.includes(scope)) {
    throw new Problem("forbidden", `The token ${found.name} lacks the scope ${scope}.`);
  }
  return found;
}

function presentedIn(header: string | null): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(header ?? "")?.[1];
}

/** The token of an `Authorization` header, whatever its scopes; undefined for none that is known. */
export function identified(header: string | null, known: readonly Token[]): Token | undefined {
  const presented = presentedIn(header);
  if (presented === undefined) return undefined;
  const digest = createHash("sha256").update(presented).digest();
  let found: Token | undefined;
  // All are compared, and each in constant time, so that the time says nothing about how near a guess came.
  for (const token of known) {
    if (timingSafeEqual(digest, Buffer.from(token.sha256, "hex"))) found = token;
  }
  return found;
}
