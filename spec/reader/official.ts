/** What only the official checker (3.5.3) objects to, so that it finds nothing new here. */
import { find } from "./parts.ts";
import { report } from "./lint.ts";
import type { Lint } from "./lint.ts";
import { of, records } from "./names.ts";
import type { Book } from "./names.ts";

export function official(lint: Lint, book: Book): void {
  const { module } = book;
  const external =
    module.uses.length > 0 ? [] : records(module).filter(({ kind }) => kind === "external entity");
  for (const { name, ...place } of external) {
    report(lint, book, place, "no-source", `nothing tells who governs ${name}`);
  }
  for (const surface of of(module, "surface")) {
    const parts = [
      ...surface.exposes,
      ...surface.related,
      ...surface.provides.flatMap(({ when }) => when ?? []),
      ...surface.lets.map(({ value }) => value),
      ...surface.contexts.flatMap(({ condition }) => condition ?? []),
    ];
    const spoken = (name: string): boolean =>
      surface.provides.some(({ call }) =>
        call.parameters.some((parameter) => parameter.name === name && parameter.type === null),
      ) ||
      parts.some(
        (part) => find(part, (node) => node.kind === "name" && node.name === name) !== undefined,
      );
    for (const { name, ...place } of [
      ...(surface.facing === null ? [] : [surface.facing]),
      ...surface.contexts,
    ]) {
      if (name === "_" || spoken(name)) continue;
      report(lint, book, place, "unused", `${surface.name} does not speak of ${name}`);
    }
  }
  for (const place of module.questions) {
    report(lint, book, place, "open-question", "a question is open");
  }
}
