/** The real Worker with its bindings, as a client of HTTP sees it. */
import { applyD1Migrations, env } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { fetchHandler } from "../../worker/http/app.ts";

export async function migrate(): Promise<void> {
  await applyD1Migrations(env.LEDGER, env.TEST_MIGRATIONS);
}

/** Names of the tokens in the configuration of the tests. */
export type TokenName = "all" | "submit" | "read" | "other";

export interface Asked {
  readonly token?: TokenName | null;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Redirects are followed unless it says `manual`. */
  readonly redirect?: "manual";
}

export function requestOf(
  method: string,
  path: string,
  { token = "all", headers, body, redirect }: Asked = {},
) {
  const all = new Headers({
    ...(token === null ? {} : { Authorization: `Bearer test-token-${token}` }),
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...headers,
  });
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const init = {
    method,
    headers: all,
    ...(body === undefined ? {} : { body: text }),
    ...(redirect === undefined ? {} : { redirect }),
  };
  return new Request(`http://assize.test${path}`, init);
}

let handled = (request: Request): Promise<Response> => exports.default.fetch(request);

/** From here on by the handler itself, a new one as in an isolate just started: what came through the pool's door makes the next dearer. */
export function throughHandler(changes: object = {}): void {
  const handler = fetchHandler();
  const changed = { ...env, ...changes };
  handled = (request) => handler(request, changed);
}

export async function ask(method: string, path: string, asked?: Asked): Promise<Response> {
  return handled(requestOf(method, path, asked));
}

export const get = (path: string, asked?: Asked) => ask("GET", path, asked);
export const post = (path: string, body: unknown, asked?: Asked) =>
  ask("POST", path, { ...asked, body });
