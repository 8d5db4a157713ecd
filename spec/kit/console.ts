/** The console as a browser meets it: its cookie, its forms, its pages. */
import { expect } from "vitest";
import { POLICY } from "../../worker/console/visit.ts";
import { ask } from "./worker.ts";
import type { TokenName } from "./worker.ts";

const ORIGIN = "http://assize.test";
export const cookie = (token: TokenName): string => `assize-token=test-token-${token}`;

export interface Shown {
  readonly status: number;
  readonly html: string;
  readonly location: string | null;
  readonly setCookie: string;
}

/** Whatever the page, it says what may run, has nothing inline, and holds no token. */
export async function shown(response: Response): Promise<Shown> {
  const html = await response.text();
  if (response.headers.get("Content-Type")?.startsWith("text/html") === true) {
    expect(response.headers.get("Content-Security-Policy")).toBe(POLICY);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const tags = html.replaceAll(/"[^"]*"/g, '""').replaceAll(/>[^<]*</g, "><");
    expect(tags.match(/<script(?![^>]* src=)|<style|<[^>]* (?:style|on[a-z]+)=/gi)).toBe(null);
    expect(html).not.toMatch(/(?:href|src|action)="(?!\/console\b|#main")/);
    expect(html).not.toContain("test-token-");
  }
  return {
    status: response.status,
    html,
    location: response.headers.get("Location"),
    setCookie: response.headers.get("Set-Cookie") ?? "",
  };
}

export async function visit(path: string, token: TokenName | null = "all"): Promise<Shown> {
  const headers = token === null ? {} : { Cookie: cookie(token) };
  return shown(await ask("GET", path, { token: null, headers }));
}

export interface Sent {
  readonly token?: TokenName | null;
  readonly headers?: Record<string, string>;
}

/** A form of the console's own page, unless its headers say otherwise. */
export async function sendForm(
  path: string,
  fields: Record<string, string>,
  { token = "all", headers = { Origin: ORIGIN, "Sec-Fetch-Site": "same-origin" } }: Sent = {},
): Promise<Shown> {
  const all = {
    "Content-Type": "application/x-www-form-urlencoded",
    ...(token === null ? {} : { Cookie: cookie(token) }),
    ...headers,
  };
  const body = new URLSearchParams(fields).toString();
  return shown(await ask("POST", path, { token: null, headers: all, body, redirect: "manual" }));
}

/** The text of a page without its tags, white space as one blank. */
export function wordsIn(html: string): string {
  return html
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ");
}
