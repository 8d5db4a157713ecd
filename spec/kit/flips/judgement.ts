/** What is wrong of what was told while one stored byte was another. Pure. */

/** `less`: what is told is right, and the named are told as unknown or as they were before. */
export type Verdict =
  | { readonly is: "same" | "refused" | "wrong" }
  | { readonly is: "less"; readonly lacks: readonly string[] };

/**
 * Whose answer it is. The Ledger may lack what a damaged row of it said, and one holder what its own did, since nobody takes that from one
 * alone; what several vouch for may lack nothing.
 */
export type From = "ledger" | "holder" | "all";

/** What was asked, and what came. */
export type Told = readonly [
  question: { readonly what: string; readonly from: From },
  verdict: Verdict,
];

/** What may be lacking, and in whose answers. */
export interface Loss {
  readonly from: From;
  readonly names: readonly string[];
}

/** Whatever lacks more than that is wrong, and so is whoever speaks for several and lacks anything. */
export function summed(
  told: readonly Told[],
  loss: Loss,
): { readonly wrong: readonly string[]; readonly refused: number; readonly less: number } {
  const wrong = told.flatMap(([{ what, from }, verdict]) => {
    if (verdict.is === "wrong") return [what];
    if (verdict.is !== "less") return [];
    const more = verdict.lacks.filter((name) => from !== loss.from || !loss.names.includes(name));
    return more.length === 0 ? [] : [`${what} lacks ${more.join(", ")}`];
  });
  const count = (is: Verdict["is"]): number =>
    told.filter(([, verdict]) => verdict.is === is).length;
  return { wrong, refused: count("refused"), less: count("less") };
}

interface Named {
  readonly id?: string;
  readonly entity?: string;
  readonly status?: string;
}

/** Names of what is not there, where all else is, in its order and nothing besides; else null. */
export function lacking(said: readonly Named[], truth: readonly Named[]): string[] | null {
  const left = said.map((each) => JSON.stringify(each));
  const lacks = truth.filter((each) => {
    if (JSON.stringify(each) !== left[0]) return true;
    left.shift();
    return false;
  });
  if (left.length > 0) return null;
  return lacks.map(({ entity, id }) => entity ?? id ?? "something without a name");
}

/** Whether each is as it should be, or open, in its place. */
export function eachOpen(said: readonly Named[], truth: readonly Named[]): boolean {
  return (
    said.length === truth.length &&
    said.every((each, at) => {
      const right = truth[at];
      const open = each.status === "pending" || each.status === "refused";
      return JSON.stringify(each) === JSON.stringify(right) || (open && each.id === right?.id);
    })
  );
}
