/** The parts of an expression. */
import type { Expression } from "./syntax.ts";

/** The first part of an expression that is such. */
export function find(
  expression: Expression,
  wanted: (node: Expression) => boolean,
): Expression | undefined {
  if (wanted(expression)) return expression;
  for (const value of Object.values(expression)) {
    const parts: unknown[] = Array.isArray(value) ? value : [value];
    for (const part of parts) {
      if (typeof part !== "object" || part === null) continue;
      const inner = "kind" in part ? part : "value" in part ? part.value : null;
      const found = inner === null ? undefined : find(inner as Expression, wanted);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** An expression and all that it is made of. */
export function partsOf(expression: Expression): Expression[] {
  const parts: Expression[] = [];
  find(expression, (node) => {
    parts.push(node);
    return false;
  });
  return parts;
}
