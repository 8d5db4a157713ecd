/** Paths and query strings: what is not of their shape is told apart from what is not there. */
import type { z } from "zod";
import type { Deployment } from "../../objects/shared/config.ts";
import { complaintsOf } from "./events.ts";
import { Problem } from "./problems.ts";

/** A number in a path, below `count`; throws `not-found`. */
export function indexIn(text: string, count: number, what: string): number {
  const index = /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : count;
  if (index >= count) throw new Problem("not-found", `There is no such ${what}.`);
  return index;
}

export function courtIn(text: string, { courts }: Deployment): number {
  return indexIn(text, courts, "court");
}

/** The query's members that the shape knows, an empty one being none; throws `malformed`. */
// Rule: RefuseQuery.
export function queryIn<T>(url: string, shape: z.ZodType<T>): T {
  const given = [...new URL(url).searchParams].filter(([, value]) => value !== "");
  const query = shape.safeParse(Object.fromEntries(given));
  if (query.success) return query.data;
  throw new Problem("malformed", "The query cannot be read.", complaintsOf(query.error));
}
