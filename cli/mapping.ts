// From a row of a file to an event: templates with {column} in them, and {line} for where the row stands.
import { readFileSync } from "node:fs";
import { z } from "zod";

import { Usage, fileFault } from "./exit.ts";

const COLUMN = /\{([^{}]+)\}/g;

export type Fields = Readonly<Record<string, unknown>>;

export interface MappedEvent {
  readonly type: string;
  readonly id?: string;
  readonly source?: string;
  readonly subject?: string;
  readonly time?: string;
  readonly data: unknown;
}

/** Every brace is one of a `{column}`: others are a slip, and would be taken for text. */
const template = z
  .string()
  .refine((text) => !/[{}]/.test(text.replace(COLUMN, "")), "it has a brace that names no column");
const integer = z.union([
  z.strictObject({ integer: template }),
  // What a file of sales has as sold is what the stock loses.
  z.strictObject({ negative: template }),
]);
type Value =
  | string
  | number
  | boolean
  | null
  | { readonly [name: string]: Value }
  | readonly Value[];
const value: z.ZodType<Value> = z.lazy(() =>
  z.union([template, z.int(), z.boolean(), z.null(), z.array(value), z.record(z.string(), value)]),
);

const mapping = z.strictObject({
  type: template,
  id: template.optional(),
  source: template.optional(),
  subject: template.optional(),
  time: template.optional(),
  data: z.record(z.string(), value),
});
export type Mapping = z.infer<typeof mapping>;

/** A row that cannot become an event. */
export class BadRow extends Error {
  override readonly name = "BadRow";
}

/** Throws `Usage`. */
export function mappingIn(path: string): Mapping {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw fileFault(`--map ${path}`, "read", error);
  }
  try {
    return mapping.parse(JSON.parse(text));
  } catch (error) {
    const said = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Usage(`--map ${path} is no mapping: ${said}`);
  }
}

export interface Flags {
  readonly map?: string;
  readonly type?: string;
  readonly id?: string;
  readonly source?: string;
  readonly subject?: string;
  readonly time?: string;
  readonly data?: readonly string[];
}

/** Of the mapping file and the options beside it, which win; null where neither says anything. Throws `Usage`. */
export function mappingOf(flags: Flags): Mapping | null {
  const { map, data = [], type, id, source, subject, time } = flags;
  const given = Object.entries({ type, id, source, subject, time }).filter(
    ([, each]) => each !== undefined,
  );
  if (map === undefined && given.length === 0 && data.length === 0) return null;
  const base: Partial<Mapping> = map === undefined ? {} : mappingIn(map);
  const members = membersIn(data);
  const whole = { ...base, ...Object.fromEntries(given), data: { ...base.data, ...members } };
  if (whole.type === undefined) throw new Usage("a mapping wants a --type, or a type in --map");
  const parsed = mapping.safeParse(whole);
  if (!parsed.success)
    throw new Usage(`the options are no mapping: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function membersIn(data: readonly string[]): Record<string, Value> {
  const members = data.map(memberIn);
  const names = members.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Usage(`--data has ${twice} twice`);
  return Object.fromEntries(members);
}

/** `name=template` is a text, `name:int=template` an integer, `name:neg=template` the opposite of one. */
function memberIn(text: string): [string, Value] {
  const [, name, kind, said] = /^([^=:]+)(?::(int|neg))?=(.*)$/s.exec(text) ?? [];
  if (name === undefined || said === undefined)
    throw new Usage(`--data wants name=value, name:int=value or name:neg=value, not ${text}`);
  if (kind === undefined) return [name, said];
  return [name, kind === "int" ? { integer: said } : { negative: said }];
}

/** Throws {@link BadRow}. An attribute whose template comes to nothing is left out. */
export function eventOf(by: Mapping, fields: Fields, line: number): MappedEvent {
  const fill = (text: string, what: string): string => filled(text, what, fields, line);
  const attributes = (["id", "source", "subject", "time"] as const).flatMap((name) => {
    const text = by[name];
    const came = text === undefined ? "" : fill(text, name);
    return came === "" ? [] : [[name, came]];
  });
  const data = valueOf(by.data, "data", fill);
  return { type: fill(by.type, "type"), ...Object.fromEntries(attributes), data };
}

type Fill = (text: string, what: string) => string;

function valueOf(said: Value, what: string, fill: Fill): unknown {
  if (typeof said === "string") return fill(said, what);
  if (typeof said !== "object" || said === null) return said;
  if (Array.isArray(said))
    return said.map((each: Value, at) => valueOf(each, `${what}/${at}`, fill));
  const number = integer.safeParse(said);
  if (!number.success)
    return Object.fromEntries(
      Object.entries(said).map(([name, each]) => [name, valueOf(each, `${what}/${name}`, fill)]),
    );
  const [text, sign] =
    "integer" in number.data ? [number.data.integer, 1] : [number.data.negative, -1];
  return 0 + sign * integerIn(fill(text, what), what);
}

function integerIn(text: string, what: string): number {
  const found = Number(text);
  if (!/^[+-]?\d+$/.test(text.trim()) || !Number.isSafeInteger(found))
    throw new BadRow(`${what}: "${text}" is no whole number`);
  return found;
}

function filled(text: string, what: string, fields: Fields, line: number): string {
  return text.replace(COLUMN, (_, name: string) => {
    const found = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (name === "line" && found === undefined) return String(line);
    if (name === "line")
      throw new BadRow(
        `${what}: {line} is where the row stands, and there is a column named "line" too: give it another name`,
      );
    if (typeof found === "string") return found;
    // JSON has lost the digits beyond already.
    if (Number.isInteger(found) && !Number.isSafeInteger(found))
      throw new BadRow(`${what}: {${name}} is a number too large to be exact: write it as a text`);
    if (typeof found === "number" || typeof found === "boolean") return String(found);
    throw new BadRow(`${what}: the row has no {${name}}, it has ${namesOf(fields)}`);
  });
}

const TOLD = 12;

function namesOf(fields: Fields): string {
  const names = Object.keys(fields).map((name) => JSON.stringify(name));
  return names.slice(0, TOLD).join(", ") + (names.length > TOLD ? ", …" : "");
}

const event = z.strictObject({
  specversion: z.literal("1.0").optional(),
  type: z.string(),
  id: z.string().optional(),
  source: z.string().optional(),
  subject: z.string().optional(),
  time: z.string().optional(),
  data: z.unknown(),
});

/** A line that is an event as it stands. Throws {@link BadRow}. */
export function eventIn(fields: Fields): MappedEvent {
  const parsed = event.safeParse(fields);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join("/") ?? "";
    throw new BadRow(`it is no event: ${where === "" ? "" : `${where}: `}${issue?.message ?? ""}`);
  }
  const { specversion: _, ...members } = parsed.data;
  const given = Object.entries(members).filter(([, each]) => each !== undefined);
  return Object.fromEntries(given) as unknown as MappedEvent;
}
