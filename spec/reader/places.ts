/** Where the code says of a function, a route, a table or a trigger which rules it carries out: a comment `Rule: A.` or `Rules: A, B.` right above it. */

export interface Place {
  readonly file: string;
  /** What the comment is of; null where it is of nothing that has a name. */
  readonly name: string | null;
}

const COMMENT = /^ *(?:\/\/|--) Rules?: ((?:[^.\n]|\n *(?:\/\/|--))*)\.\n(.*)$/gm;
const DEFINED =
  /^ *(?:(?:export |default |async |static |readonly |get )*(?:function\*? |class |const )?)([#\w]+)(?: *[(<:={]| extends)/;
const ROUTED = /^ *app\.(?:get|post)\("([^"]+)"/;
const CREATED = /^CREATE (?:TABLE|TRIGGER) (\w+)/;

const KEYWORD = new Set(
  "if for while do switch case default try catch finally return throw await yield else new delete void".split(
    " ",
  ),
);
/** Nothing but a name and its brackets: a method, or a call. */
const BRACKETED = /^( *)(?:await )?[#\w.]+\(/;

/** What a line defines; null where it is a statement. `after`: the lines that follow it. */
function definedIn(line: string, after: string): string | null {
  const name = [ROUTED, CREATED, DEFINED].map((form) => form.exec(line)?.[1]).find(Boolean);
  if (name === undefined || KEYWORD.has(name) || isCall(line, after)) return null;
  return name;
}

/** A call ends its line, or the line that closes its brackets, with a semicolon. */
function isCall(line: string, after: string): boolean {
  const [, depth] = BRACKETED.exec(line) ?? [];
  if (depth === undefined) return false;
  if (!line.endsWith("(")) return line.endsWith(";");
  return new RegExp(`^${depth}\\).*$`, "m").exec(after)?.[0].endsWith(";") === true;
}

/** A rule → every function that says it carries it out. `code`: path → text. */
export function placesOf(code: ReadonlyMap<string, string>): ReadonlyMap<string, Place[]> {
  const places = new Map<string, Place[]>();
  for (const [file, text] of code) {
    for (const { 0: whole, 1: rules = "", 2: next = "", index } of text.matchAll(COMMENT)) {
      const place = { file, name: definedIn(next, text.slice(index + whole.length)) };
      for (const rule of rules.match(/\w+/g) ?? [])
        places.set(rule, [...(places.get(rule) ?? []), place]);
    }
  }
  return places;
}
