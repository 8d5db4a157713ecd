/**
 * Canonical JSON (RFC 8785) over the I-JSON subset whose numbers are safe integers: one value, one text. Free of `node:` so
 * that browsers share it.
 */
import { LIMITS } from "./limits.ts";

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [member: string]: Json };

export class NotCanonical extends Error {
  override readonly name = "NotCanonical";
  readonly pointer: string;
  constructor(pointer: string, detail: string) {
    super(detail);
    this.pointer = pointer;
  }
}

/** The canonical text of a value; throws {@link NotCanonical} with a JSON pointer where it has none. */
export function canonical(value: unknown, pointer = "", depth = 0): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return integer(value, pointer);
  if (typeof value === "string") return text(value, pointer);
  if (depth > LIMITS.nesting)
    throw new NotCanonical(pointer, `values nest at most ${LIMITS.nesting} deep`);
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => canonical(item, `${pointer}/${index}`, depth + 1)).join(",")}]`;
  }
  if (typeof value === "object") return members(value, pointer, depth + 1);
  throw new NotCanonical(pointer, `a ${typeof value} has no JSON form`);
}

function integer(value: number, pointer: string): string {
  if (!Number.isSafeInteger(value))
    throw new NotCanonical(pointer, "numbers must be integers within ±(2^53−1)");
  return value === 0 ? "0" : String(value);
}

// Printable ASCII that needs no escape, which nearly all texts here are.
const PLAIN = /^[ !#-[\]-~]*$/;

function text(value: string, pointer: string): string {
  if (PLAIN.test(value)) return `"${value}"`;
  if (!isWellFormed(value)) throw new NotCanonical(pointer, "text must be well-formed Unicode");
  return JSON.stringify(value);
}

function members(value: object, pointer: string, depth: number): string {
  const named = value as { readonly [member: string]: unknown };
  const parts: string[] = [];
  // The default sort compares UTF-16 code units, which is what RFC 8785 asks for.
  for (const name of Object.keys(value).toSorted()) {
    const member = named[name];
    if (member === undefined) continue;
    parts.push(`${text(name, pointer)}:${canonical(member, `${pointer}/${name}`, depth)}`);
  }
  return `{${parts.join(",")}}`;
}

/** No lone surrogate (`String.prototype.isWellFormed`, which not every lib declares). */
function isWellFormed(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const low = value.charCodeAt(index + 1);
    if (unit > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) return false;
    index++;
  }
  return true;
}

// A third of the time of the loop below, for nearly all texts here.
const ASCII = /^[\0-\x7f]*$/;

/** Length in UTF-8 bytes, without encoding. */
export function utf8Length(value: string): number {
  if (ASCII.test(value)) return value.length;
  let bytes = 0;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit <= 0xdbff) {
      bytes += 4;
      index++;
    } else bytes += 3;
  }
  return bytes;
}
