/** The house rules a machine can check. Every message says what to do about it. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { deploymentOf } from "../objects/shared/config.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { titled, tokens } from "./reader/titles.ts";

const spec = import.meta.dirname;
const root = join(spec, "..");

/** Files under a folder of the repository, by their paths from its root. */
function files(folder: string, ending: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes("node_modules"))
    .toSorted();
}
const text = (path: string): string => readFileSync(join(root, path), "utf8");

const specs = ["spec", "kit"].flatMap((folder) => files(folder, ".spec.ts"));
const sources = ["worker", "objects", "client", "cli", "kit", "spec", "bench"].flatMap((folder) => [
  ...files(folder, ".ts"),
  ...files(folder, ".tsx"),
]);
const documents = [
  "README.md",
  ...files("docs", ".md"),
  ...files("kit", ".md"),
  ...files("spec", ".md"),
].filter((path) => existsSync(join(root, path)));

describe("the tests", () => {
  it("are all run", () => {
    const passed = specs.flatMap((path) => {
      const code = tokens(text(path)).filter(({ kind }) => kind === "code");
      const found = code.flatMap(
        (token) => token.text.match(/\.(?:skip|skipIf|only|todo|fails)\b/g) ?? [],
      );
      return found.map((word) => `${path} has ${word}: run the test, or take it out`);
    });
    expect(passed).toEqual([]);
  });

  it("all do something", () => {
    const hollow = specs.flatMap((path) =>
      titled(text(path))
        .filter(({ empty }) => empty)
        .map(({ title }) => `${path}: give "${title}" a body, or take it out`),
    );
    expect(hollow).toEqual([]);
  });

  it("belong to one of the projects of vitest.config.ts", () => {
    const projects = [...text("vitest.config.ts").matchAll(/(?:pool\(|name: )"([\w-]+)"/g)].map(
      ([, name = ""]) => name,
    );
    expect(projects).toContain("workers");
    const astray = specs.filter((path) => !projects.includes(path.split(".").at(-3) ?? ""));
    expect(
      astray.map(
        (path) => `${path} is never run: end it in .<project>.spec.ts, of ${projects.join(", ")}`,
      ),
    ).toEqual([]);
  });
});

describe("the sources", () => {
  it("stay short enough to read", () => {
    const long = sources.flatMap((path) => {
      const lines = text(path).split("\n").length - 1;
      const most = path.endsWith(".spec.ts") ? 450 : 400;
      return lines <= most ? [] : [`${path} has ${lines} lines: split it, ${most} is the most`];
    });
    expect(long).toEqual([]);
  });
});

describe("the documents", () => {
  it.each(documents)("%s mentions only commands that there are", (path) => {
    const { scripts } = JSON.parse(text("package.json")) as { scripts: Record<string, string> };
    const used = [...text(path).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)];
    const unknown = used
      .map(([, run, short]) => run ?? short ?? "")
      .filter((script) => !(script in scripts))
      .map(
        (script) => `${path} says npm run ${script}: add it to package.json, or correct the text`,
      );
    expect(unknown).toEqual([]);
  });
});

describe("the limits", () => {
  const configured = deploymentOf({ GENERATION: "1" });
  const platformRow = 2_000_000;
  const platformCall = 32 * 1024 * 1024;

  const relations: [string, number, string, number][] = [
    ["eventBytes", LIMITS.eventBytes, "writBytes", LIMITS.writBytes],
    ["eventBytes", LIMITS.eventBytes, "requestBytes", LIMITS.requestBytes],
    ["writBytes", LIMITS.writBytes, "rowBytes", LIMITS.rowBytes],
    ["writBytes", LIMITS.writBytes, "blockBytes", LIMITS.blockBytes],
    ["writEvents", LIMITS.writEvents, "blockEvents", LIMITS.blockEvents],
    ["requestEvents", LIMITS.requestEvents, "pendingEvents", LIMITS.pendingEvents],
    ["requestBytes", LIMITS.requestBytes, "pendingBytes", LIMITS.pendingBytes],
    ["writsInFlight", LIMITS.writsInFlight, "writsKeptPerWarden", LIMITS.writsKeptPerWarden],
    ["writsInFlight + 1", LIMITS.writsInFlight + 1, "censoredHeights", LIMITS.censoredHeights],
    ["entityBytes", LIMITS.entityBytes, "rowBytes", LIMITS.rowBytes],
    [
      "after-states of one event",
      LIMITS.entityBytes * LIMITS.entitiesPerEvent,
      "outcomesBytes",
      LIMITS.outcomesBytes,
    ],
    ["outcomesBytes", LIMITS.outcomesBytes, "rowBytes", LIMITS.rowBytes],
    ["rowBytes", LIMITS.rowBytes, "a row of the platform", platformRow],
    [
      "a block and its outcomes",
      LIMITS.blockBytes + LIMITS.outcomesBytes,
      "syncBytes",
      LIMITS.syncBytes,
    ],
    ["syncBytes", LIMITS.syncBytes, "a call of the platform", platformCall],
    ["publishRunBytes", LIMITS.publishRunBytes, "rowBytes", LIMITS.rowBytes],
    [
      "publishRunBlocks",
      LIMITS.publishRunBlocks,
      "publishBacklogBlocks",
      LIMITS.publishBacklogBlocks,
    ],
    ["resendMs", LIMITS.resendMs, "suspicionMs", LIMITS.suspicionMs],
    ["suspicionMs", LIMITS.suspicionMs, "alarmMs", LIMITS.alarmMs],
    ["two suspicions", 3 * LIMITS.suspicionMs, "the default deadline", configured.deadlineMs],
    ["clockAheadMs", LIMITS.clockAheadMs, "clockBoundMs", LIMITS.clockBoundMs],
    ["clockBehindMs", LIMITS.clockBehindMs, "clockBoundMs", LIMITS.clockBoundMs],
    ["clockBoundMs", LIMITS.clockBoundMs, "the default window", configured.windowMs],
    ["the default deadline", configured.deadlineMs, "the default window", configured.windowMs],
    ["registrarBucketMs", LIMITS.registrarBucketMs, "registrarTtlMs", LIMITS.registrarTtlMs],
    ["four pushes", 4 * LIMITS.registrarPushKeys, "registrarEntries", LIMITS.registrarEntries],
    ["entityBytes", LIMITS.entityBytes, "registrarPushBytes", LIMITS.registrarPushBytes],
    ["registrarPushBytes", LIMITS.registrarPushBytes, "a call of the platform", platformCall],
    ["four pushes", 4 * LIMITS.registrarPushBytes, "registrarBytes", LIMITS.registrarBytes],
  ];

  it("fit into one another", () => {
    const broken = relations
      .filter(([, less, , more]) => less > more)
      .map(
        ([small, less, large, more]) =>
          `${small} (${less}) exceeds ${large} (${more}): change one of them in objects/shared/limits.ts`,
      );
    expect(broken).toEqual([]);
  });

  it("are whole numbers above zero", () => {
    const odd = Object.entries(LIMITS).filter(
      ([, limit]) => !Number.isSafeInteger(limit) || limit < 1,
    );
    expect(odd).toEqual([]);
  });
});
