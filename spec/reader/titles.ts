/** The tests of a source, without running it: by its text as the formatter leaves it. */

interface Token {
  readonly kind: "code" | "string";
  readonly text: string;
  /** Where it begins in the source. */
  readonly at: number;
}

/** Source as code and string literals in turn; comments are gone. */
export function tokens(source: string): Token[] {
  const found: Token[] = [];
  // Quotes are written as codes here, so that this file can be read by itself.
  const literal =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\x22(?:\\.|[^\x22\\\n])*\x22|\x27(?:\\.|[^\x27\\\n])*\x27|\x60(?:\\[\s\S]|[^\x60\\])*\x60/g;
  let code = "";
  let from = 0;
  for (const match of source.matchAll(literal)) {
    code += source.slice(from, match.index);
    from = match.index + match[0].length;
    if (match[0].startsWith("/")) continue;
    found.push({ kind: "code", text: code, at: match.index - code.length });
    found.push({ kind: "string", text: match[0].slice(1, -1), at: match.index });
    code = "";
  }
  found.push({ kind: "code", text: code + source.slice(from), at: from });
  return found;
}

export interface Titled {
  /** Titles of the groups around it, outermost first, then its own. */
  readonly titles: readonly string[];
  readonly title: string;
  readonly empty: boolean;
  /** Its text, from the title on. */
  readonly body: string;
}

interface Block {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly group: boolean;
  readonly empty: boolean;
}

/** `it.each(table)("title")` ends its first call right before the title. */
export function titled(source: string): Titled[] {
  const all = tokens(source);
  const blocks = all.flatMap((token, index): Block[] => {
    const before = all[index - 1]?.text ?? "";
    if (token.kind !== "string" || !/(?:\b(?:it|test|describe)(?:\.\w+)*|\))\s*\(\s*$/.test(before))
      return [];
    const after = all[index + 1]?.text ?? "";
    const statement = statementAround(source, token.at);
    if (statement === null) return [];
    const empty = !/^\s*,/.test(after) || /^[^=]*=>\s*\{\s*\}/.test(after);
    return [{ title: token.text, from: token.at, to: statement.to, group: statement.group, empty }];
  });
  return blocks
    .filter(({ group }) => !group)
    .map(({ title, empty, from, to }) => {
      const around = blocks.filter((other) => other.group && other.from < from && other.to >= to);
      return {
        title,
        empty,
        titles: [...around.map((group) => group.title), title],
        body: source.slice(from, to),
      };
    });
}

/** The statement that begins with `it` or `describe` last before a place; it ends at the line that closes at its depth. */
function statementAround(source: string, at: number): { group: boolean; to: number } | null {
  const starts = [...source.slice(0, at).matchAll(/^([ ]*)(it|test|describe)\b/gm)];
  const start = starts.at(-1);
  if (start === undefined) return null;
  const [, depth = "", word = ""] = start;
  const end = new RegExp(`^${depth}[\\])}]+;|^${depth}(?:it|test|describe)\\b.*;$`, "gm");
  end.lastIndex = source.lastIndexOf("\n", at) + 1;
  const found = end.exec(source);
  return { group: word === "describe", to: found === null ? source.length : end.lastIndex };
}
