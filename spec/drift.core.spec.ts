/** Specification and code say the same: numbers, commands, and what time does. Each way of parting is planted once. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { SHIPPED } from "../objects/arbiter/domains/shipped.ts";
import { LIMITS } from "../objects/shared/limits.ts";
import { OWN } from "./kit/drift-limits.ts";
import { COMMANDS, TIMERS, numbersOfCode } from "./kit/drift-map.ts";
import {
  kindsOf,
  methodsOf,
  namesDrift,
  numbersDrift,
  offered,
  routesOf,
  timed,
  timersOf,
} from "./reader/drift.ts";
import { configured } from "./reader/evaluate.ts";
import { read } from "./reader/reader.ts";
import type { Module } from "./reader/syntax.ts";

const root = join(import.meta.dirname, "..");
const text = (path: string): string => readFileSync(join(root, path), "utf8");
const under = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));

/** The specification, with one exchange in it where a test plants one. */
function modules(file?: string, from = "", to = ""): Module[] {
  return readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".allium"))
    .map((name) => {
      const source = text(`spec/${name}`);
      if (name !== `${file}.allium`) return read(name, source).module;
      expect(source.includes(from), `${name} no longer has "${from}": plant this elsewhere`).toBe(
        true,
      );
      return read(name, source.replace(from, to)).module;
    });
}

function commands(
  change: (path: string, source: string) => string = (_, source) => source,
): string[] {
  const source = (path: string): string => change(path, text(path));
  const rpc = source("objects/shared/rpc.ts");
  return [
    ...["ClerkApi", "WardenApi", "RegistrarApi"].flatMap((name) => methodsOf(rpc, name)),
    ...kindsOf(source("objects/clerk/consensus/effects.ts"), "Input"),
    ...["worker/http", "worker/console"].flatMap(under).flatMap((path) => routesOf(source(path))),
    ...(source("worker/queue.ts").includes("export function queueHandler(")
      ? ["export queueHandler"]
      : []),
    ...[...source("worker/http/edge.ts").matchAll(/app\.use\((\w+)\(/g)].map(
      ([, name = ""]) => `edge ${name}`,
    ),
    // Those of a domain whose rules are written down.
    ...SHIPPED.filter(({ name }) =>
      existsSync(join(import.meta.dirname, `${name}.allium`)),
    ).flatMap(({ events }) => Object.keys(events).map((type) => `event ${type}`)),
    ...methodsOf(source("objects/arbiter/registry.ts"), "Registry"),
    ...["evaluate.ts evaluateBlock", "adopt.ts rowsOf"].flatMap((place) => {
      const [file, name] = place.split(" ");
      const found = source(`objects/arbiter/${file}`).includes(`export function ${name}(`);
      return found ? [`export ${name}`] : [];
    }),
    ...[...source("bench/verify/records.ts").matchAll(/record: z\.literal\("(\w+)"\)/g)].map(
      ([, name = ""]) => `record ${name}`,
    ),
    ...kindsOf(source("client/core/inputs.ts"), "ClientInput"),
    ...[
      "client/options.ts durationOf",
      "client/stream.ts streamed",
      "client/verify/proof.ts verified",
      "cli/journal.ts Journal",
      "cli/import.ts Import",
      "cli/lock.ts hold",
    ]
      .map((place) => place.split(" "))
      .flatMap(([file = "", name = ""]) =>
        new RegExp(`^export (?:async )?(?:function\\*?|class) ${name}\\b`, "m").test(source(file))
          ? [`export ${name}`]
          : [],
      ),
    ...(readdirSync(join(root, "objects/ledger/migrations")).some((name) =>
      text(`objects/ledger/migrations/${name}`).includes("CREATE TRIGGER"),
    )
      ? ["table triggers"]
      : []),
  ];
}

const timers = (
  change: (path: string, source: string) => string = (_, source) => source,
): string[] =>
  [...under("objects"), ...under("worker"), ...under("client/core")]
    .filter((path) => !path.endsWith("/faults.ts"))
    .flatMap((path) => timersOf(path, change(path, text(path))));

const commandsDrift = (code: string[], spec: Module[]): string[] =>
  namesDrift({ code, spec: offered(spec), mapping: COMMANDS, what: "command" });
const timersDrift = (code: string[], spec: Module[]): string[] =>
  namesDrift({ code, spec: timed(spec), mapping: TIMERS, what: "timer" });

describe("the numbers", () => {
  it("are the same in specification and code", () => {
    expect(numbersDrift(configured(modules()), numbersOfCode())).toEqual([]);
  });

  it("that are the code's own business are there", () => {
    expect(OWN.filter((name) => !Object.hasOwn(LIMITS, name))).toEqual([]);
  });

  it("part when a default changes, on either side", () => {
    expect(
      numbersDrift(configured(modules()), numbersOfCode({ ...LIMITS, resendMs: 500 })),
    ).toEqual([
      "LIMITS.resendMs is 500 in the code and 400 in config clerk.send_again: change one of them",
    ]);
    const longer = modules("core", "window: Duration = 5.minutes", "window: Duration = 6.minutes");
    expect(numbersDrift(configured(longer), numbersOfCode()).join("\n")).toContain(
      "WINDOW_SECONDS is 300000 in the code and 360000 in config core.window",
    );
  });

  it("part when one side has a number that the other lacks", () => {
    const more = modules(
      "clerk",
      "    deaths: Integer = 2",
      "    deaths: Integer = 2\n    lives: Integer = 9",
    );
    expect(numbersDrift(configured(more), numbersOfCode())).toEqual([
      "config clerk.lives is no number of the code: map it to one, or take it out",
    ]);
    const unlisted = numbersDrift(
      configured(modules()),
      numbersOfCode({ ...LIMITS, patienceMs: 7 }),
    );
    expect(unlisted.join()).toContain(
      "LIMITS.patienceMs is mapped to config of its own: list patienceMs",
    );
  });
});

describe("the commands", () => {
  it("are the same in specification and code", () => {
    expect(commandsDrift(commands(), modules())).toEqual([]);
  });

  it("part when the code lacks one", () => {
    const without = commands((path, source) =>
      path.endsWith("readmit.ts")
        ? source.replace('"/v1/wardens/:warden/readmit"', "nowhere")
        : source,
    );
    expect(commandsDrift(without, modules())).toEqual([
      "the code lacks the command POST /v1/wardens/:warden/readmit: bring it back, or take it out of specification and mapping",
    ]);
  });

  it("part when no rule describes what the code does", () => {
    const more = commands((path, source) =>
      path.endsWith("rpc.ts")
        ? source.replace(
            "  rebuild(): Promise<void>;",
            "  rebuild(): Promise<void>;\n  forget(key: string): Promise<void>;",
          )
        : source,
    );
    expect(commandsDrift(more, modules())).toEqual([
      "no rule describes the command ClerkApi.forget: write it, and map it",
    ]);
  });

  it("part when the specification lacks or gains one", () => {
    const less = modules("registrar", "        Push(after, height, rows)\n", "");
    expect(commandsDrift(commands(), less)).toEqual([
      "registrar/Push is mapped to and not in the specification: write it, or correct the mapping",
    ]);
    const more = modules(
      "registrar",
      "        Push(after, height, rows)\n",
      "        Push(after, height, rows)\n        Purge()\n",
    );
    expect(commandsDrift(commands(), more)).toEqual([
      "no command of the code leads to registrar/Purge: write it, or take it out of the specification",
    ]);
  });
});

describe("what time does", () => {
  it("is the same in specification and code", () => {
    expect(timersDrift(timers(), modules())).toEqual([]);
  });

  it("parts when the code lacks it", () => {
    const without = timers((path, source) =>
      path.endsWith("timers.ts") ? source.replace("now >= seat.suspectAt", "seat.voice") : source,
    );
    expect(timersDrift(without, modules())).toEqual([
      "the code lacks the timer objects/clerk/consensus/timers.ts seat.suspectAt: bring it back, or take it out of specification and mapping",
    ]);
  });

  it("parts when no rule describes it", () => {
    const more = timers((path, source) =>
      path.endsWith("timers.ts") ? `${source}\nif (now >= seat.boredAt) resign(turn);\n` : source,
    );
    expect(timersDrift(more, modules())).toEqual([
      "no rule describes the timer objects/clerk/consensus/timers.ts seat.boredAt: write it, and map it",
    ]);
    const less = modules(
      "warden",
      "when: keyEntry: KeyEntry.leaves_at <= now",
      "when: EntryEnded(keyEntry)",
    );
    expect(timersDrift(timers(), less).join()).toContain("warden/ExpireSettledEntry is mapped to");
  });
});
