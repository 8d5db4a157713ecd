// How a command ends. Documented in docs/cli.md.
import { AssizeError } from "../client/index.ts";
import { isUsage } from "../bench/verify/command.ts";
import { Usage } from "../bench/verify/records.ts";

export { Usage };

export const EXIT = {
  /** All that was asked for is done, and holds. */
  done: 0,
  /** The command cannot be carried out as it was written. */
  usage: 1,
  /** It was carried out, and not everything is as it should be: rows that were refused, a flaw, no such thing. */
  wrong: 2,
  /** The server cannot be reached, or did not answer in time: the same command again goes on. */
  unreachable: 3,
  /** The token is unknown, or not allowed to do this. */
  denied: 4,
} as const;

export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** Something was found wrong, and was told: there is nothing to add but the exit code. */
export class Told extends Error {
  override readonly name = "Told";
  readonly exit: Exit;
  constructor(exit: Exit) {
    super(`exit ${exit}`);
    this.exit = exit;
  }
}

/** What the system does not let be done with a file, as a sentence; what is no such error comes back as it is. */
export function fileFault(path: string, done: "read" | "written", error: unknown): Error {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || code === undefined || syscall === undefined)
    return error instanceof Error ? error : new Error(String(error));
  return new Usage(`${path} cannot be ${done}: ${WHY[code] ?? message}`);
}

const WHY: Readonly<Record<string, string | undefined>> = {
  ENOENT: "there is no such file or folder",
  ENOTDIR: "there is no such folder",
  EISDIR: "it is a folder",
  EACCES: "its permissions do not allow it",
  EPERM: "its permissions do not allow it",
  EROFS: "the disk is read only",
  ENOSPC: "the disk is full",
};

const DENIED = new Set(["unauthorized", "forbidden"]);
const PASSING = new Set([
  "unreachable",
  "deadline",
  "aborted",
  "closed",
  "out-of-contract",
  "overloaded",
  "no-quorum",
  "pending",
  "internal",
  "queue-full",
]);

export function exitOf(error: unknown): Exit {
  if (error instanceof Told) return error.exit;
  // What is neither the server's nor ours is a file's, or a flaw of the command: the same again would not go on.
  if (isUsage(error) || !(error instanceof AssizeError)) return EXIT.usage;
  const { code } = error;
  if (code === "not-found") return EXIT.wrong;
  if (DENIED.has(code)) return EXIT.denied;
  return PASSING.has(code) ? EXIT.unreachable : EXIT.usage;
}

/** What went wrong, and what to do about it. */
export function sentenceOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  const hint = error instanceof AssizeError ? HINTS[error.code] : undefined;
  return hint === undefined ? said : `${said.replace(/\.$/, "")}. ${hint}`;
}

const HINTS: Readonly<Record<string, string | undefined>> = {
  unauthorized:
    "Give a token in ASSIZE_TOKEN or with --token; that of a server started here stands in .dev.vars.",
  forbidden: "Use a token with the scope that this needs.",
  unreachable: "Is the server running, and is --url its address? npm start starts one here.",
  "out-of-contract": "Is --url the address of an Assize server?",
};
