/** Allium as tokens with their places; comments stand apart, since `@guidance` and its kin have their text in them. */

export interface Place {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

export interface Token extends Place {
  readonly kind: "name" | "number" | "text" | "symbol" | "end";
  readonly text: string;
  /** What stands before the slash of `alias/Name`. */
  readonly module: string | null;
  /** First of its line. */
  readonly leads: boolean;
  /** Nothing stands between it and the token before. */
  readonly joined: boolean;
}

export interface Comment extends Place {
  readonly text: string;
  /** Nothing but the comment is on its line. */
  readonly alone: boolean;
}

/** What stands in the way of reading on. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
  readonly place: Place;
  constructor(place: Place, message: string) {
    super(message);
    this.place = place;
  }
}

export interface Scanned {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
}

const NAME = "[A-Za-z_]\\w*";
const PATTERN = new RegExp(
  [
    "(?<space>\\s+)",
    "--(?<comment>[^\\n]*)",
    `(?<name>(?:(?:${NAME})/)?${NAME})`,
    "(?<number>\\d[\\d_]*(?:\\.\\d+)?)",
    '"(?<text>(?:\\\\.|[^"\\\\\\n])*)"',
    "(?<tick>`[^`\\n]+`)",
    "(?<symbol>->|=>|<=|>=|!=|\\?\\?|\\?\\.|[{}()[\\]:,.=<>+*/|?@-])",
  ].join("|"),
  "gy",
);

/** Throws {@link Unreadable} at a character that no token begins with. */
export function scan(source: string): Scanned {
  const tokens: Token[] = [];
  const comments: Comment[] = [];
  const pattern = new RegExp(PATTERN);
  let line = 1;
  let start = 0;
  let leads = true;
  let joined = false;
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex;
    const place = { line, column: at - start + 1 };
    const groups = pattern.exec(source)?.groups;
    if (groups === undefined) throw new Unreadable(place, `"${source[at]}" begins nothing`);
    const { space, comment } = groups;
    if (space !== undefined) {
      for (const [index, character] of space.split("").entries()) {
        if (character !== "\n") continue;
        line += 1;
        start = at + index + 1;
        leads = true;
      }
    } else if (comment !== undefined) {
      comments.push({ ...place, text: comment.trim(), alone: leads });
    } else {
      tokens.push({ ...place, ...wordOf(groups), leads, joined });
      leads = false;
    }
    joined = space === undefined;
  }
  tokens.push({
    kind: "end",
    text: "",
    module: null,
    leads: true,
    joined: false,
    line: line + 1,
    column: 1,
  });
  return { tokens, comments };
}

function wordOf(
  groups: Record<string, string | undefined>,
): Pick<Token, "kind" | "text" | "module"> {
  const { name, number, text, tick, symbol } = groups;
  if (name !== undefined) {
    const [last = "", module = null] = name.split("/").toReversed();
    return { kind: "name", text: last, module };
  }
  if (number !== undefined) return { kind: "number", text: number, module: null };
  if (text !== undefined) return { kind: "text", text, module: null };
  // A literal of an outside standard, compared byte by byte.
  if (tick !== undefined) return { kind: "name", text: tick, module: null };
  return { kind: "symbol", text: symbol ?? "", module: null };
}
