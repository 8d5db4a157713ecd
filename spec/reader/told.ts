/** Who brings about what conditions ask for. */
import { keyOf, report } from "./lint.ts";
import type { Lint } from "./lint.ts";
import type { Book } from "./names.ts";
import { partsOf } from "./parts.ts";
import type { Member, Record } from "./syntax.ts";
import type { Place } from "./tokens.ts";
import type { Deed } from "./walk.ts";

/**
 * What conditions ask of an entity some rule brings about, or the comment above it says who else does: `Told by …`. Of what no
 * rule makes or changes at all the surroundings tell everything.
 */
export function unset(lint: Lint, deeds: readonly Deed[]): void {
  const keyed = (record: Record, home: Book, field: string): string =>
    `${keyOf(home, record.name)}.${field}`;
  const set = new Set(
    deeds.flatMap(({ assigned, created }) => [
      ...assigned.map(({ record, home, field }) => keyed(record, home, field)),
      ...created.flatMap(({ record, home, args }) => [
        keyed(record, home, ""),
        ...args.map(({ name }) => keyed(record, home, name ?? "")),
      ]),
    ]),
  );
  for (const { record, home, field } of deeds.flatMap(({ asked }) => asked)) {
    const moved = [...set].some((key) => key.startsWith(keyed(record, home, "")));
    if (record.kind !== "entity" || !moved) continue;
    for (const member of restingOn(record, field, new Set())) {
      const { name } = member;
      if (set.has(keyed(record, home, name)) || isTold(home, member)) continue;
      const problem = `${record.name}.${name} is asked for, and no rule sets it`;
      report(lint, home, member, "field-never-set", problem);
    }
  }
}

/** The fields of a record that a member is, or follows from. */
function restingOn(record: Record, field: string, seen: Set<string>): Member[] {
  const member = record.members.find(({ name }) => name === field);
  if (member === undefined || seen.has(field)) return [];
  seen.add(field);
  if (member.kind === "field" || member.kind === "choice") return [member];
  if (member.kind !== "derived") return [];
  return partsOf(member.value).flatMap((part) =>
    part.kind === "name" ? restingOn(record, part.name, seen) : [],
  );
}

/** Whether a comment that ends right above says who tells it. */
function isTold({ module }: Book, { line }: Place): boolean {
  const above: string[] = [];
  for (let at = line - 1; ; at -= 1) {
    const comment = module.comments.find((each) => each.alone && each.line === at);
    if (comment === undefined) return above.some((text) => /\bTold by /.test(text));
    above.push(comment.text);
  }
}
