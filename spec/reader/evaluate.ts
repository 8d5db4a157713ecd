/** Runs the conditions of rules over a state: which rules of a trigger apply, and what configuration comes to. */
import type { Argument, Expression, Module, Rule } from "./syntax.ts";
import { of } from "./names.ts";

/** What the words of a rule mean in a test. Entities are objects, collections arrays, enum literals their own names. */
export interface World {
  readonly names: Readonly<Record<string, unknown>>;
  readonly functions?: Readonly<Record<string, (...args: never[]) => unknown>>;
  readonly config?: (alias: string | null, name: string) => unknown;
  /** `Entity{…}`: the one with these values, or null. */
  readonly find?: (entity: string, by: Readonly<Record<string, unknown>>) => unknown;
  /** Unix milliseconds. */
  readonly now?: number;
}

/** The rules of a trigger whose conditions all hold. */
export function applying(module: Module, trigger: string, world: World): Rule[] {
  return of(module, "rule").filter((rule) => {
    const calls = rule.when?.kind === "calls" ? rule.when.calls : [];
    return calls.some(({ name }) => name === trigger) && holds(rule, world);
  });
}

function holds(rule: Rule, world: World): boolean {
  let names = world.names;
  for (const clause of rule.clauses) {
    if (clause.kind === "let") {
      names = { ...names, [clause.name]: evaluate(clause.value, { ...world, names }) };
    }
    if (clause.kind === "requires" && evaluate(clause.condition, { ...world, names }) !== true)
      return false;
  }
  return true;
}

const absent = (value: unknown): boolean => value === null || value === undefined;

export function evaluate(node: Expression, world: World): unknown {
  switch (node.kind) {
    case "literal":
      return literal(node.type, node.text, world);
    case "name":
      return Object.hasOwn(world.names, node.name) ? world.names[node.name] : node.name;
    case "member":
      return member(node.of, node.name, world);
    case "call": {
      const called = node.of.kind === "name" ? world.functions?.[node.of.name] : undefined;
      if (called === undefined) throw new Error(`nothing plays ${JSON.stringify(node.of)}`);
      return called(...(node.args.map(({ value }) => evaluate(value, world)) as never[]));
    }
    case "lookup":
      if (node.of.kind !== "name" || world.find === undefined)
        throw new Error("nothing can be looked up");
      return world.find(node.of.name, valuesOf(node.args, world));
    case "unary": {
      const value = evaluate(node.of, world);
      if (node.operator === "exists") return !absent(value);
      return node.operator === "not" ? value !== true : -Number(value);
    }
    case "binary":
      return binary(node, world);
    case "set":
    case "list":
      return node.items.map((item) => evaluate(item, world));
    case "if":
      if (evaluate(node.condition, world) === true) return evaluate(node.yes, world);
      return node.no === null ? null : evaluate(node.no, world);
    case "filter":
    case "mapped":
    case "object":
    case "lambda":
    case "for":
    case "let":
      throw new Error(`a condition with ${node.kind} is not played`);
  }
}

const valuesOf = (args: readonly Argument[], world: World): Record<string, unknown> =>
  Object.fromEntries(args.map(({ name, value }) => [name ?? "", evaluate(value, world)]));

/** Milliseconds of the units that durations are written in. */
const UNITS: Record<string, number> = {
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

function literal(type: string, text: string, world: World): unknown {
  const [digits = "", unit = ""] = text.split(/\.(?=[a-z])/);
  if (type === "Integer" || type === "Decimal") return Number(text.replaceAll("_", ""));
  if (type === "Duration")
    return Number(digits.replaceAll("_", "")) * (UNITS[unit.replace(/s$/, "")] ?? Number.NaN);
  if (type === "Boolean") return text === "true";
  if (type === "Timestamp") return world.now;
  return type === "null" ? null : text;
}

function member(owner: Expression, name: string, world: World): unknown {
  if (owner.kind === "name" && owner.name === "config") return world.config?.(owner.module, name);
  const value = evaluate(owner, world);
  if (Array.isArray(value)) return name === "count" ? value.length : null;
  return typeof value === "object" && value !== null
    ? ((value as Record<string, unknown>)[name] ?? null)
    : null;
}

type Node<K extends Expression["kind"]> = Extract<Expression, { readonly kind: K }>;

function binary({ operator, left, right }: Node<"binary">, world: World): unknown {
  const first = evaluate(left, world);
  const rest = (): unknown => evaluate(right, world);
  switch (operator) {
    case "and":
      return first === true && rest() === true;
    case "or":
      return first === true || rest() === true;
    case "implies":
      return first !== true || rest() === true;
    case "??":
      return absent(first) ? rest() : first;
    case "=":
      return same(first, rest());
    case "!=":
      return !same(first, rest());
    case "in":
      return (rest() as unknown[]).includes(first);
    case "not in":
      return !(rest() as unknown[]).includes(first);
    default:
      return arithmetic(operator, first, rest());
  }
}

const same = (first: unknown, second: unknown): boolean =>
  first === second || (absent(first) && absent(second));

/** Nothing is less than what is not there. */
function arithmetic(operator: string, first: unknown, second: unknown): unknown {
  const comparison = ["<", "<=", ">", ">="].includes(operator);
  if (absent(first) || absent(second)) return comparison ? false : null;
  const [a, b] = [Number(first), Number(second)];
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    default:
      throw new Error(`${operator} is not played`);
  }
}

/** Every configured number of a specification by `file.name`: durations in milliseconds. */
export function configured(modules: readonly Module[]): Map<string, number> {
  const values = new Map<string, number>();
  const home = (path: string): string => path.replace(/^.*\/|\.allium$/g, "");
  const byPath = new Map(modules.map((module) => [home(module.path), module]));
  const value = (file: string, name: string): number => {
    const module = byPath.get(file);
    const setting = module?.config.find((entry) => entry.name === name);
    if (module === undefined || setting?.value === null || setting === undefined) return Number.NaN;
    const config = (alias: string | null, other: string): number => {
      const used = module.uses.find((entry) => entry.alias === alias);
      return value(used === undefined ? file : home(used.path), other);
    };
    // Own parameters may stand without `config.` where they are declared.
    const names = Object.fromEntries(
      module.config
        .filter((entry) => entry.line < setting.line)
        .map((entry) => [entry.name, value(file, entry.name)]),
    );
    return Number(evaluate(setting.value, { names, config }));
  };
  for (const [file, module] of byPath) {
    for (const { name } of module.config) values.set(`${file}.${name}`, value(file, name));
  }
  return values;
}
