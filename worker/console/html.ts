import type { JSX } from "hono/jsx/jsx-runtime";

/** A part as HTML text. Nothing in these pages is asynchronous, so that it is one at once. */
export function htmlOf(part: JSX.Element): string {
  if (part instanceof Promise) throw new TypeError("a part of a page is rendered at once");
  return part.toString();
}
