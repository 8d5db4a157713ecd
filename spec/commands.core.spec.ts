/**
 * Exactly one rule of a trigger applies, whatever its conditions come to. What they ask is taken from the specification itself
 * (`reader/cases.ts`), so that no case is forgotten here; what all rules of a trigger require is what it is refused without.
 */
import fc from "fast-check";
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { join } from "node:path";
import { applyingIn, questionsOf, triggersOf } from "./reader/cases.ts";
import type { Answers, Question } from "./reader/cases.ts";
import { BESIDE, SILENT } from "./kit/commands.ts";
import { read } from "./reader/reader.ts";
import type { Module, Rule } from "./reader/syntax.ts";

const texts = new Map<string, string>(
  readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".allium"))
    .map((name) => [
      name.slice(0, -".allium".length),
      readFileSync(join(import.meta.dirname, name), "utf8"),
    ]),
);

/** All files, with one exchange in one of them where a test plants one. */
function specification(file?: string, from = "", to = ""): Map<string, Module> {
  expect((texts.get(file ?? "warden") ?? "").includes(from), `plant this elsewhere: ${from}`).toBe(
    true,
  );
  return new Map(
    [...texts].map(([name, text]): [string, Module] => [
      name,
      read(`${name}.allium`, name === file ? text.replace(from, to) : text).module,
    ]),
  );
}

/** More cases than this are drawn, fewer are all looked at. */
const ALL = 4_096;

function casesOf(questions: readonly Question[]): fc.Arbitrary<Answers> {
  const answers = fc.tuple(...questions.map((question) => fc.constantFrom(...question.answers)));
  return answers.map(
    (chosen) => new Map(questions.map(({ about }, at) => [about, chosen[at] ?? ""])),
  );
}

function everyCase(questions: readonly Question[]): Answers[] {
  return questions.reduce<Answers[]>(
    (before, { about, answers }) =>
      before.flatMap((known) => answers.map((answer) => new Map([...known, [about, answer]]))),
    [new Map()],
  );
}

/** What a rule does, as one text: rules that do the same may apply together. */
const does = ({ clauses }: Rule): string =>
  JSON.stringify(
    clauses.filter(({ kind }) => kind === "ensures"),
    (name, value: unknown) => (name === "line" || name === "column" ? undefined : value),
  );

/** What is wrong with a trigger, in the first case that shows it; null if nothing is. */
function fault(
  modules: readonly Module[],
  module: Module,
  rules: readonly Rule[],
  silent: boolean,
): string | null {
  const questions = questionsOf(modules, module, rules);
  const wrong = (answers: Answers): string | null => {
    const applying = applyingIn(module, rules, answers);
    const names = applying.map(({ name }) => name).join(" and ");
    if (new Set(applying.map(does)).size > 1) return `${names} apply together`;
    return applying.length === 0 && !silent ? "no rule applies" : null;
  };
  const count = questions.reduce((product, { answers }) => product * answers.length, 1);
  const told = (found: string, answers: Answers): string =>
    `${found} where ${[...answers].map(([about, answer]) => `${about} is ${answer}`).join(", ")}`;
  if (count <= ALL) {
    for (const answers of everyCase(questions)) {
      const found = wrong(answers);
      if (found !== null) return told(found, answers);
    }
    return null;
  }
  const checked = fc.check(
    fc.property(casesOf(questions), (answers) => wrong(answers) === null),
    { seed: 6, numRuns: ALL },
  );
  const [answers] = checked.counterexample ?? [];
  return answers === undefined ? null : told(wrong(answers) ?? "", answers);
}

/** Two at a time all cases can be looked at. */
function pairs<T>(all: readonly T[]): [T, T][] {
  return all.flatMap((one, at) => all.slice(at + 1).map((other): [T, T] => [one, other]));
}

function faults(file: string, modules: Map<string, Module>): string[] {
  const module = modules.get(file);
  if (module === undefined) return [`there is no ${file}`];
  const all = [...modules.values()];
  return [...triggersOf(module)].flatMap(([trigger, rules]) => {
    const beside = BESIDE[`${file} ${trigger}`] ?? [];
    const own = rules.filter(({ name }) => !beside.includes(name));
    if (own.length === 0) return [];
    const silent = Object.hasOwn(SILENT, `${file} ${trigger}`);
    const found =
      fault(all, module, own, silent) ??
      pairs(own).reduce<string | null>(
        (before, pair) => before ?? fault(all, module, pair, true),
        null,
      );
    return found === null ? [] : [`${trigger}: ${found}`];
  });
}

describe("exactly one rule applies", () => {
  const modules = specification();

  it.each([...texts.keys()])(
    "to every trigger of %s.allium, whatever its conditions come to",
    (file) => {
      expect(faults(file, modules)).toEqual([]);
    },
  );

  it("and what is said of the others is of rules and triggers that there are, and needed", () => {
    const triggers = new Map(
      [...modules].flatMap(([file, module]) =>
        [...triggersOf(module)].map(([trigger, rules]): [string, readonly string[]] => [
          `${file} ${trigger}`,
          rules.map(({ name }) => name),
        ]),
      ),
    );
    const strange = Object.entries(BESIDE).flatMap(([trigger, names]) =>
      names
        .filter((name) => triggers.get(trigger)?.includes(name) !== true)
        .map((name) => `${trigger}: ${name}`),
    );
    expect([
      ...strange,
      ...Object.keys(SILENT).filter((trigger) => !triggers.has(trigger)),
    ]).toEqual([]);
    const needless = Object.keys(SILENT).filter((key) => {
      const [file = "", trigger = ""] = key.split(" ");
      const module = modules.get(file);
      const beside = BESIDE[key] ?? [];
      const rules = (module && triggersOf(module).get(trigger)) ?? [];
      const own = rules.filter(({ name }) => !beside.includes(name));
      return module !== undefined && fault([...modules.values()], module, own, false) === null;
    });
    expect(needless).toEqual([]);
  });

  it.each([
    [
      "warden",
      "    requires: submission.court.open\n    requires: submission.court.overloaded or",
      "    requires: submission.court.overloaded or",
      /^Submit: Refuse(?:WithoutQuorum|UnrecognisedWarden) and RefuseOverload apply together/,
    ],
    [
      "clerk",
      "    requires: sealed(writ)\n    requires: undecided_and_near(seat, writ)",
      "    requires: undecided_and_near(seat, writ)",
      /^WritHeard: RefuseUnsealedWrit and KeepWaitingWrit apply together/,
    ],
    [
      "ledger",
      "    requires: content.certificate.signatures.count = 0",
      "    requires: content.certificate.signatures.count > 3",
      /^Publish: (?:no rule applies|AppendAgreed and RefuseUncertified)/,
    ],
    [
      "inventory",
      "    requires: source.available >= quantity\n    requires: target.on_hand + quantity > config.most",
      "    requires: source.available > quantity\n    requires: target.on_hand + quantity > config.most",
      /^StockMoved: no rule applies/,
    ],
  ])("and a guard that is left out of %s.allium shows", (file, from, to, problem) => {
    expect(faults(file, specification(file, from, to)).join("\n")).toMatch(problem);
  });
});
