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

/** A rule → every function that says it carries it out. `code`: path → text. */
export function placesOf(code: ReadonlyMap<string, string>): ReadonlyMap<string, Place[]> {
  const places = new Map<string, Place[]>();
  for (const [file, text] of code) {
    for (const [, rules = "", next = ""] of text.matchAll(COMMENT)) {
      const place = {
        file,
        name: [ROUTED, CREATED, DEFINED].map((form) => form.exec(next)?.[1]).find(Boolean) ?? null,
      };
      for (const rule of rules.match(/\w+/g) ?? [])
        places.set(rule, [...(places.get(rule) ?? []), place]);
    }
  }
  return places;
}
