/** Where specification and code part: numbers, commands, and what time does. Each fault says what to do. */
import { isTimed } from "./declared.ts";
import { booksOf, of } from "./names.ts";
import type { Module } from "./syntax.ts";

/** A number of the code, by its name there; null where the specification leaves it to the code. */
export type Numbers = Readonly<
  Record<string, { readonly is: number; readonly spec: string | null }>
>;

/** Both ways: a number that one side lacks, or has otherwise. */
export function numbersDrift(configured: ReadonlyMap<string, number>, code: Numbers): string[] {
  const named = new Set(Object.values(code).map(({ spec }) => spec));
  const unmatched = [...configured.keys()]
    .filter((name) => !named.has(name))
    .map((name) => `config ${name} is no number of the code: map it to one, or take it out`);
  const unlike = Object.entries(code).flatMap(([name, { is, spec }]) => {
    if (spec === null) return [];
    const said = configured.get(spec);
    if (said === undefined)
      return [`${name} is mapped to config ${spec}, which is not there: correct the mapping`];
    return said === is
      ? []
      : [`${name} is ${is} in the code and ${said} in config ${spec}: change one of them`];
  });
  return [...unmatched, ...unlike];
}

const home = ({ path }: Module): string => path.replace(/^.*\/|\.allium$/g, "");

/** All triggers that surfaces offer, as `file/Name`. */
export function offered(modules: readonly Module[]): string[] {
  return modules.flatMap((module) =>
    of(module, "surface").flatMap(({ provides }) =>
      provides.map(({ call }) => `${home(module)}/${call.name}`),
    ),
  );
}

/** All rules that time fires, as `file/Name`. */
export function timed(modules: readonly Module[]): string[] {
  return [...booksOf(modules).values()].flatMap((book) =>
    of(book.module, "rule")
      .filter((rule) => isTimed(book, rule))
      .map(({ name }) => `${home(book.module)}/${name}`),
  );
}

/** What the code does, by its name there, and what the specification calls it. */
export type Mapping = Readonly<Record<string, readonly string[]>>;

export interface Sides {
  /** What there is in code. */
  readonly code: Iterable<string>;
  /** What there is in the specification. */
  readonly spec: Iterable<string>;
  readonly mapping: Mapping;
  /** What one of them is called. */
  readonly what: string;
}

/** Both ways: what only one side has, and what the mapping alone still speaks of. */
export function namesDrift({ code, spec, mapping, what }: Sides): string[] {
  const there = new Set(code);
  const said = new Set(spec);
  const mapped = new Set(Object.values(mapping).flat());
  return [
    ...[...there]
      .filter((name) => !Object.hasOwn(mapping, name))
      .map((name) => `no rule describes the ${what} ${name}: write it, and map it`),
    ...Object.keys(mapping)
      .filter((name) => !there.has(name))
      .map(
        (name) =>
          `the code lacks the ${what} ${name}: bring it back, or take it out of specification and mapping`,
      ),
    ...[...said]
      .filter((name) => !mapped.has(name))
      .map(
        (name) =>
          `no ${what} of the code leads to ${name}: write it, or take it out of the specification`,
      ),
    ...[...mapped]
      .filter((name) => !said.has(name))
      .map(
        (name) =>
          `${name} is mapped to and not in the specification: write it, or correct the mapping`,
      ),
  ];
}

/** Methods of an interface, from its source. */
export function methodsOf(source: string, name: string): string[] {
  const [, body = ""] =
    new RegExp(`export interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(source) ?? [];
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)(?:: )?\(/gm)].map(
    ([, method = ""]) => `${name}.${method}`,
  );
}

/** `kind` of each member of a union, from its source. */
export function kindsOf(source: string, name: string): string[] {
  const [, body = ""] =
    new RegExp(`export type ${name} =([\\s\\S]*?);\\n\\n`).exec(`${source}\n\n`) ?? [];
  return [...body.matchAll(/\bkind: "([\w-]+)"/g)].map(([, kind = ""]) => `${name} ${kind}`);
}

/** Routes of a Hono app, from its source. */
export function routesOf(source: string): string[] {
  return [...source.matchAll(/\bapp\.(get|post|put|delete)\(\s*"([^"]+)"/g)].map(
    ([, method = "", path = ""]) => `${method.toUpperCase()} ${path}`,
  );
}

/** Where code waits for a time, from its source: comparisons with the clock, and delays by a limit. */
export function timersOf(path: string, source: string): string[] {
  const patterns = [
    /\bnow >=? ([\w.]+(?:\(\w*\))?)/g,
    /([\w.]+(?:\(\w*\))?) <= (?:\w+\.)?now\b/g,
    /\bnow - [\w.]+ > ([\w.]+)/g,
    /\.after\((LIMITS\.\w+),/g,
    /\bwithin\([\w.#]+, (LIMITS\.\w+),/g,
    /\b(expires) <= \?/g,
  ];
  const found = patterns.flatMap((pattern) =>
    [...source.matchAll(pattern)].map(([, what = ""]) => `${path} ${what}`),
  );
  return [...new Set(found)];
}
