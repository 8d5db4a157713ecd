/** Events of a domain, drawn from its schemas: from few names, so that they meet, and with amounts that are small or extreme. */
import fc from "fast-check";
import { z } from "zod";
import type { Domain } from "../objects/arbiter/domain.ts";
import { registryOf } from "../objects/arbiter/registry.ts";
import type { Json } from "../objects/shared/canonical.ts";
import { START } from "./given.ts";
import { textOf } from "./memory.ts";

/** Events of one block time, each with a key of its own. */
export interface Step {
  readonly time: number;
  readonly events: readonly string[];
}

/** What is said of data by a JSON schema (2020-12), as far as anything can be drawn by it. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: Json;
  readonly enum?: readonly Json[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly items?: Schema | boolean;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

const SEED = 7;
const FEW = 12;
/** Of what a schema lets one draw, at least so many in a hundred must fit it: a refinement that no drawing meets would never end. */
const FITTING = 10;

/** Steps at rising block times, of the data given by event type and else of what the schemas say. */
export function stepsOf(
  domain: Domain,
  data: { readonly [type: string]: fc.Arbitrary<Json> } = {},
): fc.Arbitrary<readonly Step[]> {
  const happening = fc.oneof(
    ...Object.keys(domain.events).map((type) =>
      (data[type] ?? dataOf(domain, type)).map((of) => ({ type, data: of })),
    ),
  );
  const gap = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 6_000 }) },
    { weight: 1, arbitrary: fc.constant(20_000) },
  );
  return fc
    .array(fc.record({ gap, happenings: fc.array(happening, { maxLength: 16, size: "max" }) }), {
      maxLength: 10,
      size: "max",
    })
    .map((drawn) => {
      let time = START;
      return drawn.map(({ gap: since, happenings }, step) => {
        time += since;
        const events = happenings.map(({ type, data: of }, at) =>
          textOf({ id: `${step}-${at}`, type, data: of }),
        );
        return { time, events };
      });
    });
}

/** Throws where the schema says too little, and says what to do. */
export function dataOf(domain: Domain, type: string): fc.Arbitrary<Json> {
  const { validate } = registryOf([domain]);
  const schema: z.ZodType | undefined = domain.events[type]?.schema;
  if (schema === undefined) throw new Error(`${domain.name} has no event type ${type}`);
  const drawn = drawnBy(schemaOf(type, schema), type);
  const fitting = (of: Json): boolean => validate(type, of).ok;
  const sample = fc.sample(drawn, { seed: SEED, numRuns: 100 });
  if (sample.filter(fitting).length < FITTING)
    throw new Error(`hardly any data drawn for ${type} fit its schema: give them by data.${type}`);
  return drawn.filter(fitting);
}

function schemaOf(type: string, schema: z.ZodType): Schema {
  try {
    return z.toJSONSchema(schema, { io: "input" }) as Schema;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the schema of ${type} cannot be drawn from (${why}): give data.${type}`, {
      cause: error,
    });
  }
}

function drawnBy(schema: Schema, at: string): fc.Arbitrary<Json> {
  const { const: one, enum: some, anyOf, oneOf } = schema;
  if (one !== undefined) return fc.constant(one);
  if (some !== undefined) return fc.constantFrom(...some);
  const types = typeof schema.type === "object" ? schema.type : undefined;
  const choices = anyOf ?? oneOf ?? types?.map((type) => ({ ...schema, type }));
  if (choices !== undefined) return fc.oneof(...choices.map((each) => drawnBy(each, at)));
  switch (schema.type) {
    case "string":
      return texts(schema);
    case "integer":
      return integers(schema);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return lists(schema, at);
    case "object":
      return objects(schema, at);
    case undefined:
    default:
      throw new Error(`nothing tells what to draw at ${at}: give it by data`);
  }
}

/** Few, and the same wherever the same is asked for: names of one kind meet in all event types. The last one is long. */
function texts({ pattern, minLength = 0, maxLength = 64 }: Schema): fc.Arbitrary<string> {
  if (pattern === undefined) {
    const short = ["a", "b"].map((text) => text.padEnd(minLength, text));
    // Three bytes each: bounds count bytes.
    return mostly(short, "€".repeat(Math.min(maxLength, 4_096)));
  }
  const sample = fc.sample(fc.stringMatching(new RegExp(pattern)), { seed: SEED, numRuns: 100 });
  const [longest = "", ...rest] = [...new Set(sample)].toSorted((a, b) => b.length - a.length);
  return mostly(rest.length === 0 ? [longest] : rest.slice(-2), longest);
}

function mostly(these: readonly string[], that: string): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...these) },
    { weight: 1, arbitrary: fc.constant(that) },
  );
}

function integers(schema: Schema): fc.Arbitrary<number> {
  const { exclusiveMinimum, exclusiveMaximum } = schema;
  const least = schema.minimum ?? (exclusiveMinimum ?? -Number.MAX_SAFE_INTEGER - 1) + 1;
  const most = schema.maximum ?? (exclusiveMaximum ?? Number.MAX_SAFE_INTEGER + 1) - 1;
  const low = Math.max(least, Math.min(-FEW, most));
  const small = { min: low, max: Math.min(most, Math.max(low, 0) + FEW) };
  return fc.oneof(
    { weight: 12, arbitrary: fc.integer(small) },
    { weight: 1, arbitrary: fc.constantFrom(least, most) },
  );
}

function lists({ items, minItems = 0, maxItems }: Schema, at: string): fc.Arbitrary<Json> {
  if (typeof items !== "object")
    throw new Error(`nothing tells what is listed at ${at}: give it by data`);
  const maxLength = Math.min(maxItems ?? FEW, minItems + 4);
  return fc.array(drawnBy(items, `${at}/*`), { minLength: minItems, maxLength });
}

function objects(schema: Schema, at: string): fc.Arbitrary<Json> {
  const { properties = {}, required = [], additionalProperties: others, propertyNames } = schema;
  if (typeof others === "object" && Object.keys(properties).length === 0) {
    const names = texts(propertyNames ?? {});
    return fc.dictionary(names, drawnBy(others, `${at}/*`), { maxKeys: 4 });
  }
  const members = Object.entries(properties).map(
    ([name, of]) => [name, drawnBy(of, `${at}/${name}`)] as const,
  );
  return fc.record(Object.fromEntries(members), {
    requiredKeys: [...required],
    noNullPrototype: true,
  }) as fc.Arbitrary<Json>;
}
