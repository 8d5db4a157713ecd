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
  /** Its text in one line, cut off. */
  readonly code: string;
}

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

  /** In order of file and line. */
  async unvisited(): Promise<Block[]> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    return result
      .filter(({ url }) => url.startsWith("file:") && url.includes(CORE))
      .toSorted((a, b) => (a.url < b.url ? -1 : 1))
      .flatMap(({ url, functions }) => {
        const ranges = functions.flatMap((one) => one.ranges).filter(({ count }) => count === 0);
        return blocksIn(fileURLToPath(url), ranges);
      });
  }
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
}

/** The outermost ranges that hold more than brackets. */
function blocksIn(path: string, ranges: readonly Range[]): Block[] {
  const text = readFileSync(path, "utf8");
  const sorted = ranges.toSorted((a, b) => a.startOffset - b.startOffset);
  const blocks: Block[] = [];
  let end = 0;
  for (const { startOffset, endOffset } of sorted) {
    if (endOffset <= end) continue;
    end = endOffset;
    const code = text.slice(startOffset, endOffset).replace(/\s+/g, " ").trim();
    if (!/\w/.test(code)) continue;
    const line = text.slice(0, startOffset).split("\n").length;
    blocks.push({ file: basename(path), line, code: code.slice(0, CODE_LENGTH) });
  }
  return blocks;
}

/** What every one of several runs left unvisited. */
export function inAll(runs: readonly (readonly Block[])[]): Block[] {
  const [first = [], ...others] = runs;
  const name = ({ file, line, code }: Block): string => `${file}:${line}:${code}`;
  const sets = others.map((blocks) => new Set(blocks.map(name)));
  return first.filter((block) => sets.every((set) => set.has(name(block))));
}

/** Those without a written reason, and reasons for what was visited after all. */
export function judged(unvisited: readonly Block[]): { unexplained: Block[]; stale: string[] } {
  const names = unvisited.map(({ file, code }) => `${file} ${code}`);
  const reasons = UNVISITED.map(({ file, code }) => `${file} ${code}`);
  return {
    unexplained: unvisited.filter((_, at) => !reasons.includes(names[at] ?? "")),
    stale: reasons.filter((reason) => !names.includes(reason)),
  };
}
