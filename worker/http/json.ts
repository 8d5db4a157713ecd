/**
 * JSON read strictly (RFC 8259 as narrowed by I-JSON, RFC 7493). `JSON.parse` keeps the last of two equal names, rounds numbers and
 * passes lone surrogates; all three would make what is kept differ from what was sent.
 */
import { LIMITS } from "../../objects/shared/limits.ts";

/** Something that parses and still must not be kept, and the names and indices that lead to it. */
export interface Flaw {
  readonly kind: "name" | "depth" | "number" | "text";
  readonly path: readonly (string | number)[];
}

export const FLAW_DETAILS = {
  name: "the same name stands twice in one object",
  depth: `nested deeper than ${LIMITS.nesting}`,
  number: "numbers must be integers within ±(2^53−1), and 0 has no sign",
  text: "text must be well-formed Unicode",
} as const satisfies Record<Flaw["kind"], string>;

export interface StrictJson {
  readonly value: unknown;
  /** In the order of the text. */
  readonly flaws: readonly Flaw[];
}

/** Throws a `SyntaxError` for what is not JSON, or has more flaws than anybody's accident. */
export function readJson(text: string): StrictJson {
  const value: unknown = JSON.parse(text);
  return { value, flaws: new Scan(text).flaws };
}

interface Frame {
  /** Of the member or element being read. */
  step: string | number;
  /** Undefined in an array. */
  readonly names: Set<string> | undefined;
  expectsName: boolean;
}

/** One pass over a text already known to be JSON. */
class Scan {
  readonly flaws: Flaw[] = [];
  readonly #text: string;
  readonly #frames: Frame[] = [];
  #tooDeep = 0;

  constructor(text: string) {
    this.#text = text;
    for (let at = 0; at < text.length; at++) {
      const sign = text[at];
      if (sign === '"') at = this.#string(at);
      else if (sign === "{" || sign === "[") this.#enter(sign === "{");
      else if (sign === "}" || sign === "]") this.#leave();
      else if (sign === ",") this.#next();
      else if (sign === "-" || (sign !== undefined && sign >= "0" && sign <= "9")) {
        at = this.#number(at);
      }
    }
  }

  #enter(object: boolean): void {
    if (this.#frames.length >= LIMITS.nesting) {
      if (this.#tooDeep === 0) this.#flaw("depth");
      this.#tooDeep++;
      return;
    }
    this.#frames.push({
      step: object ? "" : 0,
      names: object ? new Set() : undefined,
      expectsName: object,
    });
  }

  #leave(): void {
    if (this.#tooDeep > 0) this.#tooDeep--;
    else this.#frames.pop();
  }

  #next(): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined || this.#tooDeep > 0) return;
    if (typeof frame.step === "number") frame.step++;
    else frame.expectsName = true;
  }

  /** Returns the index of the closing quote. */
  #string(start: number): number {
    const end = closingQuote(this.#text, start);
    if (this.#tooDeep > 0) return end;
    const raw = this.#text.slice(start, end + 1);
    const string = raw.includes("\\") ? String(JSON.parse(raw)) : raw.slice(1, -1);
    const frame = this.#frames.at(-1);
    if (frame?.names !== undefined && frame.expectsName) {
      frame.step = string;
      frame.expectsName = false;
      if (frame.names.has(string)) this.#flaw("name");
      frame.names.add(string);
    }
    if (!string.isWellFormed()) this.#flaw("text");
    return end;
  }

  /** Returns the index of the last digit. */
  #number(start: number): number {
    let end = start + 1;
    while (end < this.#text.length && "0123456789.eE+-".includes(this.#text[end] ?? "")) end++;
    const literal = this.#text.slice(start, end);
    if (this.#tooDeep === 0 && !isExactInteger(literal)) this.#flaw("number");
    return end - 1;
  }

  #flaw(kind: Flaw["kind"]): void {
    if (this.flaws.length >= LIMITS.jsonFlaws)
      throw new SyntaxError("too many flaws to tell apart");
    this.flaws.push({ kind, path: this.#frames.map((frame) => frame.step) });
  }
}

function closingQuote(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}

/** Whether a JSON number denotes a safe integer exactly, however it is spelled; there is no negative zero among the integers. */
function isExactInteger(literal: string): boolean {
  if (/^(0|-?[1-9]\d{0,14})$/.test(literal)) return true;
  const [, sign, whole = "", fraction = "", power = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  if (digits === "") return sign === "";
  const significant = digits.replace(/0+$/, "");
  const zeros = Number(power) - fraction.length + digits.length - significant.length;
  if (zeros < 0 || significant.length + zeros > 16) return false;
  return Number.isSafeInteger(Number(`${significant}${"0".repeat(zeros)}`));
}
