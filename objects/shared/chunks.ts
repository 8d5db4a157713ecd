/** Items split so that each run fits into one row or one bound parameter. */
import { utf8Length } from "./canonical.ts";
import { LIMITS } from "./limits.ts";

/** Runs of texts of at most a row's bytes with what joins them; a text alone may have more. */
export function chunked(texts: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let chunk: string[] = [];
  let bytes = 0;
  for (const text of texts) {
    const size = utf8Length(text) + 1;
    if (chunk.length > 0 && bytes + size > LIMITS.rowBytes) {
      chunks.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(text);
    bytes += size;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

/** JSON arrays of JSON texts, for `json_each`. */
export function jsonArrays(texts: readonly string[]): string[] {
  return chunked(texts).map((chunk) => `[${chunk.join(",")}]`);
}
