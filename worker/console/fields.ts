/** From an event type's schema to the fields of a form, and from what was typed to the JSON that is sent. */
import { z } from "zod";
import type { Registry } from "../../objects/arbiter/registry.ts";

export interface Field {
  /** Of the event's data. */
  readonly name: string;
  readonly integer: boolean;
  readonly required: boolean;
  /** A value that the schema takes, or nearly. */
  readonly example: string;
  /** What may be chosen from; empty where anything may be typed. */
  readonly choices: readonly string[];
}

interface Property {
  readonly type?: string;
  readonly minimum?: number;
  readonly enum?: readonly unknown[];
}
interface Shape {
  readonly type?: string;
  readonly properties?: { readonly [name: string]: Property };
  readonly required?: readonly string[];
}

/** Null where the data is not a flat object of texts and integers: such data is typed as JSON. */
export function fieldsOf(registry: Registry, type: string): readonly Field[] | null {
  const schema = registry.eventType(type)?.schema;
  if (schema === undefined) return null;
  const shape = shapeOf(schema);
  if (shape?.type !== "object" || shape.properties === undefined) return null;
  const required = new Set(shape.required);
  const fields = Object.entries(shape.properties).map(([name, property]): Field | null => {
    if (property.type !== "string" && property.type !== "integer") return null;
    const choices = (property.enum ?? []).map(String);
    const integer = property.type === "integer";
    const example = choices[0] ?? (integer ? exampleOf(property) : `${name}-1`);
    return { name, integer, required: required.has(name), example, choices };
  });
  return fields.every((field) => field !== null) ? fields : null;
}

/** Null for a schema that JSON Schema cannot say. */
function shapeOf(schema: z.ZodType): Shape | null {
  try {
    return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Shape;
  } catch {
    return null;
  }
}

function exampleOf({ minimum = 0 }: Property): string {
  return String(Math.max(10, minimum));
}

/** What was typed, by the names of the form: `id`, `data` or `data.<name>`. */
export type Typed = Readonly<Record<string, string>>;

/** An event as JSON text; an integer stands as it was typed, so that no digit of it is lost before it is judged. */
export function eventText(registry: Registry, type: string, id: string, typed: Typed): string {
  const members = [`"id":${JSON.stringify(id)}`, `"type":${JSON.stringify(type)}`];
  return `{${members.join(",")},"data":${dataText(registry, type, typed)}}`;
}

function dataText(registry: Registry, type: string, typed: Typed): string {
  const fields = fieldsOf(registry, type);
  if (fields === null) return typed["data"] ?? "{}";
  const members = fields.flatMap(({ name, integer, required }) => {
    const text = typed[`data.${name}`] ?? "";
    if (text === "" && !required) return [];
    const number = integer && /^-?(?:0|[1-9]\d*)$/.test(text);
    return [`${JSON.stringify(name)}:${number ? text : JSON.stringify(text)}`];
  });
  return `{${members.join(",")}}`;
}
