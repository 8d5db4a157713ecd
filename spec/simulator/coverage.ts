/**
 * Which code of the agreement's core no run has come to. V8 counts blocks as it runs them; types are blanked out in place when a
 * file is loaded, so its offsets are those of the source.
 */
import { readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { UNVISITED } from "./unvisited.ts";

/** A piece of source that was never run. */
export interface Block {
  /** File of objects/clerk/consensus. */
  readonly file: string;
  readonly line: number;
  /** The whole line that it is in, trimmed; where it has several, its code. */
  readonly source: string;
  /** Its text in one line, cut off. */
  readonly code: string;
}

/** Offsets in a source, the end not included. */
type Range = readonly [start: number, end: number];

/** By path of each file that was loaded: what was never run of it, in order and apart. */
export type Unvisited = ReadonlyMap<string, readonly Range[]>;

const CORE = "/objects/clerk/consensus/";
const CODE_LENGTH = 120;

export class Coverage {
  readonly #session = new Session();

  /** Must come before the core is loaded for the counts to be complete. */
  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  async unvisited(): Promise<Unvisited> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    const core = result.filter(({ url }) => url.startsWith("file:") && url.includes(CORE));
    return new Map(
      core.map(({ url, functions }) => {
        const ranges = functions.flatMap((one) => one.ranges).filter(({ count }) => count === 0);
        return [fileURLToPath(url), apart(ranges.map((one) => [one.startOffset, one.endOffset]))];
      }),
    );
  }
}

/** In order, none within another. */
function apart(ranges: readonly Range[]): Range[] {
  const kept: Range[] = [];
  let end = 0;
  for (const range of ranges.toSorted((a, b) => a[0] - b[0] || b[1] - a[1])) {
    if (range[1] <= end) continue;
    end = range[1];
    kept.push(range);
  }
  return kept;
}

/** What none of several runs has come to, in order of file and line; of a file that a run did not load it says nothing. */
export function inAll(runs: readonly Unvisited[]): Block[] {
  const paths = new Set(runs.flatMap((run) => [...run.keys()]));
  return [...paths].toSorted().flatMap((path) => {
    const [first = [], ...others] = runs.flatMap((run) => {
      const ranges = run.get(path);
      return ranges === undefined ? [] : [ranges];
    });
    return blocksIn(path, others.reduce(common, first));
  });
}

function common(one: readonly Range[], other: readonly Range[]): Range[] {
  return one.flatMap(([start, end]) =>
    other.flatMap(([from, to]): Range[] => {
      const range: Range = [Math.max(start, from), Math.min(end, to)];
      return range[0] < range[1] ? [range] : [];
    }),
  );
}

/** Those that hold more than brackets. */
function blocksIn(path: string, ranges: readonly Range[]): Block[] {
  const text = readFileSync(path, "utf8");
  return ranges.flatMap(([start, end]) => {
    const code = text.slice(start, end).replace(/\s+/g, " ").trim();
    if (!/\w/.test(code)) return [];
    // Its own text begins behind whatever space is counted with it.
    const begin = start + text.slice(start, end).search(/\S/);
    const line = text.slice(0, begin).split("\n").length;
    const whole = (text.split("\n")[line - 1] ?? "").trim();
    const shown = code.slice(0, CODE_LENGTH);
    const source = whole.includes(shown) ? whole : shown;
    return [{ file: basename(path), line, source, code: shown }];
  });
}

/** Those without a written reason, and reasons for what was visited after all. */
export function judged(unvisited: readonly Block[]): { unexplained: Block[]; stale: string[] } {
  const names = unvisited.map(({ file, source }) => `${file} ${source}`);
  const reasons = UNVISITED.map(({ file, source }) => `${file} ${source}`);
  return {
    unexplained: unvisited.filter((_, at) => !reasons.includes(names[at] ?? "")),
    stale: reasons.filter((reason) => !names.includes(reason)),
  };
}
