// What was checked, as the commands print it.
import { count } from "./table.ts";

/** A check names what it found wrong; nothing found is a check that holds. */
export interface Check {
  readonly what: string;
  readonly wrong: readonly string[];
}

const SHOWN = 5;

/** A line for every check; of what is wrong, the first few. */
export function verdict(checks: readonly Check[]): string {
  const lines = checks.flatMap(({ what, wrong }) => {
    const more = wrong.length > SHOWN ? [`… and ${count(wrong.length - SHOWN)} more`] : [];
    const details = [...wrong.slice(0, SHOWN), ...more].map((detail) => `          ${detail}`);
    return [`  ${wrong.length === 0 ? "ok    " : "FAILED"}  ${what}`, ...details];
  });
  return lines.join("\n");
}
