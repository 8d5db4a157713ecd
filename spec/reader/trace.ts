/** Which obligations were shown by a run: only what ran and passed counts. */
import type { Obligation } from "./obligations.ts";

/** One test of a run, or of the sources. `titles`: those of the groups around it, outermost first, then its own. */
export interface Test {
  readonly file: string;
  readonly titles: readonly string[];
  readonly passed: boolean;
}

/** What is used of vitest's json report. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

export const testsOf = ({ testResults }: Report): Test[] =>
  testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      file: name,
      titles: [...ancestorTitles, title],
      passed: status === "passed",
    })),
  );

const NAME = "[A-Z][A-Za-z0-9]*";
const HEAD = new RegExp(`^${NAME}(?:(?:, | and )${NAME})*$`);
/** More than one word written as one: nobody writes so by chance. */
const COMPOUND = /^(?:[A-Z][a-z0-9]*){2,}$/;

/**
 * The names that a title bears: what stands before its first colon, or all of it, where that is nothing but names, joined
 * by commas or "and". A word that is one by itself (`Attest`) is a name only if it is known, or nearly one that is.
 */
export function namesIn(title: string, known: ReadonlySet<string>): string[] {
  const [head = ""] = title.split(":");
  if (!HEAD.test(head)) return [];
  const names = head.split(/, | and /);
  const isName = (name: string): boolean =>
    known.has(name) || COMPOUND.test(name) || isNearly(name, known);
  return names.every(isName) ? names : [];
}

/** A slip of one or two letters in a known word that is one by itself: prose is no such. */
function isNearly(name: string, known: ReadonlySet<string>): boolean {
  return [...known].some((other) => !COMPOUND.test(other) && slips(name, other) <= 2);
}

/** Letters to be put in, taken out or exchanged to make one word of another. */
function slips(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let from = 1; from <= one.length; from++) {
    const next = [from];
    for (let to = 1; to <= other.length; to++) {
      const [above = 0, before = 0, left = 0] = [row[to], row[to - 1], next[to - 1]];
      next.push(Math.min(above + 1, left + 1, before + (one[from - 1] === other[to - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

export type Waivers = Readonly<Record<string, string>>;

export interface Trace {
  readonly rules: number;
  readonly invariants: number;
  readonly guarantees: number;
  readonly covered: number;
  readonly waived: number;
  /** What is wrong, each with what to do about it. */
  readonly faults: readonly string[];
}

const MOST_WAIVED = 0.05;

export function trace(
  obligations: readonly Obligation[],
  tests: readonly Test[],
  waivers: Waivers,
): Trace {
  const known = new Set(obligations.map(({ name }) => name));
  const named = tests.map((test) => ({
    ...test,
    names: test.titles.flatMap((title) => namesIn(title, known)),
  }));
  const shown = new Set(named.filter(({ passed }) => passed).flatMap(({ names }) => names));
  const waived = obligations.filter(({ name }) => !shown.has(name) && Object.hasOwn(waivers, name));
  const count = (kind: Obligation["kind"]): number =>
    obligations.filter((obligation) => obligation.kind === kind).length;
  return {
    rules: count("rule"),
    invariants: count("invariant"),
    guarantees: count("guarantee"),
    covered: obligations.filter(({ name }) => shown.has(name)).length,
    waived: waived.length,
    faults: [
      ...unknownTags(obligations, tests),
      ...obligations
        .filter(({ name }) => !shown.has(name) && !Object.hasOwn(waivers, name))
        .map(
          ({ kind, name, path, place }) =>
            `${path}:${place.line}: no test of ${kind} ${name} passed: write one whose title begins with its name`,
        ),
      ...stale(waivers, known, shown),
      ...(waived.length > MOST_WAIVED * obligations.length
        ? [
            `${waived.length} of ${obligations.length} are waived: write tests until it is one in twenty`,
          ]
        : []),
    ],
  };
}

/** Titles that bear what nobody specified, whether or not their tests ran. */
export function unknownTags(obligations: readonly Obligation[], tests: readonly Test[]): string[] {
  const known = new Set(obligations.map(({ name }) => name));
  const strange = new Map<string, string>();
  for (const { file, titles } of tests) {
    const names = titles.flatMap((title) => namesIn(title, known));
    for (const name of names) if (!known.has(name)) strange.set(name, file);
  }
  return [...strange].map(
    ([name, file]) =>
      `${file}: a title bears ${name}, which no specification has: correct it, or write the rule`,
  );
}

function stale(waivers: Waivers, known: ReadonlySet<string>, shown: ReadonlySet<string>): string[] {
  return Object.entries(waivers).flatMap(([name, reason]) => {
    if (!known.has(name))
      return [`the waiver of ${name} is stale, no specification has it: take it out`];
    if (shown.has(name))
      return [`the waiver of ${name} is stale, a test of it passed: take it out`];
    return reason.trim().split(/\s+/).length < 3
      ? [`the waiver of ${name} gives no reason: write it`]
      : [];
  });
}

export const counted = ({ rules, invariants, guarantees, covered, waived }: Trace): string =>
  `${rules} rules, ${invariants} invariants, ${guarantees} guarantees: ${covered} covered, ${waived} waived`;
