/** Who says what to whom: emissions and listeners, surfaces and rules, demands and who fulfils them. */
import { keyOf, report } from "./lint.ts";
import type { Heard, Lint } from "./lint.ts";
import { bookOf, of, typeOf } from "./names.ts";
import type { Book } from "./names.ts";
import type { Call, Surface } from "./syntax.ts";
import type { Place } from "./tokens.ts";
import type { Deed } from "./walk.ts";

interface Said {
  readonly place: Place;
  readonly book: Book;
  readonly names: readonly string[];
}
/** Everybody who has to do with one trigger. */
interface Seam {
  readonly name: string;
  readonly provided: Said[];
  readonly emitted: Said[];
  readonly listeners: (Said & { readonly optional: readonly string[] })[];
  /** Surfaces by which it leaves what is specified. */
  readonly outward: Said[];
}

/** Types of a trigger's parameters: as a surface provides them, or as some rule emits them. */
export function heardOf(lint: Lint, deeds: readonly Deed[]): Map<string, readonly Heard[]> {
  const heard = new Map<string, readonly Heard[]>();
  for (const { home, name, args } of deeds.flatMap(({ emitted }) => emitted)) {
    const before = heard.get(keyOf(home, name)) ?? [];
    const known = args.map(
      (arg) => before.find((entry) => entry.name === arg.name && entry.type !== null) ?? arg,
    );
    heard.set(keyOf(home, name), known);
  }
  for (const book of lint.books.values()) {
    for (const { facing, contexts, provides } of of(book.module, "surface")) {
      // A name that the surface binds is of its type without saying so again.
      const bound = [...(facing === null ? [] : [facing]), ...contexts];
      for (const { call } of provides) {
        const home = bookOf(book, call.module) ?? book;
        const emitted = heard.get(keyOf(home, call.name)) ?? [];
        const typed = call.parameters.map((parameter) => {
          const { name } = parameter;
          const type = parameter.type ?? bound.find((binding) => binding.name === name)?.type;
          const other = emitted.find((entry) => entry.name === name)?.type ?? null;
          return { name, type: type === undefined ? other : typeOf(type, book) };
        });
        heard.set(keyOf(home, call.name), typed);
      }
    }
  }
  return heard;
}

export function wiring(lint: Lint, deeds: readonly Deed[]): void {
  for (const seam of seamsOf(lint, deeds).values()) judge(lint, seam);
  contracts(lint);
}

function seamsOf(lint: Lint, deeds: readonly Deed[]): Map<string, Seam> {
  const seams = new Map<string, Seam>();
  const seam = (home: Book, name: string): Seam => {
    const key = keyOf(home, name);
    const known = seams.get(key) ?? { name, provided: [], emitted: [], listeners: [], outward: [] };
    seams.set(key, known);
    return known;
  };
  const placed = (book: Book, call: Call): Said => ({
    place: call,
    book,
    names: call.parameters.map(({ name }) => name),
  });
  for (const { book, rule, emitted } of deeds) {
    for (const { home, name, args, place } of emitted) {
      seam(home, name).emitted.push({ place, book, names: args.map((arg) => arg.name) });
    }
    const calls = rule.when?.kind === "calls" ? rule.when.calls : [];
    for (const call of calls) {
      const home = bookOf(book, call.module);
      const optional = call.parameters
        .filter((parameter) => parameter.optional)
        .map(({ name }) => name);
      if (home !== undefined)
        seam(home, call.name).listeners.push({ ...placed(book, call), optional });
    }
  }
  for (const book of lint.books.values()) {
    for (const surface of of(book.module, "surface")) {
      for (const { call } of surface.provides) {
        const home = bookOf(book, call.module);
        if (home !== undefined) seam(home, call.name).provided.push(placed(book, call));
      }
      for (const { name, place } of outwardOf(surface))
        seam(book, name).outward.push({ place, book, names: [] });
    }
  }
  return seams;
}

/** `Outward: A, B.` in the guidance of a surface: what leaves by it, and nobody specified hears. */
function outwardOf(surface: Surface): { name: string; place: Place }[] {
  return surface.notes.flatMap(({ word, lines, line, column }) => {
    const told = word === "guidance" ? [...lines.join(" ").matchAll(/\bOutward: ([^.]*)/g)] : [];
    return told
      .flatMap(([, names = ""]) => names.split(/,\s*/))
      .map((name) => ({ name: name.trim(), place: { line, column } }));
  });
}

function judge(lint: Lint, seam: Seam): void {
  const { name, provided, emitted, listeners, outward } = seam;
  if (listeners.length === 0 && outward.length === 0) {
    for (const { place, book } of emitted) {
      report(lint, book, place, "emission-unheard", `nobody hears ${name}`);
    }
  }
  if (listeners.length === 0) {
    for (const { place, book } of provided) {
      report(lint, book, place, "provided-unheard", `no rule begins with ${name}`);
    }
  }
  if (provided.length === 0 && emitted.length === 0) {
    for (const { place, book } of listeners) {
      report(lint, book, place, "listener-unprovided", `nobody says ${name}`);
    }
    for (const { place, book } of outward) {
      report(lint, book, place, "outward-unsaid", `nobody says ${name}`);
    }
  }
  parameters(lint, seam);
}

/** What is wrong with the parameters of one who hears or provides; null if nothing is. They stand in one order, by one name each. */
function unlike(names: readonly string[], model: readonly string[]): string | null {
  if (names.length !== model.length) return `has ${model.length} elsewhere, not ${names.length}`;
  const at = names.findIndex(
    (entry, index) => entry !== model[index] && entry !== "_" && model[index] !== "_",
  );
  return at < 0 ? null : `has ${model[at] ?? ""} elsewhere, where ${names[at] ?? ""} stands here`;
}

/** All who name a trigger name the same parameters. */
function parameters(lint: Lint, { name, provided, emitted, listeners }: Seam): void {
  const [model] = [...listeners, ...provided, ...emitted];
  if (model === undefined) return;
  const optional = new Set(listeners.flatMap((listener) => listener.optional));
  const wanted = model.names.filter((entry) => entry !== "_" && !optional.has(entry));
  for (const { place, book, names } of [...listeners, ...provided]) {
    const wrong = unlike(names, model.names);
    if (wrong !== null) report(lint, book, place, "wrong-parameters", `${name} ${wrong}`);
  }
  for (const { place, book, names } of emitted) {
    const missing = wanted.filter((entry) => !names.includes(entry));
    const strange =
      listeners.length === 0 && provided.length === 0
        ? []
        : names.filter((entry) => !model.names.includes(entry));
    const wrong = [
      ...missing.map((entry) => `no ${entry}`),
      ...strange.map((entry) => `an unknown ${entry}`),
    ];
    if (wrong.length === 0 || model.names.includes("_")) continue;
    report(
      lint,
      book,
      place,
      "wrong-parameters",
      `${name}(${model.names.join(", ")}) is emitted with ${wrong.join(" and ")}`,
    );
  }
}

/** `Of many: …` in the guidance of a contract: several may fulfil it, each on its own. */
function isOfMany(book: Book, name: string): boolean {
  return of(book.module, "contract")
    .filter((contract) => contract.name === name)
    .flatMap(({ notes }) => notes)
    .some(({ word, lines }) => word === "guidance" && /\bOf many: /.test(lines.join(" ")));
}

function contracts(lint: Lint): void {
  const demanded = new Map<string, Said[]>();
  const fulfilled = new Map<string, Said[]>();
  const ofMany = new Set<string>();
  for (const book of lint.books.values()) {
    for (const { demands, fulfils } of of(book.module, "surface")) {
      for (const [types, into] of [
        [demands, demanded],
        [fulfils, fulfilled],
      ] as const) {
        for (const type of types) {
          const home = bookOf(book, type.module);
          if (home?.declared.get(type.name)?.kind !== "contract") {
            report(lint, book, type, "unknown-contract", `no contract is named ${type.name}`);
            continue;
          }
          lint.used.add(keyOf(home, type.name));
          if (type.module !== null) lint.used.add(keyOf(book, `${type.module}/`));
          const key = keyOf(home, type.name);
          if (isOfMany(home, type.name)) ofMany.add(key);
          into.set(key, [...(into.get(key) ?? []), { place: type, book, names: [type.name] }]);
        }
      }
    }
  }
  for (const [key, all] of demanded) {
    const by = fulfilled.get(key) ?? [];
    const [first] = by.length === 0 ? all : by.slice(ofMany.has(key) ? by.length : 1);
    if (first === undefined) continue;
    const [name = ""] = first.names;
    if (by.length === 0) {
      report(lint, first.book, first.place, "demand-unfulfilled", `nobody fulfils ${name}`);
    } else {
      const problem = `${name} is fulfilled ${by.length} times`;
      report(lint, first.book, first.place, "demand-fulfilled-twice", problem);
    }
  }
  for (const [key, all] of fulfilled) {
    for (const { place, book, names } of demanded.has(key) ? [] : all) {
      report(lint, book, place, "fulfilled-undemanded", `nobody demands ${names.join()}`);
    }
  }
}
