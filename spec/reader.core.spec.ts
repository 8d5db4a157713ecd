/** The reader: every file of the specification is read whole, and the tree is the one meant. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { told } from "./reader/finding.ts";
import { of, records } from "./reader/names.ts";
import { obligationsOf } from "./reader/obligations.ts";
import { read } from "./reader/reader.ts";
import type { Effect, Expression, Module } from "./reader/syntax.ts";

const folder = import.meta.dirname;
const files = readdirSync(folder).filter((name) => name.endsWith(".allium"));

const sample = `-- allium: 3
use "./core.allium" as core

given { clock: Clock }

enum Mood {
    calm
    | wild
}

entity Clock { instant: Timestamp }

-- Opens and closes.
entity Gate {
    name: String?
    limits: Map<String, List<core/Entry>>
    status: open | shut
    shut_at: Timestamp when status = shut
    guests: Guest with gate = this
    loud: guests where mood = wild
    names: guests where mood = calm -> name
    fits(n): guests.count + n <= config.room

    invariant NeverOverfull { guests.count <= config.room }

    transitions status {
        open -> shut
        terminal: shut
    }
}

entity Guest { gate: Gate, name: String, mood: Mood }

config {
    room: Integer = 5_000
    patience: Duration = 1_200.milliseconds
}

rule Enter {
    when: Knock(gate, name, mood?) or core/Ring(gate, name)

    let known = Guest{gate: gate, name}

    requires: gate.status = open and not exists known
    requires: not (gate.fits(1) = false)

    ensures: Guest.created(gate: gate, name: name, mood: mood ?? calm)
    ensures:
        if gate.loud.count > 2:
            gate.status = shut
            gate.shut_at = clock.instant
        else:
            Greeted(gate: gate)
    for guest in gate.guests where mood = wild:
        ensures: Hushed(guest: guest)

    @guidance
        -- In one step.
        -- Twice is once.
}

rule Late {
    when: gate: Gate.shut_at + config.patience <= now

    requires: gate.status = shut

    ensures: not exists gate
}

rule Fell { when: gate: Gate.status transitions_to shut  ensures: Told(gate: gate) }

invariant OneGate {
    for a in Gates:
        for b in Gates: a != b implies a.name != b.name
}

contract Order {
    next: () -> Integer
    @invariant Grows
        -- Always.
}

surface Door {
    facing Guest
    context gate: Gate where status = open

    exposes:
        gate.name when gate.status = open
        for guest in gate.guests:
            guest.name
    provides:
        Knock(gate: Gate, name: String, mood: Mood) when gate.status = open
    contracts:
        demands core/Routing
        fulfils Order
    @guarantee Polite
        -- Nobody is left standing.
    related: Door(gate)
    timeout:
        Late
}

deferred Gate.paint    -- see: paint.allium
`;

const module: Module = read("spec/sample.allium", sample).module;
const rule = (name: string) => of(module, "rule").find((entry) => entry.name === name);

/** An expression with all its brackets. */
function plain(node: Expression): string {
  if (node.kind === "name") return node.name;
  if (node.kind === "literal") return node.text;
  if (node.kind === "member") return `${plain(node.of)}.${node.name}`;
  if (node.kind === "unary") return `(${node.operator} ${plain(node.of)})`;
  if (node.kind === "binary") return `(${plain(node.left)} ${node.operator} ${plain(node.right)})`;
  if (node.kind === "filter") return `[${plain(node.of)} ${node.word} ${plain(node.condition)}]`;
  return node.kind === "mapped" ? `<${plain(node.of)} -> ${plain(node.to)}>` : node.kind;
}

function condition(text: string): string {
  const source = `-- allium: 3\ninvariant X {\n    ${text}\n}\n`;
  const { module: small, findings } = read("x", source);
  expect(findings.map(told)).toEqual([]);
  const [found] = of(small, "invariant");
  return found === undefined ? "" : plain(found.body);
}

describe("the reader", () => {
  it.each(files)("reads %s to its end", (name) => {
    const source = readFileSync(join(folder, name), "utf8");
    const { module: whole, findings } = read(name, source);
    expect(findings.map(told)).toEqual([]);
    // Counted in another way: every declaration begins at the margin, every promise with an @.
    const count = (pattern: RegExp): number => [...source.matchAll(pattern)].length;
    expect(of(whole, "rule").length).toBe(count(/^rule /gm));
    expect(records(whole).length).toBe(count(/^(?:external )?(?:entity|value|variant) /gm));
    const promises = count(/^\s+@(?:invariant|guarantee) /gm) + count(/^\s*invariant /gm);
    expect(obligationsOf(whole).length).toBe(count(/^rule /gm) + promises);
  });

  it("tells declarations with their places", () => {
    const lines = module.declarations.map(({ kind, name, line }) => `${line} ${kind} ${name}`);
    expect(lines).toEqual([
      "6 enum Mood",
      "11 entity Clock",
      "14 entity Gate",
      "32 entity Guest",
      "39 rule Enter",
      "62 rule Late",
      "70 rule Fell",
      "72 invariant OneGate",
      "77 contract Order",
      "83 surface Door",
      "103 deferred Gate.paint",
    ]);
    expect(obligationsOf(module).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "invariant NeverOverfull",
      "rule Enter",
      "rule Late",
      "rule Fell",
      "invariant OneGate",
      "invariant Grows",
      "guarantee Polite",
    ]);
  });

  it("tells the members of an entity apart", () => {
    const [, gate] = records(module);
    expect(gate?.members.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "field name",
      "field limits",
      "choice status",
      "field shut_at",
      "relation guests",
      "derived loud",
      "derived names",
      "derived fits",
    ]);
    expect(gate?.lifecycles).toMatchObject([
      { field: "status", edges: [{ from: "open", to: "shut" }], terminal: ["shut"] },
    ]);
  });

  it("reads a rule: triggers, clauses, effects, prose", () => {
    const enter = rule("Enter");
    expect(enter?.when).toMatchObject({
      kind: "calls",
      calls: [
        { module: null, name: "Knock", parameters: [{}, {}, { name: "mood", optional: true }] },
        { module: "core", name: "Ring" },
      ],
    });
    expect(enter?.clauses.map(({ kind }) => kind)).toEqual([
      "let",
      "requires",
      "requires",
      "ensures",
      "ensures",
      "for",
    ]);
    const effects = enter?.clauses.flatMap((clause) =>
      clause.kind === "ensures" ? clause.effects : [],
    );
    const shape = (effect: Effect): unknown =>
      effect.kind === "if" ? effect.arms.map((arm) => arm.effects.map(shape)) : effect.kind;
    expect(effects?.map(shape)).toEqual(["create", [["assign", "assign"], ["emit"]]]);
    expect(enter?.notes).toMatchObject([
      { word: "guidance", lines: ["In one step.", "Twice is once."] },
    ]);
    expect(rule("Fell")?.when).toMatchObject({ kind: "moves", field: "status", to: "shut" });
    expect(rule("Late")?.when).toMatchObject({ kind: "holds", subject: { binding: "gate" } });
  });

  it("reads a surface, its parts in any order", () => {
    const [door] = of(module, "surface");
    expect(door).toMatchObject({
      facing: { name: "_", type: { name: "Guest" } },
      contexts: [{ name: "gate" }],
      demands: [{ module: "core", name: "Routing" }],
      fulfils: [{ name: "Order" }],
      timeouts: [{ name: "Late" }],
    });
    expect(door?.exposes.length).toBe(2);
    expect(door?.provides).toMatchObject([{ call: { name: "Knock" }, when: { kind: "binary" } }]);
  });

  it.each([
    ["a or b and c = d + e * f", "(a or (b and (c = (d + (e * f)))))"],
    ["not a = b", "((not a) = b)"],
    ["not (a = b)", "(not (a = b))"],
    ["a implies b or c", "(a implies (b or c))"],
    ["x.y ?? 1 + 2 > 3", "((x.y ?? (1 + 2)) > 3)"],
    ["a not in xs and exists b", "((a not in xs) and (exists b))"],
    ["xs where a = 1 and b -> c.d", "<[xs where ((a = 1) and b)] -> c.d>"],
    ["a\n        and b\n        or c", "((a and b) or c)"],
    ["t <= now - 1_200.milliseconds", "(t <= (now - 1_200.milliseconds))"],
  ])("binds %s as %s", (text, bound) => {
    expect(condition(text)).toBe(bound);
  });

  it("goes on behind what it cannot read", () => {
    const broken =
      "-- allium: 3\nrule A { when }\n\nvalue B { x: Integer }\nrule C {\n    ensures: a[1]\n}\nvalue D { y: Integer }\n";
    const { module: rest, findings } = read("x", broken);
    expect(rest.declarations.map(({ name }) => name)).toEqual(["B", "D"]);
    expect(findings.map(({ line }) => line)).toEqual([2, 6]);
  });
});
