/** The description of the contract as OpenAPI 3.1, made from the schemas that validate requests and from the shapes of answers. */
import { z } from "zod";
import { createDocument } from "zod-openapi";
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponsesObject,
} from "zod-openapi";
import type { Deployment } from "../../../objects/shared/config.ts";
import { KINDS } from "../problems.ts";
import type { Slug } from "../problems.ts";
import { operationsOf } from "./operations.ts";
import type { Operation } from "./operations.ts";
import { problem } from "./shapes.ts";

export type Document = ReturnType<typeof createDocument>;

export function documentOf(deployment: Deployment): Document {
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of operationsOf(deployment)) {
    const path = operation.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [operation.method]: operationObject(operation) };
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Assize",
      version: "1",
      description: "An event ledger whose outcomes are agreed by a quorum of replicas.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "Scopes: submit, read, operate." },
      },
    },
  });
}

function operationObject(operation: Operation): ZodOpenApiOperationObject {
  const { summary, tag, scope, query, headers, body } = operation;
  const names = [...operation.path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  return {
    operationId: operationIdOf(operation),
    summary,
    tags: [tag],
    ...(scope === null
      ? { security: [] }
      : { description: `Needs the scope \`${scope}\`.`, security: [{ token: [] }] }),
    requestParams: {
      ...(names.length === 0 ? {} : { path: object(names, () => z.string()) }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined
        ? {}
        : { header: object(Object.keys(headers), (name) => described(headers[name]).optional()) }),
    },
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body) } }),
    responses: responsesOf(operation),
  };
}

function operationIdOf({ method, path }: Operation): string {
  return [method, ...path.split(/\W+/)].filter((part) => part !== "" && part !== "v1").join("-");
}

const described = (description = ""): z.ZodString => z.string().meta({ description });

const object = (names: readonly string[], of: (name: string) => z.ZodType): z.ZodObject =>
  z.object(Object.fromEntries(names.map((name) => [name, of(name)])));

const contentOf = (content: Readonly<Record<string, z.ZodType>>) =>
  Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));

function responsesOf({ scope, answers, problems = [] }: Operation): ZodOpenApiResponsesObject {
  const access: Slug[] = scope === null ? [] : ["unauthorized", "forbidden"];
  const slugs: Slug[] = [...access, ...problems, "internal"];
  const byStatus = Map.groupBy(slugs, (slug) => String(KINDS[slug][0]));
  const given = Object.entries(answers).map(([status, { description, content, headers }]) => [
    status,
    {
      description,
      ...(content === undefined ? {} : { content: contentOf(content) }),
      ...(headers === undefined
        ? {}
        : { headers: object(Object.keys(headers), (name) => described(headers[name])) }),
    },
  ]);
  const failed = [...byStatus].map(([status, of]) => [
    status,
    {
      description: of.map((slug) => `\`${slug}\`: ${KINDS[slug][1]}.`).join(" "),
      content: { "application/problem+json": { schema: problem } },
    },
  ]);
  return Object.fromEntries([...given, ...failed]) as ZodOpenApiResponsesObject;
}
