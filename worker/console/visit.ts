/** One request of a browser: whose it is, whether its form is our own, and the headers that every page has. */
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Context as Call } from "hono";
import { LIMITS } from "../../objects/shared/limits.ts";
import { identified } from "../http/access.ts";
import type { Scope, Token } from "../http/access.ts";
import { Problem } from "../http/problems.ts";

/** A visitor with a known token. */
export interface Visit {
  readonly token: Token;
  /** As a client of HTTP would send it. */
  readonly authorization: string;
}

export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types console",
].join("; ");

/** Of every page. With `no-referrer` a browser would not say where a form comes from. */
export const HEADERS = {
  "Content-Security-Policy": POLICY,
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
} as const;

const NAME = "assize-token";

const isSecure = (c: Call): boolean => new URL(c.req.url).protocol === "https:";

/** Over https only under a name that no other host can set; its prefix wants the path to be all. */
function cookieOf(c: Call): string | undefined {
  return isSecure(c) ? getCookie(c, NAME, "host") : getCookie(c, NAME);
}

// Rule: KeepToken.
export function keepToken(c: Call, presented: string): void {
  const kept = { httpOnly: true, sameSite: "Strict", maxAge: LIMITS.consoleCookieSeconds } as const;
  if (isSecure(c))
    setCookie(c, NAME, presented, { ...kept, prefix: "host", secure: true, path: "/" });
  else setCookie(c, NAME, presented, { ...kept, path: "/console" });
}

// Rule: ForgetToken.
export function forgetToken(c: Call): void {
  if (isSecure(c)) deleteCookie(c, NAME, { prefix: "host", secure: true, path: "/" });
  else deleteCookie(c, NAME, { path: "/console" });
}

/** Whose request this is; null for nobody's, or a token that is not known. */
// Rules: TakeVisit, AskForToken, AdmitVisitor.
export function visitOf(c: Call, tokens: readonly Token[]): Visit | null {
  const cookie = cookieOf(c);
  const authorization =
    c.req.header("Authorization") ?? (cookie === undefined ? null : `Bearer ${cookie}`);
  return visitWith(authorization, tokens);
}

export function visitWith(authorization: string | null, tokens: readonly Token[]): Visit | null {
  const token = identified(authorization, tokens);
  return authorization === null || token === undefined ? null : { token, authorization };
}

export const mayDo = ({ token }: Visit, scope: Scope): boolean => token.scopes.includes(scope);

/** Throws `forbidden` for a form that is not known to come from a page of this console. */
// Rules: RefuseForeignForm, RefuseForeignSignIn.
export function demandOwnForm(c: Call): void {
  const said = c.req.header("Sec-Fetch-Site") ?? "same-origin";
  const origin = c.req.header("Origin") ?? "";
  if (said === "same-origin" && origin === new URL(c.req.url).origin) return;
  throw new Problem(
    "forbidden",
    "The form does not come from this console: open the console itself and send it from there.",
  );
}

/** Where to go after signing in: a page of the console that was asked for, or its first. */
export function pageAfter(asked: string | undefined): string {
  const here = "http://console.invalid";
  const url = URL.canParse(asked ?? "", here) ? new URL(asked ?? "", here) : null;
  const inside = url?.origin === here && /^\/console(?:\/|$)/.test(url.pathname);
  return inside ? `${url.pathname}${url.search}` : "/console";
}
