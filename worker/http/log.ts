import { messageOf, refusalOf, TookTooLong } from "../calls.ts";
import { Problem } from "./problems.ts";

/** What an outsider may be told of an error: an object's own words where it refused, else where the log has it. */
export function tellable(error: unknown, where: string): string {
  const meant =
    error instanceof Problem || error instanceof TookTooLong || refusalOf(error) !== null;
  return meant
    ? messageOf(error)
    : `an unforeseen error, which the log has as ${logged(error, where)}`;
}

/** Logs an error with its stack and returns the id under which it stands there. */
export function logged(error: unknown, where: string): string {
  const id = crypto.randomUUID();
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(JSON.stringify({ id, where, error: text }));
  return id;
}
