/** What a file obliges the code to: its rules, invariants and guarantees. */
import { of, records } from "./names.ts";
import type { Module, Note } from "./syntax.ts";
import type { Place } from "./tokens.ts";

export interface Obligation {
  readonly kind: "rule" | "invariant" | "guarantee";
  readonly name: string;
  readonly path: string;
  readonly place: Place;
}

export function obligationsOf(module: Module): Obligation[] {
  const { path } = module;
  const named = (
    kind: Obligation["kind"],
    all: readonly (Place & { readonly name: string | null })[],
  ): Obligation[] =>
    all.flatMap(({ name, line, column }) =>
      name === null ? [] : [{ kind, name, path, place: { line, column } }],
    );
  const notes: Note[] = [...of(module, "contract"), ...of(module, "surface")].flatMap(
    (declaration) => declaration.notes,
  );
  const all = [
    ...named("rule", of(module, "rule")),
    ...named("invariant", of(module, "invariant")),
    ...named(
      "invariant",
      records(module).flatMap(({ invariants }) => invariants),
    ),
    ...named(
      "invariant",
      notes.filter(({ word }) => word === "invariant"),
    ),
    ...named(
      "guarantee",
      notes.filter(({ word }) => word === "guarantee"),
    ),
  ];
  return all.toSorted((one, other) => one.place.line - other.place.line);
}
