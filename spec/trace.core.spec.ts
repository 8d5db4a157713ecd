/** What counts as shown: tests that ran and passed, by the names in their titles. */
import { describe, expect, it } from "vitest";
import type { Obligation } from "./reader/obligations.ts";
import { withTable } from "./reader/table.ts";
import { titled } from "./reader/titles.ts";
import { counted, namesIn, testsOf, trace, unknownTags } from "./reader/trace.ts";
import type { Test } from "./reader/trace.ts";

const obligation = (name: string, kind: Obligation["kind"] = "rule"): Obligation => ({
  kind,
  name,
  path: "spec/x.allium",
  place: { line: 7, column: 1 },
});
const known = new Set(["SealNextWrit", "Attest", "OneEntryPerKey"]);
const passed = (...titles: string[]): Test => ({ file: "x.spec.ts", titles, passed: true });
const many = Array.from({ length: 40 }, (_, index) => `RuleNumber${index}`);

describe("the head of a title", () => {
  it.each([
    ["SealNextWrit: nothing while the slots are taken", ["SealNextWrit"]],
    ["SealNextWrit", ["SealNextWrit"]],
    [
      "SealNextWrit, OneEntryPerKey and Attest: at once",
      ["SealNextWrit", "OneEntryPerKey", "Attest"],
    ],
    ["SealNextWrits: another name", ["SealNextWrits"]],
    ["Attest: a word that is a name", ["Attest"]],
    ["Attst: a slip in a word that is a name", ["Attst"]],
    ["Nobody: a word that is none", []],
    ["SealNextWrit after a crash: prose before the colon", []],
    ["what SealNextWrit leaves: prose", []],
    ["a seal: SealNextWrit behind the colon", []],
  ])("%# is read for its names", (title, names) => {
    expect(namesIn(title, known)).toEqual(names);
  });
});

describe("the trace", () => {
  const waiver = { RuleNumber0: "nobody can see it from here" };
  const all = many.map((name) => obligation(name));
  const tests = many.slice(1).map((name) => passed(`${name}: works`));

  it("is content when each is covered or waived, and counts", () => {
    const both = [
      ...all,
      obligation("OneEntryPerKey", "invariant"),
      obligation("Kept", "guarantee"),
    ];
    const traced = trace(
      both,
      [...tests, passed("OneEntryPerKey", "holds"), passed("Kept: so")],
      waiver,
    );
    expect(traced.faults).toEqual([]);
    expect(counted(traced)).toBe("40 rules, 1 invariants, 1 guarantees: 41 covered, 1 waived");
  });

  it("does not count what was skipped, failed, or never began", () => {
    const results = ["passed", "skipped", "failed", "todo"].map((status, index) => ({
      ancestorTitles: ["a group"],
      title: `RuleNumber${index}: works`,
      status,
    }));
    const ran = testsOf({ testResults: [{ name: "x.spec.ts", assertionResults: results }] });
    const { covered, faults } = trace(all.slice(0, 5), ran, {});
    expect(covered).toBe(1);
    expect(faults).toEqual(
      [1, 2, 3, 4].map(
        (index) =>
          `spec/x.allium:7: no test of rule RuleNumber${index} passed: write one whose title begins with its name`,
      ),
    );
  });

  it("takes the names of a group for those of its tests", () => {
    expect(
      trace([obligation("SealNextWrit")], [passed("SealNextWrit", "in order")], {}).faults,
    ).toEqual([]);
  });

  it("objects to a name that no specification has", () => {
    const { faults } = trace(all, [...tests, passed("RuleNumber99: works")], waiver);
    expect(faults).toEqual([
      "x.spec.ts: a title bears RuleNumber99, which no specification has: correct it, or write the rule",
    ]);
  });

  it("tells unknown names of some of the tests too, and of those that did not pass", () => {
    const failed = { ...passed("RuleNumber99, RuleNumber1: work"), passed: false };
    expect(unknownTags(all, [failed])).toEqual([
      "x.spec.ts: a title bears RuleNumber99, which no specification has: correct it, or write the rule",
    ]);
    expect(unknownTags(all, tests)).toEqual([]);
    expect(unknownTags([obligation("Attest")], [passed("Attets: works")])).toEqual([
      "x.spec.ts: a title bears Attets, which no specification has: correct it, or write the rule",
    ]);
  });

  it.each([
    [{ ...waiver, RuleNumber1: "a test would take too long" }, "a test of it passed"],
    [{ ...waiver, Vanished: "a test would take too long" }, "no specification has it"],
    [{ RuleNumber0: "later" }, "gives no reason"],
  ])("objects to the waivers %j", (waivers, problem) => {
    expect(trace(all, tests, waivers).faults.join()).toContain(problem);
  });

  it("objects to more than one waiver in twenty", () => {
    const three = Object.fromEntries(many.slice(0, 3).map((name) => [name, "nobody can see it"]));
    expect(trace(all, tests.slice(2), three).faults).toEqual([
      "3 of 40 are waived: write tests until it is one in twenty",
    ]);
    expect(
      trace(all, tests.slice(1), { ...waiver, RuleNumber1: "nobody can see it" }).faults,
    ).toEqual([]);
  });
});

describe("tests in a source", () => {
  const source = [
    "// it('InComment', () => work());",
    "describe('Grouped', () => {",
    "  it('Plain: works', async () => {",
    "    await work(')');",
    "  });",
    "",
    "  it.each([",
    "    [1, 'InTable'],",
    "  ])('Table: %s', (n) => {",
    "    check(n);",
    "  });",
    "});",
    "",
    "it('Hollow', () => {});",
    "it('Promised');",
    "it('Short', () => work());",
    "say('InString');",
    "",
  ].join("\n");

  it("are told with the titles around them, and whether they do anything", () => {
    expect(titled(source).map(({ titles, empty }) => [...titles, empty])).toEqual([
      ["Grouped", "Plain: works", false],
      ["Grouped", "Table: %s", false],
      ["Hollow", true],
      ["Promised", true],
      ["Short", false],
    ]);
  });

  it("are told with their text", () => {
    expect(titled(source)[0]?.body).toBe(
      "'Plain: works', async () => {\n    await work(')');\n  });",
    );
  });
});

describe("the table", () => {
  const specs = new Map([
    [
      "spec/seal.core.spec.ts",
      [
        'import { seal } from "../objects/warden/core/sealing.ts";',
        'import { store } from "../objects/warden/store.ts";',
        'import type { Row } from "../objects/warden/rows.ts";',
        'import { book } from "./kit/book.ts";',
        'describe("sealing", () => {',
        '  it("SealNextWrit: in order", () => {',
        "    expect(seal()).toBe(1);",
        "  });",
        '  it("OneEntryPerKey: in a book", () => {',
        "    expect(book()).toBe(1);",
        "  });",
        "});",
        "",
      ].join("\n"),
    ],
    ["spec/kit/book.ts", 'import { Book } from "../../objects/warden/core/book.ts";\n'],
  ]);
  const rows = (code: Map<string, string>): string[] =>
    withTable(
      "# Text\n",
      [...known].map((name) => obligation(name)),
      specs,
      code,
    ).split("\n");

  it("leads from a name to its tests and to the code that these speak of", () => {
    expect(rows(new Map())).toContain(
      "| SealNextWrit | seal.core.spec.ts | objects/warden/core/sealing.ts |",
    );
    expect(rows(new Map())).toContain(
      "| OneEntryPerKey | seal.core.spec.ts | objects/warden/core/book.ts |",
    );
    expect(rows(new Map())).toContain("| Attest | – | – |");
  });

  it("tells every test, and of much code in one folder the folder", () => {
    const four = (folder: string): string[] =>
      ["a", "b", "c", "d"].map((name) => `${folder}/${name}`);
    const tests = new Map(
      four("spec").map((path) => [
        `${path}.core.spec.ts`,
        'it("Attest: so", () => {\n  a();\n});\n',
      ]),
    );
    const code = new Map(
      four("objects/ledger").map((path) => [`${path}.ts`, "// Rule: Attest.\nfunction it() {}\n"]),
    );
    const all = ["a", "b", "c", "d"].map((name) => `${name}.core.spec.ts`).join(", ");
    const made = withTable("", [obligation("Attest")], tests, code);
    expect(made).toContain(`| Attest | ${all} | `);
    const mentions = new Map([...code.keys()].map((path) => [path, "// Attest"]));
    expect(withTable("", [obligation("Attest")], tests, mentions)).toContain(
      `| Attest | ${all} | objects/ledger/ |`,
    );
  });

  it("prefers the place that bears the name", () => {
    const code = new Map([["objects/warden/desk.ts", "/** SealNextWrit. */"]]);
    expect(rows(code)).toContain("| SealNextWrit | seal.core.spec.ts | objects/warden/desk.ts |");
  });

  it("leaves the text around it as it is, however often it is made", () => {
    const once = withTable("# Text\n", [], specs, new Map());
    expect(once.startsWith("# Text\n")).toBe(true);
    expect(withTable(`${once}\nEnd.\n`, [], specs, new Map())).toBe(`${once}\nEnd.\n`);
  });
});
