/** What a domain's rule comes to. */
import type { Rule } from "../reader/syntax.ts";

/** Its code where it rejects. */
export function rejectedBy(rule: Rule): string {
  for (const clause of rule.clauses) {
    for (const effect of clause.kind === "ensures" ? clause.effects : []) {
      const [code] = effect.kind === "emit" && effect.name === "Rejected" ? effect.args : [];
      if (code?.value.kind === "literal") return code.value.text;
    }
  }
  return "accepted";
}
