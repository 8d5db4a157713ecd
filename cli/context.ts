// What every command has: a client of the server asked for, and two ways to say something.
import { AssizeClient } from "../client/index.ts";
import type { ClientOptions } from "../client/index.ts";
import { tokenFor, urlIn } from "../bench/verify/command.ts";

export interface Common {
  readonly url?: string;
  readonly token?: string;
  readonly json?: boolean;
}

/** Where `npm start` listens if it is told nothing else. */
const HERE = "http://127.0.0.1:8787";

export function urlOf({ url }: Common): string {
  return urlIn(url ?? process.env["ASSIZE_URL"] ?? HERE);
}

/** Throws `Usage` where there is no token to be found. */
export function tokenOf(common: Common): string {
  const wanted = "a token is wanted, in ASSIZE_TOKEN or with --token";
  return tokenFor(urlOf(common), common.token, wanted);
}

export function clientOf(common: Common, more: Partial<ClientOptions> = {}): AssizeClient {
  return new AssizeClient({ url: urlOf(common), token: tokenOf(common), ...more });
}

const reader = new AbortController();

/** Aborts once nobody reads the output any more, as of `| head`. */
export const readerGone: AbortSignal = reader.signal;

/** Who stops reading has seen enough: that is no error, of the output or of what is told beside it. */
export function mindReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      if (stream === process.stdout) reader.abort(error);
    });
}

/** One JSON text a line, for programs. */
export function sayJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Beside the output, for people. */
export function tell(line: string): void {
  process.stderr.write(`assize: ${line}\n`);
}
